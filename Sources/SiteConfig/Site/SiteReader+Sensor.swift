import DeviceProfile
import EnergyModel

extension SiteReader {
  /// A sensor on MQTT: its topic, and under which keys of the payload its values are.
  func sensor(_ section: ConfigSection, _ name: String) -> SensorDefinition? {
    let topic = section.required("topic", "the topic it publishes on").flatMap(topic)
    let values = section.required("values", "points and where they are, such as temperature_c: temperature")?
      .pairs("points and where they are, such as temperature_c: temperature")
    if let values, values.isEmpty { section["values"]?.refuse("a sensor without values says nothing") }
    let read = values?.map(sensorValue)
    guard let topic, let read else { return nil }
    return SensorDefinition(device: DeviceID(name), topic: topic, values: read.compactMap(\.self))
  }

  private func topic(_ value: ConfigValue) -> String? {
    guard let text = value.text("a topic such as home/cellar/climate") else { return nil }
    guard !text.contains(where: { $0 == "+" || $0 == "#" }) else {
      value.refuse("a sensor has one topic of its own: no + and #")
      return nil
    }
    guard text.utf8.count <= 65_535, !text.contains("\0") else {
      value.refuse("not a topic")
      return nil
    }
    return text
  }

  private func sensorValue(_ name: String, _ value: ConfigValue) -> SensorDefinition.Value? {
    guard let point = Point(rawValue: name) else {
      let hint = NearestName.hint(name, among: Point.allCases.map(\.rawValue))
      value.problems.add(line: value.line, path: value.path, "unknown point" + hint)
      return nil
    }
    guard value.isMapping else { return keyPath(value).map { .init(point: point, path: $0) } }
    guard let section = ConfigSection(value, keys: ["path", "scale", "offset"]) else { return nil }
    let path = section.required("path", "a key, or a list of keys from outermost to innermost").flatMap(keyPath)
    let scale = section["scale"].map { $0.number(in: -1e9...1e9, what: "a factor") } ?? 1
    let offset = section["offset"].map { $0.number(in: -1e9...1e9, what: "a number in the point's unit") } ?? 0
    guard let path, let scale, let offset else { return nil }
    return .init(point: point, path: path, scale: scale, offset: offset)
  }

  /// One key, or a list from outermost to innermost; an empty list where the payload is the number itself.
  private func keyPath(_ value: ConfigValue) -> [String]? {
    guard value.isList else { return value.text("a key of the payload").map { [$0] } }
    let keys = value.list("a list of keys")?.map { $0.text("a key of the payload") } ?? []
    return keys.contains(nil) ? nil : keys.compactMap(\.self)
  }
}
