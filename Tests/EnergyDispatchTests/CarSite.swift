import EnergyModel

@testable import EnergyDispatch

/// A house with strings, a battery behind an inverter that regulates itself, and a car, as its own physics has it.
struct CarSite {
  var pv = 0.0
  var house = 500.0
  /// A kettle that comes and goes.
  var kettle = 0.0
  var boostPower = 0.0
  /// The battery takes and gives as much, W.
  var battery = 5000.0
  /// How fast the car follows what it is told, W a second.
  var carRamp = 2000.0

  private(set) var car = 0.0

  /// One second.
  mutating func step(_ scene: inout ConsumerScene) {
    let state = scene.values[ConsumerScene.car] ?? [:]
    let phases = state[.chargingPhases] ?? 3
    let isThere = (state[.chargingState] ?? 0) >= 1
    let told = isThere ? (state[.chargingCurrentLimit] ?? 0) * 230 * phases : 0
    car += min(max(told - car, -carRamp), carRamp)
    let pump = scene.values[ConsumerScene.pump]?[.heatPumpState] ?? 0
    let heat = pump >= 3 ? boostPower : 0
    let load = house + kettle + car + heat
    let soc = scene.values[Scene.hybrid]?[.soc] ?? 50
    let most = soc >= 95 ? 0.0 : battery
    let least = soc <= 20 ? 0.0 : battery
    let power = min(max(load - pv, -most), least)
    scene.values[Scene.hybrid]?[.pvPower] = pv
    scene.values[Scene.hybrid]?[.batteryPower] = power
    scene.values[Scene.hybrid]?[.power] = pv + power
    let grid = load - pv - power
    scene.values[Scene.meter]?[.power] = grid
    for current: Point in [.currentL1, .currentL2, .currentL3] {
      scene.values[Scene.meter]?[current] = grid.magnitude / 690
    }
    if scene.values[ConsumerScene.car] != nil {
      scene.values[ConsumerScene.car]?[.power] = car
      if isThere { scene.values[ConsumerScene.car]?[.chargingState] = car > 100 ? 2 : 1 }
    }
    if scene.values[ConsumerScene.pump] != nil { scene.values[ConsumerScene.pump]?[.power] = heat }
  }
}
