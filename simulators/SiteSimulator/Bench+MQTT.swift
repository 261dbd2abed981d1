public import EnergyModel

/// Devices on MQTT, which have names in place of units.
extension Bench {
  /// The bus that stands for the broker.
  static let broker = -1

  /// What a device has to say, with its faults.
  public struct Saying: Sendable {
    public var messages: [MQTTImage.Message]
    /// It is gone without a word.
    public var isGone: Bool
  }

  /// False where the name is taken, or there are 255 already.
  public mutating func add(_ image: MQTTImage, name: String, role: SiteRole? = nil) -> Bool {
    let taken = Set(units.keys.filter { $0.bus == Self.broker }.map(\.unit))
    guard let unit = (1...UInt8.max).first(where: { !taken.contains($0) }) else { return false }
    return add(image, name: name, bus: Self.broker, unit: unit, role: role)
  }

  /// Nil where there is no such device on MQTT.
  public mutating func saying(of name: String, now: Timestamp) -> Saying? {
    guard let place = place(of: name), place.bus == Self.broker else { return nil }
    return withImage(at: place) { image, faulty, _ in
      guard let device = image as? MQTTImage else { return nil }
      let biting = faulty.biting()
      let before = biting.first { $0.fault == .frozen(nil) || $0.fault == .stale }?.before as? MQTTImage
      var messages = (before ?? device).messages(now: now)
      for fault in biting.map(\.fault) {
        switch fault {
        case .silence: messages = []
        case .nonsense: for index in messages.indices { messages[index].payload = "{\"\u{FFFD}" }
        case .stale: for index in messages.indices { messages[index].isRetained = true }
        default: break
        }
      }
      return Saying(messages: messages, isGone: biting.contains { $0.fault == .disconnect })
    }
  }

  /// True where the device tells its state at once.
  public mutating func hear(_ payload: String, on topic: String, of name: String) -> Bool {
    guard let place = place(of: name), place.bus == Self.broker else { return false }
    return withImage(at: place) { image, faulty, _ in
      guard var device = image as? MQTTImage else { return false }
      let tells = device.hear(payload, on: topic)
      if !faulty.biting().contains(where: { $0.fault == .ignoreWrites }) { image = device }
      return tells
    }
  }
}
