import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct ShedPlanTests {
  private static let site = House.site {
    $0.heatPumps = [.init(device: House.pump, rated: Watts(4500), priority: 3)]
    $0.loads[0].serves = "hot water"
  }

  /// 1.5 kW of base load, 4.1 of loads, 11 of the car and 4.5 of the heat pump.
  private static func plan(
    _ limit: Double, soc: Double? = nil, duration: Duration = .seconds(3600), reaction: Duration = .zero,
    _ site: SiteParameters = site, memory: [UInt8]? = nil, _ change: (inout SiteSnapshot) -> Void = { _ in }
  ) -> ShedPlan {
    var snapshot = ShedPlan.ratings(of: site, soc: soc, now: ManualTime().now())
    change(&snapshot)
    return ShedPlan(site, snapshot, limit: limit, duration: duration, reaction: reaction, savedMemory: memory)
  }

  @Test func enoughForAllHoldsNobodyBack() {
    let plan = Self.plan(22_000)
    #expect(plan.before == 21_140)
    #expect(plan.steps.isEmpty && plan.isMet && plan.notSupplied == 0)
    #expect(plan.lines.contains("  nobody is held back"))
  }

  /// 15 kW: the car keeps 4.9 of its 11 kW, nobody else notices.
  @Test func theCarComesFirst() throws {
    let plan = Self.plan(15_000)
    let step = try #require(plan.steps.first)
    #expect(plan.steps.map(\.device) == [House.car])
    #expect(step.kind == .throttle && step.notices == "car")
    let left = try #require(step.left)
    #expect(left <= 4900 && left > 4800)
    #expect(plan.isMet)
    #expect((plan.notSupplied - (11_040 - left)).magnitude < 1)
  }

  /// 6 kW: the car pauses, then the pool, then the boiler; the heat pump goes on.
  @Test func loadsFollowByPriority() {
    let plan = Self.plan(6000)
    #expect(plan.steps.map(\.kind) == [.pause, .shed, .shed])
    #expect(plan.steps.map(\.device) == [House.car, Scene.pool, Scene.boiler])
    #expect(plan.steps.map(\.notices) == ["car", "pool", "hot water"])
    #expect(plan.steps[2].energy == 3000)
    #expect(plan.after == 6000 && plan.isMet)
  }

  /// A battery with 4.5 kWh above its reserve of 20 % gives what lasts for the hour, and the boiler is spared.
  @Test func theBatterySparesTheBoiler() throws {
    let plan = Self.plan(6000, soc: 60)
    let discharge = try #require(plan.steps.first { $0.kind == .discharge })
    #expect(discharge.energy.map { $0 <= 3600 && $0 > 2500 } == true)
    #expect(!plan.steps.contains { $0.device == Scene.boiler })
    #expect(plan.isMet)
    #expect(plan.notSupplied < 12_200)
  }

  @Test func whatNothingCanSwitchIsTold() {
    let plan = Self.plan(1000)
    #expect(!plan.isMet && plan.after == 1500)
    #expect(plan.steps.last?.kind == .block)
    #expect(plan.lines.last?.contains("500 W above it: nothing further can be switched") == true)
  }

  /// Three hours at 2 kW: after two of them the heat pump runs again, and nothing is left that could make room for it.
  @Test func aHeatPumpIsNotBlockedForLongerThanItMayBe() throws {
    let plan = Self.plan(2000, duration: .seconds(3 * 3600))
    let block = try #require(plan.steps.first { $0.device == House.pump })
    #expect(block.kind == .block && block.lasts == .seconds(7200) && block.energy == 9000)
    #expect(plan.after == 6000 && !plan.isMet)
    #expect(plan.lines.contains { $0.contains("the heat-pump is blocked for 120 min at most, 4.5 kW less, 9 kWh") })
    #expect(plan.steps.first { $0.device == Scene.boiler }?.energy == 9000)
    #expect(Self.plan(2000, duration: .seconds(7200)).isMet)
  }

  /// Shed before the boiler and the pool, it leaves one of the three hours to them.
  @Test func whenAHeatPumpRunsAgainOthersMakeRoom() throws {
    var site = Self.site
    site.heatPumps[0].priority = 0
    let plan = Self.plan(6000, duration: .seconds(3 * 3600), site)
    #expect(plan.steps.map(\.device) == [House.car, House.pump, Scene.pool, Scene.boiler])
    #expect(plan.steps.map(\.energy) == [33_120, 9000, 1100, 3000])
    #expect(plan.after == 6000 && plan.isMet)
  }

  /// It was blocked for 110 minutes and runs since: no further block is in it.
  @Test func aHeatPumpThatRestsFromABlockIsLeftAlone() {
    let memory = Scene.memory(["heat pump heat-pump\t2 5 blocked 110 starts resting 5"])
    let plan = Self.plan(2000, memory: memory)
    #expect(!plan.steps.contains { $0.device == House.pump })
    #expect(plan.after == 6000 && !plan.isMet)
  }

  @Test func gridChargingEndsFirst() {
    let plan = Self.plan(21_140, soc: 50) {
      $0.observations[Scene.hybrid]?[.batteryPower]?.value = -2000
      $0.observations[Scene.hybrid]?[.power]?.value = -2000
      $0.observations[Scene.meter]?[.power]?.value = 23_140
    }
    #expect(plan.steps.map(\.kind) == [.gridCharging])
    #expect(plan.notSupplied == 0)
  }

  @Test func withASilentMeterTheWorstIsAssumed() {
    let plan = Self.plan(6000) { $0.observations[Scene.meter] = nil }
    #expect(plan.isAssumed && plan.before == 21_140)
    #expect(plan.steps.map(\.device) == [House.car, Scene.pool, Scene.boiler])
    #expect(plan.lines[0].contains("assumed"))
  }

  /// The boiler wants its five minutes: at once the pool is not enough and the heat pump goes, in time it does not have to.
  @Test func timeChangesTheOrder() {
    var site = Self.site
    site.loads[0].within = .seconds(300)
    #expect(Self.plan(8000, site).steps.map(\.device) == [House.car, Scene.pool, House.pump])
    let inTime = Self.plan(8000, reaction: .seconds(900), site)
    #expect(inTime.steps.map(\.device) == [House.car, Scene.pool, Scene.boiler])
  }

  /// The agent remembers that the pool was off last: among equals it is the boiler's turn.
  @Test func theAgentsMemoryKnowsWhoseTurnItIs() {
    let site = House.site {
      $0.chargers = []
      $0.loads = [Scene.load(Scene.boiler, 2000, 1), Scene.load(Scene.pool, 2000, 1)]
    }
    func shed(_ memory: [UInt8]?) -> [DeviceID] {
      let snapshot = ShedPlan.ratings(of: site, soc: nil, now: ManualTime().now())
      return ShedPlan(site, snapshot, limit: 4000, duration: .seconds(3600), savedMemory: memory).steps.map(\.device)
    }
    #expect(shed(nil) == [Scene.boiler])
    #expect(
      shed(Scene.memory(["turns\tboiler", "switch boiler\ton 60 starts", "switch pool\ton 60 starts"])) == [Scene.pool])
  }

  /// The plan and the agent agree: what is planned is what happens within an hour.
  @Test(arguments: [12_000.0, 8000, 5000, 3000])
  func whatIsPlannedHappens(limit: Double) {
    let site = House.site()
    var house = House(site)
    house.soc = 10
    house.cars[House.car] = 16
    house.run(3)
    let plan = ShedPlan(
      site, ShedPlan.ratings(of: site, soc: nil, now: ManualTime().now()), limit: limit, duration: .seconds(3600))
    house.goal = House.goal(limit)
    house.run(50)
    let off = Set(plan.steps.filter { $0.kind == .shed }.map(\.device))
    #expect(Set([Scene.boiler, Scene.pool].filter(house.isOff)) == off)
    #expect(house.imported.last.map { ($0 - plan.after).magnitude < 1 } == true)
  }

  @Test func severitiesAreATable() {
    let plans = ShedPlan.severities(
      Self.site, ShedPlan.ratings(of: Self.site, soc: nil, now: ManualTime().now()), duration: .seconds(3600))
    #expect(plans.map(\.limit) == [19_000, 15_800, 10_500, 5200, 0])
    #expect(zip(plans, plans.dropFirst()).allSatisfy { $0.notSupplied <= $1.notSupplied })
    let table = ShedPlan.table(plans)
    #expect(table.count == 6)
    #expect(table[1].hasSuffix("nobody"))
    #expect(table[5].hasSuffix("pool, hot water, heat-pump"))
    #expect(table[5].contains("1.5 kW (!)"))
  }

  @Test func jsonHasAllSteps() {
    var json = JSONText()
    Self.plan(10_000).write(to: &json)
    #expect(
      json.text
        == """
        {"limit_w":10000,"duration_s":3600,"import_before_w":21140,"import_after_w":9000,"met":true,"assumed":false,\
        "not_supplied_wh":12140,"steps":[{"kind":"pause","device":"car","relief_w":11040,"left_w":0,"energy_wh":11040,\
        "notices":"car"},{"kind":"shed","device":"pool","relief_w":1100,"energy_wh":1100,"notices":"pool"}]}
        """)
  }
}
