import EnergyModel
import Foundation
import GRDB
import SiteClient
import SiteStage
import TestKit
import Testing

/// One site that is killed again and again, and what was seen of it from outside.
struct KillLoop: Sendable {
  /// One life of the agent, UTC ms.
  private struct Run {
    var started: Int64
    var died: Int64
  }

  /// What the journal's file holds after a death.
  private struct Remains {
    var integrity: String
    /// The newest start's number, 0 without one, and when it was, UTC ms.
    var boot = 0
    var started: Int64 = 0
    /// The last seq that the telemetry log committed.
    var committed: UInt64 = 0
  }

  /// What was seen so far.
  private struct Course {
    var tally = KillTally()
    var committed = CommittedLogs()
    var runs: [Run] = []
    var starts: [AnnouncedGaps.Start] = []
    var remains = Remains(integrity: "ok")
    var known = KillAim.Knowledge()
  }

  /// After this time, ms, there must be a committed record: the promised 3 s, a commit interval, and room.
  private static let longEnough: Int64 = 5000
  /// ms between two records of a device that is read every 1000, as long as the agent runs or comes up.
  private static let longestSilence: Int64 = 3000

  var seed: UInt64
  var kills: Int
  /// Seconds to wait for a checkpoint.
  var patience: Double

  private static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

  private var options: SiteStage.Options {
    var options = Scenario.options()
    options.separatesBrokers = true
    options.meters = 50
    // A small budget, because that is what checkpoints become frequent with.
    options.edit = {
      Scenario.withoutCrashGuard($0).replacing("budget: 200 MB", with: "budget: 20 MB, commit_interval: 1 s")
    }
    return options
  }

  func run() async throws -> KillTally {
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    let judge = try UplinkJudge(port: stage.aggregator.port, folder: stage.folder)
    var random = SplitMix64(seed: seed)
    var course = Course()
    var aims: [KillAim] = []
    var isBrokerUp = true
    func toggleBroker() throws {
      if isBrokerUp { stage.aggregator.stop() } else { try stage.aggregator.start() }
      isBrokerUp.toggle()
    }
    for number in 0..<kills {
      // The first kill has something to kill.
      if aims.isEmpty { aims = KillAim.dozen(&random) }
      let aim = number > 0 ? aims.removeLast() : .random
      // Where the start is aimed at, the broker takes no time of it.
      let isStartWatched = aim == .start || aim == .checkpoint
      let toggles = number > 0 && Double.random(in: 0..<1, using: &random) < 0.3
      if toggles && isStartWatched { try toggleBroker() }
      course.runs.append(Run(started: Self.now(), died: 0))
      if number > 0 { try stage.startAgent() } else { try await Scenario.start(stage) }
      if toggles && !isStartWatched { try toggleBroker() }
      try await aim.kill(stage, course.known, patience: patience, &random)
      course.runs[number].died = Self.now()
      try await look(stage, at: number, aim, &course)
    }
    if !isBrokerUp { try stage.aggregator.start() }
    course.runs.append(Run(started: Self.now(), died: 0))
    try stage.startAgent()
    try await Scenario.waitForControl(stage)
    try await arrive(stage, course.committed, judge)
    // At least this life is long enough to tell how quickly it began.
    while Self.now() - course.runs[kills].started <= Self.longEnough { try await Scenario.sleep(0.2) }
    course.runs[kills].died = Self.now()
    stage.stopAgent()
    try await Scenario.sleep(1)
    let last = try await remains(JournalCopy(stage))
    #expect(last.integrity == "ok", "\(context)")
    course.starts.append(.init(boot: last.boot, at: last.started, committed: course.remains.committed))
    try judgeRecords(try judge.messages(), course.starts, course.runs, &course.tally)
    return course.tally
  }

  /// At what the death of a run left.
  private func look(_ stage: SiteStage, at number: Int, _ aim: KillAim, _ course: inout Course) async throws {
    let copy = try JournalCopy(stage)
    let committedBefore = course.committed.last
    try course.committed.read(copy)
    let before = course.remains
    let remains = try await remains(copy)
    course.remains = remains
    #expect(remains.integrity == "ok", "kill \(number), \(context)")
    let left = WriteAheadLog(of: stage.database, behind: course.known.left)
    course.known.left = left
    var met: Set<KillAim> = []
    if left.isCommitCut { met.insert(.commit) }
    if left.isCheckpointCut { met.insert(.checkpoint) }
    if try course.committed.last != committedBefore && course.committed.isAhead(ofMarkIn: stage.stateFolder) {
      met.insert(.mark)
    }
    if remains.boot > before.boot {
      course.starts.append(.init(boot: remains.boot, at: remains.started, committed: before.committed))
      // The largest of late, because a busy machine is slow to start anything.
      let length = Double(remains.started - course.runs[number].started) / 1000
      if number > 0 { course.known.startLength = max(length, course.known.startLength * 0.9) }
    } else {
      met.insert(.start)
    }
    course.tally.count(aim, met: met)
  }

  private var context: String { "seed \(seed)" }

  private func remains(_ copy: JournalCopy) async throws -> Remains {
    try await copy.database.read { db in
      var remains = Remains(integrity: try String.fetchOne(db, sql: "PRAGMA integrity_check") ?? "")
      guard try db.tableExists("boot") else { return remains }
      if let row = try Row.fetchOne(db, sql: "SELECT n, started FROM boot ORDER BY n DESC LIMIT 1") {
        remains.boot = row["n"]
        remains.started = row["started"]
      }
      let next = try Int64.fetchOne(db, sql: "SELECT next FROM log WHERE kind = 0") ?? 1
      remains.committed = UInt64(next - 1)
      return remains
    }
  }

  private func arrive(_ stage: SiteStage, _ committed: CommittedLogs, _ judge: UplinkJudge) async throws {
    // Hardly any run is long enough for the backlog's turn, so nearly all of it is left for now; more time only as long
    // as it gets less.
    var known: [String] = []
    var lastProgress = Date()
    while true {
      try await Scenario.sleep(3)
      let missing = committed.missing(in: Ledger(try judge.messages()))
      if missing.isEmpty { return }
      if missing != known { lastProgress = Date() }
      known = missing
      guard Date().timeIntervalSince(lastProgress) < 120 else { break }
    }
    let uplink = try? await stage.client.site().uplinks[0]
    Issue.record("committed and lost: \(known), \(context); \(uplink.debugDescription); \(stage.agentLog.suffix(2000))")
  }

  private func judgeRecords(
    _ messages: [UplinkJudge.Message], _ starts: [AnnouncedGaps.Start], _ runs: [Run], _ tally: inout KillTally
  ) throws {
    let ledger = Ledger(messages)
    tally.records = ledger.count
    #expect(ledger.malformed.isEmpty, "\(ledger.malformed.prefix(5)), \(context)")
    #expect(ledger.contradictions.isEmpty, "\(ledger.contradictions.prefix(5)), \(context)")
    #expect(ledger.holes.isEmpty, "\(ledger.holes), \(context)")
    #expect(
      ledger.logs.values.sorted() == ["events", "telemetry"], "no log was begun anew: \(ledger.logs), \(context)")
    let epoch = try #require(ledger.logs.first { $0.value == "telemetry" }?.key)
    let gaps = AnnouncedGaps(messages, epoch: epoch)
    tally.gaps = gaps.gaps.count
    let faults = gaps.faults(starts)
    #expect(faults.isEmpty, "\(faults.prefix(5)), \(context)")
    let times = Self.times(in: messages.filter { $0.epoch == epoch }.flatMap(\.records))
    #expect(times.count == options.meters + 1, "every meter was read, \(context)")
    for (device, times) in times {
      let silences = gaps.silences(between: times, longest: Self.longestSilence)
      let lives = runs.filter { run in silences.contains { $0.overlaps(run.started...max(run.started, run.died)) } }
      #expect(
        silences.isEmpty,
        "nothing was said of \(silences.prefix(5)) of \(device); lives then: \(lives); \(context)")
    }
    let all = Set(times.values.joined()).sorted()
    for run in runs.dropFirst() where run.died - run.started > Self.longEnough {
      let first = all.first { $0 >= run.started }
      tally.firstPolls.append(first.map { $0 <= run.died ? Double($0 - run.started) / 1000 : .infinity } ?? .infinity)
    }
  }

  /// When the telemetry of each Modbus meter was measured, ms, ascending and once each.
  private static func times(in records: [[String: Any]]) -> [String: [Int64]] {
    var times: [String: Set<Int64>] = [:]
    for record in records {
      guard let device = record["device"] as? String, device.contains("meter"),
        let time = (record["t"] as? NSNumber)?.int64Value
      else { continue }
      times[device, default: []].insert(time)
    }
    return times.mapValues { $0.sorted() }
  }
}
