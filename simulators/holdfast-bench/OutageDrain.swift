import EnergyModel
import Foundation
import Journal
import MQTTLink
import Synchronization
import TestKit
import Uplink

extension OutageBench {
  /// Connects through the line, goes on measuring, and waits until the receiver has everything.
  /// - Returns: which limits were missed.
  func drain(
    _ journal: Journal, _ time: DrivenTime, _ noise: inout NoisySite, _ folder: URL
  ) async throws -> [String] {
    let broker = try TestBroker()
    defer { broker.stop() }
    let database = folder.appendingPathComponent("receiver.sqlite")
    let receiver = try startReceiver(broker.port, database, folder)
    defer { receiver.terminate() }
    let proxy = try FaultProxy(
      to: broker.port, shape: .init(bitsPerSecond: line, delay: .milliseconds(roundTrip / 2)))
    defer { proxy.stop() }
    let watch = LiveWatch(port: broker.port, site: Self.site, time: time, since: time.now().wall)
    let (link, uplink) = makeUplink(journal, time, port: proxy.port)
    time.letGo()
    watch.start()
    link.start()
    let work = [Task { await journal.run() }, Task { await uplink.run() }, Task { await watch.run() }]
    let start = time.now().monotonic
    let fed = await feed(journal, time, &noise)
    let verdict = try await settle(journal, database)
    let took = (time.now().monotonic - start).seconds
    link.stop()
    watch.stop()
    link.join()
    for task in work { task.cancel() }
    print(
      String(
        format:
          "drained in %.1f min through %.1f Mbit/s and %d ms (limit 30 min); live data %.2f s old (p99 of %d records; limit 6 s)",
        took / 60, Double(line) / 1e6, roundTrip, watch.age(share: 0.99), watch.count))
    let committed = journal.counters().committedRecords
    print("the receiver, of \(committed) committed records:\n\(verdict ?? "not complete")")
    var missed: [String] = []
    if took > patience * 60 { missed.append("time to drain") }
    // What was late so that it went the way of the backlog is missing here, and must not make the rest look young.
    if watch.age(share: 0.99) > 6 || watch.count * 100 < fed * 98 { missed.append("age of live data") }
    if verdict?.contains("complete: \(committed) records") != true { missed.append("completeness") }
    return missed
  }

  private func makeUplink(_ journal: Journal, _ time: DrivenTime, port: Int) -> (MQTTLink, Uplink) {
    let settings = UplinkSettings(
      destination: Self.destination, site: Self.site, version: "bench", backfillBytesPerSecond: line / 8)
    let link = MQTTLink(
      settings: LinkSettings(
        clientID: "outage", host: "127.0.0.1", port: port, subscriptions: settings.subscriptions),
      time: time, seed: 1)
    let uplink = Uplink(
      settings: settings, link: link, store: journal, compressor: ZstdCompressor(), events: journal, states: journal,
      zone: .utc, time: time, seed: 2)
    return (link, uplink)
  }

  /// Goes on measuring each second until the backlog is no more than a few commits. Answers how many records that was.
  private func feed(_ journal: Journal, _ time: DrivenTime, _ noise: inout NoisySite) async -> Int {
    let start = time.now().monotonic
    let small = UInt64(devices * 16)
    var fed = 0
    for second in 1...Int(patience * 60) {
      let rest = start + .seconds(second) - time.now().monotonic
      try? await Task.sleep(for: max(.zero, rest))
      for sample in noise.samples(at: time.now()) { journal.accept(sample) }
      fed += devices
      if journal.backlog(for: Self.destination) <= small { break }
    }
    return fed
  }

  private var programs: URL { URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent() }

  private func startReceiver(_ port: Int, _ database: URL, _ folder: URL) throws -> ChildProcess {
    try ChildProcess(
      programs.appendingPathComponent("holdfast-receiver").path,
      ["run", "--mqtt", "127.0.0.1:\(port)", "--database", database.path],
      output: folder.appendingPathComponent("receiver.log"))
  }

  /// Waits until the receiver has everything: what it lost under the load it asks for again. Nil when it never has.
  private func settle(_ journal: Journal, _ database: URL) async throws -> String? {
    for _ in 0..<240 {
      if journal.backlog(for: Self.destination) == 0, let verdict = try? verdict(database) { return verdict }
      try await Task.sleep(for: .milliseconds(500))
    }
    return nil
  }

  /// The receiver's own word that it has everything; throws when it has not.
  private func verdict(_ database: URL) throws -> String {
    try shell(
      programs.appendingPathComponent("holdfast-receiver").path, ["prove", "--strict", "--database", database.path])
  }
}

/// Sees what arrives live, straight at the broker, and how old it is. Of the outage's last minute, which is young
/// enough for the live lane as well, it says nothing.
final class LiveWatch: Sendable {
  private let link: MQTTLink
  private let since: Int64
  private let ages = Mutex<[Double]>([])

  init(port: Int, site: String, time: DrivenTime, since: Timestamp) {
    self.since = since.milliseconds
    link = MQTTLink(
      settings: LinkSettings(
        clientID: "watch", host: "127.0.0.1", port: port, subscriptions: ["holdfast/v1/\(site)/telemetry"]),
      time: time, seed: 3)
  }

  func start() { link.start() }
  func stop() { link.stop() }

  func run() async {
    for await event in link.events() {
      guard case .message(let message) = event,
        let object = try? JSONSerialization.jsonObject(with: Data(message.payload)) as? [String: Any],
        let records = object["records"] as? [[String: Any]]
      else { continue }
      let times = records.compactMap { ($0["t"] as? NSNumber)?.int64Value }.filter { $0 > since }
      let now = message.received.wall.milliseconds
      ages.withLock { $0 += times.map { Double(now - $0) / 1000 } }
    }
  }

  var count: Int { ages.withLock { $0.count } }

  /// The age that this share of the records does not exceed, s.
  func age(share: Double) -> Double {
    let sorted = ages.withLock { $0.sorted() }
    guard !sorted.isEmpty else { return .nan }
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }
}
