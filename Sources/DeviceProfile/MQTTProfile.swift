public import EnergyModel

/// What one kind of device says on MQTT and how it is switched, as data. Topics contain `{topic}`, which a site
/// fills in with the device's own.
public struct MQTTProfile: Hashable, Sendable {
  /// As the configuration names it, such as `shelly-gen2-switch`.
  public var name: String
  public var title: String
  /// The document the facts come from.
  public var source: String
  public var confidence: DeviceProfile.Confidence
  public var messages: [SensorDefinition.Message]
  public var availability: SensorDefinition.Availability?
  public var maximumAge: Duration
  /// Nil where it cannot be switched.
  public var switching: SwitchDefinition?

  /// The capture that stands for a device's own topic.
  public static let ownTopic = "topic"

  public init(
    name: String, title: String, source: String, confidence: DeviceProfile.Confidence,
    messages: [SensorDefinition.Message], availability: SensorDefinition.Availability? = nil,
    maximumAge: Duration = .seconds(600), switching: SwitchDefinition? = nil
  ) {
    self.name = name
    self.title = title
    self.source = source
    self.confidence = confidence
    self.messages = messages
    self.availability = availability
    self.maximumAge = maximumAge
    self.switching = switching
  }

  /// A device of this kind whose own topic is `topic`.
  public func sensor(_ device: DeviceID, topic: String) -> SensorDefinition {
    var availability = availability
    if let pattern = availability?.topic {
      availability?.topic = pattern.filled(Self.ownTopic, with: topic)
    }
    return SensorDefinition(
      device: device,
      messages: messages.map { message in
        var message = message
        message.topic = message.topic.filled(Self.ownTopic, with: topic)
        return message
      },
      availability: availability, maximumAge: maximumAge)
  }

  /// How such a device is switched; nil where it cannot be.
  public func switching(topic: String) -> SwitchDefinition? {
    switching.map { definition in
      var definition = definition
      definition.topic = definition.topic.filled(Self.ownTopic, with: topic)
      if let ask = definition.ask {
        definition.ask?.topic = ask.topic.filled(Self.ownTopic, with: topic)
      }
      return definition
    }
  }
}

/// How a relay on MQTT is switched. It is confirmed by what the device says of itself (`relay_on`), never by the
/// broker's acknowledgement.
public struct SwitchDefinition: Hashable, Sendable {
  /// A message that makes the device tell its state.
  public struct Ask: Hashable, Sendable {
    public var topic: TopicPattern
    public var payload: String

    public init(topic: TopicPattern, payload: String) {
      self.topic = topic
      self.payload = payload
    }
  }

  public var topic: TopicPattern
  public var on: String
  public var off: String
  /// Nil where the device tells its state often enough by itself.
  public var ask: Ask?
  /// How long it may take to say what became of a command.
  public var timeout: Duration

  public init(
    topic: TopicPattern, on: String, off: String, ask: Ask? = nil, timeout: Duration = .seconds(5)
  ) {
    self.topic = topic
    self.on = on
    self.off = off
    self.ask = ask
    self.timeout = timeout
  }
}
