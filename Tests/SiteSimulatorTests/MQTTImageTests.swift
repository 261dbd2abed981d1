import DeviceProfile
import EnergyModel
import Foundation
import MQTTDevices
import SiteConfig
import SiteSimulator
import TestKit
import Testing

@Suite struct MQTTImageTests {
  private static var shipped: [String] {
    let folder = ProfileClient.folder.appendingPathComponent("mqtt")
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
  }

  private static func profile(_ name: String) throws -> MQTTProfile {
    let file = ProfileClient.folder.appendingPathComponent("mqtt/\(name).yaml")
    return try ConfigurationLoader.loadMQTTProfile(file: file.path).get()
  }

  private let now = Timestamp(milliseconds: 1_782_036_000_500)

  /// What the agent makes of the device's messages.
  private func readings(_ profile: MQTTProfile, _ messages: [MQTTImage.Message]) -> [Point: Reading] {
    var topics = SensorTopics([profile.sensor(DeviceID("d"), topic: "house/plug")])
    var readings: [Point: Reading] = [:]
    let received = Moment(wall: now, monotonic: MonotonicInstant(nanoseconds: 5_000_000_000))
    for message in messages {
      let incoming = IncomingMessage(
        topic: message.topic, payload: Array(message.payload.utf8), isRetained: message.isRetained, received: received)
      for case .sample(let sample) in topics.readings(for: incoming) {
        for reading in sample.readings { readings[reading.point] = reading }
      }
    }
    return readings
  }

  @Test(arguments: shipped)
  func theAgentReadsWhatTheDeviceHas(name: String) throws {
    let profile = try Self.profile(name)
    var image = MQTTImage(profile, topic: "house/plug")
    var values: [Point: Double] = [:]
    for (index, value) in profile.messages.flatMap(\.values).enumerated() {
      let isWord = value.point.plausibleRange == 0...1
      values[value.point] = isWord ? 1 : min(value.point.plausibleRange.upperBound, 17.5 + Double(index))
    }
    #expect(!values.isEmpty)
    image.take(values.mapValues { Optional($0) })
    let readings = readings(profile, image.messages(now: now))
    for (point, value) in values {
      #expect(readings[point]?.quality == .good, "\(point.rawValue)")
      #expect(abs((readings[point]?.value ?? .nan) - value) < 1e-3, "\(point.rawValue)")
    }
  }

  @Test(arguments: shipped)
  func aRelayIsSwitchedAndTellsIt(name: String) throws {
    let profile = try Self.profile(name)
    guard let switching = profile.switching(topic: "house/plug") else { return }
    var image = MQTTImage(profile, topic: "house/plug")
    let topic = switching.topic.filter
    #expect(image.subscriptions.contains(topic))
    #expect(readings(profile, image.messages(now: now))[.relayOn]?.value == 0)
    var tells = image.hear(switching.on, on: topic)
    #expect(tells && image.isOn)
    #expect(readings(profile, image.messages(now: now))[.relayOn]?.value == 1)
    tells = image.hear("nonsense", on: topic)
    #expect(!tells && image.isOn)
    tells = image.hear(switching.off, on: topic)
    #expect(tells && !image.isOn)
    if let ask = switching.ask {
      tells = image.hear(ask.payload, on: ask.topic.filter)
      #expect(tells)
    }
    tells = image.hear(switching.on, on: "other")
    #expect(!tells && !image.isOn)
  }

  @Test func faultsOfADeviceOnMQTT() throws {
    let profile = try Self.profile("shelly-gen2-switch")
    var bench = Bench(seed: 1)
    let isAdded = bench.add(MQTTImage(profile, topic: "plug"), name: "plug")
    let follows = bench.follow(try ValueScript("0 plug power_w=100\n1 plug power_w=200\n"))
    #expect(isAdded && follows)
    func saying() -> Bench.Saying? { bench.saying(of: "plug", now: now) }
    func power() -> Double? {
      let object = saying()?.messages.first.flatMap { try? JSONSerialization.jsonObject(with: Data($0.payload.utf8)) }
      return (object as? [String: Any])?["apower"] as? Double
    }
    func order(_ text: String) {
      let answer = bench.order(text)
      #expect(answer.refusal == nil)
    }
    #expect(power() == 100)
    order("plug frozen")
    bench.step(by: .seconds(1))
    #expect(power() == 100)
    order("plug heal")
    #expect(power() == 200 && saying()?.messages.first?.isRetained == false)
    order("plug stale")
    #expect(power() == 200 && saying()?.messages.first?.isRetained == true)
    order("plug heal")
    order("plug nonsense")
    #expect(power() == nil && saying()?.messages.isEmpty == false)
    order("plug heal")
    order("plug ignore-writes")
    let tells = bench.hear("on", on: "plug/command/switch:0", of: "plug")
    #expect(tells && saying()?.messages.first?.payload.contains(#""output":false"#) == true)
    order("plug silence")
    #expect(saying()?.messages.isEmpty == true && saying()?.isGone == false)
    order("plug disconnect")
    #expect(saying()?.isGone == true)
    let refusal = bench.order("plug bad-crc").refusal
    #expect(refusal?.contains("on MQTT") == true)
  }

  @Test func theProgramIsSwitchedOverTheBrokerAndItsLastWillTellsThatItIsGone() async throws {
    let broker = try TestBroker()
    let heard = try TemporaryFolder.make("heard").appendingPathComponent("messages")
    defer { try? FileManager.default.removeItem(at: heard.deletingLastPathComponent()) }
    let listener = try ChildProcess("mosquitto_sub", ["-v", "-p", "\(broker.port)", "-t", "plug/#"], output: heard)
    defer { listener.kill() }
    func lines() -> [String] {
      ((try? String(contentsOf: heard, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }
    let simulator = try await SimulatorProgram { _ in
      [
        "device", "--profiles", ProfileClient.folder.path, "--mqtt-device", "shelly-gen2-switch=plug", "--mqtt",
        "127.0.0.1:\(broker.port)", "--point", "power_w=42",
      ]
    }
    try await eventually("it says its values") {
      lines().contains { $0.contains(#""apower":42"#) && $0.contains(#""output":false"#) }
    }
    #expect(lines().contains("plug/online true"))
    let sender = try ChildProcess(
      "mosquitto_pub", ["-p", "\(broker.port)", "-t", "plug/command/switch:0", "-m", "on"])
    #expect(sender.wait() == 0)
    try await eventually(within: 3, "it is on and says so at once") {
      lines().contains { $0.contains(#""output":true"#) }
    }
    simulator.child.kill()
    try await eventually("its last will") { lines().last == "plug/online false" }
  }
}
