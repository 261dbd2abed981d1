import ArgumentParser
import EnergyModel
import Foundation
import MQTTLink
import SiteStage
import TestKit

/// From the publishing of an order over MQTT to the last relay command that it causes, as the relays' board has received it.
///
/// Broker, simulator and agent are processes of their own. An order to shed (the one limit that control carries out at once
/// and by relays alone) names seven loads, each behind a relay of one board; an empty one lets them on again. Each round
/// begins at a random moment of the control cycle and of the polls. Nothing else is asked of the board than its regular polls.
struct LimitBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "limit", abstract: "From a limit's arrival over MQTT to the last relay command written.")

  @Option(help: "Limits that are sent, by several sites at once.")
  var limits = 200

  @Option(help: "The site's configuration.")
  var config = "config/demo.yaml"

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
          + "(%d limits, %d sites at once; p99: %@)", LimitedSite.loads.count, median(times), late, worst, limits,
        sites,
        Bounds.aim(late, atMost: 250)))
  }
}

/// A site whose loads an aggregator sheds over and over.
private struct LimitedSite {
  /// The coil of each load: all that the simulator's board has beside the boiler's.
  static let loads = 1...7
  private static let (off, on) = (0, 1)

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
      // The relays of the simulator begin open; before it was read nothing is written.
      try await written.wait(for: Self.on, since: 0, within: 60)
      try await eventually("the connection") { link.isConnected }
      var times: [Double] = []
      for number in 0..<limits {
        try await Task.sleep(for: .milliseconds(Int.random(in: 0..<1000)))
        let sent = send(Self.names, 2 * number, on: link)
        times.append(Double(try await written.wait(for: Self.off, since: sent, within: 10) - sent))
        let restored = send([], 2 * number + 1, on: link)
        try await written.wait(for: Self.on, since: restored, within: 10)
      }
      return times
    } catch {
      throw BenchFailure(text: "\(error); the agent's log: \(stage.agentLog.suffix(2000))")
    }
  }

  private static var names: [String] { loads.map { "load-\($0)" } }

  /// - Returns: when, UTC ms.
  private func send(_ loads: [String], _ number: Int, on link: MQTTLink) -> Int64 {
    let now = SystemTime().now().wall.milliseconds
    let list = loads.map { "\"\($0)\"" }.joined(separator: ",")
    let text =
      #"{"v":1,"id":"shed-\#(number)","site":"mill-lane-4","issuer":"bench","counter":\#(number + 1),"#
      + #""issued":\#(now),"duration_s":900,"kind":"shed","parameters":{"loads":[\#(list)]}}"#
    _ = link.publish(
      OutgoingMessage(id: UInt64(number + 1), topic: "holdfast/v1/mill-lane-4/command", payload: Array(text.utf8)))
    return now
  }

  /// The demo's site with loads that nobody has, a connection that bears them, and an aggregator who may shed them.
  private static func edit(_ text: String) -> String {
    let lines = loads.map {
      "  load-\($0): {switch: board/1/coil/\($0), rated: 1 kW, shed: 3, on_at_least: 0 s, off_at_least: 0 s}"
    }
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      if line.hasPrefix("  heat-pump:") { return lines.joined(separator: "\n") }
      if line.hasPrefix("  vpp:") {
        return "  vpp: {" + "may: {shed: [\(names.joined(separator: ", "))]}, " + line.dropFirst(8)
      }
      return String(line).replacing("fuse: 3 x 25 A", with: "fuse: 3 x 250 A")
        .replacing("devices: [car, heat-pump]", with: "devices: [car]").replacing("7.56 kW", with: "4.2 kW")
    }.joined(separator: "\n")
  }
}

/// What the board of the relays was told, read on from the simulator's file.
private struct RelayWrites {
  let file: URL
  private var offset: UInt64 = 0

  init(file: URL) { self.file = file }

  /// Waits until every load's relay was told `value`; when the last of them was, UTC ms.
  @discardableResult
  mutating func wait(for value: Int, since: Int64, within seconds: Double) async throws -> Int64 {
    var missing = Set(LimitedSite.loads)
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
