import EnergyModel
import Foundation
import Journal

/// What a value costs in the file and on the flash, and how fast readings become durable, on the readings of
/// `trace.py`, with commits of 4 s.
struct JournalBench {
  let limits: String
  let build: String
  let trace: String
  let rounds: Int

  private static let comparedSeconds = 1200
  /// What a row of plain C, with its payload of 120 bytes, takes inside its file, pages of keys included: 9,600 rows
  /// make 334 pages of 4096 bytes.
  private static let bytesOfRow = 142.5
  /// Nearly all of the budget is reserve, so that the room for the data of half an hour is soon used up, while the
  /// write-ahead log is as long as on a real box.
  private static let (budget, reserve) = (64 << 20, 58 << 20)

  /// - Returns: the limits that were missed.
  func run() async throws -> [String] {
    var bounds = Bounds()
    try await inFolder { folder in
      let empty = try await JournalRun(in: folder).close()
      let small = try Trace(script: trace, devices: 3, seconds: 3600)
      let run = try await JournalRun(in: folder)
      try await run.play(small.seconds[...])
      report(3, small, try await run.close() - empty, &bounds)
      let large = try Trace(script: trace, devices: 50, seconds: 3600)
      try await fill(large, in: folder, empty: empty, &bounds)
      try await fillTwoLogs(large, in: folder, &bounds)
      try await purge(large, in: folder, &bounds)
      try await countSyncs(large, in: folder, &bounds)
      try await compare(large, in: folder, &bounds)
    }
    return bounds.missed
  }

  /// - Returns: the limits that were missed.
  func runSpeed() async throws -> [String] {
    var bounds = Bounds()
    try await inFolder { folder in
      try await compare(Trace(script: trace, devices: 50, seconds: Self.comparedSeconds), in: folder, &bounds)
    }
    return bounds.missed
  }

  private func inFolder(_ measure: (URL) async throws -> Void) async throws {
    guard FileManager.default.fileExists(atPath: trace) else { return print("journal: no \(trace), not measured") }
    let folder = URL(fileURLWithPath: build).appendingPathComponent("journals")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await measure(folder)
  }

  private func report(_ devices: Int, _ trace: Trace, _ bytes: Int, _ bounds: inout Bounds) {
    let bytes = Double(bytes) / Double(trace.values)
    let limit = bounds.limit(bytes, atMost: 4, "bytes a value with \(devices) devices")
    print(
      String(
        format: "journal: %.2f bytes a value in the file with %d devices over an hour (%@, %@)", bytes, devices,
        Bounds.aim(bytes, atMost: 3), limit))
  }

  private func fill(_ trace: Trace, in folder: URL, empty: Int, _ bounds: inout Bounds) async throws {
    let run = try await JournalRun(in: folder)
    let before = try Written.now()
    try await run.play(trace.seconds[...], withEvents: true)
    let bytes = try await run.close()
    report(50, trace, bytes - empty, &bounds)
    report("filling", try Written.now() - before, trace, &bounds)
  }

  /// Averages of a quarter hour beside: what is open of them goes to the disk with each commit.
  private func fillTwoLogs(_ trace: Trace, in folder: URL, _ bounds: inout Bounds) async throws {
    let averages = LogPlan(name: "averages", choice: ReportingChoice([.init(.average(over: .seconds(900)))]))
    let run = try await JournalRun(in: folder, logs: [LogPlan(), averages])
    let before = try Written.now()
    try await run.play(trace.seconds[...], withEvents: true)
    _ = try await run.close()
    report("filling raw and averages of 15 min", try Written.now() - before, trace, &bounds)
  }

  private func purge(_ trace: Trace, in folder: URL, _ bounds: inout Bounds) async throws {
    let run = try await JournalRun(in: folder, budget: Self.budget, reserve: Self.reserve)
    try await run.play(trace.seconds[...], withEvents: true)
    let (begin, purged) = (try Written.now(), run.counters.purgedRecords)
    try await run.play(trace.seconds[...], withEvents: true)
    report("at the budget", try Written.now() - begin, trace, &bounds)
    print("journal: at the budget \(run.counters.purgedRecords - purged) records were dropped")
    _ = try await run.close()
  }

  private func report(_ what: String, _ written: Written, _ trace: Trace, _ bounds: inout Bounds) {
    let days = Double(trace.seconds.count) / 86_400
    // A folder in memory writes nothing that the system counts: that is no measurement, and misses the limit.
    let gigabytes = written.pages > 0 ? Double(written.pages) / days / 1e9 : .nan
    let limit = bounds.limit(gigabytes, atMost: 1.4, "bytes to flash, \(what)")
    print(
      String(
        format: "journal: %.2f GB a day to flash with 50 devices, %@ (%.2f GB handed to the kernel; %@)", gigabytes,
        what, Double(written.handed) / days / 1e9, limit))
  }

  /// In runs of their own: where syncs are counted, none is done, and pages that are written twice before the system
  /// gets round to them would count once.
  private func countSyncs(_ trace: Trace, in folder: URL, _ bounds: inout Bounds) async throws {
    let filling = try await JournalRun(in: folder, countsSyncs: true)
    try await filling.play(trace.seconds[...], withEvents: true)
    try report("filling", filling.syncs, &bounds)
    _ = try await filling.close()
    let full = try await JournalRun(in: folder, budget: Self.budget, reserve: Self.reserve, countsSyncs: true)
    try await full.play(trace.seconds[...], withEvents: true)
    let begin = full.syncs.count
    try await full.play(trace.seconds[...], withEvents: true)
    try report("at the budget", Array(full.syncs[begin...]), &bounds)
    _ = try await full.close()
  }

  /// - Parameter syncs: how many there were up to each commit.
  private func report(_ what: String, _ syncs: [UInt64], _ bounds: inout Bounds) throws {
    let tenMinutes = 600 / JournalRun.secondsPerCommit
    guard syncs.count > tenMinutes, let first = syncs.first, let last = syncs.last, last > first else {
      throw BenchFailure(text: "syncs were not counted")
    }
    let mean = Double(last - first) / Double((syncs.count - 1) * JournalRun.secondsPerCommit)
    let most = zip(syncs.dropFirst(tenMinutes), syncs).map { $0 - $1 }.max() ?? 0
    let limit = bounds.limit(Double(most) / 600, atMost: 0.5, "syncs, \(what)")
    print(
      String(
        format: "journal: %.3f syncs a second with 50 devices, %@, counted; %.3f in the worst ten minutes (%@)", mean,
        what, Double(most) / 600, limit))
  }

  /// Commits of 200 readings against plain C that commits as often, in turn. As many bytes means that its file grows by
  /// as many as ours does, history included; what either writes beyond that on the way is its own affair.
  private func compare(_ trace: Trace, in folder: URL, _ bounds: inout Bounds) async throws {
    let seconds = trace.seconds.prefix(Self.comparedSeconds)
    let readings = seconds.reduce(0) { $0 + $1.count }
    let program = URL(fileURLWithPath: build).appendingPathComponent("sqlite_limit").path
    let canCompare = FileManager.default.fileExists(atPath: limits)
    if canCompare {
      try shell("make", ["-s", "-C", limits, "BUILD=\(URL(fileURLWithPath: build).path)", program])
    }
    var took: [Double] = []
    var sameBytes: [Double] = []
    var sameReadings: [Double] = []
    for _ in 0..<rounds {
      let run = try await JournalRun(in: folder)
      let start = DispatchTime.now().uptimeNanoseconds
      try await run.play(seconds)
      took.append(Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9)
      let commits = run.commits
      let bytes = try await run.close()
      guard canCompare else { continue }
      for (rows, isBytes) in [(Int(Double(bytes) / Self.bytesOfRow), true), (readings, false)] {
        let plain = try plain(program, rows: rows, commits: commits, in: folder) / took[took.count - 1]
        if isBytes { sameBytes.append(plain) } else { sameReadings.append(plain) }
      }
    }
    let rate = Double(readings) / median(took)
    guard canCompare else { return print(String(format: "journal: %.0f durable readings/s, no ratio", rate)) }
    let limit = bounds.limit(median(sameBytes), atLeast: 0.5, "readings into durable segments against plain C")
    print(
      String(
        format:
          "journal: %.0f readings/s of 20 points durable, 200 a commit; ratio to plain C %.2f for as many bytes "
          + "(%@), %.2f for a row of 120 bytes each (median of %d)",
        rate, median(sameBytes), limit, median(sameReadings), rounds))
  }

  /// Seconds that plain C takes.
  private func plain(_ program: String, rows: Int, commits: Int, in folder: URL) throws -> Double {
    let batch = max((rows + commits / 2) / commits, 1)
    let path = folder.appendingPathComponent("plain.sqlite").path
    let output = try shell(program, [path, "\(batch * commits)", "\(batch)", "FULL"])
    defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
    let words = output.split(separator: " ")
    guard let unit = words.firstIndex(where: { $0.hasPrefix("ms/commit") }),
      unit > 0, let milliseconds = Double(words[unit - 1])
    else { throw BenchFailure(text: "sqlite_limit said: \(output)") }
    return milliseconds * Double(commits) / 1000
  }
}
