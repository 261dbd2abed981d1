import EnergyDispatch
import EnergyModel
import Testing

@testable import SiteSimulation

/// What stays held back without a reason is found, and what may still be held back is not.
@Suite struct ReleaseWatchTests {
  /// Without control, which would bring it back: `value` is told again and again from the start on.
  private func verdict(
    _ kind: SetpointKind, _ device: DeviceID, _ value: Double, hours: Double = 1, isLimited: Bool = false,
    sun: Double = 0.1, faults: [Fault] = [], _ change: (inout SiteParameters) -> Void = { _ in }
  ) -> Violation? {
    let site = Sites.house { site in
      site.feedIn = nil
      site.reserve = .zero
      site.channels = [
        .init(
          name: "dso", kind: .contact("contact", maximumAge: .seconds(5)), class: .legal,
          failsafe: [.controllablePower: 4200])
      ]
      change(&site)
    }
    var loop = SiteLoop(
      SiteDescription(parameters: site), seed: 1, start: Sites.midsummer, step: 10, control: .none,
      faults: faults)
    var judge = Judge(loop.plant.description.parameters, step: 10)
    var given = Circumstances()
    given.household = 500
    given.sun = sun
    if isLimited { given.activeContacts = ["contact"] }
    for _ in 0..<Int(hours * 360) {
      let setpoint = Setpoint(
        device: device, kind: kind, value: value, owner: "test", expires: MonotonicInstant(nanoseconds: 0))
      loop.tell(setpoint)
      let done = loop.advance(given)
      if let found = judge.look(done, loop.plant) { return found }
    }
    return nil
  }

  /// 120 s of spread, sixteen stable minutes, the minimum off time, and time to react.
  @Test func aLoadThatStaysOff() {
    let found = verdict(.relayOn, Sites.boiler, 0)
    #expect(found?.what == "late release" && (1210.0..<1240).contains(found?.second ?? 0))
    #expect(verdict(.relayOn, Sites.boiler, 1) == nil)
  }

  @Test func whatALimitOrItsStartsHoldBackIsNotLate() {
    #expect(verdict(.relayOn, Sites.boiler, 0, isLimited: true) == nil)
    #expect(verdict(.relayOn, Sites.boiler, 0) { $0.loads[0].startsAnHour = 2 } == nil)
    // 3 kW are 13 A.
    #expect(verdict(.relayOn, Sites.boiler, 0) { $0.fuse = .init(phases: 3, rating: Amperes(14)) } == nil)
  }

  /// An unreadable contact limits to its failsafe value.
  @Test func whatAnUnreadableContactHoldsBackIsNotLate() {
    let unreadable = [Fault(.input("contact", .exception), from: 300, until: 3600)]
    #expect(verdict(.relayOn, Sites.boiler, 0, faults: unreadable) == nil)
    let short = [Fault(.input("contact", .exception), from: 300, until: 600)]
    let found = verdict(.relayOn, Sites.boiler, 0, faults: short)
    #expect(found?.what == "late release" && (1810.0..<1840).contains(found?.second ?? 0))
  }

  @Test func aHeatPumpThatStaysBlocked() {
    let pump = SiteParameters.HeatPump(
      device: Sites.pump, rated: Watts(3000), priority: 1, longestBlock: .seconds(20_000))
    // For an hour it may have used up its starts before anybody remembers.
    let found = verdict(.heatPumpState, Sites.pump, 1, hours: 2) { $0.heatPumps = [pump] }
    #expect(found?.what == "late release" && (found?.second ?? 0) > 3600)
  }

  @Test func aCarThatStaysPaused() {
    let found = verdict(.chargingCurrent, Sites.car, 0) { $0.chargers = [.init(device: Sites.car)] }
    #expect(found?.what == "late release")
    let fromSurplus = verdict(.chargingCurrent, Sites.car, 0) { site in
      site.chargers = [.init(device: Sites.car)]
      site.economics.append("surplus-car")
    }
    #expect(fromSurplus == nil)
  }

  @Test func aProductionThatStaysLimited() {
    let found = verdict(.productionLimit, Sites.hybrid, 3000)
    #expect(found?.what == "late release" && (370.0..<400).contains(found?.second ?? 0))
    #expect(verdict(.productionLimit, Sites.hybrid, 3000, isLimited: true) == nil)
    #expect(
      verdict(.productionLimit, Sites.hybrid, 3000) { $0.feedIn = .init(limit: Watts(5880), storedIn: nil) } == nil)
  }

  /// 3 kW less 0.5 for the house are 10.9 A: near a fuse of 12 A they may have to stay below it, with one of 20 A not.
  @Test(arguments: [12.0, 20]) func aProductionThatIsLimitedForTheFuseIsNotLate(rating: Double) {
    let found = verdict(.productionLimit, Sites.hybrid, 3000, sun: 0.8) { site in
      site.hybrids[0].battery = nil
      site.loads = []
      site.fuse = .init(phases: 1, rating: Amperes(rating))
    }
    #expect(found?.what == (rating == 12 ? nil : "late release"))
  }
}
