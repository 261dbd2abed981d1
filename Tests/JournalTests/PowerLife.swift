import EnergyModel
import Foundation
import TestKit

@testable import Journal

/// One journal that loses power again and again: it works on a disk until that is cut off, what the
/// disk may hold is examined, and the next round begins with just that.
actor PowerLife {
  enum Weakness: Sendable {
    case none
    /// Commits return before they are on the disk.
    case normalSynchronous
    /// The disk says "synced" and has not written everything.
    case tornSyncs
  }

  enum Stage: String, CaseIterable, Sendable { case opening, commit, checkpoint, closing }

  let seed: UInt64
  private let weakness: Weakness
  private let time = ManualTime()
  private var random: SplitMix64
  private var folder: URL
  private var promise = Promise()
  private var posted = 0
  private(set) var hits: [Stage: Int] = [:]
  /// Records that the journal dropped to keep its budget.
  private(set) var dropped: UInt64 = 0
  /// What is wrong, with the seed and the number of the cut that show it again.
  private(set) var findings: [String] = []

  init(seed: UInt64, weakness: Weakness = .none) throws {
    self.seed = seed
    self.weakness = weakness
    random = SplitMix64(seed: seed)
    folder = try TemporaryFolder.make("power")
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Until something is wrong.
  func live(cuts: Int) async throws {
    for cut in 1...cuts where findings.isEmpty {
      let image = try TemporaryFolder.make("power")
      try await run(until: image)
      try FileManager.default.removeItem(at: folder)
      folder = image
      findings = try await examine().map { "seed \(seed), cut \(cut): \($0)" }
    }
  }

  private func settings(_ folder: URL, query: String? = nil) -> JournalSettings {
    var settings = JournalSettings(
      folder: folder.path, budget: 512 << 10,
      destinations: [JournalSettings.Destination("vpp")], whenFull: seed.isMultiple(of: 2) ? .thinOldest : .dropOldest)
    settings.fileQuery = query
    return settings
  }

  /// From opening until the power is gone.
  private func run(until image: URL) async throws {
    let disk = FaultDisk(folder: folder.path, seed: random.next())
    disk.watch("journal.mark")
    if weakness == .tornSyncs { disk.tearSyncs() }
    let stage = [Stage.opening, .opening, .closing, .commit, .commit, .commit, .commit, .commit]
      .randomElement(using: &random)
    // A first opening makes the tables and takes longer.
    let opening = promise.next == 1 ? 80 : 25
    if stage == .opening { disk.cutPower(after: Int.random(in: 1...opening, using: &random), image: image.path) }
    let journal = try await Journal.open(settings(folder, query: FaultDisk.query), time: time, seed: seed)
    if disk.cut != nil {
      hits[.opening, default: 0] += 1
    } else {
      disk.cancelCut()
      if weakness == .normalSynchronous { try await journal.execute("PRAGMA synchronous = NORMAL") }
      if stage != .closing { disk.cutPower(after: Int.random(in: 1...220, using: &random), image: image.path) }
      for _ in 0..<14 where disk.cut == nil { await work(journal) }
      if let cut = disk.cut {
        hits[cut.file == .database ? .checkpoint : .commit, default: 0] += 1
      } else {
        hits[.closing, default: 0] += 1
        disk.cutPower(after: Int.random(in: 1...30, using: &random), image: image.path)
      }
    }
    await journal.close()
    if disk.cut == nil { disk.cutPower(image: image.path) }
  }

  /// Something to record, something acknowledged, and a commit.
  private func work(_ journal: Journal) async {
    for _ in 0..<Int.random(in: 10...50, using: &random) {
      time.advance(by: .seconds(1))
      let sample = sample()
      promise.flight.samples.append(sample)
      journal.accept(sample)
    }
    if Bool.random(using: &random) {
      posted += 1
      promise.flight.events.append("e-\(posted)")
      journal.post(Event(at: time.now(), name: "e-\(posted)", severity: .warning, text: "happened"))
    }
    if Int.random(in: 0..<3, using: &random) == 0 {
      let state = (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
      promise.flight.state = state
      journal.save(state, under: "memory")
    }
    await acknowledge(journal)
    if await journal.commit(), let next = await journal.next(.telemetry) { promise.keep(next) }
  }

  private func acknowledge(_ journal: Journal) async {
    guard promise.next > 1, Bool.random(using: &random), let epoch = await journal.next(.telemetry)?.epoch else {
      return
    }
    let first = UInt64.random(in: 1..<promise.next, using: &random)
    let range = SequenceRange(first, min(promise.next - 1, first + UInt64.random(in: 0..<200, using: &random)))
    promise.acknowledge(range)
    try? await journal.acknowledge([range], of: epoch, by: "vpp")
  }

  private static let points: [Point] = [
    .power, .powerL1, .powerL2, .powerL3, .reactivePower, .apparentPower, .pvPower, .pv1Power, .pv2Power, .batteryPower,
    .chargePowerMax, .dischargePowerMax, .acPowerRating, .energyImport, .energyExport, .energyProduced, .pvEnergy,
    .batteryEnergyCharged, .batteryEnergyDischarged,
  ]

  /// As it will be read back: what a restart makes of the monotonic clock is 0. Noise, so that it fills the budget.
  private func sample() -> Sample {
    let readings = Self.points.map { Reading($0, Double(Int.random(in: 0...5_000_000, using: &random))) }
    let measured = Moment(wall: time.now().wall, monotonic: MonotonicInstant(nanoseconds: 0))
    return Sample(device: "meter", measured: measured, readings: readings)
  }

  /// What a start on an ordinary disk makes of a copy.
  private func examine() async throws -> [String] {
    let copy = FileManager.default.temporaryDirectory.appendingPathComponent("holdfast-look-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: folder, to: copy)
    defer { try? FileManager.default.removeItem(at: copy) }
    time.advance(by: .seconds(7))
    let journal = try await Journal.open(settings(copy), time: time, seed: seed)
    let findings = try await examine(journal, copy)
    await journal.close()
    return findings
  }

  private func examine(_ journal: Journal, _ folder: URL) async throws -> [String] {
    if let fault = journal.counters().fault { return ["damaged: \(fault)"] }
    let aside = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains("damaged") }
    guard aside.isEmpty else { return ["damaged: set aside"] }
    guard try await journal.pragma("integrity_check") == "ok" else { return ["damaged: integrity"] }
    let logs = try await journal.held()
    dropped = journal.counters().purgedRecords
    var wrong = promise.examine(logs, state: try await journal.load("memory"))
    let now = time.now().wall
    // A log that only this start has opened lost nothing.
    if let telemetry = logs.first(where: { $0.kind == .telemetry }), let from = telemetry.lastTime,
      telemetry.next > 1 || from < now
    {
      let gap = #""epoch":"\#(telemetry.epoch)","from":\#(from.milliseconds),"to":\#(now.milliseconds)"#
      let isTold = logs.contains { $0.bodies.contains { $0.contains(gap) } }
      if !isTold { wrong.append("unannounced: time from \(from.milliseconds)") }
    }
    return try await wrong + goOn(journal)
  }

  /// New records follow the old ones.
  private func goOn(_ journal: Journal) async throws -> [String] {
    guard let before = await journal.next(.telemetry) else { return ["damaged: no log"] }
    let samples = (0..<3).map { _ in sample() }
    for sample in samples { journal.accept(sample) }
    guard await journal.commit() else { return ["damaged: \(journal.counters().fault ?? "no commit")"] }
    let log = try await journal.held(from: [before.epoch: before.seq]).first { $0.epoch == before.epoch }
    let found = (0..<3).compactMap { log?.records[before.seq + $0]?.body }
    return found == samples.map { .sample($0) } ? [] : ["twice: records after the start"]
  }
}
