import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// Commands become orders, begin, take each other's place and end.
@Suite struct OrderBookTests {
  /// 10:00 a limit for 15 min; 10:15 it is over.
  @Test func aLimitHoldsForItsDuration() {
    let orders = Orders()
    let verdict = orders.limit(5000)
    #expect(verdict.results.map(\.outcome) == [.accepted])
    #expect(verdict.results[0].reason == "export at most 5 kW, for 900 s")
    #expect(verdict.actsAtOnce && verdict.isWorthKeeping && !verdict.isRepeated)
    #expect(orders.exported() == 5000)
    #expect(orders.standing().channels["dso"]?.lastWord == orders.time.now().monotonic)
    orders.time.advance(by: .seconds(899))
    #expect(orders.exported() == 5000 && orders.told().isEmpty)
    orders.time.advance(by: .seconds(1))
    #expect(orders.exported() == nil)
    #expect(orders.told() == ["c1 executed"])
    #expect(orders.told().isEmpty)
  }

  @Test func withoutADurationItHoldsUntilItIsReleased() {
    let orders = Orders()
    orders.limit(0, seconds: nil)
    orders.time.advance(by: .seconds(20 * 86_400))
    #expect(orders.exported() == 0)
    let verdict = orders.send(orders.command("release", ["channel": .text("dso")], seconds: nil))
    #expect(verdict.results.map { "\($0.id) \($0.outcome)" } == ["c2 executed", "c1 executed"])
    #expect(verdict.results[1].reason == "released by c2")
    #expect(orders.exported() == nil)
  }

  @Test func aReleaseNamesAQuantityOrMeansAll() {
    let orders = Orders()
    orders.limit(0)
    orders.send(orders.command("limit", ["channel": .text("dso"), "controllable_power_w": .number(4200)]))
    #expect(orders.standing().channels["dso"]?.limits.count == 2)
    let one = orders.command("release", ["channel": .text("dso"), "export_power_w": .nothing], seconds: nil)
    #expect(orders.send(one).results[0].reason.hasSuffix("one limit ended"))
    #expect(orders.standing().channels["dso"]?.limits.keys.map { $0 } == [.controllablePower])
    orders.limit(0)
    orders.limit(0, startsIn: .seconds(100))
    let all = orders.send(orders.command("release", ["channel": .text("dso")], seconds: nil))
    #expect(all.results[0].reason.hasSuffix("3 limits ended"), "one that waits is released as well")
    #expect(orders.standing().channels["dso"]?.limits.isEmpty == true)
    orders.time.advance(by: .seconds(200))
    #expect(orders.exported() == nil)
  }

  /// The market releases what is its own, and nothing of the grid operator's.
  @Test func aReleaseLeavesOtherChannelsAlone() {
    let orders = Orders()
    orders.limit(0)
    orders.send(orders.command("limit", ["channel": .text("market"), "import_power_w": .number(3000)]))
    let verdict = orders.send(orders.command("release", ["channel": .text("market")], seconds: nil))
    #expect(verdict.results.map { "\($0.id) \($0.outcome)" } == ["c3 executed", "c2 executed"])
    #expect(orders.exported() == 0)
    #expect(orders.standing().channels["market"]?.limits.isEmpty == true)
  }

  @Test func aLimitTakesThePlaceOfTheRunningOneOfItsQuantity() {
    let orders = Orders()
    orders.limit(5000)
    orders.send(orders.command("limit", ["channel": .text("dso"), "export_percent": .number(50)]))
    let verdict = orders.limit(7000)
    #expect(verdict.results.map { "\($0.id) \($0.outcome)" } == ["c3 accepted", "c1 superseded"])
    #expect(!verdict.actsAtOnce, "what loosens waits until it is kept")
    #expect(orders.exported() == 7000)
    #expect(orders.standing().channels["dso"]?.limits[.exportPercent]?.value == 50)
    #expect(orders.limit(6000).actsAtOnce)
  }

  /// 10:00 a limit for 10:10 to 10:25 comes while another one runs until 10:15.
  @Test func aStartInTheFutureIsWaitedFor() {
    let orders = Orders()
    orders.limit(3000)
    let verdict = orders.limit(1000, startsIn: .seconds(600))
    #expect(verdict.results.map(\.outcome) == [.accepted] && !verdict.actsAtOnce)
    #expect(verdict.results[0].reason == "export at most 1 kW, in 600 s, for 900 s")
    #expect(orders.exported() == 3000)
    orders.time.advance(by: .seconds(599))
    #expect(orders.exported() == 3000)
    // The wall clock jumps by a year; what was accepted is not moved by it.
    orders.time.stepWall(by: .seconds(365 * 86_400))
    orders.time.advance(by: .seconds(1))
    #expect(orders.exported() == 1000)
    #expect(orders.told() == ["c1 superseded"])
    orders.time.advance(by: .seconds(900))
    #expect(orders.exported() == nil)
    #expect(orders.told() == ["c2 executed"])
  }

  @Test func theOrdersOfADestinationTakeEachOthersPlace() {
    let orders = Orders()
    orders.send(orders.command("battery-power", ["power_w": .number(3000)]))
    orders.send(orders.command("reserve", ["reserve_percent": .number(80)], seconds: 86_400))
    orders.send(orders.command("shed", ["loads": .texts(["boiler", "pool"])]))
    let standing = orders.standing()
    #expect(standing.batteryPower.map(\.value) == [3000] && standing.batteryPower[0].issuer == "vpp")
    #expect(standing.reserve.map(\.value) == [80] && standing.shed.map(\.value) == [["boiler", "pool"]])
    #expect(standing.batteryPower[0].holds(at: orders.time.now().monotonic))
    let verdict = orders.send(orders.command("battery-power", ["power_w": .number(-2000)], seconds: 60))
    #expect(verdict.results.map { "\($0.id) \($0.outcome)" } == ["c4 accepted", "c1 superseded"])
    #expect(verdict.results[0].reason == "the batteries charge with 2 kW, for 60 s")
    #expect(!verdict.actsAtOnce)
    orders.time.advance(by: .seconds(60))
    #expect(orders.standing().batteryPower.isEmpty && orders.standing().reserve.count == 1)
    #expect(orders.told() == ["c4 executed"])
  }

  /// Whoever raises the reserve has to know ahead of its begin.
  @Test func aReserveIsToldBeforeItBegins() {
    let orders = Orders()
    orders.send(orders.command("reserve", ["reserve_percent": .number(80)], startsIn: .seconds(3600)))
    orders.send(orders.command("battery-power", ["power_w": .number(3000)], startsIn: .seconds(3600)))
    let now = orders.time.now().monotonic
    #expect(orders.standing().reserve.map(\.starts) == [now + .seconds(3600)])
    #expect(orders.standing().batteryPower.isEmpty)
    orders.time.advance(by: .seconds(3600 + 900))
    #expect(orders.standing().reserve.isEmpty)
  }

  /// Whoever offers what the site can move has to know what it will be asked for.
  @Test func whatComesIsToldApartFromWhatHolds() {
    let orders = Orders()
    orders.limit(5000, startsIn: .seconds(3600))
    orders.send(orders.command("battery-power", ["power_w": .number(3000)], startsIn: .seconds(3600)))
    orders.send(orders.command("shed", ["loads": .texts(["boiler"])], startsIn: .seconds(3600)))
    let coming = orders.standing().coming
    #expect(coming.limits.map(\.value) == [.init(channel: "dso", quantity: .exportPower, value: 5000)])
    #expect(coming.batteryPower.map(\.value) == [3000] && coming.shed.map(\.value) == [["boiler"]])
    let now = orders.time.now().monotonic
    #expect(coming.limits[0].starts == now + .seconds(3600) && coming.limits[0].ends == now + .seconds(4500))
    #expect(orders.exported() == nil && orders.standing().shed.isEmpty)
    orders.time.advance(by: .seconds(3600))
    #expect(orders.standing().coming == .init() && orders.exported() == 5000)
    #expect(orders.standing().batteryPower.count == 1 && orders.standing().shed.count == 1)
  }

  @Test func anIdThatCameBeforeIsAnsweredAlikeAndNotExecutedAgain() {
    let orders = Orders()
    let first = orders.command("limit", Orders.export(5000), seconds: nil)
    orders.send(first)
    orders.send(orders.command("release", ["channel": .text("dso")], seconds: nil))
    let verdict = orders.send(first)
    #expect(verdict.isRepeated && !verdict.isWorthKeeping && !verdict.actsAtOnce)
    #expect(verdict.results.map(\.outcome) == [.executed], "the newest word on it")
    #expect(orders.exported() == nil)
    let refused = orders.command("limit", Orders.export(5000, "nobody"))
    #expect(orders.send(refused).results == orders.send(refused).results)
    // Another destination's id is another one.
    #expect(!orders.send(first, from: "elsewhere").isRepeated)
  }

  /// The oldest of many ids are forgotten; the counter protects all the same.
  @Test func aForgottenIdIsRefusedByItsCounter() {
    let orders = Orders()
    let first = orders.command("limit", Orders.export(5000))
    orders.send(first)
    for _ in 0..<AnswerBook.mostAnswers {
      orders.send(orders.command("release", ["channel": .text("dso")], seconds: nil))
    }
    let verdict = orders.send(first)
    #expect(!verdict.isRepeated)
    #expect(verdict.results.map(\.reason) == ["the counter 1 is not above 257, the last of desk-4"])
    #expect(orders.exported() == nil)
  }

  @Test func moreOrdersAndIssuersThanFitAreRefused() {
    let orders = Orders()
    for second in 1...OrderBook.mostOrders {
      orders.limit(1000, startsIn: .seconds(second))
    }
    #expect(orders.limit(1000).results[0].reason == "256 orders are kept, which are the most")
    for number in 2...AnswerBook.mostIssuers {
      let command = orders.command("release", ["channel": .text("dso")], seconds: nil) { $0.issuer = "desk \(number)" }
      #expect(orders.send(command).results[0].outcome == .executed)
    }
    let last = orders.command("release", ["channel": .text("dso")], seconds: nil) { $0.issuer = "one more" }
    #expect(orders.send(last).results[0].reason == "64 issuers are known, which are the most")
    // The grid operator's own uplink has its own room.
    let other = orders.command("limit", Orders.export(4000, "other"))
    #expect(orders.send(other, from: "elsewhere").results[0].outcome == .accepted)
    for _ in 0...AnswerBook.mostAnswers { orders.limit(-1) }
    #expect(orders.send(other, from: "elsewhere").isRepeated, "its answer is not forgotten for those of others")
  }

  @Test func heartbeatsCountFromWhenTheyWereSent() {
    let orders = Orders()
    #expect(orders.standing().channels["dso"]?.lastHeartbeat == nil)
    let now = orders.time.now()
    #expect(orders.hear("dso", sent: now.wall - .seconds(90)))
    #expect(orders.standing().channels["dso"]?.lastHeartbeat == now.monotonic - .seconds(90))
    #expect(orders.hear("dso", sent: now.wall))
    #expect(orders.hear("dso", sent: now.wall - .seconds(500)))
    #expect(orders.standing().channels["dso"]?.lastHeartbeat == now.monotonic, "an old one takes nothing back")
    #expect(!orders.hear("other", sent: now.wall))
    #expect(!orders.hear("nobody", sent: now.wall))
    #expect(orders.standing().channels["other"]?.lastHeartbeat == nil)
    orders.time.trustClock(false)
    orders.time.advance(by: .seconds(10))
    let later = orders.time.now()
    #expect(orders.hear("dso", sent: Timestamp(milliseconds: 0)))
    #expect(orders.standing().channels["dso"]?.lastHeartbeat == later.monotonic)
  }
}
