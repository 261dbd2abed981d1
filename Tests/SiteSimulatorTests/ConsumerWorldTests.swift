import EnergyModel
import SiteSimulator
import Testing

/// Car, wall box, heat pump and contact on the balance of the site.
@Suite struct ConsumerWorldTests {
  private func world(
    carSOC: Double = 45, rating: Double = 16, car: Overrides.Presence = .here,
    heatPump: Overrides.BoilerDemand = .never, start: Timestamp = Worlds.midsummer
  ) -> SiteWorld {
    var parameters = WorldParameters()
    parameters.wallBox = WallBoxParameters()
    parameters.wallBox?.soc = carSOC
    parameters.wallBox?.rating = rating
    parameters.heatPump = HeatPumpParameters()
    parameters.household.heatLoss = 0
    parameters.battery.soc = 6
    var overrides = Overrides()
    overrides.boiler = .never
    overrides.load = 600
    overrides.pv = 0
    overrides.car = car
    overrides.heatPump = heatPump
    return SiteWorld(parameters: parameters, seed: 7, start: start, overrides: overrides)
  }

  /// The parts were added up apart from the sum that the inverter saw.
  private func gap(_ truth: Truth) -> Double {
    let parts = truth.household.total + truth.boiler + truth.car.power.total + truth.heatPump.power
    return max(abs(parts - truth.load.total), truth.imbalance)
  }

  @Test(arguments: [Worlds.midsummer, Worlds.midwinter]) func everyStepOfADayBalances(start: Timestamp) {
    var world = world(car: .natural, heatPump: .natural, start: start)
    world.overrides.load = nil
    world.overrides.pv = nil
    var worst = 0.0
    var charged = 0
    for _ in 0..<86_400 {
      world.step(by: .seconds(1))
      worst = max(worst, gap(world.truth))
      if world.truth.car.current > 0 { charged += 1 }
    }
    #expect(worst < 1e-6)
    #expect(charged > 3600, "a night at the plug")
    #expect(world.truth.car.soc > 45)
  }

  @Test func theCarDrawsWhatItIsOfferedInWholeAmperesOnItsPhases() {
    var world = world()
    world.wallBox.current = 10.7
    world.run(seconds: 30)
    #expect(abs(world.truth.car.current - 10) < 0.01)
    #expect(abs(world.truth.car.power.total - 6900) < 5)
    #expect(abs(world.truth.load.total - 600 - 6900) < 5)
    world.wallBox.current = 5.9
    world.run(seconds: 1)
    #expect(world.truth.car.current == 0 && world.truth.car.offered == 0)
  }

  @Test func aCarOnOnePhaseLoadsThatPhase() {
    var parameters = WorldParameters()
    parameters.wallBox = WallBoxParameters()
    parameters.wallBox?.phases = [2]
    var overrides = Overrides()
    overrides.load = 0
    overrides.pv = 0
    overrides.car = .here
    var world = SiteWorld(parameters: parameters, seed: 7, start: Worlds.midsummer, overrides: overrides)
    world.run(seconds: 30)
    #expect(abs(world.truth.car.power.l2 - 3680) < 5)
    #expect(world.truth.car.power.l1 == 0 && world.truth.car.power.l3 == 0)
  }

  @Test func aNearlyFullCarTakesLessAndAFullOneNothing() {
    var world = world(carSOC: 95)
    world.run(seconds: 60)
    #expect((5.9...6).contains(world.truth.car.current))
    for _ in 0..<600 { world.step(by: .seconds(10)) }
    #expect(world.truth.car.soc == 100 && world.truth.car.current == 0)
  }

  @Test func theCarComesAndGoesAndComesBackEmptier() {
    // Midsummer begins at 01:00 solar time.
    var world = world(car: .natural)
    world.step(by: .seconds(60))
    #expect(world.truth.car.isHere)
    var before = 0.0
    while world.truth.car.isHere {
      before = world.truth.car.soc
      world.step(by: .seconds(60))
    }
    #expect(abs(world.truth.car.soc - (before - 25)) < 0.5, "a day away")
    #expect(world.truth.car.power.total == 0)
    for _ in 0..<600 { world.step(by: .seconds(60)) }
    #expect(world.truth.car.isHere)
  }

  /// Blocked for two hours at 0 °C the store runs cold; the pump makes it good afterwards; a boost fills it beyond normal.
  @Test func aBlockHasConsequencesAndABoostHasRoom() {
    var world = world(car: .gone, heatPump: .natural, start: Worlds.midwinter)
    for _ in 0..<360 { world.step(by: .seconds(10)) }
    let normal = world.truth.heatPump.store
    #expect((40...50).contains(normal))
    world.relays[1] = true
    for _ in 0..<720 { world.step(by: .seconds(10)) }
    #expect(world.truth.heatPump.state == 1 && world.truth.heatPump.power == 0)
    #expect(world.truth.heatPump.store < normal - 5)
    world.relays[1] = false
    for _ in 0..<720 { world.step(by: .seconds(10)) }
    #expect(world.truth.heatPump.store > 40)
    world.relays[2] = true
    for _ in 0..<720 { world.step(by: .seconds(10)) }
    #expect(world.truth.heatPump.state == 3 && world.truth.heatPump.store > 49)
    world.relays[1] = true
    var most = 0.0
    for _ in 0..<360 {
      world.step(by: .seconds(10))
      most = max(most, world.truth.heatPump.power)
    }
    #expect(world.truth.heatPump.state == 4)
    #expect(most > 4400, "compressor and rod")
  }

  @Test func theContactIsAnInput() {
    var world = world()
    #expect(world.inputs[0])
    world.overrides.isContactClosed = false
    #expect(!world.inputs[0])
  }
}
