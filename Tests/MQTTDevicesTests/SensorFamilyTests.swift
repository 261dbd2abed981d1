import DeviceProfile
import EnergyModel
import Testing

@testable import MQTTDevices

/// Many devices behind one pattern, several topics of one device, and the last will.
@Suite struct SensorFamilyTests {
  typealias Topics = SensorTopicsTests

  static func climate(most: Int = 256) throws -> SensorDefinition {
    SensorDefinition(
      device: "climate",
      messages: [
        .init(
          topic: try TopicPattern("zigbee2mqtt/{room}"), values: [.init(point: .temperature, path: ["temperature"])])
      ],
      availability: .init(
        topic: try TopicPattern("zigbee2mqtt/{room}/availability"), path: ["state"], offline: "offline"),
      mostMembers: most)
  }

  private static func message(_ topic: String, _ payload: String, isRetained: Bool = false) -> IncomingMessage {
    Topics.message(payload, topic: topic, isRetained: isRetained)
  }

  @Test func eachTopicThatFitsIsADevice() throws {
    var topics = SensorTopics([try Self.climate()])
    #expect(topics.filters == ["zigbee2mqtt/+", "zigbee2mqtt/+/availability"])
    let kitchen = topics.readings(for: Self.message("zigbee2mqtt/kitchen", #"{"temperature":21}"#))
    let attic = topics.readings(for: Self.message("zigbee2mqtt/attic", #"{"temperature":33}"#))
    #expect(Topics.sample(kitchen)?.device == "climate-kitchen")
    #expect(Topics.sample(attic)?.device == "climate-attic")
    #expect(topics.readings(for: Self.message("zigbee2mqtt/attic/set", "{}")).isEmpty)
  }

  @Test func aFamilyDoesNotGrowWithoutEnd() throws {
    var topics = SensorTopics([try Self.climate(most: 2)])
    for room in ["a", "b", "a"] {
      #expect(Topics.sample(topics.readings(for: Self.message("zigbee2mqtt/\(room)", #"{"temperature":21}"#))) != nil)
    }
    let third = topics.readings(for: Self.message("zigbee2mqtt/c", #"{"temperature":21}"#))
    #expect(third == [.malformed(device: "climate", reason: "has 2 devices already, so the others are left out")])
    #expect(Topics.sample(topics.readings(for: Self.message("zigbee2mqtt/b", #"{"temperature":22}"#))) != nil)
  }

  /// `house-a` with room `b` and `house` with room `a-b` are two devices, and one name.
  @Test func twoTopicsAreNeverOneDevice() throws {
    var topics = SensorTopics([
      SensorDefinition(
        device: "climate",
        messages: [
          .init(topic: try TopicPattern("{house}/{room}/t"), values: [.init(point: .temperature, path: [])])
        ])
    ])
    func told(_ topic: String) -> [SensorReading] { topics.readings(for: Self.message(topic, "21")) }
    #expect(Topics.sample(told("house-a/b/t"))?.device == "climate-house-a-b")
    #expect(
      told("house/a-b/t") == [
        .malformed(device: "climate", reason: "house/a-b/t: would be climate-house-a-b, and so is another topic")
      ])
    #expect(Topics.sample(told("house-a/b/t"))?.device == "climate-house-a-b")
    #expect(Topics.sample(told("house/a/t"))?.device == "climate-house-a")
  }

  @Test func aTopicThatMakesNoNameIsTold() throws {
    var topics = SensorTopics([try Self.climate()])
    for room in ["küche", "a b", "$SYS", String(repeating: "x", count: 80)] {
      let readings = topics.readings(for: Self.message("zigbee2mqtt/\(room)", #"{"temperature":21}"#))
      #expect(Topics.sample(readings) == nil)
      #expect(Topics.reasons(readings).allSatisfy { $0.hasSuffix("makes no name of a device") })
      #expect(readings.count == 1)
    }
  }

  @Test(arguments: [true, false]) func aDeviceThatIsGoneHasNoValues(_ isRetained: Bool) throws {
    var topics = SensorTopics([try Self.climate()])
    let gone = Self.message("zigbee2mqtt/attic/availability", #"{"state":"offline"}"#, isRetained: isRetained)
    let sample = Topics.sample(topics.readings(for: gone))
    #expect(sample?.device == "climate-attic")
    #expect(sample?.readings == [Reading(.temperature, quality: .timeout)])
    let back = Self.message("zigbee2mqtt/attic/availability", #"{"state":"online"}"#)
    #expect(topics.readings(for: back).isEmpty)
  }

  @Test func severalTopicsMakeOneDevice() {
    let plug = SensorDefinition(
      device: "plug",
      messages: [
        .init(
          topic: TopicPattern(literal: "stat/plug/POWER"),
          values: [.init(point: .relayOn, path: [], words: ["ON": 1, "OFF": 0])]),
        .init(
          topic: TopicPattern(literal: "tele/plug/SENSOR"),
          values: [
            .init(point: .power, path: ["ENERGY", "Power"]),
            .init(point: .energyImport, path: ["ENERGY", "Total"], scale: 1000),
            .init(point: .voltageL1, path: ["ENERGY", "Voltage"], isOptional: true),
          ]),
      ],
      availability: .init(topic: TopicPattern(literal: "tele/plug/LWT"), offline: "Offline"))
    var topics = SensorTopics([plug])
    #expect(
      Topics.sample(topics.readings(for: Self.message("stat/plug/POWER", "ON")))?.readings == [Reading(.relayOn, 1)])
    #expect(
      Topics.sample(topics.readings(for: Self.message("stat/plug/POWER", "OFF")))?.readings == [Reading(.relayOn, 0)])
    let words = topics.readings(for: Self.message("stat/plug/POWER", "TOGGLE"))
    #expect(Topics.reasons(words) == ["stat/plug/POWER: is none of the words it may be in: TOGGLE"])
    let energy = topics.readings(for: Self.message("tele/plug/SENSOR", #"{"ENERGY":{"Power":1200,"Total":3.5}}"#))
    #expect(Topics.sample(energy)?.readings == [Reading(.power, 1200), Reading(.energyImport, 3500)])
    #expect(Topics.reasons(energy).isEmpty)
    let gone = Topics.sample(topics.readings(for: Self.message("tele/plug/LWT", "Offline")))
    #expect(gone?.readings.map(\.point) == [.relayOn, .power, .energyImport, .voltageL1])
    #expect(gone?.readings.allSatisfy { $0.quality == .timeout && $0.value == nil } == true)
  }
}
