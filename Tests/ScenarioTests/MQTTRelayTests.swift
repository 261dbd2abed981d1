import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// 00:00  a relay with Tasmota is on; the agent asks for its state and is told
  /// 00:05  it stops listening; the aggregator orders the pool off: the command fails
  /// 00:12  it listens again: the next try switches it off, and it says so itself
  /// 00:20  its last will says that it is gone: no value of it is taken for good
  @Test(.timeLimit(.minutes(3))) func aRelayOnMQTTIsConfirmedByItself() async throws {
    var options = Scenario.options()
    options.edit = {
      $0.replacing(
        "\nloads:\n",
        with:
          "\nloads:\n  pool: {switch: {bus: home, profile: tasmota-switch, topic: tasmota_pool}, rated: 1.1 kW, shed: 2,\n"
          + "    on_at_least: 1 s, off_at_least: 1 s}\n",
        maxReplacements: 1
      ).replacing(
        #"vpp: {mqtt: "tcp://127.0.0.1:18830"}"#, with: #"vpp: {mqtt: "tcp://127.0.0.1:18830", may: {shed: [pool]}}"#)
    }
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    let relay = try TasmotaRelay(port: stage.broker.port, folder: stage.folder)
    try stage.startSimulator()
    try stage.startAgent()
    try await relay.answer(within: 60, "the agent acts and knows that it is on; log: \(stage.agentLog)") {
      guard let site = try? await stage.client.site(), site.setpoints.confirmed > 0 else { return false }
      return try await Self.relayOn(stage) == (1, "good")
    }

    relay.isDeaf = true
    try Self.order(stage, "off", 1, seconds: 300)
    try await relay.answer(within: 25, "its silence fails the command; log: \(stage.agentLog)") {
      try await stage.client.site().setpoints.failed > 0
    }
    #expect(relay.isOn)
    relay.isDeaf = false
    try await relay.answer(within: 40, "the pool is off; log: \(stage.agentLog)") {
      let told = try await Self.relayOn(stage)
      return !relay.isOn && told == (0, "good")
    }

    try relay.publish("tele/tasmota_pool/LWT", "Offline")
    relay.isDeaf = true
    try await relay.answer(within: 10, "it is gone") { try await Self.relayOn(stage).quality == "timeout" }
  }

  private static func relayOn(_ stage: SiteStage) async throws -> (value: Double?, quality: String?) {
    let device = try await stage.client.site().devices.first { $0.id == "pool" }
    return (device?.values["relay_on"] ?? nil, device?.quality["relay_on"] ?? "good")
  }

  private static func order(_ stage: SiteStage, _ id: String, _ counter: Int, seconds: Int) throws {
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    let text =
      #"{"v":1,"id":"\#(id)","site":"mill-lane-4","issuer":"desk-4","counter":\#(counter),"issued":\#(now),"#
      + #""kind":"shed","duration_s":\#(seconds),"parameters":{"loads":["pool"]}}"#
    let child = try ChildProcess(
      "mosquitto_pub",
      [
        "-h", "127.0.0.1", "-p", "\(stage.aggregator.port)", "-q", "1", "-t", "holdfast/v1/mill-lane-4/command", "-m",
        text,
      ], output: stage.folder.appendingPathComponent("publish.log"))
    #expect(child.wait() == 0)
  }
}

/// A relay with Tasmota, played by mosquitto's command line clients: it obeys `cmnd/…/POWER` and tells its state.
final class TasmotaRelay {
  private(set) var isOn = true
  /// Hears nothing.
  var isDeaf = false
  private let port: Int
  private let folder: URL
  private let heard: URL
  private var subscriber: ChildProcess?
  private var lines = 0

  init(port: Int, folder: URL) throws {
    self.port = port
    self.folder = folder
    heard = folder.appendingPathComponent("relay.txt")
    // A line for each message, an empty one for a question.
    subscriber = try ChildProcess(
      "mosquitto_sub", ["-h", "127.0.0.1", "-p", "\(port)", "-t", "cmnd/tasmota_pool/POWER", "-F", ">%p"],
      output: heard)
  }

  deinit { subscriber?.kill() }

  func publish(_ topic: String, _ payload: String) throws {
    let child = try ChildProcess(
      "mosquitto_pub", ["-h", "127.0.0.1", "-p", "\(port)", "-t", topic, "-m", payload],
      output: folder.appendingPathComponent("relay-publish.log"))
    #expect(child.wait() == 0)
  }

  /// Plays the relay until the condition holds.
  func answer(within seconds: Double, _ what: @autoclosure () throws -> String, _ condition: () async throws -> Bool)
    async throws
  {
    try await eventually(within: seconds, try what()) {
      try obey()
      return try await condition()
    }
  }

  private func obey() throws {
    let text = (try? String(contentsOf: heard, encoding: .utf8)) ?? ""
    let all = text.split(separator: "\n").filter { $0.hasPrefix(">") }
    for line in all.dropFirst(lines) {
      lines += 1
      guard !isDeaf else { continue }
      if line == ">ON" { isOn = true }
      if line == ">OFF" { isOn = false }
      try publish("stat/tasmota_pool/POWER", isOn ? "ON" : "OFF")
    }
  }
}
