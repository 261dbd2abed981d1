import EnergyModel

/// Whether the device is the one that was meant: addresses wander, serial numbers do not. Reading goes on
/// in any case, writing needs the configured number.
struct IdentityCheck: Hashable, Sendable {
  private enum State: Hashable, Sendable {
    case notRequired
    case unknown
    case confirmed
    case different(String)
    case unreadable(String)
  }

  private let expected: String
  private var state: State
  private var retry = BackOff()
  private var told: Set<String> = []

  init(expected: String?) {
    self.expected = expected ?? ""
    state = expected == nil ? .notRequired : .unknown
  }

  /// Another device may answer now.
  mutating func connectionChanged() { if state != .notRequired { state = .unknown } }

  /// True when the number has to be read.
  func isDue(at now: MonotonicInstant) -> Bool {
    switch state {
    case .notRequired, .confirmed, .different: false
    case .unknown, .unreadable: !retry.isWaiting(at: now)
    }
  }

  mutating func received(_ serial: String) -> DeviceHealth.Notice? {
    retry.reset()
    state = serial == expected ? .confirmed : .different(serial)
    guard serial != expected, told.insert(serial).inserted else { return nil }
    return DeviceHealth.Notice(
      name: "wrong-serial", severity: .alarm,
      text: "reports serial number \(serial) where \(expected) is configured: it is read, never written")
  }

  mutating func failed(_ reason: String, at now: MonotonicInstant, jitter: Double) -> DeviceHealth.Notice? {
    retry.failed(at: now, jitter: jitter)
    state = .unreadable(reason)
    guard told.insert("").inserted else { return nil }
    return DeviceHealth.Notice(
      name: "serial-unreadable", severity: .warning,
      text: "its serial number cannot be compared with \(expected), so it is not written: \(reason)")
  }

  /// The configured number and the reported one, where they differ.
  var difference: (expected: String, reported: String)? {
    guard case .different(let reported) = state else { return nil }
    return (expected, reported)
  }

  /// Why nothing may be written; nil when writing is permitted.
  var refusal: String? {
    switch state {
    case .notRequired, .confirmed: nil
    case .unknown: "the serial number has not been read yet"
    case .different(let serial): "the device reports serial number \(serial) where \(expected) is configured"
    case .unreadable(let reason): "the serial number cannot be read: \(reason)"
    }
  }
}
