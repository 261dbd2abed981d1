import ArgumentParser
import EnergyModel
import Foundation
import Journal
import MQTTLink
import TestKit
import Uplink

/// Days without a broker, then everything through a thin line: journal and uplink on a clock that is driven
/// through the outage and runs at its own pace while the backlog drains. A receiver of its own process keeps
/// the records and proves that none is missing.
struct OutageBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "outage", abstract: "Days without a broker, drained through a line of 2 Mbit/s and 200 ms.")

  @Option(help: "Hours without a broker.")
  var hours = 72.0

  @Option(help: "Devices of 20 points, measured each second.")
  var devices = 10

  @Option(help: "The line's bits a second, each way.")
  var line = 2_000_000

  @Option(help: "The line's round trip in milliseconds.")
  var roundTrip = 200

  @Option(help: "Most bytes of the journal on the disk.")
  var budget = 250_000_000

  @Option(help: "Minutes that draining may take.")
  var patience = 30.0

  static let destination = DestinationID("vpp")
  static let site = "outage"

  func run() async throws {
    let folder = try TemporaryFolder.make("outage")
    defer { try? FileManager.default.removeItem(at: folder) }
    let time = DrivenTime(
      Moment(wall: Timestamp(milliseconds: 1_763_659_200_000), monotonic: SystemTime().now().monotonic))
    let state = folder.appendingPathComponent("state")
    let journal = try await Journal.open(
      JournalSettings(folder: state.path, budget: budget, destinations: [.init(Self.destination)]), time: time)
    var noise = NoisySite(devices: devices, seed: 1)
    let most = try await fill(journal, time, &noise, state)
    print(
      String(
        format:
          "outage of %.1f h: %.1f million values in %.0f s, %.1f MB on the disk at most (limit 250 MB), %d records lost",
        hours, Double(devices) * 20 * hours * 0.0036, most.seconds, Double(most.bytes) / 1e6,
        Int(journal.counters().purgedRecords)))
    var missed: [String] = []
    if most.bytes > 250_000_000 { missed.append("bytes on the disk") }
    missed += try await drain(journal, time, &noise, folder)
    let counters = journal.counters()
    if counters.purgedRecords + counters.thinnedRecords + counters.droppedSamples > 0 { missed.append("records lost") }
    await journal.close()
    let memory = peakMegabytes()
    print(String(format: "memory: %.1f MB resident at most (limit 128 MB)", memory))
    if memory > 128 { missed.append("memory") }
    guard missed.isEmpty else { throw BenchFailure(text: "missed: \(missed.joined(separator: ", "))") }
  }

  /// Drives the clock through the outage, with a commit every 4 s.
  private func fill(
    _ journal: Journal, _ time: DrivenTime, _ noise: inout NoisySite, _ state: URL
  ) async throws -> (bytes: Int, seconds: Double) {
    let start = SystemTime().now().monotonic
    var most = 0
    for second in 1...Int(hours * 3600) {
      time.advance(by: .seconds(1))
      for sample in noise.samples(at: time.now()) { journal.accept(sample) }
      if second % 4 == 0 { _ = await journal.flush() }
      if second % 600 == 0 { most = max(most, bytes(in: state)) }
    }
    _ = await journal.flush()
    return (max(most, bytes(in: state)), (SystemTime().now().monotonic - start).seconds)
  }

  private func bytes(in folder: URL) -> Int {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.reduce(0) { sum, name in
      let attributes = try? FileManager.default.attributesOfItem(atPath: folder.appendingPathComponent(name).path)
      return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
    }
  }

  /// The largest this process ever was, MB: VmHWM of /proc/self/status.
  private func peakMegabytes() -> Double {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? .nan) / 1024
  }
}
