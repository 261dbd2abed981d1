import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// Golden sentences: what a person reads in the situations of every day and on bad ones.
struct ExplanationTests {
  /// A BMS that allows 6 kW behind a 10 kW inverter, a feed-in cap kept by the inverter, two loads.
  private static let house = Scene.parameters {
    $0.hybrids[0].battery?.gridCharging = .never
    $0.hybrids[0].battery?.maximumCharge = Watts(10_000)
    $0.hybrids[0].battery?.maximumDischarge = Watts(10_000)
    $0.feedIn = .init(limit: Watts(5880), storedIn: Scene.hybrid)
    $0.loads = [Scene.load(Scene.boiler, 3000, 2), Scene.load(Scene.pool, 1100, 1)]
  }

  private func scene(
    pv: Double, battery: Double, grid: Double, soc: Double = 60, _ parameters: SiteParameters = ExplanationTests.house
  ) -> Scene {
    var scene = Scene(parameters)
    scene.values[Scene.hybrid]?.merge([
      .pvPower: pv, .batteryPower: battery, .power: pv + battery, .soc: soc, .chargePowerMax: 6000,
      .dischargePowerMax: 6000,
    ]) { $1 }
    scene.values[Scene.meter]?[.power] = grid
    return scene
  }

  private func said(_ scene: Scene, after seconds: Int = 1) -> String {
    var scene = scene
    scene.run(seconds)
    return scene.sentence
  }

  @Test func aCalmDay() {
    let text = said(scene(pv: 3500, battery: -2500, grid: -20))
    #expect(text == "Self-consumption: the hybrid covers the house itself and charges the battery with what is left.")
  }

  @Test func anEvening() {
    let text = said(scene(pv: 0, battery: 900, grid: 15))
    #expect(text == "Self-consumption: the hybrid covers the house itself with the help of the battery.")
  }

  /// 1.1 kW of import while the battery still climbs to what the house needs.
  @Test func anInverterThatLagsBehindForgoesNothing() {
    let text = said(scene(pv: 0, battery: 900, grid: 1100))
    #expect(text == "Self-consumption: the hybrid covers what it can of the house.")
  }

  @Test func theManagementUnitThatReallyCuts() {
    var scene = scene(pv: 0, battery: 5950, grid: 1100)
    scene.run(1)
    #expect(
      scene.sentence
        == "Self-consumption: the hybrid covers what it can of the house; battery may discharge at most 6 kW because "
        + "its BMS allows no more than 6 kW, which forgoes up to 1.1 kW.")
  }

  @Test func whatDoesNotCutIsOnlyInTheList() {
    var scene = scene(pv: 3500, battery: -2500, grid: -20)
    scene.run(1)
    let bounds = scene.outcome?.decision.bounds.map(\.text) ?? []
    #expect(bounds.contains("discharge at most 6 kW: its BMS allows no more than 6 kW"))
    #expect(bounds.contains("charge at most 6 kW: its BMS allows no more than 6 kW"))
  }

  @Test func theReserveIsReached() {
    let text = said(scene(pv: 0, battery: 0, grid: 1200, soc: 19.6))
    #expect(
      text
        == "Self-consumption: the hybrid covers what it can of the house; battery may not discharge because the "
        + "reserve of 20 % is reached (19.6 %), which forgoes up to 1.2 kW.")
    let morning = said(scene(pv: 2000, battery: -1500, grid: -20, soc: 19.6))
    #expect(
      morning == "Self-consumption: the hybrid covers the house itself and charges the battery with what is left.")
  }

  @Test func theBatteryIsFull() {
    let text = said(scene(pv: 3000, battery: 0, grid: -2500, soc: 95))
    #expect(
      text
        == "Self-consumption: the hybrid covers the house itself; battery may not charge because the state of charge "
        + "has reached its maximum of 95 % (95 %).")
    let evening = said(scene(pv: 0, battery: 600, grid: 0, soc: 94.8))
    #expect(evening == "Self-consumption: the hybrid covers the house itself with the help of the battery.")
  }

  @Test func theCapBinds() {
    var scene = scene(pv: 6300, battery: 0, grid: -5800, soc: 95)
    let text = said(scene)
    #expect(
      text.hasSuffix("; the hybrid produces at most 6.3 kW because no more than 5.9 kW may be fed into the grid."))
    // Near the cap, but not held by it.
    scene.values[Scene.hybrid]?[.power] = 5500
    scene.values[Scene.hybrid]?[.pvPower] = 5500
    scene.values[Scene.meter]?[.power] = -5000
    scene.run(1)
    #expect(scene.productionLimit == 6280)
    #expect(!scene.sentence.contains("produces at most"))
  }

  @Test func anOverloadedFuse() {
    var scene = scene(pv: 0, battery: 0, grid: 0, soc: 10)
    scene.importCurrent(38)
    #expect(
      said(scene).hasSuffix(
        "; the pool is off because the import of 38 A on L1 is above the fuse of 35 A."))
    scene.values[Scene.hybrid]?[.soc] = 60
    scene.run(4)
    #expect(
      scene.sentence
        == "Self-consumption: the hybrid covers what it can of the house; battery should give at least 3.3 kW and the "
        + "pool is off because the import of 38 A on L1 is above the fuse of 35 A.")
  }

  @Test func aSilentHybrid() {
    var scene = scene(pv: 1000, battery: 0, grid: 0)
    scene.run(1)
    scene.silent = [Scene.hybrid]
    #expect(
      said(scene, after: 20)
        == "Safe state: the hybrid does not answer; nothing is written to the hybrid and it is left to its own control, "
        + "which keeps the feed-in cap of 5.9 kW.")
  }

  @Test func aSilentMeter() {
    var scene = scene(pv: 3000, battery: 0, grid: 0)
    scene.run(1)
    scene.silent = [Scene.meter]
    #expect(
      said(scene, after: 80)
        == "Safe state: the grid meter does not answer; self-consumption: the hybrid regulates itself; battery may "
        + "charge at most 3 kW because the currents at the fuse are unknown; the hybrid produces at most 5.9 kW because "
        + "what is fed in is unknown.")
  }

  @Test func everythingIsSilent() {
    var scene = scene(pv: 3000, battery: 0, grid: 0)
    scene.run(1)
    scene.silent = [Scene.meter, Scene.hybrid, Scene.boiler, Scene.pool]
    #expect(
      said(scene, after: 30)
        == "Safe state: the grid meter, the hybrid, the boiler's relay and the pool's relay do not answer; nothing is "
        + "written to the hybrid and it is left to its own control, which keeps the feed-in cap of 5.9 kW; the boiler "
        + "stays as it is; the pool stays as it is.")
  }

  @Test func beforeTheFirstReadings() {
    var scene = scene(pv: 0, battery: 0, grid: 0)
    scene.silent = [Scene.meter, Scene.hybrid]
    #expect(said(scene).hasPrefix("Starting: the grid meter and the hybrid have not answered yet; "))
    #expect(said(scene, after: 11).hasPrefix("Safe state: the grid meter and the hybrid do not answer; "))
  }

  /// Straight from what was resolved: whoever wishes, and whatever bounds.
  @Test func aChargerSaysWhatItWouldHaveHad() {
    let parameters = Scene.parameters { $0.chargers = [.init(device: "car")] }
    let limit = Limit(
      quantity: .charging("car"), interval: .atMost(4200), cause: "limit", reason: "the grid operator limits it")
    let wish = Wish(quantity: .charging("car"), target: .value(11_000), purpose: "the car is charged")
    let resolution = Arbitration([(.charging("car"), Interval(0, 11_040))]).resolve([
      Statement(rule: "legal limit", precedence: .legalLimit, contribution: Contribution(limits: [limit])),
      Statement(rule: "owner's plan", precedence: .ownersPlan, contribution: Contribution(wish: wish)),
    ])
    let now = ManualTime().now()
    let told: PointMap<Observation> = [
      .power: Observation(value: 4200, quality: .good, measured: now),
      .chargingState: Observation(value: 2, quality: .good, measured: now),
    ]
    let view = SiteView(SiteSnapshot(now: now, observations: ["car": told]), parameters)
    let explanation = Explanation(
      site: parameters, view: view, resolutions: resolution, isSafeState: false, isStarting: false)
    #expect(
      explanation.sentence.contains(
        "the car charges with at most 4.2 kW because the grid operator limits it, instead of 11 kW."),
      "\(explanation.sentence)")
  }

  /// Its minimum off time only goes with what an aggregator asked for.
  @Test func aLoadThatIsOffSaysWhoWantsIt() {
    let parameters = Self.house
    let quantity = ControlledQuantity.supply(Scene.boiler)
    let rest = Limit(
      quantity: quantity, interval: .atMost(0), cause: "minimum off", reason: "its minimum off time lasts")
    let shed = Limit(quantity: quantity, interval: .atMost(0), cause: "shed", reason: "vpp wants it off")
    let resolution = Arbitration([(quantity, Interval(0, 1))]).resolve([
      Statement(rule: "minimum off", precedence: .deviceProtection, contribution: Contribution(limits: [rest])),
      Statement(rule: "contract", precedence: .contract, contribution: Contribution(limits: [shed])),
      Statement(
        rule: "supply", precedence: .ownersPlan,
        contribution: Contribution(wish: Wish(quantity: quantity, target: .value(1), purpose: "it is supplied"))),
    ])
    let view = SiteView(SiteSnapshot(now: ManualTime().now(), observations: [:]), parameters)
    let explanation = Explanation(
      site: parameters, view: view, resolutions: resolution, isSafeState: false, isStarting: false)
    #expect(explanation.sentence.contains("the boiler is off because vpp wants it off"), "\(explanation.sentence)")
  }

  /// Every bound stands in the list of them, also one that has only a lower end.
  @Test(arguments: [
    (Interval.atMost(4200), "charge with at most 4.2 kW"), (.atLeast(1380), "charge with at least 1.4 kW"),
    (Interval(1380, 4200), "charge with at least 1.4 kW and charge with at most 4.2 kW"), (.atMost(0), "paused"),
  ])
  func theBoundsOfACharger(interval: Interval, said: String) {
    let limit = Limit(quantity: .charging("car"), interval: interval, cause: "c", reason: "r")
    #expect(Explanation.demand(limit) == said)
  }

  /// The fuse leaves 6.9 kW and the car takes 4: it has all that it wants.
  @Test func aChargerThatStaysBelowItsBoundsSaysNothing() {
    let parameters = Scene.parameters { $0.chargers = [.init(device: "car")] }
    let limit = Limit(quantity: .charging("car"), interval: .atMost(6900), cause: "fuse", reason: "the fuse")
    let wish = Wish(quantity: .charging("car"), target: .value(11_040), purpose: "the car charges what it wants")
    let resolution = Arbitration([(.charging("car"), Interval(0, 11_040))]).resolve([
      Statement(rule: "fuse", precedence: .siteProtection, contribution: Contribution(limits: [limit])),
      Statement(rule: "car supply", precedence: .ownersPlan, contribution: Contribution(wish: wish)),
    ])
    let now = ManualTime().now()
    let told: PointMap<Observation> = [
      .power: Observation(value: 4000, quality: .good, measured: now),
      .chargingState: Observation(value: 2, quality: .good, measured: now),
    ]
    let view = SiteView(SiteSnapshot(now: now, observations: ["car": told]), parameters)
    let explanation = Explanation(
      site: parameters, view: view, resolutions: resolution, isSafeState: false, isStarting: false)
    #expect(!explanation.sentence.contains("the car"), "\(explanation.sentence)")
  }

  @Test func monitorMode() {
    var parameters = Self.house
    parameters.mode = .monitor
    let text = said(scene(pv: 3500, battery: -2500, grid: -20, parameters))
    #expect(
      text
        == "Would do (monitor mode, nothing is written): Self-consumption: the hybrid covers the house itself and "
        + "charges the battery with what is left.")
  }

  @Test func aMeterWithoutCurrentsSaysSo() {
    var scene = scene(pv: 3500, battery: -2500, grid: -20)
    scene.values[Scene.meter]?[.currentL2] = nil
    scene.run(20)
    #expect(
      scene.sentence
        == "Safe state: the currents at the fuse are unknown; self-consumption: the hybrid covers the house itself and charges the battery with what is left; "
        + "battery may charge at most 3.5 kW because the currents at the fuse are unknown.")
  }
}
