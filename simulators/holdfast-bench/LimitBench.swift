import ArgumentParser
import EnergyModel
import Foundation
import MQTTLink
import SiteClient
import SiteStage
import TestKit

/// From a limit over MQTT to the last relay command that it makes necessary, seen from outside: broker, agent and relay
/// board are processes of their own, the clock is the system's monotonic one. It begins before the limit is given to
/// the network and ends when the board has received the last write.
///
/// A legal channel tightens what the heat pumps behind one board may draw together, step by step, so that each limit
/// blocks ``each`` more of them. What a limit blocked comes back only after minutes, so nothing is released: a fresh
/// site, with nothing remembered, takes over when all are blocked.
struct LimitBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "limit", abstract: "From a limit over MQTT to the last relay command written.")

  @Option(help: "Limits that are measured; seven of each site.")
  var limits = 105

  @Option(help: "A configuration beside which the device profiles are.")
  var config = "config/demo.yaml"

  private static let pumps = 32
  /// Relay commands of each limit.
  private static let each = 4
  /// Of a pump, kW. Large, so that the limits stay above what the law leaves to so many devices: 62.8 kW.
  private static let rated = 20
  private static let steps = 7

  func run() async throws {
    var random = SplitMix64(seed: 7)
    var first: [Double] = []
    var last: [Double] = []
    for site in 0..<(limits + Self.steps - 1) / Self.steps {
      let times = try await measure(site, &random)
      first += times.map(\.first)
      last += times.map(\.last)
    }
    last.sort()
    guard !last.isEmpty else { throw ValidationError("--limits is above zero") }
    let late = last[last.count * 99 / 100]
    print(
      String(
        format: "limit over MQTT to the last of %d relay commands: median %.0f ms, p99 %.0f ms (%@), highest %.0f ms, "
          + "of %d; to the first: median %.0f ms", Self.each, median(last), late, Bounds.aim(late, atMost: 250),
        last.last ?? .nan, last.count, median(first)))
  }

  /// One site from its start until all that may be blocked is. ms from each limit to its first and its last relay command.
  private func measure(_ site: Int, _ random: inout SplitMix64) async throws -> [(first: Double, last: Double)] {
    let programs = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    var options = SiteStage.Options(programs: programs, configuration: URL(fileURLWithPath: config))
    options.edit = { _ in Self.site }
    options.recordsRequests = true
    // Nothing of the site's own comes on top of a limit.
    options.simulator = ["--relays", "\(Self.pumps + 8)", "--fixed-load", "5000", "--fixed-pv", "0"]
    let stage = try SiteStage(options)
    defer {
      stage.stop()
      stage.removeFolder()
    }
    let desk = GridOperator(port: stage.aggregator.port)
    defer { desk.stop() }
    try await start(stage, desk)
    var times: [(first: Double, last: Double)] = []
    for step in 1...Self.steps {
      // Anywhere between two cycles.
      try await Task.sleep(for: .seconds(Double.random(in: 0...1, using: &random)))
      let left = Self.pumps - step * Self.each
      let published = try desk.limit(to: left * Self.rated * 1000, id: "limit-\(site)-\(step)", counter: step)
      times.append(try await writes(to: left..<left + Self.each, since: published, stage))
    }
    return times
  }

  private func start(_ stage: SiteStage, _ desk: GridOperator) async throws {
    try stage.startSimulator()
    try await eventually(within: 20, "the simulator") {
      Loopback.accepts(stage.ports.relay) && Loopback.accepts(stage.ports.meter)
    }
    try stage.startAgent()
    try await eventually(within: 40, "every relay is read; the agent's log: \(stage.agentLog)") {
      guard let site = try? await stage.client.site(), desk.isConnected else { return false }
      return site.decision?.safeState == false && site.uplinks.allSatisfy(\.connected)
    }
    // The first second belongs to the start.
    try await Task.sleep(for: .seconds(1))
  }

  /// Looks only now and then, so that looking costs those who are measured nothing.
  private func writes(
    to pumps: Range<Int>, since published: MonotonicInstant, _ stage: SiteStage
  ) async throws -> (first: Double, last: Double) {
    let coils = Set(pumps.map { Self.coil(of: $0) })
    var times: [Int: Double] = [:]
    for _ in 0..<25 where times.count < coils.count {
      try await Task.sleep(for: .milliseconds(400))
      for request in try Request.read(stage.requestsFile)
      where request.write && request.device == "relay" && times[request.address] == nil {
        let took = Double(request.monotonic_us - published.nanoseconds / 1000) / 1000
        if coils.contains(request.address), request.values == [1], took >= 0 { times[request.address] = took }
      }
    }
    guard times.count == coils.count, let first = times.values.min(), let last = times.values.max() else {
      throw BenchFailure(
        text:
          "a limit brought \(times.count) of \(coils.count) relay commands in 10 s; the agent's log: \(stage.agentLog)")
    }
    return (first, last)
  }

  /// Behind those that something of the simulated house hangs on.
  private static func coil(of pump: Int) -> Int { 8 + pump }

  /// Pumps of one place in the order are blocked from the last name on. The addresses are those of the stage's ports.
  private static var site: String {
    let names = (0..<pumps).map { "pump-\($0 < 10 ? "0" : "")\($0)" }
    let lines = names.enumerated().map { index, name in
      "  \(name): {sg_ready: [board/1/coil/\(coil(of: index))], rated: \(rated) kW, shed: 1}"
    }
    return """
      site: {id: \(GridOperator.site), time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40, mode: control, clock: declared}
      buses:
        meter: {modbus_tcp: "127.0.0.1:15022"}
        board: {modbus_tcp: "127.0.0.1:15023"}
      devices:
        grid-meter: {profile: eastron-sdm630, bus: meter, unit: 1, measures: grid, period: 1 s}
      loads:
      \(lines.joined(separator: "\n"))
      limits:
        controllable: {devices: [\(names.joined(separator: ", "))]}
      channels:
        \(GridOperator.channel): {class: legal, uplink: operator, failsafe: {grid_draw: \(pumps * rated) kW}}
      uplinks:
        operator: {mqtt: "tcp://127.0.0.1:18830"}
      journal: {budget: 200 MB, when_full: thin-oldest}
      api: {listen: "127.0.0.1:8480"}

      """
  }
}

/// The one who limits, with a connection that stands already.
private final class GridOperator {
  static let site = "heat-house"
  static let channel = "dso"

  private let link: MQTTLink
  private let reader: Task<Void, Never>

  init(port: Int) {
    let link = MQTTLink(
      settings: LinkSettings(clientID: "operator", host: "127.0.0.1", port: port), time: SystemTime(), seed: 5)
    reader = Task { for await _ in link.events() {} }
    link.start()
    self.link = link
  }

  var isConnected: Bool { link.isConnected }

  /// - Returns: when it was given to the network.
  func limit(to watts: Int, id: String, counter: Int) throws -> MonotonicInstant {
    let now = SystemTime().now()
    let text =
      #"{"v":1,"id":"\#(id)","site":"\#(Self.site)","issuer":"bench","counter":\#(counter),"#
      + #""issued":\#(now.wall.milliseconds),"kind":"limit","#
      + #""parameters":{"channel":"\#(Self.channel)","controllable_power_w":\#(watts)}}"#
    let message = OutgoingMessage(
      id: UInt64(counter), topic: "holdfast/v1/\(Self.site)/command", payload: Array(text.utf8))
    guard link.publish(message) else { throw BenchFailure(text: "the broker of the bench is away") }
    return now.monotonic
  }

  func stop() {
    link.stop()
    link.join()
    reader.cancel()
  }
}
