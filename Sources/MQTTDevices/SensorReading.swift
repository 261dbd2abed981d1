public import EnergyModel

/// What one message said about one device.
public enum SensorReading: Hashable, Sendable {
  case sample(Sample)
  /// The message could not be understood, or a value in it. `reason` names the topic, the path and the
  /// beginning of the payload; the device's point stays as it was and grows old.
  case malformed(device: DeviceID, reason: String)
}
