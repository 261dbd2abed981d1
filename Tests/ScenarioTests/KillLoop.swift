import EnergyModel
import Foundation
import GRDB
import SiteClient
import SiteStage
import TestKit
import Testing

/// One site that is killed again and again, and what was seen of it from outside.
struct KillLoop: Sendable {
  struct Tally: CustomStringConvertible, Sendable {
    var kills = 0
    /// Deaths that left half a commit, half a checkpoint, no row of the start.
    var cutCommits = 0
    var cutCheckpoints = 0
    var cutStarts = 0
    /// From the start of the process to its first telemetry record, s.
    var firstPolls: [Double] = []
    var records: UInt64 = 0

    mutating func add(_ other: Tally) {
      kills += other.kills
      cutCommits += other.cutCommits
      cutCheckpoints += other.cutCheckpoints
      cutStarts += other.cutStarts
      firstPolls += other.firstPolls
      records += other.records
    }

    /// The time to the first poll that so large a part of the starts kept; without one, infinite.
    func firstPoll(part: Double) -> Double {
      let sorted = firstPolls.sorted()
      guard !sorted.isEmpty else { return .infinity }
      return sorted[min(sorted.count - 1, Int((Double(sorted.count) * part).rounded(.up)) - 1)]
    }

    var description: String {
      """
      \(kills) kills, of them within a commit \(cutCommits), a checkpoint \(cutCheckpoints), a start \(cutStarts); \
      \(records) records; first poll after \(firstPoll(part: 0.5)) s (median), \(firstPoll(part: 0.99)) s (99 %), \
      \(firstPoll(part: 1)) s (worst) of \(firstPolls.count)
      """
    }
  }

  /// One life of the agent, UTC ms.
  private struct Run {
    var started: Int64
    var died: Int64
  }

  /// After this time there must be a committed record: the promised 3 s, a commit interval, and room.
  private static let longEnough: Int64 = 5000

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
    options.edit = { $0.replacing("budget: 200 MB", with: "budget: 20 MB, commit_interval: 1 s") }
    return options
  }

  func run() async throws -> Tally {
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    let judge = try UplinkJudge(port: stage.aggregator.port, folder: stage.folder)
    var random = SplitMix64(seed: seed)
    var tally = Tally()
    var committed = CommittedLogs()
    var runs: [Run] = []
    var left = WriteAheadLog()
    var boots = 0
    var isBrokerUp = true
    try await Scenario.start(stage)
    for number in 0..<kills {
      if number > 0 {
        runs.append(Run(started: Self.now(), died: 0))
        try stage.startAgent()
      } else {
        runs.append(Run(started: Self.now() - Self.longEnough, died: 0))
      }
      if Double.random(in: 0..<1, using: &random) < 0.3 {
        if isBrokerUp { stage.aggregator.stop() } else { try stage.aggregator.start() }
        isBrokerUp.toggle()
      }
      let aim = KillAim.any(&random)
      try await aim.kill(stage, behind: left, patience: patience, &random)
      runs[runs.count - 1].died = Self.now()
      left = WriteAheadLog(of: stage.database, behind: left)
      tally.cutCommits += left.isCommitCut ? 1 : 0
      tally.cutCheckpoints += left.isCheckpointCut ? 1 : 0
      let copy = try JournalCopy(stage)
      try committed.read(copy)
      let found = try await verdict(copy)
      #expect(found.integrity == "ok", "kill \(number), \(context)")
      tally.cutStarts += found.boots == boots ? 1 : 0
      boots = found.boots
    }
    tally.kills = kills
    if !isBrokerUp { try stage.aggregator.start() }
    try stage.startAgent()
    try await Scenario.waitForControl(stage)
    try await arrive(stage, committed, judge)
    stage.stopAgent()
    try await Scenario.sleep(1)
    try judgeRecords(try judge.messages(), runs, &tally)
    return tally
  }

  private var context: String { "seed \(seed)" }

  private func verdict(_ copy: JournalCopy) async throws -> (integrity: String, boots: Int) {
    try await copy.database.read { db in
      let integrity = try String.fetchOne(db, sql: "PRAGMA integrity_check") ?? ""
      let hasBoots = try db.tableExists("boot")
      return (integrity, hasBoots ? try Int.fetchOne(db, sql: "SELECT max(n) FROM boot") ?? 0 : 0)
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

  private func judgeRecords(_ messages: [UplinkJudge.Message], _ runs: [Run], _ tally: inout Tally) throws {
    let ledger = Ledger(messages)
    tally.records = ledger.count
    #expect(ledger.malformed.isEmpty, "\(ledger.malformed.prefix(5)), \(context)")
    #expect(ledger.contradictions.isEmpty, "\(ledger.contradictions.prefix(5)), \(context)")
    #expect(ledger.holes.isEmpty, "\(ledger.holes), \(context)")
    #expect(
      ledger.logs.values.sorted() == ["events", "telemetry"], "no log was begun anew: \(ledger.logs), \(context)")
    let records = messages.flatMap(\.records)
    let gaps = AnnouncedGaps(records)
    for device in ["grid-meter", "meter-26", "meter-51"] {
      let times = Self.times(of: device, in: records)
      #expect(times.count > kills / 2, "\(device), \(context)")
      for (a, b) in zip(times, times.dropFirst()) where b - a > 2500 && runs.contains(where: { a...b ~= $0.died }) {
        let isAnnounced = gaps.cover(a, b)
        #expect(isAnnounced, "nothing was said of \(a)…\(b) of \(device), \(context)")
      }
    }
    let all = Self.times(of: nil, in: records)
    for run in runs.dropFirst() {
      let first = all.first { $0 >= run.started }
      if let first, first <= run.died {
        tally.firstPolls.append(Double(first - run.started) / 1000)
      } else if run.died - run.started > Self.longEnough {
        tally.firstPolls.append(.infinity)
      }
    }
  }

  /// When a device's telemetry was measured, ms, ascending and once each; nil: that of every Modbus meter.
  private static func times(of device: String?, in records: [[String: Any]]) -> [Int64] {
    let wanted = records.filter { record in
      guard let name = record["device"] as? String, record["values"] != nil else { return false }
      return device.map { $0 == name } ?? name.contains("meter")
    }
    return Set(wanted.compactMap { ($0["t"] as? NSNumber)?.int64Value }).sorted()
  }
}

/// Stretches of time of which gap records say that they are lost, UTC ms.
struct AnnouncedGaps {
  private var gaps: [ClosedRange<Int64>]
  /// A poll's period and some: what lies between a record and the gap beside it.
  private static let tolerance: Int64 = 1500

  init(_ records: [[String: Any]]) {
    let gaps = records.filter { $0["kind"] as? String == "gap" }.compactMap { record -> ClosedRange<Int64>? in
      guard let from = (record["from"] as? NSNumber)?.int64Value, let to = (record["to"] as? NSNumber)?.int64Value,
        from <= to
      else { return nil }
      return from...to
    }
    self.gaps = gaps.sorted { $0.lowerBound < $1.lowerBound }
  }

  /// Whether gaps, several in a row perhaps, reach from one record to the next.
  func cover(_ a: Int64, _ b: Int64) -> Bool {
    var reached = a
    for gap in gaps where gap.lowerBound <= reached + Self.tolerance { reached = max(reached, gap.upperBound) }
    return reached + Self.tolerance >= b
  }
}
