import EnergyModel
import Foundation
import TestKit

@testable import Journal

/// One journal on a disk that fails for a while and is healed, seeded: which operations, how often, and from when on.
actor FaultRun {
  enum Moment: String, CaseIterable, Sendable { case firstOpening, recovery, running }

  struct Plan: Sendable {
    var moment: Moment
    var operations: Set<FaultDisk.Operation>
    var after: Int
    /// Nil fails until the disk is healed.
    var times: Int?
    /// SQLITE_FULL instead of an I/O error.
    var isFull: Bool
    var capacity: Int
    var healsAt: Int

    init(_ random: inout SplitMix64) {
      moment = Moment.allCases.randomElement(using: &random) ?? .running
      var choices: [Set<FaultDisk.Operation>] = [
        [.write], [.sync], [.write, .sync], [.write, .sync, .truncate, .delete], Set(FaultDisk.Operation.allCases),
      ]
      if moment != .running { choices += [[.open], [.read]] }
      operations = choices.randomElement(using: &random) ?? [.write]
      isFull = operations == [.write] && Bool.random(using: &random)
      // Few files are opened and few reads get past the cache.
      let common = operations.contains(.write) ? 50 : operations.contains(.open) ? 2 : 12
      after = Int.random(in: 0...common, using: &random)
      times = [1, Int.random(in: 2...6, using: &random), nil].randomElement(using: &random) ?? nil
      capacity = Bool.random(using: &random) ? 30 : 20_000
      healsAt = Int.random(in: 3...11, using: &random)
    }
  }

  let seed: UInt64
  let plan: Plan
  private let time = ManualTime()
  private var random: SplitMix64
  private var folders: [URL] = []
  private var samples: [Sample] = []
  private var events = 0
  /// Whether an operation failed at all.
  private(set) var wasHit = false
  /// Whether a write or a sync did.
  private(set) var wasWriteHit = false
  private(set) var findings: [String] = []
  /// The longest that posting a handful of things took while the journal was busy.
  private(set) var longestPost = Duration.zero

  init(seed: UInt64) {
    self.seed = seed
    random = SplitMix64(seed: seed)
    plan = Plan(&random)
  }

  deinit { for folder in folders { try? FileManager.default.removeItem(at: folder) } }

  func run() async throws {
    var disk = try makeDisk(nil)
    if plan.moment == .recovery { disk = try await crashed(disk) }
    if plan.moment != .running { fail(disk) }
    let journal = try await Journal.open(settings(disk.folder, FaultDisk.query), time: time, seed: seed)
    for step in 0..<12 {
      if step == 2 && plan.moment == .running { fail(disk) }
      if step == plan.healsAt { disk.heal() }
      if await !work(journal), journal.counters().fault == nil { find("a fault that nobody sees") }
    }
    disk.heal()
    wasHit = disk.faults > 0
    wasWriteHit = disk.faults(.write) + disk.faults(.sync) > 0
    await examine(journal)
    let before = try await journal.held()
    // The pages that a failed sync gave up must not be missed.
    let image = try folder()
    disk.cutPower(image: image.path)
    await journal.close()
    try await compare(before, image)
  }

  private func find(_ what: String) { findings.append("seed \(seed) (\(plan)): \(what)") }

  private func folder() throws -> URL {
    let folder = try TemporaryFolder.make("faults")
    folders.append(folder)
    return folder
  }

  private func makeDisk(_ folder: URL?) throws -> FaultDisk {
    let disk = FaultDisk(folder: try (folder ?? self.folder()).path, seed: random.next())
    disk.watch("journal.mark")
    return disk
  }

  private func fail(_ disk: FaultDisk) {
    disk.fail(plan.operations, after: plan.after, times: plan.times, code: plan.isFull ? 13 : nil)
  }

  private func settings(_ folder: String, _ query: String?) -> JournalSettings {
    var settings = JournalSettings(
      folder: folder, budget: 4 << 20, mailboxCapacity: plan.capacity,
      destinations: [JournalSettings.Destination("vpp")], whenFull: .dropOldest)
    settings.fileQuery = query
    return settings
  }

  /// A disk with a write-ahead log to recover.
  private func crashed(_ disk: FaultDisk) async throws -> FaultDisk {
    let image = try folder()
    let journal = try await Journal.open(settings(disk.folder, FaultDisk.query), time: time, seed: seed)
    for _ in 0..<5 where await !work(journal) { find("no commit on a sound disk") }
    disk.cutPower(image: image.path)
    await journal.close()
    return try makeDisk(image)
  }

  /// Posts while a commit runs, and asks for this and that.
  private func work(_ journal: Journal) async -> Bool {
    time.advance(by: .seconds(1))
    async let first = journal.commit()
    let clock = ContinuousClock()
    let start = clock.now
    for _ in 0..<Int.random(in: 1...12, using: &random) {
      time.advance(by: .milliseconds(100))
      let measured = EnergyModel.Moment(wall: time.now().wall, monotonic: MonotonicInstant(nanoseconds: 0))
      let value = Double(Int.random(in: 0...1_000_000, using: &random))
      samples.append(Sample(device: "meter", measured: measured, readings: [Reading(.power, value)]))
      journal.accept(samples[samples.count - 1])
      events += 1
      journal.post(Event(at: time.now(), name: "e-\(events)", severity: .alarm, text: "happened"))
    }
    journal.save([UInt8(truncatingIfNeeded: samples.count)], under: "memory")
    longestPost = max(longestPost, clock.now - start)
    _ = await first
    if let (epoch, next) = await journal.next(.telemetry), next > 1 {
      try? await journal.acknowledge(
        [SequenceRange(1, UInt64.random(in: 1..<next, using: &random))], of: epoch, by: "vpp")
      _ = try? await journal.waiting(.telemetry)
    }
    return await journal.commit()
  }

  /// Everything that was accepted is committed once, in order, or counted.
  private func examine(_ journal: Journal) async {
    for _ in 0..<3 where await !journal.commit() {}
    guard await journal.commit(), journal.counters().fault == nil, let logs = try? await journal.held() else {
      return find("not healed: \(journal.counters().fault ?? "")")
    }
    let counters = journal.counters()
    guard logs.count == 2 else { return find("\(logs.count) logs") }
    if counters.purgedRecords > 0 && !plan.isFull { find("\(counters.purgedRecords) purged although there was room") }
    let held = logs.reduce(0) { $0 + $1.covered.count }
    let given = logs.reduce(0) { $0 + $1.next - 1 }
    if held + counters.purgedRecords != given { find("of \(given) records \(held) are held") }
    for log in logs {
      if log.kind == .telemetry {
        examineSamples(log, dropped: counters.droppedSamples)
      } else {
        examineEvents(log, counters)
      }
    }
    if (try? await journal.load("memory")) != [UInt8(truncatingIfNeeded: samples.count)] { find("the state is lost") }
  }

  private func examineSamples(_ log: HeldLog, dropped: UInt64) {
    if log.next - 1 + dropped != UInt64(samples.count) {
      find("\(samples.count) samples became \(log.next - 1) and \(dropped) dropped")
    }
    var rest = samples.makeIterator()
    for body in log.segments.flatMap(\.records).map(\.body) {
      var next = rest.next()
      while let sample = next, body != .sample(sample) { next = rest.next() }
      if next == nil { return find("a record that nobody posted, or twice, or out of order") }
    }
  }

  private func examineEvents(_ log: HeldLog, _ counters: SiteStatus.Journal) {
    let names = log.bodies.compactMap(HeldLog.eventName).filter { $0.hasPrefix("e-") }
    if Set(names).count != names.count { find("an event twice") }
    guard counters.purgedRecords == 0, names.count + Int(counters.droppedEvents) != events else { return }
    find("\(events) events became \(names.count) and \(counters.droppedEvents) dropped")
  }

  /// What an ordinary disk holds after the power went is what the journal said.
  private func compare(_ before: [HeldLog], _ image: URL) async throws {
    let journal = try await Journal.open(settings(image.path, nil), time: time, seed: seed)
    let aside = try FileManager.default.contentsOfDirectory(atPath: image.path).filter { $0.contains("damaged") }
    if journal.counters().fault != nil || !aside.isEmpty { find("damaged: \(journal.counters().fault ?? "set aside")") }
    let after = try await journal.held()
    for log in before {
      let found = after.first { $0.epoch == log.epoch }?.records ?? [:]
      let lost = log.records.filter { found[$0.key] != $0.value }
      if !lost.isEmpty { find("\(lost.count) records of \(log.kind) are not on the disk") }
    }
    await journal.close()
  }
}
