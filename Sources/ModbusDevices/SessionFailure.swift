import DeviceProfile

/// Why a device cannot be used at this moment.
enum SessionFailure: Error, Hashable, Sendable, CustomStringConvertible {
  case request(ModbusFailure)
  /// It answers, but not as a SunSpec device.
  case discovery(SunSpecDiscovery.Failure)

  var description: String {
    switch self {
    case .request(let failure): failure.description
    case .discovery(let failure): failure.description
    }
  }

  /// The whole connection is missing, and so are all devices behind it.
  var linkFailure: ModbusFailure? {
    guard case .request(let failure) = self, failure.isWithoutLink else { return nil }
    return failure
  }

  /// The peer closed a connection that stood: worth one immediate try over a new one.
  var isBrokenConnection: Bool {
    guard case .request(let failure) = self, case .connectionLost = failure.reason else { return false }
    return true
  }
}
