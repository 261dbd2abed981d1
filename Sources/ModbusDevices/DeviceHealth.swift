import EnergyModel

/// What to tell about a device that comes and goes: each outage once, each recovery once.
struct DeviceHealth: Hashable, Sendable {
  struct Notice: Hashable, Sendable {
    var name: String
    var severity: Event.Severity
    var text: String
  }

  private enum State: Hashable, Sendable { case unknown, answering, lost }

  private var state = State.unknown
  private var isExceptionTold = false

  /// - Parameter reason: why the device counts as silent, in words.
  mutating func silent(_ reason: String) -> Notice? {
    defer { state = .lost }
    switch state {
    case .lost: return nil
    case .unknown: return Notice(name: "device-lost", severity: .warning, text: "has not answered yet: \(reason)")
    case .answering: return Notice(name: "device-lost", severity: .warning, text: "no longer answers: \(reason)")
    }
  }

  mutating func answered() -> Notice? {
    defer { state = .answering }
    return state == .lost ? Notice(name: "device-back", severity: .info, text: "answers again") : nil
  }

  /// Some of its registers were refused. Told once until a poll goes through without.
  mutating func refused(_ reason: String) -> Notice? {
    defer { isExceptionTold = true }
    return isExceptionTold ? nil : Notice(name: "device-exception", severity: .warning, text: reason)
  }

  mutating func refusedNothing() { isExceptionTold = false }
}
