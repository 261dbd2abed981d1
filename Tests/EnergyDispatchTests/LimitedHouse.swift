import EnergyModel
import TestKit

@testable import EnergyDispatch

/// A house with a car (11 kW), a heat pump (4.5 kW), a boiler and a hybrid, whose consumers follow what they are told a
/// second later and whose meter tells the sum.
struct LimitedHouse {
  static let car: DeviceID = "car"
  static let second: DeviceID = "second-car"
  static let heatPump: DeviceID = "heat-pump"
  static let contact: DeviceID = "dso-contact"

  var scene: Scene
  /// W: what no one controls, strings, and what the battery gives.
  var household = 1000.0
  var pv = 0.0
  var battery = 0.0
  /// What the cars would take, W; zero is an idle one.
  var wants: [DeviceID: Double] = [Self.car: 11_000, Self.second: 0]
  /// What the heat pump takes unless it is blocked.
  var heating = 4000.0
  var isPumpMeasured = true
  /// Whether the inverter tells its AC power.
  var tellsAC = true
  var voltage = 230.0
  /// What the meter at the connection makes of the truth.
  var meterFactor = 1.0
  /// The most that car and heat pump drew from the grid together since it was set to zero, W.
  var mostDrawn = 0.0

  init(_ parameters: SiteParameters = LimitedHouse.parameters()) {
    scene = Scene(parameters)
    scene.values[Scene.hybrid]?[.soc] = 20
  }

  /// A contact that limits to `limit` while it is active, besides what `change` does.
  static func parameters(
    limit: Double = 7560, chargers: [SiteParameters.Charger] = [charger(car)],
    _ change: (inout SiteParameters) -> Void = { _ in }
  ) -> SiteParameters {
    Scene.parameters {
      $0.chargers = chargers
      $0.heatPumps = [pump(heatPump, 4500, 1)]
      $0.controllable = .init(devices: chargers.map(\.device) + [heatPump, Scene.hybrid])
      $0.channels = [
        .init(
          name: "dso", kind: .contact(contact, maximumAge: .seconds(5)), class: .legal,
          failsafe: [.controllablePower: limit])
      ]
      change(&$0)
    }
  }

  /// Without minimum times, which are a matter of their own rules.
  static func charger(_ device: DeviceID, priority: Int = 1) -> SiteParameters.Charger {
    .init(device: device, priority: priority, minimumOn: .zero, minimumOff: .zero)
  }

  static func pump(_ device: DeviceID, _ rated: Double, _ priority: Int) -> SiteParameters.HeatPump {
    .init(
      device: device, rated: Watts(rated), priority: priority, minimumOn: .zero, minimumOff: .zero, startsAnHour: nil)
  }

  mutating func run(_ seconds: Int) {
    for _ in 0..<seconds {
      let consumed = settle()
      scene.step()
      mostDrawn = max(mostDrawn, min(consumed, max(0, grid)))
    }
  }

  /// What the consumers that can be limited take now, W.
  private mutating func settle() -> Double {
    var controllable = 0.0
    for charger in scene.parameters.chargers {
      let told = scene.values[charger.device]?[.chargingCurrentLimit] ?? 0
      let power = told < 6 ? 0 : min(told * voltage * Double(charger.phases.count), wants[charger.device] ?? 0)
      scene.values[charger.device]?[.power] = power
      controllable += power
    }
    if !scene.parameters.heatPumps.isEmpty {
      let power = pumpState == 1 ? 0 : heating
      scene.values[Self.heatPump]?[.power] = isPumpMeasured ? power : nil
      controllable += power
    }
    let loads = scene.parameters.loads.reduce(0) { sum, load in
      sum + (scene.values[load.device]?[.relayOn] == 1 ? load.rated.value : 0)
    }
    let ac = min(10_000, pv + battery)
    scene.values[Scene.hybrid]?.merge([.power: ac, .pvPower: pv, .batteryPower: battery]) { $1 }
    if !tellsAC { scene.values[Scene.hybrid]?[.power] = nil }
    let grid = household + loads + controllable - ac
    let told = grid * meterFactor
    let phase = told / 690
    scene.values[Scene.meter] = [.power: told, .currentL1: phase, .currentL2: phase, .currentL3: phase]
    return controllable
  }

  var isContactActive: Bool {
    get { scene.values[Self.contact]?[.contact] == 1 }
    set { scene.values[Self.contact] = [.contact: newValue ? 1 : 0] }
  }

  var grid: Double { scene.values[Scene.meter]?[.power] ?? 0 }
  var carPower: Double { scene.values[Self.car]?[.power] ?? 0 }
  var carCurrent: Double? { scene.setpoint(Self.car, .chargingCurrent) }
  var pumpState: Double? { scene.values[Self.heatPump]?[.heatPumpState] }
}
