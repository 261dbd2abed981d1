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

  /// Aim and limit of the bytes that a value takes inside the file.
  private static let aim = "aim 3, limit 4"
  private static let comparedSeconds = 1200

  func run() async throws {
    try await inFolder { folder in
      let empty = try await JournalRun(in: folder).close()
      let small = try Trace(script: trace, devices: 3, seconds: 3600)
      let run = try await JournalRun(in: folder)
      try await run.play(small.seconds[...])
      report(3, small, try await run.close() - empty)
      let large = try Trace(script: trace, devices: 50, seconds: 3600)
      try await fill(large, in: folder, empty: empty)
      try await purge(large, in: folder)
      try await compare(large, in: folder)
    }
  }

  func runSpeed() async throws {
    try await inFolder { folder in
      try await compare(Trace(script: trace, devices: 50, seconds: Self.comparedSeconds), in: folder)
    }
  }

  private func inFolder(_ measure: (URL) async throws -> Void) async throws {
    guard FileManager.default.fileExists(atPath: trace) else { return print("journal: no \(trace), not measured") }
    let folder = URL(fileURLWithPath: build).appendingPathComponent("journals")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await measure(folder)
  }

  private func report(_ devices: Int, _ trace: Trace, _ bytes: Int) {
    print(
      String(
        format: "journal: %.2f bytes a value in the file with %d devices over an hour (%@)",
        Double(bytes) / Double(trace.values), devices, Self.aim))
  }

  private func fill(_ trace: Trace, in folder: URL, empty: Int) async throws {
    let run = try await JournalRun(in: folder)
    let before = try Written.now()
    try await run.play(trace.seconds[...], withEvents: true)
    let checkpoints = run.checkpoints
    let bytes = try await run.close()
    report(50, trace, bytes - empty)
    report("filling", try Written.now() - before, commits: run.commits, checkpoints: checkpoints, trace)
  }

  /// Nearly all of the budget is reserve, so that the room for the data of half an hour is soon used up, while the
  /// write-ahead log is as long as on a real box.
  private func purge(_ trace: Trace, in folder: URL) async throws {
    let budget = 64 << 20
    let run = try await JournalRun(in: folder, budget: budget, reserve: budget - (6 << 20))
    try await run.play(trace.seconds[...], withEvents: true)
    let (begin, commits, checkpoints) = (try Written.now(), run.commits, run.checkpoints)
    let purged = run.counters.purgedRecords
    try await run.play(trace.seconds[...], withEvents: true)
    report(
      "at the budget", try Written.now() - begin, commits: run.commits - commits,
      checkpoints: run.checkpoints - checkpoints, trace)
    print("journal: at the budget \(run.counters.purgedRecords - purged) records were dropped")
    _ = try await run.close()
  }

  private func report(_ what: String, _ written: Written, commits: Int, checkpoints: Int, _ trace: Trace) {
    let days = Double(trace.seconds.count) / 86_400
    // A commit syncs the log; a checkpoint the log, the database and the new log's header.
    let syncs = Double(commits + 3 * checkpoints) / Double(trace.seconds.count)
    print(
      String(
        format:
          "journal: %.2f GB a day to flash with 50 devices, %@ (%.2f GB handed to the kernel; limit 1.4), "
          + "%.2f syncs a second (limit 0.5)", Double(written.pages) / days / 1e9, what,
        Double(written.handed) / days / 1e9, syncs))
  }

  /// Commits of 200 readings against plain C that commits as often and as many bytes, in turn.
  private func compare(_ trace: Trace, in folder: URL) async throws {
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
      // A row of plain C takes 120 bytes and some 16 for its key, its numbers and its place in the page.
      for (rows, isBytes) in [(bytes / 136, true), (readings, false)] {
        let plain = try plain(program, rows: rows, commits: commits, in: folder) / took[took.count - 1]
        if isBytes { sameBytes.append(plain) } else { sameReadings.append(plain) }
      }
    }
    let rate = Double(readings) / median(took)
    guard canCompare else { return print(String(format: "journal: %.0f durable readings/s, no ratio", rate)) }
    print(
      String(
        format:
          "journal: %.0f readings/s of 20 points durable, 200 a commit; ratio to plain C %.2f for as many bytes "
          + "(aim 0.5), %.2f for a row of 120 bytes each (median of %d)",
        rate, median(sameBytes), median(sameReadings), rounds))
  }

  /// Seconds that plain C takes.
  private func plain(_ program: String, rows: Int, commits: Int, in folder: URL) throws -> Double {
    let batch = max(rows / commits, 1)
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
