import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// What is refused, and why.
@Suite struct OrderBookDecidingTests {
  private func refusal(
    _ kind: String, _ parameters: [String: Command.Parameter], seconds: Int64? = 900, startsIn start: Duration? = nil,
    from destination: DestinationID = "vpp", isRetained: Bool = false, _ change: (inout Command) -> Void = { _ in }
  ) -> String? {
    let orders = Orders()
    let before = orders.standing()
    let command = orders.command(kind, parameters, seconds: seconds, startsIn: start, change)
    let result = orders.send(command, from: destination, isRetained: isRetained).results[0]
    guard ![.accepted, .executed].contains(result.outcome) else { return nil }
    #expect(orders.book.orders.isEmpty)
    var after = orders.standing()
    after.channels["dso"]?.lastWord = before.channels["dso"]?.lastWord
    #expect(after == before, "what is refused changes nothing, not even the channel's last word")
    #expect(orders.standing().channels["dso"]?.lastWord == nil)
    return "\(result.outcome): \(result.reason)"
  }

  @Test func theEnvelope() {
    let export = Orders.export(5000)
    #expect(refusal("limit", export) == nil)
    #expect(refusal("limit", export, isRetained: true)?.hasPrefix("refused: it is retained") == true)
    #expect(refusal("limit", export) { $0.site = "mill-lane-5" } == #"refused: it is for the site "mill-lane-5""#)
    #expect(refusal("limit", export, seconds: 0)?.contains("duration_s is out of range") == true)
    #expect(refusal("limit", export, seconds: 32 * 86_400)?.contains("duration_s is out of range") == true)
    #expect(refusal("limit", export, startsIn: .seconds(32 * 86_400))?.contains("start is out of range") == true)
    #expect(refusal("limits", export) == #"refused: unknown kind "limits""#)
    #expect(refusal("prices", [:]) == "refused: prices is not supported by this version")
  }

  @Test func timesThatCannotBe() {
    let export = Orders.export(5000)
    #expect(refusal("limit", export) { $0.issued = $0.issued - .seconds(899) } == nil)
    #expect(
      refusal("limit", export) { $0.issued = $0.issued - .seconds(900) } == "expired: it was over before it arrived")
    #expect(refusal("limit", export, startsIn: .seconds(-900)) == "expired: it was over before it arrived")
    #expect(refusal("limit", export) { $0.issued = $0.issued + .seconds(301) }?.contains("in the future") == true)
    // Of a limit without an end nobody can say that it is over.
    #expect(refusal("limit", export, seconds: nil) { $0.issued = $0.issued - .seconds(86_400) } == nil)
    let release: [String: Command.Parameter] = ["channel": .text("dso")]
    #expect(refusal("release", release, seconds: nil) { $0.issued = $0.issued - .seconds(3600) } == nil)
    #expect(
      refusal("release", release, seconds: nil) { $0.issued = $0.issued - .seconds(3601) }
        == "expired: it was issued more than an hour ago")
    #expect(refusal("release", release, seconds: 5)?.contains("no duration") == true)
    // Numbers at the ends of what fits must not stop the agent.
    #expect(refusal("limit", export) { $0.issued = Timestamp(milliseconds: .min) } != nil)
    #expect(refusal("limit", export) { $0.issued = Timestamp(milliseconds: .max) } != nil)
    #expect(refusal("limit", export) { $0.start = Timestamp(milliseconds: .max) } != nil)
    #expect(refusal("limit", export) { $0.start = Timestamp(milliseconds: .min) } != nil)
  }

  @Test func counters() {
    let orders = Orders()
    orders.limit(5000)
    for counter in [Int64.min, 0, 1] {
      let result = orders.send(orders.command("limit", Orders.export(0)) { $0.counter = counter }).results[0]
      #expect(result.reason == "the counter \(counter) is not above 1, the last of desk-4")
    }
    // Each issuer counts for itself, and so does each destination.
    #expect(
      orders.send(orders.command("limit", Orders.export(0)) { ($0.counter, $0.issuer) = (1, "desk-5") }).results[0]
        .outcome == .accepted)
    #expect(
      orders.send(orders.command("limit", Orders.export(0, "other")) { $0.counter = 1 }, from: "elsewhere").results[0]
        .outcome == .accepted)
    #expect(orders.exported() == 0)
    // What was refused counts as well: it must not come again when it would be accepted.
    orders.send(orders.command("limit", Orders.export(0, "nobody")) { $0.counter = 50 })
    #expect(orders.send(orders.command("limit", Orders.export(0)) { $0.counter = 50 }).results[0].outcome == .refused)
  }

  @Test func limitsOfChannels() {
    func limit(_ channel: String, _ name: String, _ value: Command.Parameter) -> [String: Command.Parameter] {
      ["channel": .text(channel), name: value]
    }
    #expect(refusal("limit", limit("dso", "controllable_power_w", .number(4200))) == nil)
    #expect(
      refusal("limit", limit("dso", "controllable_power_w", .number(4199)))
        == "refused: the channel dso may not limit controllable_power_w below 4.2 kW")
    #expect(
      refusal("limit", limit("dso", "import_power_w", .number(9000)))
        == "refused: the channel dso may not limit import_power_w")
    #expect(
      refusal("limit", limit("other", "export_power_w", .number(0)))
        == "refused: the channel other does not belong to vpp")
    #expect(refusal("release", ["channel": .text("other")], seconds: nil)?.contains("does not belong") == true)
    #expect(refusal("limit", limit("x\u{7}y", "export_power_w", .number(0))) == #"refused: there is no channel "xy""#)
    for value: Command.Parameter in [.text("5"), .nothing, .flag(true), .texts([])] {
      #expect(
        refusal("limit", limit("dso", "export_power_w", value))
          == "refused: export_power_w is missing or no number")
    }
    for value in [-1, 10e6 + 1, .nan, .infinity] {
      #expect(refusal("limit", limit("dso", "export_power_w", .number(value)))?.contains("out of range") == true)
    }
    #expect(refusal("limit", limit("dso", "export_percent", .number(101)))?.contains("out of range") == true)
    #expect(refusal("limit", ["channel": .text("dso")]) == "refused: it names no quantity to limit")
    #expect(refusal("limit", ["export_power_w": .number(0)]) == "refused: channel is missing or no text")
    #expect(
      refusal("limit", ["channel": .text("dso"), "export_power_w": .number(0), "export_percent": .number(0)])?
        .contains("one quantity a command") == true)
    #expect(refusal("limit", ["channel": .text("dso"), "watts": .number(0)])?.contains("unknown parameter") == true)
  }

  @Test func whatTheDestinationMayAskFor() {
    func power(_ watts: Double) -> [String: Command.Parameter] { ["power_w": .number(watts)] }
    #expect(refusal("battery-power", power(5000)) == nil && refusal("battery-power", power(-5000)) == nil)
    #expect(refusal("battery-power", power(5001)) == "refused: vpp may ask for at most 5 kW")
    #expect(refusal("battery-power", power(-5001)) == "refused: vpp may ask for at most 5 kW")
    #expect(refusal("battery-power", power(1), from: "elsewhere") == "refused: elsewhere may not ask for it")
    #expect(refusal("battery-power", power(1), seconds: nil)?.contains("needs a duration_s") == true)
    #expect(refusal("battery-power", power(1), seconds: 86_401)?.contains("out of range") == true)
    #expect(
      refusal("battery-power", ["power_w": .number(1), "soc": .number(1)])?.contains("unknown parameter") == true)

    #expect(refusal("reserve", ["reserve_percent": .number(80)]) == nil)
    #expect(refusal("reserve", ["reserve_percent": .number(101)])?.contains("out of range") == true)
    #expect(refusal("reserve", ["reserve_percent": .number(80)], from: "elsewhere")?.contains("may not") == true)

    func loads(_ names: String...) -> [String: Command.Parameter] { ["loads": .texts(names)] }
    #expect(refusal("shed", loads("pool", "boiler")) == nil && refusal("shed", loads()) == nil)
    #expect(refusal("shed", loads("pool", "sauna")) == "refused: vpp may not have the sauna shed")
    #expect(refusal("shed", loads("fridge")) == "refused: the fridge is critical and never shed")
    #expect(
      refusal("shed", loads("heat-pump"))
        == "refused: the heat-pump is held back where a limit asks for it, not shed by name")
    #expect(refusal("shed", loads("grill")) == #"refused: there is no load "grill""#)
    #expect(refusal("shed", loads(), from: "elsewhere") == "refused: elsewhere may not ask for it")
    #expect(refusal("shed", ["loads": .text("pool")])?.contains("no list of names") == true)
    #expect(
      refusal("shed", ["loads": .texts(Array(repeating: "pool", count: 65))])?.contains("64 are the most") == true)
  }

  /// Scenario *Clock*: 16:50 boot in 1970; a retained limit, a tightening and a release arrive; 16:57 the clock jumps.
  @Test func whileTheClockIsNotTrustedOnlyWhatTightensIsAccepted() {
    let orders = Orders()
    orders.time.trustClock(false)
    let issued = orders.time.now().wall
    orders.time.stepWall(by: .milliseconds(-issued.milliseconds))
    func sent(_ command: inout Command) { command.issued = issued }
    let retained = orders.command("limit", Orders.export(0), sent)
    #expect(orders.send(retained, isRetained: true).results[0].outcome == .refused)
    #expect(orders.exported() == nil)
    let tightening = orders.command("limit", Orders.export(5000), seconds: 3600, sent)
    #expect(orders.send(tightening).results[0].outcome == .accepted)
    #expect(orders.exported() == 5000)
    let release = orders.command("release", ["channel": .text("dso")], seconds: nil, sent)
    let result = orders.send(release).results[0]
    #expect(result.outcome == .refused && result.reason.hasPrefix("the clock is not trusted"))
    let laxer = orders.send(orders.command("limit", Orders.export(6000), sent)).results[0]
    #expect(laxer.outcome == .refused && laxer.reason.contains("laxer than the running one"))
    #expect(orders.send(orders.command("battery-power", ["power_w": .number(10)], sent)).results[0].outcome == .refused)
    #expect(orders.send(orders.command("shed", ["loads": .texts(["pool"])], sent)).results[0].outcome == .accepted)
    #expect(orders.exported() == 5000)
    // 16:57 The clock is right again; timers are not moved, and the release is accepted when it comes anew.
    orders.time.advance(by: .seconds(420))
    orders.time.stepWall(by: .milliseconds(issued.milliseconds))
    orders.time.trustClock(true)
    #expect(orders.exported() == 5000 && orders.told().isEmpty)
    #expect(orders.send(release).results[0].outcome == .refused, "an id keeps its answer")
    let anew = orders.command("release", ["channel": .text("dso")], seconds: nil)
    #expect(orders.send(anew).results[0].outcome == .executed)
    #expect(orders.exported() == nil)
  }

  /// Nobody can say when 17:00 is: it begins at once and lasts to where its end lies after its issue.
  @Test func withoutAClockALimitThatIsToBeginLaterBeginsAtOnce() {
    let orders = Orders()
    orders.time.trustClock(false)
    orders.limit(2000, seconds: 600, startsIn: .seconds(300))
    #expect(orders.exported() == 2000)
    orders.time.advance(by: .seconds(899))
    #expect(orders.exported() == 2000)
    orders.time.advance(by: .seconds(1))
    #expect(orders.exported() == nil)
    let later = orders.command("shed", ["loads": .texts(["pool"])], startsIn: .seconds(300))
    #expect(orders.send(later).results[0].reason == "the clock is not trusted: nobody can say when it is to start")
  }

  /// 0 s until released · 10 s the same for a second · 100 s 2 kW for a second: what it takes the place of would be gone then.
  @Test func withoutAClockAShorterLimitIsNoRelease() {
    let orders = Orders()
    orders.limit(5000, seconds: nil)
    orders.time.trustClock(false)
    for (watts, id) in [(5000.0, "same"), (2000, "tighter")] {
      let result = orders.limit(watts, id: id, seconds: 1).results[0]
      #expect(result.outcome == .accepted && result.reason.hasSuffix("until it is released"))
      orders.time.advance(by: .seconds(90))
      #expect(orders.exported() == watts)
    }
    let market = orders.command("limit", ["channel": .text("market"), "import_power_w": .number(3000)], seconds: 600)
    orders.send(market)
    let shorter = orders.command("limit", ["channel": .text("market"), "import_power_w": .number(2000)], seconds: 60)
    #expect(orders.send(shorter).results[0].reason == "import at most 2 kW, for 600 s")
  }

  /// An empty list, fewer loads, a lower reserve: each takes something back.
  @Test func withoutAClockNothingIsTakenBack() {
    let orders = Orders()
    orders.send(orders.command("shed", ["loads": .texts(["boiler", "pool"])], seconds: 3600))
    orders.send(orders.command("reserve", ["reserve_percent": .number(80)], seconds: 3600))
    orders.time.trustClock(false)
    for loads in [[], ["pool"]] {
      let result = orders.send(orders.command("shed", ["loads": .texts(loads)])).results[0]
      #expect(result.outcome == .refused && result.reason.contains("laxer"))
    }
    #expect(orders.send(orders.command("reserve", ["reserve_percent": .number(30)])).results[0].outcome == .refused)
    let higher = orders.send(orders.command("reserve", ["reserve_percent": .number(90)], seconds: 60)).results[0]
    #expect(higher.outcome == .accepted && higher.reason.hasSuffix("for 3600 s"))
    #expect(orders.standing().shed.map(\.value) == [["boiler", "pool"]])
    #expect(orders.standing().reserve.map(\.value) == [90])
  }
}
