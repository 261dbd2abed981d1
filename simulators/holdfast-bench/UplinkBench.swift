import EnergyModel
import Foundation
import Journal
import MQTTLink
import Synchronization
import TestKit
import Uplink

/// From committed segments to acknowledged ranges: the real journal, uplink and link over a mosquitto on loopback,
/// against `mqtt_limit pub` at QoS 1 over the same broker, in turn. Live is one message a segment, as with fresh
/// telemetry; the backlog goes in frames of 64 kB.
struct UplinkBench {
  let limits: String
  let build: String
  let rounds: Int
  let segments: Int

  private static let destination: DestinationID = "bench"
  /// What the messages of ours in a second must be of those of plain C.
  private static let wanted = 0.7

  /// - Returns: which limits were missed.
  func run() async throws -> [String] {
    try shell("make", ["-s", "-C", limits, "BUILD=\(URL(fileURLWithPath: build).path)"])
    let program = URL(fileURLWithPath: build).appendingPathComponent("mqtt_limit").path
    let broker = try TestBroker()
    let folder = try TemporaryFolder.make("uplink-bench")
    defer { try? FileManager.default.removeItem(at: folder) }
    let journal = try await fill(folder)
    var plain: [Double] = []
    var live: [Double] = []
    var backlog: [Double] = []
    for _ in 0..<rounds {
      let output = try shell(program, ["pub", "127.0.0.1", "\(broker.port)", "\(segments)", "1"])
      guard let rate = output.split(separator: " ").compactMap({ Double($0) }).last else {
        throw BenchFailure(text: "mqtt_limit said: \(output)")
      }
      plain.append(rate)
      live.append(try await measure(journal, broker.port, liveWindow: .seconds(86_400)))
      backlog.append(try await measure(journal, broker.port, liveWindow: .seconds(-86_400)))
    }
    await journal.close()
    let ratios = zip(live, plain).map { $0 / $1 }
    var bounds = Bounds()
    let limit = bounds.limit(median(ratios), atLeast: Self.wanted, "messages of the uplink against plain C")
    print(
      String(
        format: "uplink: %.0f messages/s from committed segment to acknowledged range; plain C %.0f at QoS 1; "
          + "ratio %.2f (median of %d, %.2f to %.2f; %@)", median(live), median(plain), median(ratios),
        rounds, ratios.min() ?? .nan, ratios.max() ?? .nan, limit))
    print(String(format: "uplink: %.0f backlog segments/s (median of %d)", median(backlog), rounds))
    return bounds.missed
  }

  /// A journal of segments with one record each, as much as a message of `mqtt_limit` carries.
  private func fill(_ folder: URL) async throws -> Journal {
    let clock = HurriedTime()
    let journal = try await Journal.open(
      JournalSettings(
        folder: folder.path, budget: 512 << 20, commitInterval: .milliseconds(1),
        destinations: [.init(Self.destination)]),
      time: clock)
    let work = Task { await journal.run() }
    let start = clock.now().wall
    for number in 0..<segments {
      let before = journal.counters().committedRecords
      let measured = Moment(wall: start + .milliseconds(Int64(number)), monotonic: .init(nanoseconds: 0))
      let readings = [
        Reading(.power, 500.5 + Double(number % 4000)), Reading(.energyImport, Double(1_000_000 + number)),
        Reading(.voltageL1, 230 + Double(number % 10) / 10),
      ]
      journal.accept(Sample(device: "meter-1", measured: measured, readings: readings))
      while journal.counters().committedRecords == before { usleep(100) }
    }
    work.cancel()
    await work.value
    return journal
  }

  /// Sends everything that the journal holds; segments a second.
  private func measure(_ journal: Journal, _ port: Int, liveWindow: Duration) async throws -> Double {
    let before = journal.acknowledgedRecords(by: Self.destination)
    for log in try await journal.logs(for: Self.destination) {
      guard let held = log.held else { continue }
      try await journal.replay([held], of: log.epoch, to: Self.destination)
    }
    // The windows that ship. Only the pace of the backlog is let go: 125 kB a second would be all that is measured.
    let link = MQTTLink(
      settings: LinkSettings(clientID: "bench", host: "127.0.0.1", port: port), time: SystemTime(), seed: 1)
    let uplink = Uplink(
      settings: UplinkSettings(
        destination: Self.destination, site: "bench", version: "bench", liveWindow: liveWindow,
        backfillStartDelay: .zero ... .zero, backfillBytesPerSecond: 1 << 40),
      link: link, store: journal, compressor: ZstdCompressor(), events: journal, states: journal, zone: .utc,
      time: SystemTime(), seed: 1)
    let work = Task { await uplink.run() }
    link.start()
    while !uplink.counters().isConnected { usleep(100) }
    let start = DispatchTime.now().uptimeNanoseconds
    let end = start + 120_000_000_000
    while journal.acknowledgedRecords(by: Self.destination) < before + UInt64(segments),
      DispatchTime.now().uptimeNanoseconds < end
    { usleep(1000) }
    let took = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    let sent = uplink.counters().acknowledgedSegments
    link.stop()
    link.join()
    work.cancel()
    await work.value
    guard sent >= UInt64(segments) else { throw BenchFailure(text: "\(sent) of \(segments) segments arrived") }
    return Double(sent) / took
  }
}

/// A clock of which each millisecond lasts as long as ten seconds, so that the journal's care for the flash does
/// not hold up the making of many small segments.
private struct HurriedTime: TimeSource {
  func now() -> Moment {
    let moment = SystemTime().now()
    return Moment(
      wall: moment.wall, monotonic: MonotonicInstant(nanoseconds: moment.monotonic.nanoseconds * 10_000))
  }
}
