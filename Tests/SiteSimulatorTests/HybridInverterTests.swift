import EnergyModel
import SiteSimulator
import Testing

@Suite struct HybridInverterTests {
  @Test func regulatesTheGridTowardsZeroWithTheLagOfARealOne() {
    var world = Worlds.steady(load: 500, pv: 0)
    world.run(seconds: 10)
    #expect(abs(world.truth.grid.total) < 5)
    world.overrides.load = 2500
    world.step(by: .milliseconds(100))
    #expect(world.truth.grid.total > 1800)
    world.run(seconds: 1)
    #expect((200...1700).contains(world.truth.grid.total))
    world.run(seconds: 9)
    #expect(abs(world.truth.grid.total) < 5)
    #expect(world.truth.battery > 2500)
  }

  @Test func beginsInBalanceWithTheGivenCharge() {
    let world = Worlds.steady(load: 700, pv: 3000, soc: 33)
    #expect(abs(world.truth.grid.total) < 5)
    #expect(world.truth.batteryCondition.soc == 33)
    #expect(world.truth.energy == EnergyCounters())
  }

  @Test func surplusChargesTheBatteryAndTheRestIsFedIn() {
    var world = Worlds.steady(load: 500, pv: 9000)
    world.run(seconds: 15)
    #expect(abs(world.truth.battery + 6000) < 1)
    #expect(world.truth.grid.total < -2000)
  }

  @Test func chargingFromTheStringsBypassesTheACLimit() {
    var world = Worlds.steady(load: 2500, pv: 8000) { $0.inverter.rating = 3000 }
    world.run(seconds: 15)
    #expect(world.truth.battery < -5000)
    #expect(world.truth.pv > 7500)
    #expect(world.truth.inverter.total < 3001)
  }

  @Test func theACLimitHoldsAlsoForStringsAndBatteryTogether() {
    var world = Worlds.steady(load: 12_000, pv: 8000) { $0.inverter.rating = 10_000 }
    world.run(seconds: 15)
    #expect(abs(world.truth.inverter.total - 10_000) < 20)
    #expect(abs(world.truth.grid.total - 2000) < 20)
  }

  @Test(arguments: [1, 2] as [UInt64])
  func theExportCapHoldsOnceTheLagHasSettled(seed: UInt64) {
    var parameters = WorldParameters()
    parameters.inverter.exportCap = 2000
    parameters.battery.soc = 99
    parameters.cloudCover = 0
    var world = SiteWorld(parameters: parameters, seed: seed, start: Worlds.midsummer + .seconds(9 * 3600))
    var (isExceeded, curtailed) = (0, 0.0)
    var calm = 0
    var before = world.truth.load.total
    for _ in 0..<36_000 {
      world.step(by: .milliseconds(200))
      calm = abs(world.truth.load.total - before) > 30 ? 0 : calm + 1
      before = world.truth.load.total
      if calm > 25, world.truth.grid.total < -2050 { isExceeded += 1 }
      curtailed = max(curtailed, world.truth.curtailed)
    }
    #expect(isExceeded == 0)
    #expect(curtailed > 1000)
    #expect(world.truth.energy.gridExport > 1000)
  }

  @Test func noWriteTouchesTheExportCap() {
    var world = Worlds.steady(load: 300, pv: 9000, soc: 100) { $0.inverter.exportCap = 3000 }
    world.settings.isProductionLimited = true
    world.settings.productionLimit = 100
    world.run(seconds: 20)
    #expect(abs(world.truth.grid.total + 3000) < 10)
  }

  @Test func theProductionLimitCurtailsThePVAndStillChargesTheBattery() {
    var world = Worlds.steady(load: 4000, pv: 8000)
    world.settings.isProductionLimited = true
    world.settings.productionLimit = 10
    world.run(seconds: 20)
    #expect(abs(world.truth.inverter.total - 1000) < 10)
    #expect(world.truth.battery < -5900)
    #expect(world.truth.grid.total > 2900)
  }

  @Test func aDisconnectedInverterGivesNothing() {
    var world = Worlds.steady(load: 1000, pv: 5000)
    world.settings.isConnected = false
    world.run(seconds: 5)
    #expect(world.truth.pv == 0 && world.truth.battery == 0)
    #expect(world.truth.grid.total > 1000)
  }
}
