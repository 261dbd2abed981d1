public import DeviceProfile
public import EnergyModel

/// A contact that an installer operates: what each of its positions means, and whether it was seen in both.
public struct ContactCheck: Hashable, Sendable {
  public var device: DeviceID
  /// The input reads 0 while it is open.
  public var isActiveWhenOpen: Bool
  /// What holds while it is active, in words; nil where nobody is limited by it.
  public var limit: String?

  public init(_ device: DeviceID, isActiveWhenOpen: Bool, limit: String?) {
    self.device = device
    self.isActiveWhenOpen = isActiveWhenOpen
    self.limit = limit
  }

  /// Of a device with a point ``EnergyModel/Point/contact``, as its profile reads the input.
  public init(_ device: DeviceID, _ profile: DeviceProfile, limit: String?) {
    let point = profile.points.first { $0.point == .contact }
    let isTurnedRound = point?.terms.first?.field.values[0] == 1
    self.init(device, isActiveWhenOpen: isTurnedRound, limit: limit)
  }

  /// `open, and that limits to controllable_power_w 7560 W`.
  /// - Parameter value: of the point, 1 is active.
  public func meaning(of value: Double) -> String {
    let isActive = value == 1
    let position = isActive == isActiveWhenOpen ? "open" : "closed"
    guard let limit else { return "\(position), and that is \(isActive ? "active" : "inactive")" }
    return "\(position), and that \(isActive ? "limits to \(limit)" : "limits nothing")"
  }

  /// What to do with it so that it tells another value.
  public func request(from value: Double) -> String {
    (value == 1) == isActiveWhenOpen ? "Close it" : "Open it"
  }

  /// - Parameters:
  ///   - before: what it told before anybody touched it.
  ///   - operated: what it told afterwards; nil where it told nothing.
  ///   - back: what it told when it was put back; nil where that was not seen.
  public func finding(before: Double, operated: Double?, back: Double?) -> Finding {
    guard let operated, operated != before else {
      return Finding(device, "contact", .failed, "is \(meaning(of: before)), also after it was operated")
    }
    let text = "\(meaning(of: before)); operated it is \(meaning(of: operated))"
    guard back == before else {
      return Finding(device, "contact", .failed, "\(text), and it did not go back")
    }
    return Finding(device, "contact", .passed, "\(text), and back")
  }
}
