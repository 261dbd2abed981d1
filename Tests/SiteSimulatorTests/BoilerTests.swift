import EnergyModel
import SiteSimulator
import Testing

@Suite struct BoilerTests {
  @Test func consumesOnlyThroughItsRelay() {
    var world = Worlds.steady(load: 300, pv: 0)
    world.overrides.boiler = .always
    world.run(seconds: 2)
    #expect(world.truth.boiler == 3000)
    #expect(abs(world.truth.load.l2 - 3100) < 1e-9)
    world.relays[0] = false
    world.run(seconds: 1)
    #expect(world.truth.boiler == 0)
    #expect(abs(world.truth.load.total - 300) < 1e-9)
  }

  @Test func itsThermostatMakesItComeAndGo() {
    var world = SiteWorld(seed: 6, start: Worlds.midsummer)
    var (on, off) = (0, 0)
    for _ in 0..<17_280 {
      world.step(by: .seconds(5))
      if world.truth.boiler > 0 { on += 1 } else { off += 1 }
    }
    #expect(on > 300 && off > 3000)
  }
}
