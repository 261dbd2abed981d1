import DrivenStage
import EnergyModel
import Foundation
import MQTTLink
import Receiver
import TestKit

/// The broker appears, the site goes on measuring, and everything drains to a receiver.
struct OutageDrain {
  let bench: OutageBench
  let site: DrivenSite
  let proxy: FaultProxy
  let folder: URL

  /// What live data may be at the 99th percentile, s.
  private static let oldest = 6.0

  private var database: URL { folder.appendingPathComponent("receiver.sqlite") }
  private var programs: URL { URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent() }

  /// - Returns: which limits were missed.
  func run(_ brokerPort: Int) async throws -> [String] {
    let broker = try TestBroker(port: brokerPort)
    defer { broker.stop() }
    let receiver = try ChildProcess(
      programs.appendingPathComponent("holdfast-receiver").path,
      ["run", "--mqtt", "127.0.0.1:\(broker.port)", "--database", database.path],
      output: folder.appendingPathComponent("receiver.log"))
    defer { receiver.terminate() }
    let watch = LiveWatch(port: broker.port, time: site.time)
    watch.start()
    let watching = Task { await watch.run() }
    defer {
      watch.stop()
      watching.cancel()
    }
    let backlog = site.backlog
    let carried = proxy.carried.up
    site.letGo()
    let start = site.time.now().monotonic
    let fed = await feed()
    let isComplete = try await arrived(receiver)
    let took = (site.time.now().monotonic - start).seconds
    print(
      String(
        format: "drained %d records in %.1f min through %.1f Mbit/s and %d ms (limit %.0f min), %.1f MB over the line",
        backlog, took / 60, Double(bench.line) / 1e6, bench.roundTrip, bench.patience,
        Double(proxy.carried.up - carried) / 1e6))
    var missed = took > bench.patience * 60 ? ["time to drain"] : []
    if !isYoung(watch, fed) { missed.append("age of live data") }
    if try !isProven(isComplete) { missed.append("completeness") }
    return missed
  }

  /// Goes on measuring each second until the backlog is no more than a few commits.
  /// - Returns: since when the link was up, and how many records were measured from then on.
  private func feed() async -> (since: Timestamp?, records: Int) {
    let start = site.time.now().monotonic
    let small = UInt64(bench.devices * 16)
    var since: Timestamp?
    var records = 0
    for second in 1...max(1, Int(bench.patience * 60)) {
      try? await Task.sleep(for: max(.zero, start + .seconds(second) - site.time.now().monotonic))
      if since == nil, site.link.isConnected { since = site.time.now().wall }
      site.measure()
      if since != nil { records += bench.devices }
      if site.backlog <= small { break }
    }
    return (since, records)
  }

  /// Waits until the receiver's ranges say that it has every record: what it lost it asks for again.
  private func arrived(_ receiver: ChildProcess) async throws -> Bool {
    for _ in 0..<240 {
      guard receiver.isRunning else { throw BenchFailure(text: "the receiver has ended: \(receiverLog)") }
      if site.backlog == 0, try received() == site.committedRecords { return true }
      try await Task.sleep(for: .milliseconds(500))
    }
    return false
  }

  private func received() throws -> UInt64 {
    let archive = try Archive(path: database.path)
    defer { try? archive.close() }
    return try archive.holdings(site: DrivenSite.name).reduce(0) { $0 + $1.received.count }
  }

  /// What the link waited for is older than its age on the lane tells, so live is what was measured since it was up.
  /// What went the way of the backlog is late as well, and must not make the rest look young.
  private func isYoung(_ watch: LiveWatch, _ fed: (since: Timestamp?, records: Int)) -> Bool {
    guard let since = fed.since, fed.records > 0 else { return false }
    let ages = watch.ages(since: since)
    let late = max(0, fed.records - ages.count)
    let all = ages + [Double](repeating: .infinity, count: late)
    let age = all[min(all.count - 1, all.count * 99 / 100)]
    print(
      String(
        format: "live data: %.2f %% of %d records by telemetry, %d late by backfill; %.2f s old at the 50th and %.2f s "
          + "at the 99th percentile of all (limit %.0f s)", Double(ages.count) / Double(fed.records) * 100, fed.records,
        late, all[all.count / 2], age, Self.oldest))
    return age <= Self.oldest
  }

  /// The receiver's own word.
  private func isProven(_ isComplete: Bool) throws -> Bool {
    let committed = site.committedRecords
    let proof = folder.appendingPathComponent("proof.txt")
    let code = try ChildProcess(
      programs.appendingPathComponent("holdfast-receiver").path, ["prove", "--strict", "--database", database.path],
      output: proof
    ).wait()
    let text = try String(contentsOf: proof, encoding: .utf8)
    let told = receiverLog.split(separator: "\n").filter { $0.contains("asking again") || $0.contains("ALARM") }
    print("the receiver, of \(committed) committed records, asked \(told.count) times:\n\(text)")
    return isComplete && code == 0 && text.contains("\ncomplete: \(committed) records")
  }

  private var receiverLog: String {
    (try? String(contentsOf: folder.appendingPathComponent("receiver.log"), encoding: .utf8)) ?? ""
  }
}
