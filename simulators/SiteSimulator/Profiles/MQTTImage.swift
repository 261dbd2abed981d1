public import DeviceProfile
public import EnergyModel

/// A device on MQTT as its profile describes it: what it says on its topics, and what it hears.
public struct MQTTImage: Sendable {
  public struct Message: Hashable, Sendable {
    public var topic: String
    public var payload: String
    public var isRetained = false
  }

  public let profile: MQTTProfile
  private let sensor: SensorDefinition
  private let switching: SwitchDefinition?
  private var values: [Point: Double] = [:]

  /// - Parameter topic: the device's own.
  public init(_ profile: MQTTProfile, topic: String) {
    self.profile = profile
    sensor = profile.sensor(DeviceID(topic), topic: topic)
    switching = profile.switching(topic: topic)
    if switching != nil { values[.relayOn] = 0 }
  }

  /// Nil takes a value away; what is not named stays.
  public mutating func take(_ new: [Point: Double?]) {
    for (point, value) in new { values[point] = value }
  }

  public var isOn: Bool { values[.relayOn] == 1 }

  /// What it listens to.
  public var subscriptions: [String] { [switching?.topic.text, switching?.ask?.topic.text].compactMap { $0 } }

  /// Carries out a command; true where it tells its state at once, because it was switched or asked.
  public mutating func hear(_ payload: String, on topic: String) -> Bool {
    guard let switching else { return false }
    if topic == switching.topic.text, payload == switching.on || payload == switching.off {
      values[.relayOn] = payload == switching.on ? 1 : 0
      return true
    }
    return topic == switching.ask?.topic.text && payload == switching.ask?.payload
  }

  /// What the broker says, retained, when it is gone without a word.
  public var will: Message? {
    sensor.availability.map { gone in
      Message(topic: gone.topic.text, payload: Self.render(gone.path, .word(gone.offline)), isRetained: true)
    }
  }

  /// What it says of itself when it comes.
  public var greeting: Message? {
    sensor.availability.map { gone in
      let here = gone.offline == "false" ? "true" : gone.offline.first?.isUppercase == true ? "Online" : "online"
      return Message(topic: gone.topic.text, payload: Self.render(gone.path, .word(here)), isRetained: true)
    }
  }

  /// What it says of its values; topics without any are left out.
  public func messages(now: Timestamp) -> [Message] {
    sensor.messages.compactMap { message in
      var tree = PayloadTree.members([])
      var isEmpty = true
      for value in message.values {
        guard let leaf = leaf(value) else { continue }
        isEmpty = false
        tree.set(leaf, at: value.path[...])
      }
      if isEmpty { return nil }
      if let time = message.time { tree.set(Self.leaf(now, time.format), at: time.path[...]) }
      return Message(topic: message.topic.text, payload: tree.text)
    }
  }

  private func leaf(_ value: SensorDefinition.Value) -> PayloadTree? {
    guard let number = values[value.point] else { return nil }
    if let word = value.words.filter({ $0.value == number }).keys.min() { return .word(word) }
    let raw = (number - value.offset) / value.scale
    // Where 0 and 1 are all there is, devices say false and true inside a structure.
    if value.point.plausibleRange == 0...1, value.words.isEmpty, !value.path.isEmpty { return .flag(raw != 0) }
    return .number(raw)
  }

  private static func leaf(_ now: Timestamp, _ format: SensorDefinition.PayloadTime.Format) -> PayloadTree {
    switch format {
    case .seconds: .number(Double(now.milliseconds) / 1000)
    case .milliseconds: .number(Double(now.milliseconds))
    case .iso8601: .word(now.utcText)
    }
  }

  private static func render(_ path: [String], _ leaf: PayloadTree) -> String {
    var tree = PayloadTree.members([])
    tree.set(leaf, at: path[...])
    return tree.text
  }
}

extension MQTTImage: UnitImage {
  /// Nobody asks it over Modbus.
  public mutating func answer(_ request: ModbusRequest) throws(ModbusException) -> ModbusReply {
    throw .gatewayTargetFailed
  }

  public func register(of point: String) -> RegisterTarget? { nil }
}

/// A JSON payload that is put together key by key, or a bare value.
private indirect enum PayloadTree {
  case number(Double)
  case word(String)
  case flag(Bool)
  case members([(key: String, value: PayloadTree)])

  mutating func set(_ leaf: PayloadTree, at path: ArraySlice<String>) {
    guard let key = path.first else {
      self = leaf
      return
    }
    guard case .members(var members) = self else { return }
    var child = members.first { $0.key == key }?.value ?? .members([])
    child.set(leaf, at: path.dropFirst())
    if let index = members.firstIndex(where: { $0.key == key }) {
      members[index].value = child
    } else {
      members.append((key, child))
    }
    self = .members(members)
  }

  /// A bare word stands without quotes.
  var text: String {
    if case .word(let word) = self { return word }
    var json = JSONText()
    write(to: &json)
    return json.text
  }

  private func write(to json: inout JSONText) {
    switch self {
    case .number(let number): json.value(number, decimals: 6)
    case .word(let word): json.value(word)
    case .flag(let flag): json.value(flag)
    case .members(let members):
      json.object { json in
        for member in members {
          json.key(member.key)
          member.value.write(to: &json)
        }
      }
    }
  }
}

extension TopicPattern {
  /// The topic itself; levels that are still open stand as they are written.
  fileprivate var text: String {
    levels.map { level in
      switch level {
      case .literal(let text): text
      case .capture(let name): "{\(name)}"
      }
    }.joined(separator: "/")
  }
}
