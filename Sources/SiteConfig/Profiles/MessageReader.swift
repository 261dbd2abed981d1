import DeviceProfile
import EnergyModel

/// Reads what is said on MQTT topics: for a device of a site, and for a profile.
struct MessageReader {
  static let messageKeys = ["topic", "values", "time"]

  func message(_ section: ConfigSection) -> SensorDefinition.Message? {
    let topic = section.required("topic", "the topic it publishes on").flatMap(topic)
    let expected = "points and where they are, such as temperature_c: temperature"
    let values = section.required("values", expected)?.pairs(expected)
    if let values, values.isEmpty { section["values"]?.refuse("a message without values says nothing") }
    let read = values?.map(value)
    let time = section["time"].map(time)
    guard let topic, let read, let time = time ?? .some(nil) else { return nil }
    return SensorDefinition.Message(topic: topic, values: read.compactMap(\.self), time: time)
  }

  func topic(_ value: ConfigValue) -> TopicPattern? {
    guard let text = value.text("a topic such as home/cellar/climate") else { return nil }
    do throws(TopicPattern.Flaw) {
      return try TopicPattern(text)
    } catch {
      value.refuse(error.text)
      return nil
    }
  }

  /// One topic, which is written as a part of `value`.
  func topic(_ text: String, of value: ConfigValue) -> String? {
    guard let pattern = try? TopicPattern(text), pattern.captures.isEmpty else {
      value.refuse("expected BUS/TOPIC with one topic, such as home/pool/relay/0")
      return nil
    }
    return text
  }

  /// `{path: last_seen, format: iso}`. The outer optional is nil where something is wrong.
  private func time(_ value: ConfigValue) -> SensorDefinition.PayloadTime?? {
    guard let section = ConfigSection(value, keys: ["path", "format"]) else { return .none }
    let path = section.required("path", "a key, or a list of keys from outermost to innermost").flatMap(keyPath)
    let format = section.required("format", "s, ms or iso")?
      .choice(SensorDefinition.PayloadTime.Format.allCases.map(\.rawValue), what: "format of a time")
      .flatMap(SensorDefinition.PayloadTime.Format.init(rawValue:))
    guard let path, let format else { return .none }
    return SensorDefinition.PayloadTime(path: path, format: format)
  }

  func availability(_ value: ConfigValue) -> SensorDefinition.Availability? {
    guard let section = ConfigSection(value, keys: ["topic", "path", "offline"]) else { return nil }
    let topic = section.required("topic", "the topic that says whether the device is there").flatMap(topic)
    let path = section["path"].map(keyPath) ?? []
    let offline = section.required("offline", "the word that says that it is gone, such as offline")?.text()
    guard let topic, let path, let offline else { return nil }
    return SensorDefinition.Availability(topic: topic, path: path, offline: offline)
  }

  private func value(_ name: String, _ value: ConfigValue) -> SensorDefinition.Value? {
    guard let point = Point(rawValue: name) else {
      let hint = NearestName.hint(name, among: Point.allCases.map(\.rawValue))
      value.problems.add(line: value.line, path: value.path, "unknown point" + hint)
      return nil
    }
    guard value.isMapping else { return keyPath(value).map { .init(point: point, path: $0) } }
    guard let section = ConfigSection(value, keys: ["path", "scale", "offset", "words", "optional"]) else {
      return nil
    }
    let path = section.required("path", "a key, or a list of keys from outermost to innermost").flatMap(keyPath)
    let scale = section["scale"].map { $0.number(in: -1e9...1e9, what: "a factor") } ?? 1
    let offset = section["offset"].map { $0.number(in: -1e9...1e9, what: "a number in the point's unit") } ?? 0
    let words = section["words"].map(words) ?? [:]
    let isOptional = section["optional"].map { $0.yesOrNo() } ?? false
    guard let path, let scale, let offset, let words, let isOptional else { return nil }
    return .init(point: point, path: path, scale: scale, offset: offset, words: words, isOptional: isOptional)
  }

  /// `{ON: 1, OFF: 0}`.
  private func words(_ value: ConfigValue) -> [String: Double]? {
    let pairs = value.pairs("words and what they stand for, such as {ON: 1, OFF: 0}") ?? []
    let read = pairs.map { (key: $0.key, number: $0.value.number(in: -1e9...1e9, what: "a value")) }
    guard !read.contains(where: { $0.number == nil }) else { return nil }
    return Dictionary(read.map { ($0.key, $0.number ?? 0) }, uniquingKeysWith: { first, _ in first })
  }

  /// One key, or a list from outermost to innermost; an empty list where the payload is the value itself.
  func keyPath(_ value: ConfigValue) -> [String]? {
    guard value.isList else { return value.text("a key of the payload").map { [$0] } }
    let keys = value.list("a list of keys")?.map { $0.text("a key of the payload") } ?? []
    return keys.contains(nil) ? nil : keys.compactMap(\.self)
  }
}
