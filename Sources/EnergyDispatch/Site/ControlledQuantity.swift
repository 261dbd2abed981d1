import EnergyModel

/// What rules put limits on and wish something of.
enum ControlledQuantity: Hashable, Sendable, FlatKey {
  /// Power of the battery behind a hybrid, W, discharge +.
  case battery(DeviceID)
  /// What a hybrid feeds into the busbar, W; only the upper bound can be acted on.
  case production(DeviceID)
  /// Whether a load is supplied: 0 or 1.
  case supply(DeviceID)
  /// What a charger may take, W ≥ 0; 0 pauses.
  case charging(DeviceID)
  /// The SG-Ready state of a heat pump, 1 (blocked) to 4: the larger, the more it takes.
  case heatPump(DeviceID)

  var device: DeviceID {
    switch self {
    case .battery(let device), .production(let device), .supply(let device), .charging(let device),
      .heatPump(let device):
      device
    }
  }

  var order: Int { device.order }

  /// As people read it.
  var name: String {
    switch self {
    case .battery(let device): "\(device) battery"
    case .production(let device): "\(device) production"
    case .supply(let device), .charging(let device), .heatPump(let device): device.name
    }
  }
}
