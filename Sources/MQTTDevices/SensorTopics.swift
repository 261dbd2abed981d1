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
  private var exact: [String: [Spoken]] = [:]
  private var patterns: [(pattern: TopicPattern, subject: Subject)] = []
  /// Who is spoken of on the topics that were heard so far, which a look-up finds faster than a match.
  private var known: [String: [Spoken]] = [:]
  /// Families by their place among the sensors.
  private var members: [Int: Set<DeviceID>] = [:]
  /// What was captured for a member, where that is more than one level: `a-b` and `c` make the name that `a` and `b-c` make.
  private var captures: [DeviceID: [String]] = [:]

  private enum Kind: Sendable {
    case message(PayloadLayout)
    case availability(JSONPlaces?, offline: String)
  }

  /// What a topic says, of one sensor.
  private struct Subject: Sendable {
    var sensor: Int
    var kind: Kind
  }

  private struct Spoken: Sendable {
    var subject: Subject
    var device: DeviceID
  }

  public init(_ sensors: [SensorDefinition]) {
    self.sensors = sensors
    for (index, sensor) in sensors.enumerated() {
      for message in sensor.messages {
        add(message.topic, Subject(sensor: index, kind: .message(PayloadLayout(message))))
      }
      if let availability = sensor.availability {
        let places = availability.path.isEmpty ? nil : JSONPlaces([availability.path])
        add(
          availability.topic,
          Subject(sensor: index, kind: .availability(places, offline: availability.offline)))
      }
    }
  }

  private mutating func add(_ topic: TopicPattern, _ subject: Subject) {
    let filter = topic.filter
    if !filters.contains(filter) { filters.append(filter) }
    if topic.captures.isEmpty {
      exact[filter, default: []].append(Spoken(subject: subject, device: sensors[subject.sensor].device))
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
    var complaints: [SensorReading] = []
    let spoken = known[message.topic] ?? learn(message.topic, &complaints)
    guard !spoken.isEmpty else { return complaints }
    return spoken.reduce(into: complaints) { readings, entry in
      switch entry.subject.kind {
      case .message(let layout):
        readings += self.readings(in: layout, of: message, sensors[entry.subject.sensor], entry.device)
      case .availability(let places, let offline):
        readings += availability(places, offline, of: message, sensors[entry.subject.sensor], entry.device)
      }
    }
  }

  /// Who is spoken of on a topic that was not heard before. Remembered unless something is wrong with it. A member has one
  /// topic to each pattern and families are bounded, so that what is remembered is.
  private mutating func learn(_ topic: String, _ complaints: inout [SensorReading]) -> [Spoken] {
    var spoken = exact[topic] ?? []
    for (pattern, subject) in patterns {
      guard let captured = pattern.match(topic) else { continue }
      do throws(PayloadFault) {
        spoken.append(Spoken(subject: subject, device: try member(subject.sensor, captured, topic)))
      } catch {
        complaints.append(.malformed(device: sensors[subject.sensor].device, reason: error.text))
      }
    }
    if complaints.isEmpty, !spoken.isEmpty { known[topic] = spoken }
    return spoken
  }

  /// The member of a family that a topic belongs to; its first message makes it known.
  private mutating func member(
    _ sensor: Int, _ captured: [Substring], _ topic: String
  ) throws(PayloadFault) -> DeviceID {
    let definition = sensors[sensor]
    let name = ([definition.device.name[...]] + captured).joined(separator: "-")
    let isName = name.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 95
    }
    guard isName, name.utf8.count <= 64 else { throw PayloadFault("\(topic): makes no name of a device") }
    let known = DeviceID(known: name)
    if captured.count > 1, let known, let other = captures[known], other != captured.map(String.init) {
      throw PayloadFault("\(topic): would be \(name), and so is another topic")
    }
    let isMember = known.map { members[sensor]?.contains($0) ?? false } ?? false
    guard isMember || (members[sensor]?.count ?? 0) < definition.mostMembers else {
      throw PayloadFault("has \(definition.mostMembers) devices already, so the others are left out")
    }
    let device = known ?? DeviceID(name)
    members[sensor, default: []].insert(device)
    if captured.count > 1 { captures[device] = captured.map(String.init) }
    return device
  }

  private func readings(
    in layout: PayloadLayout, of message: IncomingMessage, _ sensor: SensorDefinition, _ device: DeviceID
  ) -> [SensorReading] {
    let payload = SensorPayload(message.payload, at: layout.places)
    var complaints: [SensorReading] = []
    func complain(_ fault: PayloadFault) {
      complaints.append(.malformed(device: device, reason: "\(message.topic): \(fault.text)" + payload.excerpt))
    }
    var measured = message.received
    var isFresh = !message.isRetained
    do throws(PayloadFault) {
      if let time = layout.time {
        let told = try payload.time(time.definition, at: time.place)
        let dated = try PayloadTime.measured(told, received: message.received, maximumAge: sensor.maximumAge)
        measured = dated.at
        isFresh = isFresh && dated.isFresh
      }
    } catch {
      complain(error)
      isFresh = false
      if error.concernsAll { return complaints }
    }
    var readings: [Reading] = []
    readings.reserveCapacity(layout.values.count)
    for (value, place) in layout.values {
      do throws(PayloadFault) {
        let number = try payload.number(value, at: place)
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
    _ places: JSONPlaces?, _ offline: String, of message: IncomingMessage, _ sensor: SensorDefinition,
    _ device: DeviceID
  ) -> [SensorReading] {
    let payload = SensorPayload(message.payload, at: places)
    guard payload.word(isWhole: places == nil) == offline else { return [] }
    let readings = sensor.points.map { Reading($0, quality: .timeout) }
    return [.sample(Sample(device: device, measured: message.received, readings: readings))]
  }
}
