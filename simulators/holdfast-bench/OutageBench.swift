import ArgumentParser
import DrivenStage
import EnergyModel
import Foundation
import Journal
import TestKit

/// Days without a broker, then everything through a thin line: journal, uplink and link on a clock that is driven
/// through the outage and runs at its own pace while the backlog drains at the shipped rate. A receiver of its own
/// process keeps the records and proves that none is missing.
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

  @Option(help: "The program whose noise the devices have; without it the two are not compared.")
  var trace = "../shared/limits/trace.py"

  /// Most of the journal on the disk, bytes, and of this process in memory, MB.
  private static let limits = (bytes: 250_000_000, megabytes: 128.0)

  func validate() throws {
    guard hours > 0, devices > 0, line > 0, roundTrip >= 0, patience > 0 else {
      throw ValidationError("hours, devices, line and patience are above zero")
    }
  }

  func run() async throws {
    let folder = try TemporaryFolder.make("outage")
    defer { try? FileManager.default.removeItem(at: folder) }
    var missed: [String] = []
    var failure: (any Error)?
    do { missed = try await cutOff(folder) } catch { failure = error }
    let memory = peakMegabytes()
    print(String(format: "memory: %.1f MB resident at most (limit %.0f MB)", memory, Self.limits.megabytes))
    if memory > Self.limits.megabytes { missed.append("memory") }
    if let failure { throw failure }
    // After the outage, so that its memory is its own.
    missed += try await compareNoise(folder)
    guard missed.isEmpty else { throw BenchFailure(text: "missed: \(missed.joined(separator: ", "))") }
  }

  /// - Returns: which limits were missed.
  private func cutOff(_ folder: URL) async throws -> [String] {
    let brokerPort = Loopback.freePort()
    let proxy = try FaultProxy(
      to: brokerPort, mode: .refuse, shape: .init(bitsPerSecond: line, delay: .milliseconds(roundTrip / 2)))
    defer { proxy.stop() }
    let state = folder.appendingPathComponent("state")
    let site = try await DrivenSite(devices: devices, in: state, port: proxy.port, budget: budget)
    var missed: [String] = []
    do {
      missed = try await fill(site, proxy)
      missed += try await OutageDrain(bench: self, site: site, proxy: proxy, folder: folder).run(brokerPort)
    } catch {
      await site.stop()
      throw error
    }
    let counters = site.journal.counters()
    if counters.purgedRecords + counters.thinnedRecords + counters.droppedSamples > 0 { missed.append("records lost") }
    await site.stop()
    return missed
  }

  /// Drives the clock through the outage. For half of it the broker's port is refused, for the other half connections
  /// are accepted and cut, which can be counted.
  private func fill(_ site: DrivenSite, _ proxy: FaultProxy) async throws -> [String] {
    let start = SystemTime().now().monotonic
    let seconds = max(1, Int(hours * 3600))
    var most = 0
    for second in 1...seconds {
      if second == seconds / 2 { proxy.set(.pass) }
      try await site.second()
      if second % 600 == 0 { most = max(most, bytes(in: site.folder)) }
    }
    _ = await site.journal.flush()
    most = max(most, bytes(in: site.folder))
    let counters = site.journal.counters()
    print(
      String(
        format:
          "outage of %.1f h: %.1f million values in %.0f s, %.1f MB on the disk at most (limit 250 MB), "
          + "%d records lost; %d attempts to connect in its second half; memory %.1f MB", hours,
        Double(devices * 20 * seconds) / 1e6, (SystemTime().now().monotonic - start).seconds, Double(most) / 1e6,
        Int(counters.purgedRecords + counters.thinnedRecords + counters.droppedSamples), proxy.attempts.count,
        peakMegabytes()))
    // Into a file as well, before the long wait.
    fflush(nil)
    var missed = most > Self.limits.bytes ? ["bytes on the disk"] : []
    // From one attempt to the next it is never longer than the back-off's minute and the attempt's ten seconds.
    if proxy.attempts.count < seconds / 2 / 70 { missed.append("attempts to connect") }
    return missed
  }

  /// How much room an hour takes in the journal, of `trace.py` and of the devices here.
  private func compareNoise(_ folder: URL) async throws -> [String] {
    guard FileManager.default.fileExists(atPath: trace) else {
      print("noise: no \(trace), not compared")
      return []
    }
    let theirs = try Trace(script: trace, devices: devices, seconds: 3600)
    var noise = NoisySite(devices: devices, seed: 1)
    let ours = (0..<3600).map { second in
      noise.samples(
        at: Moment(wall: Trace.start + .seconds(second), monotonic: .init(nanoseconds: Int64(second) * 1_000_000_000)))
    }
    let empty = try await JournalRun(in: folder).close()
    var costs: [Double] = []
    for seconds in [theirs.seconds, ours] {
      let run = try await JournalRun(in: folder)
      try await run.play(seconds[...])
      costs.append(Double(try await run.close() - empty) / Double(theirs.values))
    }
    print(
      String(
        format: "noise: %.3f bytes a value in the journal over an hour, %.3f with that of trace.py (within 5 %%)",
        costs[1], costs[0]))
    return abs(costs[1] / costs[0] - 1) < 0.05 ? [] : ["the noise of trace.py"]
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
