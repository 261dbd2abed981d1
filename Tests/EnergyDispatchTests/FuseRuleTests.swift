import EnergyModel
import Testing

@testable import EnergyDispatch

struct FuseRuleTests {
  private static let twoLoads = Scene.parameters {
    $0.loads = [Scene.load(Scene.boiler, 3000, 2), Scene.load(Scene.pool, 1100, 1)]
  }

  /// 34 A: charging bound to what is charged now, less the excess over 33.25 A · 20 A: bound by the
  /// headroom · a minute later free
  @Test func chargingIsBoundNearTheFuse() throws {
    var scene = Scene()
    scene.values[Scene.hybrid]?[.batteryPower] = -3000
    scene.importCurrent(34)
    scene.run(1)
    let limit = try #require(scene.chargeLimit)
    #expect((limit - (3000 - 0.75 * 690)).magnitude < 0.01)
    #expect(scene.sentence.contains("because the import of 34 A on L1 is near the fuse of 35 A"))
    scene.importCurrent(29)
    scene.run(60)
    #expect(scene.outcome?.decision.bounds.contains { $0.rule == "fuse" } == false)
    scene.importCurrent(34)
    scene.values[Scene.hybrid]?[.batteryPower] = 0
    scene.run(1)
    #expect(scene.chargeLimit == 0)
  }

  /// The reserve is reached and the fuse asks for 1.4 kW: the reserve yields, as far as it has to.
  @Test func theReserveYieldsToTheFuse() throws {
    var scene = Scene()
    scene.values[Scene.hybrid]?.merge([.soc: 15, .batteryPower: 0, .power: 0]) { $1 }
    scene.importCurrent(35)
    scene.run(3)
    let limit = try #require(scene.dischargeLimit)
    #expect((limit - 1.75 * 690).magnitude < 0.01)
    #expect(scene.chargeLimit == 0)
    #expect(scene.told("conflict") == [1])
    #expect(scene.sentence.contains("backup reserve yields to fuse"))
    #expect(scene.outcome?.decision.bounds.contains { $0.rule == "backup reserve" && !$0.holds } == true)
  }

  /// 38 A with an empty battery: the pool goes at once, and because 3 A are more than 1.1 kW free · no more
  @Test func whatTheBatteryCannotTakeIsShedAtOnce() {
    var scene = Scene(Self.twoLoads)
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.importCurrent(38)
    scene.run(1)
    #expect(scene.setpoint(Scene.pool, .relayOn) == 0)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 1)
    #expect(scene.told("load-shed") == [1])
    #expect(scene.told("fuse-overload") == [1])
    #expect(scene.sentence.contains("the pool is off because the import of 38 A on L1 is above the fuse of 35 A"))
  }

  /// The pool comes first, but its relay does not answer: the boiler goes at once instead.
  @Test func aSilentRelayRelievesNothing() {
    var scene = Scene(Self.twoLoads)
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.run(1)
    scene.silent = [Scene.pool]
    scene.run(11)
    scene.importCurrent(38)
    scene.run(1)
    #expect(scene.writes(Scene.boiler, .relayOn) == [13])
    #expect(scene.writes(Scene.pool, .relayOn) == [])
    scene.silent = []
    scene.importCurrent(36)
    scene.run(3)
    #expect(scene.writes(Scene.pool, .relayOn) == [16])
  }

  @Test func aLargeOverloadShedsSeveralAtOnce() {
    var scene = Scene(Self.twoLoads)
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.importCurrent(45)
    scene.run(1)
    #expect(scene.setpoint(Scene.pool, .relayOn) == 0)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 0)
  }

  /// The battery could take it: 1 s to 3 s nothing is shed · 4 s: it did not, the pool goes · 7 s: the boiler
  @Test func theBatteryGetsThreeSeconds() {
    var scene = Scene(Self.twoLoads)
    scene.importCurrent(36)
    scene.run(3)
    #expect(scene.writes(Scene.pool, .relayOn) == [])
    scene.run(4)
    #expect(scene.writes(Scene.pool, .relayOn) == [4])
    #expect(scene.writes(Scene.boiler, .relayOn) == [7])
  }

  @Test func criticalLoadsAreNeverShed() {
    var parameters = Self.twoLoads
    parameters.loads[1].isCritical = true
    var scene = Scene(parameters)
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.importCurrent(60)
    scene.run(20)
    #expect(scene.writes(Scene.pool, .relayOn) == [])
    #expect(scene.writes(Scene.boiler, .relayOn) == [1])
  }

  /// 1 s: both shed · 11 s: 10 A, room · 71 s: the boiler, shed last, is back · 132 s: the pool
  @Test func loadsComeBackOneAtATimeAfterAStableMinute() {
    var scene = Scene(Self.twoLoads)
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.importCurrent(45)
    scene.run(10)
    scene.importCurrent(10)
    scene.run(130)
    #expect(scene.writes(Scene.boiler, .relayOn) == [1, 71])
    #expect(scene.writes(Scene.pool, .relayOn) == [1, 132])
    #expect(scene.told("load-restored") == [71, 132])
  }

  @Test func noRoomForThePickUpNoRestoration() {
    var scene = Scene()
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.importCurrent(45)
    scene.run(5)
    scene.importCurrent(19)
    scene.run(300)
    #expect(scene.writes(Scene.boiler, .relayOn) == [1])
    scene.importCurrent(18)
    scene.run(61)
    #expect(scene.writes(Scene.boiler, .relayOn) == [1, 366])
  }

  @Test func exportIsNoImport() {
    var scene = Scene()
    scene.values[Scene.meter] = [
      .power: -27_600, .currentL1: 40, .currentL2: 40, .currentL3: 40, .powerL1: -9200, .powerL2: -9200,
      .powerL3: -9200,
    ]
    scene.run(5)
    #expect(scene.told("fuse-overload") == [])
    #expect(scene.writes(Scene.boiler, .relayOn) == [])
  }

  /// 5 s: silent · 10 s: charging from its own strings only · 20 s: base load and boiler fit, nothing is shed
  @Test func anUnknownMeterForbidsGridCharging() {
    var scene = Scene()
    scene.run(5)
    scene.values[Scene.hybrid]?[.pvPower] = 800
    scene.silent = [Scene.meter]
    scene.run(15)
    #expect(scene.chargeLimit == 800)
    #expect(scene.outcome?.decision.isSafeState == true)
    #expect(scene.writes(Scene.boiler, .relayOn) == [])
  }

  /// 16 A on one phase carry 3.7 kW, the base load and both loads may take 5.6 · 10 s: the last good value
  /// is too old · ten seconds later the pool and the boiler go
  @Test func anUnknownMeterShedsWhatMightNotFit() {
    var parameters = Self.twoLoads
    parameters.fuse = .init(phases: 1, rating: Amperes(16))
    var scene = Scene(parameters)
    scene.run(5)
    scene.silent = [Scene.meter]
    scene.run(15)
    #expect(scene.writes(Scene.pool, .relayOn) == [])
    scene.run(10)
    #expect(scene.writes(Scene.pool, .relayOn) == [21])
    #expect(scene.writes(Scene.boiler, .relayOn) == [21])
  }

  @Test func aShedLoadStaysShedOverARestart() {
    var scene = Scene()
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.importCurrent(45)
    scene.run(5)
    var again = Scene(savedMemory: scene.core.savedMemory)
    again.values[Scene.boiler] = [.relayOn: 0]
    again.importCurrent(30)
    again.run(300)
    #expect(again.writes(Scene.boiler, .relayOn) == [])
  }

  @Test func withLostMemoryALoadFoundOffCountsAsShed() {
    var scene = Scene(savedMemory: nil)
    scene.values[Scene.boiler] = [.relayOn: 0]
    scene.importCurrent(30)
    scene.run(300)
    #expect(scene.writes(Scene.boiler, .relayOn) == [])
    scene.importCurrent(5)
    scene.run(61)
    #expect(scene.writes(Scene.boiler, .relayOn) == [361])
  }

  @Test func theFuseBreaksAMinimumOnTimeAndSaysSo() {
    let memory = Scene.memory(["fuse\tshed", "switch boiler\ton 0 starts"])
    var scene = Scene(savedMemory: memory)
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.importCurrent(45)
    scene.run(1)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 0)
    #expect(scene.told("conflict").contains(1))
  }

  // MARK: chargers and phases

  private static let withCar = Scene.parameters {
    $0.loads = [Scene.load(Scene.boiler, 3000, 2), Scene.load(Scene.pool, 1100, 1)]
    $0.loads[0].phase = 2
    $0.loads[1].phase = 1
    $0.chargers = [.init(device: House.car, phases: [2, 3, 1])]
  }

  private static let singlePhaseCar = Scene.parameters {
    $0.loads = []
    $0.chargers = [.init(device: House.car, phases: [2])]
  }

  /// 0:05 the car charges with 16 A on each phase, the boiler takes 13 A of L2 · 0:30 an oven of 2.5 kW comes on on L2: 42 A ·
  /// the car falls to what is left within a second, nobody is shed · 1:00 the oven is off · 2:01 the car rises in steps
  @Test func aSuddenOverloadOnOnePhaseThrottlesTheCar() {
    var house = House(Self.withCar)
    house.soc = 10
    house.cars[House.car] = 16
    house.run(30)
    #expect(house.carPower.last == 11_040)
    house.household[1] += 2500
    house.run(30)
    #expect(house.currents[30][1] > 40)
    #expect(house.currents[32...].allSatisfy { $0.allSatisfy { $0 <= 33.25 } })
    #expect(house.carPower.last.map { $0 > 4140 && $0 < 8000 } == true)
    #expect(house.off.isEmpty)
    house.household[1] -= 2500
    house.run(60)
    #expect(house.carPower.last.map { $0 < 8000 } == true)
    house.run(60)
    #expect(house.carPower.last == 11_040)
  }

  /// The car does not follow: after eight seconds the boiler, which hangs on the phase, goes; the pool on another stays.
  @Test func aCarThatDoesNotFollowCostsTheLoadOnItsPhase() {
    var house = House(Self.withCar)
    house.soc = 10
    house.cars[House.car] = 16
    house.carsObey = false
    house.household = [500, 3500, 500]
    house.run(20)
    #expect(house.switchings(Scene.boiler) == [9])
    #expect(house.switchings(Scene.pool) == [])
  }

  /// A single-phase car on L2 has nothing to do with an overload of L1.
  @Test func aCarOnAnotherPhaseGoesOn() {
    var house = House(Self.singlePhaseCar)
    house.soc = 10
    house.cars[House.car] = 16
    house.household = [8500, 500, 500]
    house.run(20)
    #expect(house.carPower.last == 3680)
    house.household = [500, 6500, 500]
    house.run(10)
    #expect(house.carPower.last == 0)
  }

  /// The battery could help, but the car is throttled before the battery discharges for it.
  @Test func theCarIsThrottledBeforeTheBatteryDischarges() throws {
    var scene = Scene(Self.withCar)
    scene.values[House.car] = [.power: 11_040, .chargingState: 2, .chargingCurrentLimit: 16]
    scene.values[Scene.hybrid]?.merge([.power: 0, .batteryPower: 0]) { $1 }
    scene.importCurrent(36)
    scene.run(2)
    let current = try #require(scene.setpoint(House.car, .chargingCurrent))
    #expect((current - 13.2).magnitude < 0.11)
    #expect(scene.chargeLimit == 0)
    #expect(
      scene.outcome?.decision.bounds.contains { $0.rule == "fuse" && $0.text.contains("discharge at least") } == false)
    #expect(scene.sentence.contains("the car charges with at most"))
  }

  /// The meter falls silent: base load and loads may take 5.6 kW of 22.9, the car gets what is left of 95 %.
  @Test func anUnknownMeterLeavesTheCarTheRest() throws {
    var parameters = Self.withCar
    parameters.fuse = .init(phases: 3, rating: Amperes(20))
    var scene = Scene(parameters)
    scene.values[House.car] = [.power: 0, .chargingState: 2, .chargingCurrentLimit: 16]
    scene.silent = [Scene.meter]
    scene.run(10)
    let current = try #require(scene.setpoint(House.car, .chargingCurrent))
    #expect(current == 10.8)
  }

  /// Off on L1 because L1 was full; room on L1 alone brings it back although L3 is nearly full.
  @Test func aLoadComesBackByItsOwnPhase() {
    var house = House(Self.withCar)
    house.soc = 10
    house.household = [9000, 500, 7500]
    house.run(10)
    #expect(house.switchings(Scene.pool) == [1])
    house.household = [500, 500, 7500]
    house.run(62)
    #expect(house.switchings(Scene.pool).count == 2)
  }
}
