public import EnergyModel

/// A device on MQTT as a site has it: the topics it publishes on, and where its values are in the payloads.
///
/// Topics that leave levels open make it a *family*: each topic that fits is a device of its own, named after the
/// family and what was captured (`climate-kitchen`).
public struct SensorDefinition: Hashable, Sendable {
  public struct Value: Hashable, Sendable {
    public var point: Point
    /// Keys into a JSON payload, outermost first; empty where the payload is the value itself.
    public var path: [String]
    /// point = payload × scale + offset
    public var scale: Double
    public var offset: Double
    /// What words of the payload stand for, such as `ON` for 1.
    public var words: [String: Double]
    /// True where a payload without the value is nothing to complain about.
    public var isOptional: Bool

    public init(
      point: Point, path: [String], scale: Double = 1, offset: Double = 0, words: [String: Double] = [:],
      isOptional: Bool = false
    ) {
      self.point = point
      self.path = path
      self.scale = scale
      self.offset = offset
      self.words = words
      self.isOptional = isOptional
    }
  }

  /// When a payload says that it was measured.
  public struct PayloadTime: Hashable, Sendable {
    public enum Format: String, CaseIterable, Hashable, Sendable {
      /// Seconds since 1970, UTC; fractions count.
      case seconds = "s"
      /// Milliseconds since 1970, UTC.
      case milliseconds = "ms"
      /// `2026-06-21T10:30:00Z`, or with an offset such as `+02:00`. Local time without one says too little.
      case iso8601 = "iso"
    }

    public var path: [String]
    public var format: Format

    public init(path: [String], format: Format) {
      self.path = path
      self.format = format
    }
  }

  /// What is said on one topic.
  public struct Message: Hashable, Sendable {
    public var topic: TopicPattern
    public var values: [Value]
    /// Nil where the payload says nothing about it: the values are dated by their reception.
    public var time: PayloadTime?

    public init(topic: TopicPattern, values: [Value], time: PayloadTime? = nil) {
      self.topic = topic
      self.values = values
      self.time = time
    }
  }

  /// Where it is said that the device is gone, mostly by its last will.
  public struct Availability: Hashable, Sendable {
    public var topic: TopicPattern
    public var path: [String]
    /// The word that means gone.
    public var offline: String

    public init(topic: TopicPattern, path: [String] = [], offline: String) {
      self.topic = topic
      self.path = path
      self.offline = offline
    }
  }

  public var device: DeviceID
  public var messages: [Message]
  public var availability: Availability?
  /// Values that are older by their payload's own time are ``EnergyModel/Quality/stale``; a device that is silent for
  /// longer counts as silent.
  public var maximumAge: Duration
  /// How many devices a family may have.
  public var mostMembers: Int

  public init(
    device: DeviceID, messages: [Message], availability: Availability? = nil, maximumAge: Duration = .seconds(600),
    mostMembers: Int = 256
  ) {
    self.device = device
    self.messages = messages
    self.availability = availability
    self.maximumAge = maximumAge
    self.mostMembers = mostMembers
  }

  /// With one topic.
  public init(device: DeviceID, topic: String, values: [Value]) {
    self.init(device: device, messages: [Message(topic: TopicPattern(literal: topic), values: values)])
  }

  public var isFamily: Bool { messages.contains { !$0.topic.captures.isEmpty } }

  /// The points it can tell.
  public var points: [Point] {
    var seen: Set<Point> = []
    return messages.flatMap(\.values).map(\.point).filter { seen.insert($0).inserted }
  }
}
