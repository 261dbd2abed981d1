import DeviceProfile
import EnergyModel

/// Reads one profile of a device on MQTT. The format is described in `config/devices/mqtt/README.md`.
struct MQTTProfileReader {
  private let messages = MessageReader()

  static let keys = [
    "name", "title", "source", "confidence", "max_age", "messages", "availability", "switch",
  ]

  /// - Parameter name: the file's name without `.yaml`, which the profile has to repeat.
  static func read(_ text: String, name: String, problems: ProblemList) -> MQTTProfile? {
    guard let node = YAMLText.compose(text, problems: problems) else { return nil }
    let value = ConfigValue(node: node, path: "", line: nil, problems: problems)
    guard let root = ConfigSection(value, keys: keys) else { return nil }
    return MQTTProfileReader().profile(root, name)
  }

  private func profile(_ root: ConfigSection, _ name: String) -> MQTTProfile? {
    let written = root.required("name", "the file's name, \(name)")
    if let written, let text = written.text("the file's name, \(name)"), text != name {
      written.refuse("has to be the file's name, \(name)")
    }
    let title = root.required("title", "a text")?.text()
    let source = root.required("source", "where the facts come from")?.text()
    let confidence = root.required("confidence", "vendor, independent or single")?
      .choice(["vendor", "independent", "single"], what: "confidence").flatMap(DeviceProfile.Confidence.init(rawValue:))
    let age = root["max_age"].map { $0.duration(in: .seconds(1)...(.seconds(86_400))) } ?? .seconds(600)
    let said = root.required("messages", "a list of topics and their values")?.list("a list of topics and their values")
    let read = said?.map { item in
      ConfigSection(item, keys: MessageReader.messageKeys).flatMap { section -> SensorDefinition.Message? in
        let message = messages.message(section)
        if let message { checkOwn(message.topic, section["topic"]) }
        return message
      }
    }
    if let said, said.isEmpty { root["messages"]?.refuse("a device that says nothing needs no profile") }
    let availability = root["availability"].map { value in
      let read = messages.availability(value)
      if let read { checkOwn(read.topic, value) }
      return read
    }
    let switching = root["switch"].map(switching)
    guard let title, let source, let confidence, let age, let read, !read.contains(where: { $0 == nil }) else {
      return nil
    }
    let all = read.compactMap(\.self)
    if switching != nil, !all.flatMap(\.values).contains(where: { $0.point == .relayOn }) {
      root["switch"]?.refuse("nothing tells relay_on, so no command could ever be confirmed")
    }
    return MQTTProfile(
      name: name, title: title, source: source, confidence: confidence, messages: all,
      availability: availability ?? nil, maximumAge: age, switching: switching ?? nil)
  }

  private func switching(_ value: ConfigValue) -> SwitchDefinition? {
    guard let section = ConfigSection(value, keys: ["topic", "on", "off", "ask", "timeout"]) else { return nil }
    let topic = section.required("topic", "the topic that takes commands").flatMap(messages.topic)
    let on = section.required("on", "what to publish to switch it on")?.text()
    let off = section.required("off", "what to publish to switch it off")?.text()
    let ask = section["ask"].map(ask)
    let timeout = section["timeout"].map { $0.duration(in: .milliseconds(100)...(.seconds(60))) } ?? .seconds(5)
    if let on, on == off { value.refuse("on and off are the same") }
    if let topic { checkOwn(topic, section["topic"]) }
    guard let topic, let on, let off, let timeout, let ask = ask ?? .some(nil) else { return nil }
    return SwitchDefinition(topic: topic, on: on, off: off, ask: ask, timeout: timeout)
  }

  /// `{topic: …, payload: …}`; the payload may be empty.
  private func ask(_ value: ConfigValue) -> SwitchDefinition.Ask?? {
    guard let section = ConfigSection(value, keys: ["topic", "payload"]) else { return .none }
    let topic = section.required("topic", "the topic that makes it tell its state").flatMap(messages.topic)
    if let topic { checkOwn(topic, section["topic"]) }
    guard let topic else { return .none }
    return SwitchDefinition.Ask(topic: topic, payload: section["payload"]?.written ?? "")
  }

  /// In a profile `{topic}` is the one thing that is left open.
  private func checkOwn(_ pattern: TopicPattern, _ value: ConfigValue?) {
    guard pattern.captures != [MQTTProfile.ownTopic] else { return }
    value?.refuse("expected {\(MQTTProfile.ownTopic)} where the device's own topic belongs, and no other braces")
  }
}
