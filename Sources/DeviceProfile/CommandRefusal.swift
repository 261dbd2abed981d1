public import EnergyModel

/// Why a command cannot be turned into registers.
public enum CommandRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  case noSuchCommand([SetpointKind])
  /// The device takes the parameter only together with others that are present.
  case parameterMissing(SetpointKind)
  case parameterTwice(SetpointKind)
  case registerAbsent(RegisterAddress)
  case notWritable(RegisterSpace)
  case scaleMissing(SetpointKind)
  /// The field that percent refer to has no usable value.
  case referenceMissing(SetpointKind)
  /// The register that tells the most that the device takes has no usable value.
  case limitMissing(SetpointKind)
  case outOfRange(SetpointKind, Double)
  case reversionTimeInvalid
  /// ID or L of a SunSpec model is not, or cannot be read, where it was found.
  case modelUnconfirmed(id: Int)
  /// A charger's failsafe current belongs to the site and was not configured.
  case failsafeCurrentMissing
  /// Function code 6 writes exactly one.
  case notOneRegister

  public var description: String {
    switch self {
    case .noSuchCommand(let kinds):
      "the device has no command for \(kinds.map(\.rawValue).joined(separator: ", "))"
    case .parameterMissing(let kind): "the command lacks \(kind.rawValue)"
    case .parameterTwice(let kind): "the command has \(kind.rawValue) twice"
    case .registerAbsent(.absolute(let space, let address)): "there is no \(space.rawValue) register \(address)"
    case .registerAbsent(.sunSpec(let address)): "the device lacks \(address)"
    case .notWritable(let space): "the \(space.rawValue) space cannot be written"
    case .scaleMissing(let kind): "the scale factor of \(kind.rawValue) is missing"
    case .referenceMissing(let kind): "the value that \(kind.rawValue) is a percentage of is missing"
    case .limitMissing(let kind): "the most that the device takes of \(kind.rawValue) is missing"
    case .outOfRange(let kind, let value): "\(kind.rawValue) of \(value) does not fit the device"
    case .failsafeCurrentMissing: "the current to fall back to is not configured"
    case .modelUnconfirmed(let id): "SunSpec model \(id) does not show its ID and length where it was found"
    case .notOneRegister: "function code 6 writes one register"
    case .reversionTimeInvalid: "the reversion time does not fit one register"
    }
  }
}
