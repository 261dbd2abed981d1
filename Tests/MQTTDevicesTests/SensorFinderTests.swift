import DeviceProfile
import EnergyModel
import Testing

@testable import MQTTDevices

/// Devices on a broker, found by what is heard of them.
@Suite struct SensorFinderTests {
  private func profile(_ name: String, _ messages: [(topic: String, values: [SensorDefinition.Value])]) throws
    -> MQTTProfile
  {
    MQTTProfile(
      name: name, title: name, source: "", confidence: .vendor,
      messages: try messages.map { .init(topic: try TopicPattern($0.topic), values: $0.values) })
  }

  private func value(_ point: Point, _ path: String..., optional: Bool = false) -> SensorDefinition.Value {
    .init(point: point, path: path, isOptional: optional)
  }

  private func finder() throws -> SensorFinder {
    SensorFinder([
      try profile("shelly", [("{topic}/status/switch:0", [value(.relayOn, "output"), value(.power, "apower")])]),
      try profile(
        "tasmota",
        [
          ("stat/{topic}/POWER", [.init(point: .relayOn, path: [], words: ["ON": 1, "OFF": 0])]),
          ("tele/{topic}/SENSOR", [value(.power, "ENERGY", "Power", optional: true)]),
        ]),
      try profile(
        "plug", [("{topic}", [value(.power, "power", optional: true), value(.voltageL1, "voltage", optional: true)])]),
      try profile(
        "climate",
        [
          (
            "{topic}",
            [value(.temperature, "temperature", optional: true), value(.voltageL1, "voltage", optional: true)]
          )
        ]),
    ])
  }

  private func message(_ topic: String, _ payload: String, retained: Bool = false) -> IncomingMessage {
    let moment = Moment(wall: Timestamp(milliseconds: 0), monotonic: MonotonicInstant(nanoseconds: 0))
    return IncomingMessage(topic: topic, payload: Array(payload.utf8), isRetained: retained, received: moment)
  }

  @Test func devicesAreNamedByTheirTopics() throws {
    var finder = try finder()
    finder.hear(message("shellyplus1-a8/status/switch:0", #"{"output":true,"apower":12.5,"voltage":231}"#))
    finder.hear(message("tele/pool/SENSOR", #"{"ENERGY":{"Power":1100}}"#))
    finder.hear(message("stat/pool/POWER", "ON"))
    finder.hear(message("zigbee2mqtt/lamp", #"{"power":5,"voltage":230}"#))
    finder.hear(message("zigbee2mqtt/kitchen", #"{"temperature":21.5}"#))
    #expect(finder.found.map(\.topic) == ["pool", "shellyplus1-a8", "zigbee2mqtt/kitchen", "zigbee2mqtt/lamp"])
    #expect(finder.found.map(\.profile.name) == ["tasmota", "shelly", "climate", "plug"])
    #expect(finder.found[0].points == [.power, .relayOn])
    #expect(finder.found[3].alternatives == ["climate"])
    #expect(finder.found.allSatisfy { !$0.isOnlyRetained })
  }

  @Test func whatNobodyUnderstandsIsNoDevice() throws {
    var finder = try finder()
    for payload in ["", "hello", "{", #"{"unit":"W"}"#, #"{"power":"much"}"#, "[1]"] {
      finder.hear(message("home/thing", payload))
      finder.hear(message("thing/status/switch:0", payload))
    }
    // Beyond a few levels it is no device's own topic.
    finder.hear(message("a/b/c/d/e", #"{"power":5}"#))
    finder.hear(message("/status/switch:0", #"{"output":true,"apower":1}"#))
    #expect(finder.found.map(\.topic) == [])
  }

  @Test func whatTheBrokerKeptIsSaid() throws {
    var finder = try finder()
    finder.hear(message("stat/pool/POWER", "ON", retained: true))
    #expect(finder.found.map(\.isOnlyRetained) == [true])
    finder.hear(message("stat/pool/POWER", "OFF"))
    #expect(finder.found.map(\.isOnlyRetained) == [false])
  }

  @Test func aBrokerWithoutEndIsBounded() throws {
    var finder = try finder()
    for number in 0..<SensorFinder.mostCandidates { finder.hear(message("t\(number)", #"{"power":5}"#)) }
    #expect(finder.found.count <= SensorFinder.mostCandidates)
    let before = finder.found.count
    finder.hear(message("one-more", #"{"power":5}"#))
    #expect(finder.found.count == before)
  }

  @Test func ownTopics() throws {
    let pattern = try TopicPattern("tele/{topic}/SENSOR")
    #expect(SensorFinder.ownTopic(of: "tele/a/SENSOR", pattern) == "a")
    #expect(SensorFinder.ownTopic(of: "tele/a/b/SENSOR", pattern) == "a/b")
    #expect(SensorFinder.ownTopic(of: "tele/SENSOR", pattern) == nil)
    #expect(SensorFinder.ownTopic(of: "tele//SENSOR", pattern) == nil)
    #expect(SensorFinder.ownTopic(of: "stat/a/SENSOR", pattern) == nil)
    #expect(SensorFinder.ownTopic(of: "tele/a/b/c/d/e/SENSOR", pattern) == nil)
  }
}
