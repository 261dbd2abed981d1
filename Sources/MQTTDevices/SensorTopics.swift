public import DeviceProfile
public import EnergyModel

/// Turns messages on the topics of sensors into samples. Pure: the same message gives the same readings.
public struct SensorTopics: Sendable {
  /// A sensor says a few numbers. What is longer is not one, and is not even parsed.
  public static let longestPayload = 65_536

  /// What to subscribe to, each topic once, in the order of the sensors.
  public private(set) var topics: [String] = []
  private var sensors: [String: [SensorDefinition]] = [:]

  public init(_ sensors: [SensorDefinition]) {
    for sensor in sensors {
      if self.sensors[sensor.topic] == nil { topics.append(sensor.topic) }
      self.sensors[sensor.topic, default: []].append(sensor)
    }
  }

  /// What `message` says, for each sensor on its topic: the sample of what was understood, if anything was,
  /// and one complaint for each value that was not. Empty for a topic that belongs to no sensor.
  ///
  /// - A retained message tells what was once true: its values are ``EnergyModel/Quality/stale``.
  /// - JSON's `null` is a sensor without that value: ``EnergyModel/Quality/notImplemented``.
  /// - A value outside of the point's plausible range is ``EnergyModel/Quality/outOfRange``.
  public func readings(for message: IncomingMessage) -> [SensorReading] {
    guard let sensors = sensors[message.topic] else { return [] }
    let payload = SensorPayload(message.payload)
    return sensors.flatMap { readings(of: $0, in: payload, of: message) }
  }

  private func readings(
    of sensor: SensorDefinition, in payload: SensorPayload, of message: IncomingMessage
  ) -> [SensorReading] {
    var readings: [Reading] = []
    var complaints: [SensorReading] = []
    for value in sensor.values {
      do throws(PayloadFault) {
        let number = try payload.number(at: value.path, for: value.point)
        readings.append(reading(of: value, number, isRetained: message.isRetained))
      } catch {
        let reason = "\(message.topic): \(error.text)" + payload.excerpt
        complaints.append(.malformed(device: sensor.device, reason: reason))
        // A payload that is no JSON at all is one fault, not one for each value.
        if error.concernsAll { break }
      }
    }
    guard !readings.isEmpty else { return complaints }
    return [.sample(Sample(device: sensor.device, measured: message.received, readings: readings))] + complaints
  }

  private func reading(of value: SensorDefinition.Value, _ number: Double?, isRetained: Bool) -> Reading {
    guard let number else { return Reading(value.point, quality: .notImplemented) }
    let scaled = number * value.scale + value.offset
    guard scaled.isFinite, value.point.plausibleRange.contains(scaled) else {
      return Reading(value.point, quality: .outOfRange)
    }
    return Reading(value.point, scaled, quality: isRetained ? .stale : .good)
  }
}
