import ArgumentParser
import EnergyModel
import Foundation
import MQTTLink
import SiteStage
import TestKit

/// From a limit's publishing over MQTT to the last relay command that it causes, as the relays' board has received it.
///
/// Broker, simulator and agent are processes of their own. A channel of class legal limits what seven heat pumps draw, each
/// behind a relay of one board, so far that all are blocked; the release lets them run. Each round begins at a
/// random moment of the control cycle and of the polls. Nothing else is asked of the board than its regular polls.
struct LimitBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "limit", abstract: "From a limit's arrival over MQTT to the last relay command written.")

  @Option(help: "Limits that are sent, by several sites at once.")
  var limits = 200

  @Option(help: "The site's configuration.")
  var config = "config/demo.yaml"

  /// A heat pump is started at most 60 times an hour.
  private static let mostOfOneSite = 50

  func run() async throws {
    let programs = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let sites = max(1, (limits + Self.mostOfOneSite - 1) / Self.mostOfOneSite)
    let configuration = URL(fileURLWithPath: config)
    let times = try await withThrowingTaskGroup(of: [Double].self) { group in
      for site in 0..<sites {
        let share = limits / sites + (site < limits % sites ? 1 : 0)
        group.addTask { try await LimitedSite(programs: programs, configuration: configuration).measure(share) }
      }
      return try await group.reduce(into: []) { $0 += $1 }.sorted()
    }
    guard times.count == limits, let worst = times.last else { throw BenchFailure(text: "no limit was measured") }
    let late = times[min(times.count - 1, times.count * 99 / 100)]
    print(
      String(
        format: "from a limit over MQTT to the last of %d relay commands: median %.0f ms, p99 %.0f ms, worst %.0f ms "
          + "(%d limits, %d sites at once; p99: %@)", LimitedSite.pumps.count, median(times), late, worst, limits,
        sites,
        Bounds.aim(late, atMost: 250)))
  }
}

/// A site of which the grid operator limits the heat pumps over and over.
private struct LimitedSite {
  /// The coil of each pump: all that the simulator's board has beside the boiler's.
  static let pumps = 1...7
  /// What a legal limit has to leave to seven devices (BK6-22-300, annex 1, 4.5), W, and what each of them takes: none fits.
  private static let leastDraw = 18_060
  private static let rated = "20 kW"
  /// SG-Ready: the first contact is closed while the pump is blocked.
  private static let (blocked, released) = (1, 0)

  let programs: URL
  let configuration: URL

  func measure(_ limits: Int) async throws -> [Double] {
    var options = SiteStage.Options(programs: programs, configuration: configuration)
    options.recordsRequests = true
    options.edit = Self.edit
    // At night nothing comes on top of the limit.
    options.simulator = ["--sky", "2026-12-21T23:00:00Z", "--seed", "7", "--soc", "15", "--boiler", "never"]
    let stage = try SiteStage(options)
    defer {
      stage.stop()
      stage.removeFolder()
    }
    try stage.startSimulator()
    try await eventually(within: 10, "the simulator") { Loopback.accepts(stage.ports.relay) }
    let link = MQTTLink(
      settings: LinkSettings(clientID: "operator", host: "127.0.0.1", port: stage.aggregator.port), time: SystemTime(),
      seed: 1)
    link.start()
    defer {
      link.stop()
      link.join()
    }
    var written = RelayWrites(file: stage.requestsFile)
    try stage.startAgent()
    do {
      // A channel that has not spoken yet limits to its failsafe value; a pump of which nothing is known may have been blocked
      // for as long as it may be, and runs for as long first.
      try await written.wait(for: Self.blocked, since: 0, within: 100)
      try await eventually("the connection") { link.isConnected }
      var times: [Double] = []
      for number in 0...limits {
        let released = send("release", number, "", on: link)
        try await written.wait(for: Self.released, since: released, within: 10)
        guard number < limits else { break }
        try await Task.sleep(for: .milliseconds(Int.random(in: 0..<1000)))
        let sent = send("limit", number, #","controllable_power_w":\#(Self.leastDraw)"#, on: link)
        times.append(Double(try await written.wait(for: Self.blocked, since: sent, within: 10) - sent))
      }
      return times
    } catch {
      throw BenchFailure(text: "\(error); the agent's log: \(stage.agentLog.suffix(2000))")
    }
  }

  /// - Returns: when, UTC ms.
  private func send(_ kind: String, _ number: Int, _ quantity: String, on link: MQTTLink) -> Int64 {
    let now = SystemTime().now().wall.milliseconds
    let counter = 2 * number + (kind == "limit" ? 2 : 1)
    let text =
      #"{"v":1,"id":"\#(kind)-\#(number)","site":"mill-lane-4","issuer":"bench","counter":\#(counter),"#
      + #""issued":\#(now),"kind":"\#(kind)","parameters":{"channel":"dso"\#(quantity)}}"#
    _ = link.publish(
      OutgoingMessage(id: UInt64(counter), topic: "holdfast/v1/mill-lane-4/command", payload: Array(text.utf8)))
    return now
  }

  /// The demo's site with heat pumps that nobody has, a connection that bears them, and a channel.
  private static func edit(_ text: String) -> String {
    let names = pumps.map { "pump-\($0)" }
    let lines = pumps.map {
      "  pump-\($0): {sg_ready: [board/1/coil/\($0)], rated: \(rated), shed: 3, on_at_least: 0 s, off_at_least: 0 s, "
        + "starts_an_hour: 60, block_at_most: 60 s}"
    }
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      if line.hasPrefix("  heat-pump:") { return lines.joined(separator: "\n") }
      if line.hasPrefix("  controllable:") {
        return "  controllable: {devices: [\(names.joined(separator: ", "))]}"
      }
      if line.hasPrefix("strategy:") {
        return "channels:\n  dso: {class: legal, uplink: vpp, failsafe: {grid_draw: 18.06 kW}}\n\n\(line)"
      }
      return String(line).replacing("fuse: 3 x 25 A", with: "fuse: 3 x 250 A")
    }.joined(separator: "\n")
  }
}

/// What the board of the relays was told, read on from the simulator's file.
private struct RelayWrites {
  let file: URL
  private var offset: UInt64 = 0

  init(file: URL) { self.file = file }

  /// Waits until every pump's relay was told `value`; when the last of them was, UTC ms.
  @discardableResult
  mutating func wait(for value: Int, since: Int64, within seconds: Double) async throws -> Int64 {
    var missing = Set(LimitedSite.pumps)
    let end = Date().addingTimeInterval(seconds)
    while Date() < end {
      for request in try more() where request.t >= since && request.values == [value] {
        missing.remove(request.address)
        if missing.isEmpty { return request.t }
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw BenchFailure(text: "relays \(missing.sorted()) were not told \(value) within \(seconds) s")
  }

  private mutating func more() throws -> [Request] {
    guard let handle = try? FileHandle(forReadingFrom: file) else { return [] }
    defer { try? handle.close() }
    try handle.seek(toOffset: offset)
    guard let data = try handle.readToEnd(), let end = data.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    let whole = data[...end]
    offset += UInt64(whole.count)
    let decoder = JSONDecoder()
    return try whole.split(separator: UInt8(ascii: "\n")).map { try decoder.decode(Request.self, from: $0) }
      .filter { $0.write && $0.device == "relay" }
  }
}
