import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// What holds after a restart.
@Suite struct OrderBookSavedTests {
  private func saved(_ lines: String...) -> [UInt8] { Array((lines.joined(separator: "\n") + "\n").utf8) }
  private let title = "holdfast orders 1"
  private let limit = "order\tvpp\tdesk-4\tc1\tbegun\t0\t900\tlimit\tdso\texport_power_w\t5000.0"

  @Test func everythingComesBack() {
    let orders = Orders()
    orders.limit(5000, seconds: nil)
    orders.send(orders.command("limit", ["channel": .text("market"), "import_power_w": .number(2345.6)]))
    orders.limit(1000, startsIn: .seconds(600))
    orders.send(orders.command("battery-power", ["power_w": .number(-3000)]))
    orders.send(orders.command("reserve", ["reserve_percent": .number(80)]))
    orders.send(orders.command("shed", ["loads": .texts(["pool", "boiler"])]))
    orders.send(orders.command("shed", ["loads": .texts([])], startsIn: .seconds(50)))
    let kept = orders.book.orders
    let answers = orders.book.answers.answers.map { "\($0.id) \($0.outcome) \($0.reason) \($0.at.wall)" }
    #expect(orders.restart().isEmpty)
    func facts(_ orders: [OrderBook.Kept]) -> [String] {
      orders.map { "\($0.id) \($0.demand) \($0.ends as Any)" }.sorted()
    }
    #expect(facts(orders.book.orders) == facts(kept))
    #expect(orders.book.answers.answers.map { "\($0.id) \($0.outcome) \($0.reason) \($0.at.wall)" } == answers)
    #expect(orders.exported() == 5000 && orders.standing().batteryPower.map(\.value) == [-3000])
    #expect(orders.standing().channels["dso"]?.lastWord == nil, "what was before a restart is no proof of life")
    let old = orders.command("limit", Orders.export(0)) { $0.counter = 3 }
    #expect(orders.send(old).results[0].reason.contains("not above"))
  }

  @Test func anIdIsKnownAfterARestart() {
    let orders = Orders()
    let command = orders.command("limit", Orders.export(5000))
    let first = orders.send(command)
    _ = orders.restart(after: .seconds(5))
    let second = orders.send(command)
    #expect(second.isRepeated && second.results[0].reason == first.results[0].reason)
    #expect(orders.book.orders.count == 1)
  }

  /// 10:00 a limit of each class for 15 min, 10:05 the agent dies, 10:09 it is back.
  @Test func theTimeInBetweenIsOverForContractsAlone() {
    let orders = Orders()
    orders.limit(5000)
    orders.send(orders.command("limit", ["channel": .text("market"), "import_power_w": .number(2000)]))
    orders.time.advance(by: .seconds(300))
    #expect(orders.restart(after: .seconds(240)).isEmpty)
    let now = orders.time.now().monotonic
    let channels = orders.standing().channels
    #expect(channels["dso"]?.limits[.exportPower]?.ends == now + .seconds(600), "a legal one keeps its rest")
    #expect(channels["market"]?.limits[.importPower]?.ends == now + .seconds(360))
  }

  @Test func withoutAClockTheRestHoldsForAll() {
    for (before, after) in [(false, true), (true, false)] {
      let orders = Orders()
      orders.send(orders.command("limit", ["channel": .text("market"), "import_power_w": .number(2000)]))
      orders.time.trustClock(before)
      let saved = orders.book.saved(at: orders.time.now())
      orders.time.advance(by: .seconds(240))
      orders.time.trustClock(after)
      orders.book = Orders.empty()
      #expect(orders.restore(saved).isEmpty)
      let ends = orders.standing().channels["market"]?.limits[.importPower]?.ends
      #expect(ends == orders.time.now().monotonic + .seconds(900))
    }
  }

  /// A dead clock chip tells 1969 and somebody vouches for it: nobody knows how long the agent was away, and it starts.
  @Test func aClockBeforeItsOwnBeginStopsNobody() {
    let before = Moment(
      wall: Timestamp(milliseconds: -3_600_000), monotonic: MonotonicInstant(nanoseconds: 1_000_000_000_000))
    let orders = Orders(time: ManualTime(before))
    orders.send(orders.command("limit", ["channel": .text("market"), "import_power_w": .number(2000)]))
    #expect(orders.restart(after: .seconds(240)).isEmpty)
    let ends = orders.standing().channels["market"]?.limits[.importPower]?.ends
    #expect(ends == orders.time.now().monotonic + .seconds(900))
  }

  /// What ended meanwhile is told when the agent is back, and nothing stale is executed.
  @Test func whatEndedMeanwhileIsTold() {
    let orders = Orders()
    orders.send(orders.command("battery-power", ["power_w": .number(3000)], seconds: 60))
    orders.send(orders.command("shed", ["loads": .texts(["pool"])], seconds: 60, startsIn: .seconds(30)))
    _ = orders.standing()
    _ = orders.restart(after: .seconds(100))
    let standing = orders.standing()
    #expect(standing.batteryPower.isEmpty && standing.shed.isEmpty)
    #expect(orders.told() == ["c1 executed", "c2 expired"])
  }

  @Test func aRestrictionThatWaitsBeginsEarlyRatherThanLate() {
    let orders = Orders()
    orders.limit(1000, seconds: 900, startsIn: .seconds(600))
    _ = orders.restart(after: .seconds(300))
    #expect(orders.exported() == nil)
    orders.time.advance(by: .seconds(300))
    #expect(orders.exported() == 1000)
    let blind = Orders()
    blind.limit(1000, seconds: 900, startsIn: .seconds(600))
    blind.time.trustClock(false)
    _ = blind.restart()
    #expect(blind.exported() == 1000)
    blind.time.advance(by: .seconds(1499))
    #expect(blind.exported() == 1000)
  }

  /// Found by the fuzzer: a limit that waits took the place of a stricter one as soon as the agent had started.
  @Test func withoutAClockWhatWaitsLetsGoOfNothingStricter() {
    let orders = Orders()
    orders.limit(0, seconds: nil)
    orders.limit(5000, seconds: nil, startsIn: .seconds(600))
    orders.limit(1000, seconds: 900, startsIn: .seconds(1200))
    orders.time.trustClock(false)
    _ = orders.restart()
    #expect(orders.exported() == 0)
    orders.time.advance(by: .seconds(599))
    #expect(orders.exported() == 0)
    orders.time.advance(by: .seconds(601))
    #expect(orders.exported() == 1000, "one that is laxer than the next never holds")
    orders.time.advance(by: .seconds(900))
    #expect(orders.exported() == nil)
  }

  /// Value in W, begin and duration in s. However long it was: never is more allowed than would be by then or later.
  @Test(
    arguments: [
      [(0, 0, nil), (5000, 600, nil), (1000, 1200, 900)], [(3000, 0, nil), (6000, 600, nil), (1000, 1200, 900)],
      [(0, 0, 600), (5000, 1200, 900)], [(1000, 600, 300), (6000, 1200, 900)],
      [(2000, 0, 900), (4000, 300, 600), (3000, 1500, 200), (3500, 1600, 600)],
    ] as [[(Double, Int64, Int64?)]])
  func withoutAClockNothingIsLaxerThanWhatIsOwed(limits: [(Double, Int64, Int64?)]) {
    func asked() -> Orders {
      let orders = Orders()
      for (value, begin, length) in limits {
        orders.limit(value, seconds: length, startsIn: begin == 0 ? nil : .seconds(begin))
      }
      _ = orders.exported()
      return orders
    }
    for outage in [Int64(0), 300, 700, 1300] {
      let (owed, again) = (asked(), asked())
      again.time.trustClock(false)
      _ = again.restart(after: .seconds(outage))
      owed.time.advance(by: .seconds(outage))
      for second in stride(from: 0, through: 2400, by: 100) {
        let allowed = again.exported() ?? .infinity
        #expect(allowed <= owed.exported() ?? .infinity, "\(second) s after an outage of \(outage) s")
        for orders in [owed, again] { orders.time.advance(by: .seconds(100)) }
      }
    }
  }

  /// The stricter one came first and starts last.
  @Test func withoutAClockTheStrictestThatWaitsHolds() {
    let orders = Orders()
    orders.limit(1000, seconds: nil, startsIn: .seconds(1200))
    orders.limit(2000, seconds: nil, startsIn: .seconds(600))
    orders.time.trustClock(false)
    _ = orders.restart()
    #expect(orders.exported() == 1000)
    orders.time.advance(by: .seconds(2000))
    #expect(orders.exported() == 1000)
  }

  /// Found by the fuzzer: within one second the one that came last took the place of the one that began last.
  @Test func theOrderOfBeginsWithinASecondIsKept() {
    let orders = Orders()
    orders.limit(1000, seconds: nil, startsIn: .milliseconds(600_700))
    orders.limit(5000, seconds: nil, startsIn: .milliseconds(600_200))
    _ = orders.restart()
    orders.time.advance(by: .seconds(602))
    #expect(orders.exported() == 1000)
  }

  /// A month and more after both of them had begun, the later one holds.
  @Test func afterALongTimeAwayTheOrderOfTheBeginsIsKept() {
    let orders = Orders()
    orders.limit(5000, seconds: nil)
    orders.limit(0, seconds: nil, startsIn: .seconds(3600))
    _ = orders.restart(after: .seconds(40 * 86_400))
    #expect(orders.exported() == 0)
  }

  @Test func garbageKeepsLegalLimitsAndTellsTheRest() {
    let orders = Orders()
    let power = "order\tvpp\tdesk-4\tc2\tbegun\t0\t900\tbattery-power\t3000.0"
    #expect(orders.restore(saved("another title", limit, power, "counter\tvpp\tdesk-4\t9")).count == 4)
    #expect(orders.exported() == 5000 && orders.standing().batteryPower.isEmpty)
    #expect(orders.book.answers.counters.isEmpty)

    orders.book = Orders.empty()
    let unreadable = limit.replacing("\t900\t", with: "\tx\t")
    #expect(
      orders.restore(saved(title, unreadable, power.replacing("\t900\t", with: "\t-5\t"))) == [
        "the end of the order c1, which holds until it is released", "the order c2",
      ])
    orders.time.advance(by: .seconds(86_400))
    #expect(orders.exported() == 5000 && orders.standing().batteryPower.isEmpty)
  }

  @Test(arguments: [
    "", "order", "order\tvpp", "order\tvpp\tdesk-4\tc1\tbegun\t0\t900\tlimit\tdso\texport_power_w\t-1",
    "order\tvpp\tdesk-4\tc1\tbegun\t0\t900\tlimit\tdso\texport_power_w\tnan",
    "order\tvpp\tdesk-4\tc1\tbegun\t0\t900\tlimit\tdso\twatts\t5", "counter\tvpp\tdesk-4\t99999999999999999999",
    "order\tvpp\tdesk-4\tc1\tbegun\t0\t900\tshed\t2\tpool", "order\tvpp\tdesk-4\tc1\tbegun\t0\t900\tcook\tdinner\t1",
    "order\tvpp\tdesk-4\tc1\tbegun\t0\t9223372036854775807\tbattery-power\t3000", "saved\tyesterday",
    "answer\tvpp\tc1\tperhaps\t5\twhy", "answer\tvpp\tc1\taccepted\tx\twhy", "\u{0}\u{1}\t\t\t",
    "order\telsewhere\tdesk-4\tc1\tbegun\t0\t900\tlimit\tdso\texport_power_w\t5",
    "order\tvpp\tdesk-4\tc1\tbegun\t0\t900\tlimit\tdso\timport_power_w\t5",
    "order\tvpp\tdesk-4\tc1\tbegun\t0\t900\tbattery-power\t5001",
    "order\tvpp\tdesk-4\tc1\tbegun\t0\t900\tshed\t1\tfridge",
  ])
  func aLineThatMakesNoSenseIsLostAndTold(_ line: String) {
    let orders = Orders()
    let losses = orders.restore(saved(title, line, limit))
    #expect(losses.count == (line.isEmpty ? 0 : 1), "\(losses)")
    #expect(orders.exported() == 5000)
    #expect(orders.book.orders.count == 1)
  }

  @Test func bytesThatAreNoTextAreTold() {
    let orders = Orders()
    #expect(!orders.restore([0xff, 0xfe, 0x0a, 0x00]).isEmpty)
    #expect(!orders.restore([]).isEmpty)
    #expect(orders.book.orders.isEmpty)
  }
}
