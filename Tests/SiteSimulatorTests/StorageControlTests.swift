import EnergyModel
import SiteSimulator
import Testing

@Suite struct StorageControlTests {
  @Test func limitsCountOnlyWithTheirBit() {
    var world = Worlds.steady(load: 5000, pv: 0)
    world.settings.dischargeLimit = 10
    world.run(seconds: 15)
    #expect(world.truth.battery > 5000)
    world.settings.storageControl = 2
    world.run(seconds: 15)
    #expect(abs(world.truth.battery - 600) < 1)
    world.overrides.load = 100
    world.overrides.pv = 8000
    world.run(seconds: 15)
    #expect(abs(world.truth.battery + 6000) < 1)
    world.settings.storageControl = 1
    world.settings.chargeLimit = 0
    world.run(seconds: 15)
    #expect(abs(world.truth.battery) < 1)
  }

  @Test func aNegativeDischargeLimitForcesChargingFromTheGridWhereAllowed() {
    var world = Worlds.steady(load: 400, pv: 0)
    world.settings.storageControl = 2
    world.settings.dischargeLimit = -50
    world.run(seconds: 15)
    #expect(abs(world.truth.battery) < 1)
    world.settings.isGridChargingAllowed = true
    world.run(seconds: 15)
    #expect(abs(world.truth.battery + 3000) < 1)
    #expect(world.truth.grid.total > 3400)
  }

  @Test func aNegativeChargeLimitForcesDischarging() {
    var world = Worlds.steady(load: 400, pv: 0)
    world.settings.storageControl = 1
    world.settings.chargeLimit = -50
    world.run(seconds: 15)
    #expect(abs(world.truth.battery - 3000) < 1)
    #expect(world.truth.grid.total < -2300)
  }

  @Test func storageLimitsAreReleasedWhenTheTimerRunsOut() {
    var world = Worlds.steady(load: 3000, pv: 0)
    world.settings.storageControl = 2
    world.settings.dischargeLimit = 0
    world.settings.storageTimer.seconds = 10
    world.settings.storageTimer.restart()
    world.run(seconds: 9)
    #expect(world.settings.storageControl == 2 && world.truth.reversions == 0)
    world.run(seconds: 1)
    #expect(world.settings.storageControl == 0)
    #expect(world.settings.dischargeLimit == 100 && world.settings.chargeLimit == 100)
    #expect(world.truth.reversions == 1)
    world.run(seconds: 10)
    #expect(world.truth.battery > 2900)
  }

  @Test func withoutATimerALimitStays() {
    var world = Worlds.steady(load: 3000, pv: 0)
    world.settings.storageControl = 2
    world.settings.dischargeLimit = 0
    world.settings.storageTimer.restart()
    for _ in 0..<1000 { world.step(by: .seconds(60)) }
    #expect(world.settings.storageControl == 2 && world.truth.reversions == 0)
  }

  @Test func theBatteryStaysInItsWindow() {
    var empty = Worlds.steady(load: 6000, pv: 0, soc: 30)
    for _ in 0..<20_000 { empty.step(by: .seconds(1)) }
    #expect((4.5...5.1).contains(empty.truth.batteryCondition.soc))
    #expect(empty.truth.energy.gridImport > 1000)
    var full = Worlds.steady(load: 0, pv: 9000, soc: 80)
    var worst = 0.0
    for _ in 0..<20_000 {
      full.step(by: .seconds(1))
      worst = max(worst, full.truth.batteryCondition.soc)
    }
    #expect(worst <= 100 && full.truth.batteryCondition.soc > 99.5)
    #expect(full.truth.battery > -100)
  }

  @Test func theReserveHoldsBackDischarge() {
    var world = Worlds.steady(load: 3000, pv: 0, soc: 42)
    world.settings.reserve = 40
    for _ in 0..<7200 { world.step(by: .seconds(1)) }
    #expect((39.5...40.1).contains(world.truth.batteryCondition.soc))
    #expect(abs(world.truth.battery) < 100)
  }

  @Test func chargingTapersAndCellsSpreadNearFull() {
    let half = Worlds.steady(load: 0, pv: 0, soc: 50).truth.batteryCondition
    let nearlyFull = Worlds.steady(load: 0, pv: 0, soc: 98).truth.batteryCondition
    #expect(nearlyFull.chargeMax < half.chargeMax / 3)
    #expect(
      nearlyFull.cellMaximum - nearlyFull.cellMinimum > half.cellMaximum - half.cellMinimum)
    #expect((380...440).contains(half.voltage))
  }

  @Test func aRoundTripLosesWhatABatteryLoses() {
    var world = Worlds.steady(load: 3000, pv: 0, soc: 90)
    for _ in 0..<3600 { world.step(by: .seconds(1)) }
    let soc = world.truth.batteryCondition.soc
    let given = world.truth.energy.discharged
    world.overrides.load = 0
    world.overrides.pv = 3200
    while world.truth.batteryCondition.soc < 90 { world.step(by: .seconds(1)) }
    let share = given / world.truth.energy.charged
    #expect(soc < 65)
    #expect((0.93...0.96).contains(share))
  }
}
