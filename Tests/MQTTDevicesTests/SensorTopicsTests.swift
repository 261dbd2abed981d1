import DeviceProfile
import EnergyModel
import TestKit
import Testing

@testable import MQTTDevices

@Suite struct SensorTopicsTests {
  static let received = ManualTime().now()

  static func message(_ payload: String, topic: String = "home/roof", isRetained: Bool = false) -> IncomingMessage {
    IncomingMessage(topic: topic, payload: Array(payload.utf8), isRetained: isRetained, received: received)
  }

  /// A sensor with temperature at `temp.c` and humidity at `hum`.
  static let roof = SensorDefinition(
    device: "roof", topic: "home/roof",
    values: [.init(point: .temperature, path: ["temp", "c"]), .init(point: .humidity, path: ["hum"])])

  static func single(_ point: Point, path: [String] = ["v"], scale: Double = 1, offset: Double = 0) -> SensorTopics {
    SensorTopics([
      SensorDefinition(
        device: "roof", topic: "home/roof",
        values: [.init(point: point, path: path, scale: scale, offset: offset)])
    ])
  }

  /// What fresh topics make of one message.
  static func read(_ topics: SensorTopics, _ message: IncomingMessage) -> [SensorReading] {
    var topics = topics
    return topics.readings(for: message)
  }

  static func read(_ sensors: [SensorDefinition], _ message: IncomingMessage) -> [SensorReading] {
    read(SensorTopics(sensors), message)
  }

  static func reasons(_ readings: [SensorReading]) -> [String] {
    readings.compactMap { if case .malformed(_, let reason) = $0 { reason } else { nil } }
  }

  static func sample(_ readings: [SensorReading]) -> Sample? {
    readings.lazy.compactMap { if case .sample(let sample) = $0 { sample } else { nil } }.first
  }

  @Test func readsValuesAlongTheirPaths() {
    let readings = Self.read([Self.roof], Self.message(#"{"temp":{"c":21.5},"hum":40,"x":[]}"#))
    #expect(
      readings == [
        .sample(
          Sample(
            device: "roof", measured: Self.received, readings: [Reading(.temperature, 21.5), Reading(.humidity, 40)]))
      ])
  }

  @Test func stepsIntoLists() {
    let topics = Self.single(.power, path: ["emeters", "1", "power"])
    let sample = Self.sample(Self.read(topics, Self.message(#"{"emeters":[{"power":1},{"power":-250.5}]}"#)))
    #expect(sample?[.power] == Reading(.power, -250.5))
    #expect(Self.sample(Self.read(topics, Self.message(#"{"emeters":[{"power":1}]}"#))) == nil)
  }

  @Test(arguments: [("21.5", 21.5), (" -3\n", -3), ("1.5e1", 15), ("0", 0)])
  func readsABareNumber(_ payload: String, _ value: Double) {
    let readings = Self.read(Self.single(.temperature, path: []), Self.message(payload))
    #expect(Self.sample(readings)?.readings == [Reading(.temperature, value)])
  }

  @Test(arguments: ["", " ", "nan", "inf", "-Infinity", "0x15", "21,5", "21.5 C", "+3", "1e999", "{\"v\":3}"])
  func refusesWhatIsNoBareNumber(_ payload: String) {
    let readings = Self.read(Self.single(.temperature, path: []), Self.message(payload))
    #expect(Self.sample(readings) == nil)
    #expect(Self.reasons(readings).count == 1)
  }

  @Test func scalesAndShifts() {
    let topics = Self.single(.temperature, scale: 0.1, offset: -40)
    #expect(Self.sample(Self.read(topics, Self.message(#"{"v":615}"#)))?[.temperature]?.value == 21.5)
  }

  @Test(arguments: [
    ("\"21.5\"", true), ("\" 21.5\"", false), ("\"nan\"", false), ("\"0x10\"", false), ("\"on\"", false),
  ])
  func takesTextOnlyWhenItIsExactlyANumber(_ value: String, _ isTaken: Bool) {
    let readings = Self.read(Self.single(.temperature), Self.message("{\"v\":\(value)}"))
    #expect((Self.sample(readings)?[.temperature] == Reading(.temperature, 21.5)) == isTaken)
    #expect(Self.reasons(readings).isEmpty == isTaken)
  }

  @Test func takesFlagsOnlyWhereTheyCanBeMeant() {
    #expect(
      Self.sample(Self.read(Self.single(.relayOn), Self.message(#"{"v":true}"#)))?.readings
        == [Reading(.relayOn, 1)])
    #expect(
      Self.reasons(Self.read(Self.single(.temperature), Self.message(#"{"v":true}"#)))
        == [#"home/roof: v is true, not a number in: {"v":true}"#])
  }

  @Test func saysWhichPathIsMissingAndKeepsTheRest() {
    let readings = Self.read([Self.roof], Self.message(#"{"temp":{"f":70},"hum":40}"#))
    #expect(Self.sample(readings)?.readings == [Reading(.humidity, 40)])
    #expect(Self.reasons(readings) == [#"home/roof: has no temp.c in: {"temp":{"f":70},"hum":40}"#])
  }

  @Test(arguments: ["not json", "{\"temp\":", "{\"temp\":{\"c\":NaN}}", "", "\u{0}\u{1}"])
  func complainsOnceAboutWhatIsNoJSON(_ payload: String) {
    let readings = Self.read([Self.roof], Self.message(payload))
    #expect(Self.sample(readings) == nil)
    #expect(Self.reasons(readings).count == 1)
    #expect(Self.reasons(readings).allSatisfy { $0.hasPrefix("home/roof: is ") && !$0.contains("\u{1}") })
  }

  @Test func survivesNestingWithoutEnd() {
    let deep = String(repeating: "[", count: 60_000)
    #expect(Self.reasons(Self.read([Self.roof], Self.message(deep))).count == 1)
  }

  @Test func marksWhatCannotBeTrue() {
    let readings = Self.read([Self.roof], Self.message(#"{"temp":{"c":850},"hum":40}"#))
    #expect(
      Self.sample(readings)?.readings == [Reading(.temperature, quality: .outOfRange), Reading(.humidity, 40)])
    #expect(Self.reasons(readings).isEmpty)
  }

  @Test func marksNullAsNotImplemented() {
    let readings = Self.read(Self.single(.temperature), Self.message(#"{"v":null}"#))
    #expect(Self.sample(readings)?.readings == [Reading(.temperature, quality: .notImplemented)])
  }

  @Test func aRetainedMessageIsNotFresh() {
    let topics = Self.single(.temperature)
    #expect(
      Self.sample(Self.read(topics, Self.message(#"{"v":21.5}"#, isRetained: true)))?.readings
        == [Reading(.temperature, 21.5, quality: .stale)])
    #expect(
      Self.sample(Self.read(topics, Self.message(#"{"v":999}"#, isRetained: true)))?.readings
        == [Reading(.temperature, quality: .outOfRange)])
  }

  @Test func refusesAHugePayload() {
    let padding = String(repeating: " ", count: SensorTopics.longestPayload - 8)
    #expect(Self.sample(Self.read(Self.single(.temperature), Self.message(#"{"v":21}"# + padding))) != nil)
    for topics in [Self.single(.temperature), Self.single(.temperature, path: [])] {
      let reasons = Self.reasons(Self.read(topics, Self.message(#"{"v":21}"# + padding + " ")))
      #expect(reasons.count == 1)
      #expect(reasons.allSatisfy { $0.contains("65537 bytes") && $0.utf8.count < 200 })
    }
  }

  @Test func showsAtMostEightyBytesOfThePayload() {
    let payload = "\n" + String(repeating: "x", count: 500)
    let reasons = Self.reasons(Self.read(Self.single(.temperature), Self.message(payload)))
    #expect(reasons == ["home/roof: is not JSON in:  " + String(repeating: "x", count: 79) + "…"])
  }

  @Test func severalSensorsShareATopic() {
    var second = Self.roof
    second.device = "attic"
    second.messages[0].values = [.init(point: .irradiance, path: ["sun"])]
    let topics = SensorTopics([
      Self.roof, SensorDefinition(device: "pool", topic: "home/pool", values: []), second,
    ])
    #expect(topics.filters == ["home/roof", "home/pool"])
    let readings = Self.read(topics, Self.message(#"{"temp":{"c":1},"hum":2}"#))
    #expect(Self.sample(readings)?.device == "roof")
    #expect(Self.reasons(readings).count == 1)
    #expect(readings.count == 2)
  }

  @Test func ignoresTopicsOfNobody() {
    #expect(Self.read([Self.roof], Self.message("{}", topic: "home/roof/else")).isEmpty)
  }
}
