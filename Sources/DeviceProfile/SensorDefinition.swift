public import EnergyModel

/// A sensor on MQTT: the topic it publishes on and where its values are in the payload.
public struct SensorDefinition: Hashable, Sendable {
  public struct Value: Hashable, Sendable {
    public var point: Point
    /// Keys into a JSON payload, outermost first; empty where the payload is the number itself.
    public var path: [String]
    /// point = payload × scale + offset
    public var scale: Double
    public var offset: Double

    public init(point: Point, path: [String], scale: Double = 1, offset: Double = 0) {
      self.point = point
      self.path = path
      self.scale = scale
      self.offset = offset
    }
  }

  public var device: DeviceID
  public var topic: String
  public var values: [Value]

  public init(device: DeviceID, topic: String, values: [Value]) {
    self.device = device
    self.topic = topic
    self.values = values
  }
}
