import EnergyDispatch
import EnergyModel
import Testing

@testable import SiteSimulation

/// A judge that never finds anything proves nothing: each thing that it watches is done to it once.
@Suite struct JudgeTests {
  /// Runs without control, so that nothing keeps what the judge watches.
  private func verdict(
    _ site: SiteParameters, soc: Double = 50, hours: Double = 3, step: Double = 10, _ given: Circumstances,
    change: (inout SiteDescription) -> Void = { _ in }
  ) -> Violation? {
    var description = SiteDescription(parameters: site)
    description.soc = soc
    change(&description)
    var loop = SiteLoop(description, seed: 3, start: Sites.midsummer, step: step, control: .none)
    var judge = Judge(loop.plant.description.parameters, step: step)
    for _ in 0..<Int(hours * 3600 / step) {
      let done = loop.advance(given)
      if let found = judge.look(done, loop.plant) { return found }
    }
    return nil
  }

  private func given(load: Double, sun: Double, asking: Bool = false) -> Circumstances {
    var circumstances = Circumstances()
    circumstances.household = load
    circumstances.sun = sun
    circumstances.isEverythingAsking = asking
    return circumstances
  }

  @Test func theWindowOfTheStateOfCharge() {
    #expect(verdict(Sites.house(), soc: 12, given(load: 4000, sun: 0))?.what == "reserve")
    #expect(verdict(Sites.house { $0.reserve = .zero }, soc: 12, given(load: 4000, sun: 0))?.what == "SoC window")
    #expect(verdict(Sites.house { $0.feedIn = nil }, soc: 94, given(load: 500, sun: 0.9))?.what == "SoC window")
  }

  @Test func theTemperatureOfABattery() {
    let cold = verdict(Sites.house(), given(load: 500, sun: 0.3)) { $0.ambient = -9 }
    #expect(cold?.what == "temperature")
  }

  @Test func theFuseWhileALoadCouldGiveWay() {
    let site = Sites.house { site in
      site.hybrids = []
      site.feedIn = nil
    }
    #expect(verdict(site, given(load: 23_500, sun: 0, asking: true))?.what == "fuse")
    // Where there is nothing that could, nobody is to blame.
    let bare = Sites.house { site in
      site.hybrids = []
      site.feedIn = nil
      site.loads = []
    }
    #expect(verdict(bare, given(load: 26_000, sun: 0)) == nil)
  }

  /// As in seed 1562: a critical load is too much for L2. A car on L1 cannot help that, one on L2 could.
  @Test(arguments: [(1, nil), (2, "fuse")]) func aCarOnAnotherPhaseIsNoRelief(phase: Int, found: String?) {
    let site = Sites.house { site in
      site.hybrids = []
      site.feedIn = nil
      site.loads = [.init(device: "lift", rated: Watts(7000), priority: 1, isCritical: true)]
      site.loads[0].phase = 2
      site.chargers = [.init(device: "car", phases: [phase])]
    }
    #expect(verdict(site, given(load: 9000, sun: 0, asking: true))?.what == found)
  }

  /// 10 kW go through one phase of 35 A as they come; three phases bear them. Where nothing could hold it nobody is to blame.
  @Test(arguments: [(1, true, "fuse export"), (3, true, nil), (1, false, nil)])
  func theFuseAgainstWhatIsFedIn(phases: Int, canCurtail: Bool, found: String?) {
    let site = Sites.house { site in
      site.fuse = .init(phases: phases, rating: Amperes(35))
      site.loads = []
      site.feedIn = nil
      site.hybrids[0].battery = nil
      if !canCurtail { site.hybrids[0].productionReversion = nil }
    }
    #expect(verdict(site, given(load: 200, sun: 0.95))?.what == found)
  }

  @Test func theFeedInCap() {
    let site = Sites.house { site in
      site.loads = []
      site.hybrids[0].battery = nil
    }
    #expect(verdict(site, given(load: 200, sun: 0.9))?.what == "feed-in")
  }

  @Test func theLegalLimit() {
    let site = Sites.house { site in
      site.hybrids = []
      site.feedIn = nil
      site.loads = []
      site.chargers = [.init(device: Sites.car)]
      site.controllable = .init(devices: [Sites.car])
      site.channels = [
        .init(
          name: "dso", kind: .contact("contact", maximumAge: .seconds(5)), class: .legal,
          failsafe: [.controllablePower: 4200])
      ]
    }
    var limited = given(load: 300, sun: 0, asking: true)
    #expect(verdict(site, hours: 0.5, limited) == nil)
    limited.activeContacts = ["contact"]
    #expect(verdict(site, hours: 0.5, limited)?.what == "legal limit")
  }

  /// What is asked of devices is looked at as it is asked.
  private func setpoint(
    _ kind: SetpointKind, _ device: DeviceID, _ value: Double, lasts: Int = 10, site: SiteParameters = Sites.house()
  ) -> String? {
    var loop = SiteLoop(SiteDescription(parameters: site), seed: 1, start: Sites.midsummer, step: 1)
    var done = loop.advance()
    let setpoint = Setpoint(
      device: device, kind: kind, value: value, owner: "test", expires: done.now.monotonic + .seconds(lasts))
    done.outcome?.commands = [SetpointCommand(id: 1, device: device, setpoints: [setpoint])]
    var judge = Judge(loop.plant.description.parameters, step: 1)
    return judge.look(done, loop.plant)?.what
  }

  @Test func setpointsThatNoDeviceMayGet() {
    #expect(setpoint(.chargeLimit, Sites.hybrid, 4000) == nil)
    #expect(setpoint(.chargeLimit, Sites.hybrid, 5001) == "setpoint")
    #expect(setpoint(.productionLimit, Sites.hybrid, .nan) == "setpoint")
    #expect(setpoint(.productionLimit, Sites.hybrid, -1) == "setpoint")
    #expect(setpoint(.relayOn, Sites.hybrid, 1) == "setpoint")
    #expect(setpoint(.chargeLimit, Sites.hybrid, 4000, lasts: 61) == "expiry")
    #expect(setpoint(.chargeLimit, Sites.hybrid, 4000, lasts: 0) == "expiry")
    let car = Sites.house { $0.chargers = [.init(device: Sites.car)] }
    #expect(setpoint(.chargingCurrent, Sites.car, 5, site: car) == "car current")
    #expect(setpoint(.chargingCurrent, Sites.car, 0, site: car) == nil)
    let critical = Sites.house { site in
      site.loads = [.init(device: Sites.boiler, rated: Watts(3000), priority: 1, isCritical: true)]
    }
    #expect(setpoint(.relayOn, Sites.boiler, 0, site: critical) == "critical load")
  }

  /// Contacts that are moved behind control's back: too soon, too often, and a pump that stays blocked.
  private func switching(_ every: Double, _ site: SiteParameters, _ kind: SetpointKind, _ values: [Double]) -> String? {
    var loop = SiteLoop(SiteDescription(parameters: site), seed: 1, start: Sites.midsummer, step: 10, control: .none)
    var judge = Judge(loop.plant.description.parameters, step: 10)
    let device = kind == .relayOn ? Sites.boiler : kind == .heatPumpState ? Sites.pump : Sites.car
    var turn = 0
    for index in 0..<900 {
      if Double(index * 10).truncatingRemainder(dividingBy: every) == 0 {
        let setpoint = Setpoint(
          device: device, kind: kind, value: values[turn % values.count], owner: "test",
          expires: MonotonicInstant(nanoseconds: 0))
        loop.tell(setpoint)
        turn += 1
      }
      let done = loop.advance()
      if let found = judge.look(done, loop.plant) { return found.what }
    }
    return nil
  }

  @Test func minimumTimesStartsAndBlocks() {
    let slow = Sites.house { site in
      site.loads = [
        .init(
          device: Sites.boiler, rated: Watts(300), priority: 1, minimumOn: .seconds(300), minimumOff: .seconds(300),
          startsAnHour: 3)
      ]
    }
    #expect(switching(500, slow, .relayOn, [0, 1, 1]) == nil)
    #expect(switching(100, slow, .relayOn, [0, 1]) == "minimum off")
    #expect(switching(400, slow, .relayOn, [0, 1]) == "starts")
    #expect(switching(1200, slow, .relayOn, [0, 1]) == nil)
    let pump = Sites.house { site in
      site.heatPumps = [.init(device: Sites.pump, rated: Watts(3000), priority: 1)]
      // Otherwise a block without a reason is a late release before it is too long.
      site.demand = .init(target: Watts(2000), price: 900)
      site.economics.append("peak-shaving")
    }
    #expect(switching(8990, pump, .heatPumpState, [1]) == "longest block")
    #expect(switching(300, pump, .heatPumpState, [1, 2]) == "shortest block")
  }

  /// A car that is there; where it is throttled for a limit, its charge may be as short as it likes.
  @Test func chargesAndPausesThatAreTooShort() {
    let car = Sites.house { site in
      site.reserve = .zero
      site.hybrids[0].battery = nil
      site.chargers = [.init(device: Sites.car, reversion: .seconds(3600))]
    }
    #expect(switching(330, car, .chargingCurrent, [6, 0]) == nil)
    #expect(switching(150, car, .chargingCurrent, [6, 0]) == "shortest charge")
    let brief = Sites.house { site in
      site.reserve = .zero
      site.hybrids[0].battery = nil
      site.chargers = [.init(device: Sites.car, reversion: .seconds(3600), minimumOn: .zero)]
    }
    #expect(switching(150, brief, .chargingCurrent, [6, 0]) == "shortest pause")
    let crowded = Sites.house { site in
      site.reserve = .zero
      site.hybrids[0].battery = nil
      site.chargers = [.init(device: Sites.car, reversion: .seconds(3600), minimumOff: .zero)]
      site.loads = []
      site.fuse = .init(phases: 3, rating: Amperes(16))
    }
    #expect(switching(150, crowded, .chargingCurrent, [6, 0]) == nil)
  }

  @Test func aHeatPumpThatRunsTooShort() {
    let pump = Sites.house { site in
      site.reserve = .zero
      site.hybrids[0].battery = nil
      site.heatPumps = [.init(device: Sites.pump, rated: Watts(3000), priority: 1, minimumOff: .zero)]
      site.demand = .init(target: Watts(2000), price: 900)
      site.economics.append("peak-shaving")
    }
    #expect(switching(300, pump, .heatPumpState, [1, 2]) == "shortest run")
    #expect(switching(700, pump, .heatPumpState, [1, 2]) == nil)
  }

  /// 5 kW beside 8.8 kW of strings: the inverter passes 10.
  @Test func aBatteryThatIsAskedForMoreThanItsInverterPasses() {
    func found(_ percent: Double) -> String? {
      let site = Sites.house { site in
        site.feedIn = nil
        site.hybrids[0].batteryReversion = .seconds(3600)
      }
      var loop = SiteLoop(
        SiteDescription(parameters: site), seed: 3, start: Sites.midsummer, step: 10, control: .none)
      var judge = Judge(loop.plant.description.parameters, step: 10)
      for kind in [SetpointKind.chargeLimit, .dischargeLimit] {
        loop.tell(
          Setpoint(
            device: Sites.hybrid, kind: kind, value: percent * 50, owner: "test",
            expires: MonotonicInstant(nanoseconds: 0)))
      }
      for _ in 0..<60 {
        let done = loop.advance(given(load: 9000, sun: 0.9))
        if let violation = judge.look(done, loop.plant) { return violation.what }
      }
      return nil
    }
    #expect(found(100) == "inverter rating")
    #expect(found(40) == nil)
  }

  @Test func phasesThatChangeTooSoon() {
    let car = Sites.house { site in
      site.reserve = .zero
      site.hybrids[0].battery = nil
      site.chargers = [.init(device: Sites.car, switchesPhases: true)]
    }
    #expect(switching(150, car, .chargingPhases, [1, 3]) == "phases")
    #expect(switching(330, car, .chargingPhases, [1, 3]) == nil)
  }

  @Test func whatSwingsToAndFro() {
    var loop = SiteLoop(SiteDescription(parameters: Sites.house()), seed: 1, start: Sites.midsummer, step: 10)
    var judge = Judge(loop.plant.description.parameters, step: 10)
    var calm = Circumstances()
    calm.household = 500
    calm.sun = 0.2
    var found: Violation?
    for index in 0..<300 where found == nil {
      var done = loop.advance(calm)
      let setpoint = Setpoint(
        device: Sites.hybrid, kind: .chargeLimit, value: index % 2 == 0 ? 100 : 4000, owner: "test",
        expires: done.now.monotonic + .seconds(10))
      done.outcome?.commands = [SetpointCommand(id: 1, device: Sites.hybrid, setpoints: [setpoint])]
      found = judge.look(done, loop.plant)
    }
    #expect(found?.what == "oscillation")
  }
}
