import EnergyDispatch
import EnergyModel
import SiteSimulator
import Testing

@testable import SiteSimulation

/// The days that decide whether a site holds: control and plant in a closed loop, the judge beside them at every step.
@Suite struct CriticalDayTests {
  private static let contact: DeviceID = "dso-contact"

  private struct Outcome {
    var account: Account
    var violation: Violation?
    var lowest = 100.0
    var worstCurrent = 0.0
    var criticalOff = 0.0
    var safeState = 0
    var islanded = 0.0
  }

  /// A house with a car, a heat pump, a freezer that is critical, and a contact of the grid operator.
  private static func site(_ change: (inout SiteParameters) -> Void = { _ in }) -> SiteParameters {
    Sites.house { site in
      site.loads.append(.init(device: "freezer", rated: Watts(200), priority: 1, isCritical: true))
      site.chargers = [.init(device: Sites.car)]
      site.heatPumps = [.init(device: Sites.pump, rated: Watts(4000), priority: 3)]
      site.controllable = .init(devices: [Sites.car, Sites.pump])
      site.channels = [
        .init(
          name: "dso", kind: .contact(Self.contact, maximumAge: .seconds(5)), class: .legal,
          failsafe: [.controllablePower: SiteParameters.Controllable.guaranteedPower(2)])
      ]
      site.economics = ["self-consumption", "surplus-car"]
      change(&site)
    }
  }

  private func run(
    _ site: SiteParameters, hours: Double = 24, step: Double = 10, from start: Timestamp = Sites.midsummer,
    soc: Double = 50, faults: [Fault] = [], control: SiteLoop.Control = .core,
    cools: Bool = false, ambient: Double = 16, each: (Double, inout Circumstances) -> Void = { _, _ in },
    look: (SiteLoop) -> Void = { _ in }
  ) -> Outcome {
    var description = SiteDescription(parameters: site)
    description.soc = soc
    description.habits.cools = cools
    description.ambient = ambient
    var loop = SiteLoop(description, seed: 11, start: start, step: step, control: control, faults: faults)
    var judge = Judge(loop.plant.description.parameters, step: step)
    var outcome = Outcome(account: Account(site))
    for _ in 0..<Int(hours * 3600 / step) {
      var given = Circumstances()
      each(loop.second / 3600, &given)
      let done = loop.advance(given)
      look(loop)
      outcome.account.add(done, loop)
      if outcome.violation == nil { outcome.violation = judge.look(done, loop.plant) }
      outcome.lowest = min(outcome.lowest, loop.plant.hybrids.first?.soc ?? 0)
      outcome.worstCurrent = max(outcome.worstCurrent, loop.plant.worstCurrent)
      if loop.plant.loads.contains(where: { $0.site.isCritical && !$0.isOn }) { outcome.criticalOff += step }
      if loop.plant.state.isIslanded { outcome.islanded += step }
      if done.outcome != nil, !done.evidence.missing.isEmpty { outcome.safeState += 1 }
    }
    return outcome
  }

  /// Heat wave. From 12:00 it is 16 K warmer than usual, everything asks at once, the pump cools; the fuse is small
  /// (3 × 20 A). Without control it is exceeded for hours, with control never for longer than a fuse bears.
  @Test func heatWaveWithPeakCooling() {
    let site = Self.site { $0.fuse = .init(phases: 3, rating: Amperes(20)) }
    func day(_ control: SiteLoop.Control) -> Outcome {
      run(
        site, hours: 12, from: Sites.midsummer + .seconds(36_000), control: control, cools: true
      ) {
        $1.warmer = 16
        $1.isEverythingAsking = (2.0..<8).contains($0)
        $1.household = 2500
      }
    }
    let alone = day(.none)
    let held = day(.core)
    #expect(alone.account.overFuse > 3600)
    #expect(
      held.account.overFuse < 60 && held.violation == nil,
      "\(held.account.overFuse) s, \(String(describing: held.violation))")
    #expect(held.account.sheds > 0 && held.criticalOff == 0)
  }

  /// Partly cloudy, much PV, cap of 3 kW that no inverter keeps: clouds come and go within minutes. Without control the
  /// cap is exceeded for hours.
  @Test func partlyCloudyWithMuchPV() {
    let site = Self.site { $0.feedIn = .init(limit: Watts(3000), storedIn: nil) }
    func day(_ control: SiteLoop.Control) -> Outcome {
      run(site, hours: 10, from: Sites.midsummer + .seconds(25_200), soc: 90, control: control) {
        $1.sun = Int($0 * 60) % 7 < 3 ? 0.25 : 0.85
        $1.household = 500
      }
    }
    let alone = day(.none)
    let held = day(.core)
    #expect(alone.account.exported > 1.2 * held.account.exported)
    #expect(held.violation == nil, "\(String(describing: held.violation))")
    #expect(held.account.overFeedIn == 0 && held.account.exported > 5000)
  }

  /// Sudden loss of supply: 19:00 the grid is gone for two hours, SoC 25 %, reserve 30 %. The reserve is void, the house
  /// goes on by itself, nothing critical is off, and what was shed comes back afterwards.
  @Test func suddenLossOfSupply() {
    let site = Self.site { $0.reserve = Percent(30) }
    let lost = Fault(.gridLost, from: 3600, until: 10_800)
    let day = run(site, hours: 5, from: Sites.midsummer + .seconds(64_800), soc: 40, faults: [lost]) {
      $1.sun = 0
      $1.household = 600
    }
    #expect(day.islanded > 6000, "\(day.islanded) s of 7200")
    #expect(day.account.blackout < 900 && day.criticalOff == 0)
    #expect(day.lowest < 30 && day.lowest > 3)
    #expect(day.violation == nil, "\(String(describing: day.violation))")
  }

  /// Planned maintenance: 10:00 an order raises the reserve to 80 % ahead of an outage from 13:00 to 15:00. SoC 70 %, sun
  /// 2.9 kW, house 2.4 kW, from 12:00 cloud: without the order the battery would cover the house and be emptier when the
  /// grid goes; with it the battery is charged, is not discharged before, and the house lives through two hours.
  @Test func plannedMaintenance() {
    let lost = Fault(.gridLost, from: 10_800, until: 18_000)
    let site = Self.site { $0.loads.removeAll { !$0.isCritical } }
    func day(isAnnounced: Bool) -> (outcome: Outcome, atOutage: Double) {
      var atOutage = 0.0
      let start = Sites.midsummer + .seconds(36_000)
      let outcome = run(
        site, hours: 6, from: start, soc: 70, faults: [lost],
        each: { hour, given in
          given.sun = hour < 2 ? 0.3 : 0.05
          given.household = 2400
          if isAnnounced {
            given.orders.reserve = [
              .init(
                value: 80, starts: MonotonicInstant(nanoseconds: 0), ends: nil, id: "maintenance", issuer: "the owner")
            ]
          }
        },
        look: { loop in if loop.second <= 10_800 { atOutage = loop.plant.hybrids[0].soc } })
      return (outcome, atOutage)
    }
    let told = day(isAnnounced: true)
    let surprised = day(isAnnounced: false)
    #expect(told.atOutage >= 70 && told.atOutage > surprised.atOutage + 10, "\(told.atOutage), \(surprised.atOutage)")
    let outcome = told.outcome
    #expect(outcome.account.blackout == 0 && outcome.islanded >= 7190)
    #expect(outcome.violation == nil, "\(String(describing: outcome.violation))")
    // Below the reserve, which is void on an island: the house used what was kept for it.
    #expect(outcome.lowest < told.atOutage - 15 && outcome.lowest > surprised.outcome.lowest)
  }

  /// Evening surge while the sun goes down: 17:30 to 20:30 cooking, car and boiler together on 3 × 25 A.
  @Test func eveningSurgeAtSunset() {
    let site = Self.site { $0.fuse = .init(phases: 3, rating: Amperes(25)) }
    func day(_ control: SiteLoop.Control) -> Outcome {
      run(site, hours: 6, from: Sites.midsummer + .seconds(59_400), soc: 70, control: control) { hour, given in
        given.sun = max(0, 0.5 - hour / 6)
        given.household = (1.0..<4).contains(hour) ? 6500 : 600
        given.isEverythingAsking = (1.0..<4).contains(hour)
      }
    }
    let alone = day(.none)
    let held = day(.core)
    #expect(alone.account.overFuse > 1800)
    #expect(
      held.account.overFuse < 60 && held.violation == nil,
      "\(held.account.overFuse), \(String(describing: held.violation))")
    #expect(held.account.peak < alone.account.peak)
  }

  /// Devices lost one after another, meter, hybrid, charger, relay, board, each for twenty minutes: nothing is exceeded
  /// that could be kept, and everything comes back.
  @Test func devicesLost() {
    let devices: [DeviceID] = [Sites.meter, Sites.hybrid, Sites.car, Sites.boiler, Self.contact]
    let faults = devices.enumerated().map { index, device in
      Fault(.input(device, .silent), from: Double(3600 + 1800 * index), until: Double(4800 + 1800 * index))
    }
    let day = run(Self.site(), hours: 6, from: Sites.midsummer + .seconds(43_200), faults: faults)
    #expect(day.safeState >= 5 * 119)
    #expect(day.violation == nil, "\(String(describing: day.violation))")
    #expect(day.account.overFuse == 0 && day.criticalOff == 0)
  }

  /// Extreme weather: −12 °C in the battery's room and a cold night. The battery may not be charged or discharged, and
  /// is not; the heat pump is let run.
  @Test func extremeCold() {
    func night(_ control: SiteLoop.Control) -> Outcome {
      run(Self.site(), hours: 12, from: Sites.midwinter, control: control, ambient: -12) { _, given in
        given.warmer = -12
      }
    }
    let alone = night(.none)
    let day = night(.core)
    #expect(day.violation == nil, "\(String(describing: day.violation))")
    #expect(day.account.discharged < 300 && day.account.charged < 300)
    #expect(alone.account.charged + alone.account.discharged > 300)
    #expect(day.account.uncomfortable <= alone.account.uncomfortable)
  }

  /// Several limits at once. The contact is closed and everything asks; the fuse is small and the battery near its
  /// reserve; the grid operator allows an import of 9 kW, and when the sun comes out an export of 1 kW, which is less than
  /// the feed-in cap. All of them hold together, and each of them is worth something: without control none would. What
  /// the house switches off shows in the export for a step or two.
  @Test func severalLimitsAtOnce() {
    let site = Self.site { site in
      site.fuse = .init(phases: 3, rating: Amperes(25))
      site.channels.append(
        .init(
          name: "uplink", kind: .uplink("operator"), class: .legal, mayLimit: [.importPower: 0, .exportPower: 0]))
    }
    let faults = [
      Fault(.contact(Self.contact), from: 1800, until: 9000), Fault(.everythingAsks, from: 1200, until: 9600),
      Fault(.limit("uplink", .importPower, 9000, isTimed: false), from: 2400, until: 9000),
      Fault(.limit("uplink", .exportPower, 1000, isTimed: true), from: 9600, until: 14_400),
    ]
    func day(_ control: SiteLoop.Control) -> (outcome: Outcome, imported: Double, exported: Double) {
      var over = (imported: 0.0, exported: 0.0)
      let start = Sites.midsummer + .seconds(36_000)
      let outcome = run(
        site, hours: 4, from: start, soc: 22, faults: faults, control: control,
        each: { hour, given in
          given.household = 1500
          given.sun = hour < 2.6 ? 0.1 : 0.95
        },
        look: { loop in
          let grid = loop.plant.state.grid.total
          if (2700.0..<9000).contains(loop.second), grid > 9200 { over.imported += 10 }
          if (9900.0..<14_400).contains(loop.second), -grid > 1100 { over.exported += 10 }
        })
      return (outcome, over.imported, over.exported)
    }
    let alone = day(.none)
    let held = day(.core)
    #expect(alone.imported > 600 && alone.exported > 600, "\(alone.imported), \(alone.exported)")
    #expect(alone.outcome.account.overLegal > 600)
    #expect(held.outcome.violation == nil, "\(String(describing: held.outcome.violation))")
    #expect(held.imported < 120 && held.exported < 120, "\(held.imported), \(held.exported)")
    let account = held.outcome.account
    #expect(account.overLegal == 0 && account.overFuse < 60 && account.sheds > 0)
  }

  /// Conflicting objectives: the owner orders the battery to be discharged, its reserve forbids it; the owner orders it
  /// to be charged, the fuse forbids it. The stronger class holds.
  @Test func conflictingObjectives() {
    func order(_ value: StandingOrders.Override) -> StandingOrders.Order<StandingOrders.Override> {
      .init(value: value, starts: MonotonicInstant(nanoseconds: 0), ends: nil, id: "owner", issuer: "the owner")
    }
    let emptied = run(Self.site(), hours: 4, from: Sites.midwinter, soc: 35) {
      $1.orders.override = order(.discharge(4000))
      $1.household = 3000
      $1.sun = 0
    }
    #expect((18.5...20.5).contains(emptied.lowest), "\(emptied.lowest)")
    let small = Self.site { $0.fuse = .init(phases: 3, rating: Amperes(16)) }
    let charged = run(small, hours: 3, from: Sites.midwinter, soc: 35) {
      $1.orders.override = order(.charge(5000))
      $1.household = 9000
      $1.sun = 0
    }
    #expect(charged.violation == nil && charged.account.overFuse < 60, "\(String(describing: charged.violation))")
  }

  /// Wrong forecasts, by a factor of three and by nothing at all, change no protection.
  @Test func wrongForecasts() {
    let faults = [
      Fault(.forecast(3), from: 0, until: 40_000), Fault(.forecast(0), from: 40_000, until: 90_000),
    ]
    let day = run(Self.site { $0.economics.append("delayed-charging") }, hours: 24, step: 30, soc: 30, faults: faults)
    #expect(day.violation == nil, "\(String(describing: day.violation))")
    #expect(day.account.overFeedIn == 0 && day.account.overFuse == 0 && day.lowest > 19)
  }
}
