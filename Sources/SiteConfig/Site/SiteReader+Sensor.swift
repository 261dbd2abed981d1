import DeviceProfile
import EnergyModel

extension SiteReader {
  /// Only of a device on MQTT.
  static let sensorKeys = ["topic", "values", "time", "max_age", "availability", "at_most"]

  /// A device on MQTT: by its profile and its own topic, or with its topic and under which keys of the payload its
  /// values are. A meter without a profile is fresh for 5 s
  /// unless told otherwise.
  func sensor(_ section: ConfigSection, _ name: String) -> SensorDefinition? {
    let isMeter = section.has("measures") || section.has("below")
    var read = section.has("profile") ? profiled(section, name)?.sensor : plain(section, name)
    if isMeter, !section.has("profile") { read?.maximumAge = .seconds(5) }
    if let age = section["max_age"]?.duration(in: .seconds(1)...(.seconds(86_400))) { read?.maximumAge = age }
    if let most = section["at_most"]?.integer(in: 1...200_000, what: "a number of devices") { read?.mostMembers = most }
    if let read, isMeter { checkMeter(section, read) }
    return read
  }

  /// A device whose profile knows everything but its topic, and how it is switched.
  func profiled(
    _ section: ConfigSection, _ name: String
  ) -> (sensor: SensorDefinition, switching: SwitchDefinition?)? {
    for key in ["values", "time", "availability", "at_most"] where section.knows(key) {
      section[key]?.refuse("comes from the profile: leave out one of the two")
    }
    let profile = section.required("profile", "the name of a device profile").flatMap(mqttProfile)
    let topic = section.required("topic", "the device's own topic, such as shellyplus1pm-a8032ab1").flatMap(ownTopic)
    guard let profile, let topic else { return nil }
    return (profile.sensor(DeviceID(name), topic: topic), profile.switching(topic: topic))
  }

  private func plain(_ section: ConfigSection, _ name: String) -> SensorDefinition? {
    let reader = MessageReader()
    let message = reader.message(section)
    let availability = section["availability"].map(reader.availability)
    guard let message, let availability = availability ?? .some(nil) else { return nil }
    let captures = message.topic.captures
    if captures.isEmpty { section["at_most"]?.refuse("belongs to a topic with {}, which stands for many devices") }
    if let availability, availability.topic.captures != captures {
      section["availability"]?.refuse("its topic needs the same {} as the device's")
    }
    return SensorDefinition(device: DeviceID(name), messages: [message], availability: availability)
  }

  /// The members of a family are named by topics that others choose: none may pass for a device that control goes by.
  func checkFamilies(_ devices: [DeviceEntry]) {
    let names = devices.map(\.name) + (root["loads"].map { ($0.pairs() ?? []).map(\.key) } ?? [])
    for family in devices where family.sensor?.isFamily == true {
      guard let name = names.first(where: { $0.hasPrefix(family.name + "-") }) else { continue }
      family.section?["topic"]?.refuse(
        "could name a device \(name), as which another is configured: rename one of them")
    }
  }

  private func checkMeter(_ section: ConfigSection, _ sensor: SensorDefinition) {
    let key = section["measures"] ?? section["below"]
    if sensor.isFamily { key?.refuse("a meter is one device: its topic has no {}") }
    if !sensor.points.contains(.power) { key?.refuse("nothing tells its power_w") }
  }

  /// The levels that stand for a device in the topics of its profile.
  private func ownTopic(_ value: ConfigValue) -> String? {
    guard let pattern = MessageReader().topic(value) else { return nil }
    guard pattern.captures.isEmpty else {
      value.refuse("a device with a profile is one device: its topic has no {}")
      return nil
    }
    return pattern.filter
  }

  private func mqttProfile(_ value: ConfigValue) -> MQTTProfile? {
    guard let name = value.text("the name of a device profile") else { return nil }
    switch ConfigValue.isName(name) ? library.mqttProfile(name) : .unknown {
    case .found(let profile): return profile
    case .broken: return nil
    case .unknown:
      let names = library.mqttNames
      let hint = NearestName.hint(name, among: names)
      let known = names.isEmpty ? "no profiles were found" : "expected \(names.joined(separator: " or "))"
      value.refuse("there is no profile of that name for devices on MQTT" + (hint.isEmpty ? ": \(known)" : hint))
      return nil
    }
  }
}
