public import DeviceProfile
public import EnergyModel

/// Turns messages on the topics of sensors into samples. Pure but for the members of families, which it gets to know:
/// the same messages give the same readings.
public struct SensorTopics: Sendable {
  /// A sensor says a few numbers. What is longer is not one, and is not even parsed.
  public static let longestPayload = 65_536

  /// What to subscribe to, each filter once, in the order of the sensors.
  public private(set) var filters: [String] = []
  private let sensors: [SensorDefinition]
  private var exact: [String: [Subject]] = [:]
  private var patterns: [(pattern: TopicPattern, subject: Subject)] = []
  /// Families by their place among the sensors: their members, by topic.
  private var members: [Int: Family] = [:]

  /// Of whom a topic speaks.
  private struct Subject: Sendable {
    var sensor: Int
    /// A message's place among the sensor's; nil for its availability.
    var message: Int?
  }

  private struct Family: Sendable {
    var devices: Set<DeviceID> = []
    var names: [String: DeviceID] = [:]
  }

  public init(_ sensors: [SensorDefinition]) {
    self.sensors = sensors
    for (index, sensor) in sensors.enumerated() {
      for (place, message) in sensor.messages.enumerated() {
        add(message.topic, Subject(sensor: index, message: place))
      }
      if let availability = sensor.availability { add(availability.topic, Subject(sensor: index, message: nil)) }
    }
  }

  private mutating func add(_ topic: TopicPattern, _ subject: Subject) {
    let filter = topic.filter
    if !filters.contains(filter) { filters.append(filter) }
    if topic.captures.isEmpty {
      exact[filter, default: []].append(subject)
    } else {
      patterns.append((topic, subject))
    }
  }

  /// What `message` says, for each sensor on its topic: the sample of what was understood, if anything was,
  /// and one complaint for each value that was not. Empty for a topic that belongs to no sensor.
  ///
  /// - A retained message tells what was once true: its values are ``EnergyModel/Quality/stale``, and so are those
  ///   whose payload says that they were measured longer ago than the sensor's maximum age.
  /// - JSON's `null` is a sensor without that value: ``EnergyModel/Quality/notImplemented``.
  /// - A value outside of the point's plausible range is ``EnergyModel/Quality/outOfRange``.
  /// - A device that is said to be gone has none of its values: ``EnergyModel/Quality/timeout``.
  public mutating func readings(for message: IncomingMessage) -> [SensorReading] {
    var spoken: [(Subject, DeviceID)] = []
    var complaints: [SensorReading] = []
    for subject in exact[message.topic] ?? [] { spoken.append((subject, sensors[subject.sensor].device)) }
    for (pattern, subject) in patterns {
      guard let captured = pattern.match(message.topic) else { continue }
      do throws(PayloadFault) {
        spoken.append((subject, try member(subject.sensor, captured, message.topic)))
      } catch {
        complaints.append(.malformed(device: sensors[subject.sensor].device, reason: error.text))
      }
    }
    guard !spoken.isEmpty else { return complaints }
    let payload = SensorPayload(message.payload)
    return complaints
      + spoken.flatMap { subject, device in
        let sensor = sensors[subject.sensor]
        if let place = subject.message {
          return readings(of: sensor.messages[place], in: payload, of: message, sensor, device)
        }
        return availability(of: sensor, in: payload, of: message, device)
      }
  }

  /// The member of a family that a topic belongs to; its first message makes it known.
  private mutating func member(
    _ sensor: Int, _ captured: [Substring], _ topic: String
  ) throws(PayloadFault) -> DeviceID {
    if let known = members[sensor]?.names[topic] { return known }
    let definition = sensors[sensor]
    let name = ([definition.device.name[...]] + captured).joined(separator: "-")
    let isName = name.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 95
    }
    guard isName, name.utf8.count <= 64 else { throw PayloadFault("\(topic): makes no name of a device") }
    let device = DeviceID(name)
    let isKnown = members[sensor]?.devices.contains(device) ?? false
    guard isKnown || (members[sensor]?.devices.count ?? 0) < definition.mostMembers else {
      throw PayloadFault("has \(definition.mostMembers) devices already, so the others are left out")
    }
    members[sensor, default: Family()].devices.insert(device)
    // Each device of a family has few topics, so this is bounded as well.
    members[sensor, default: Family()].names[topic] = device
    return device
  }

  private func readings(
    of said: SensorDefinition.Message, in payload: SensorPayload, of message: IncomingMessage,
    _ sensor: SensorDefinition, _ device: DeviceID
  ) -> [SensorReading] {
    var readings: [Reading] = []
    var complaints: [SensorReading] = []
    func complain(_ fault: PayloadFault) {
      complaints.append(.malformed(device: device, reason: "\(message.topic): \(fault.text)" + payload.excerpt))
    }
    var measured = message.received
    var isFresh = !message.isRetained
    do throws(PayloadFault) {
      if let time = said.time {
        let told = try payload.time(time)
        let dated = try PayloadTime.measured(told, received: message.received, maximumAge: sensor.maximumAge)
        measured = dated.at
        isFresh = isFresh && dated.isFresh
      }
    } catch {
      complain(error)
      isFresh = false
      if error.concernsAll { return complaints }
    }
    for value in said.values {
      do throws(PayloadFault) {
        let number = try payload.number(value)
        readings.append(reading(of: value, number, isFresh: isFresh))
      } catch {
        if error.isAbsence, value.isOptional { continue }
        complain(error)
        // A payload that is no JSON at all is one fault, not one for each value.
        if error.concernsAll { break }
      }
    }
    guard !readings.isEmpty else { return complaints }
    return [.sample(Sample(device: device, measured: measured, readings: readings))] + complaints
  }

  private func reading(of value: SensorDefinition.Value, _ number: Double?, isFresh: Bool) -> Reading {
    guard let number else { return Reading(value.point, quality: .notImplemented) }
    let scaled = number * value.scale + value.offset
    guard scaled.isFinite, value.point.plausibleRange.contains(scaled) else {
      return Reading(value.point, quality: .outOfRange)
    }
    return Reading(value.point, scaled, quality: isFresh ? .good : .stale)
  }

  /// A device that is gone has no values; one that is back tells them itself.
  private func availability(
    of sensor: SensorDefinition, in payload: SensorPayload, of message: IncomingMessage, _ device: DeviceID
  ) -> [SensorReading] {
    guard let availability = sensor.availability, payload.word(at: availability.path) == availability.offline else {
      return []
    }
    let readings = sensor.points.map { Reading($0, quality: .timeout) }
    return [.sample(Sample(device: device, measured: message.received, readings: readings))]
  }
}
