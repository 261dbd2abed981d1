import EnergyModel
import Foundation
import TestKit
import Testing

@testable import Journal

/// One installation whose flash goes bad again and again. `HOLDFAST_CHAOS=1` takes 100 rounds.
@Suite struct DamageLoopTests {
  private static let rounds = ProcessInfo.processInfo.environment["HOLDFAST_CHAOS"] == nil ? 30 : 100

  private enum Damage: CaseIterable {
    case flips, truncation, garbage, emptied, noLog, brokenLog, truncatedLog, olderCopy, noDatabase, brokenMark
  }

  /// Everything that ever left the box: for each (epoch, seq) what it said.
  private struct Receiver {
    private var contents: [Epoch: [UInt64: Record]] = [:]
    var count: Int { contents.reduce(0) { $0 + $1.value.count } }

    mutating func take(_ segments: [Segment]) {
      for segment in segments {
        for record in segment.records {
          guard let seq = record.seq else { continue }
          if let known = contents[segment.epoch]?[seq] {
            #expect(known == record, "\(segment.epoch) \(seq) has two meanings")
          }
          contents[segment.epoch, default: [:]][seq] = record
        }
      }
    }
  }

  /// The files of the journal as they are at one moment.
  private struct Files {
    var contents: [String: Data] = [:]

    init(_ folder: URL) throws {
      for url in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      where !url.lastPathComponent.hasSuffix("-shm") && url.lastPathComponent != "reserve" {
        contents[url.lastPathComponent] = try Data(contentsOf: url)
      }
    }

    func put(into folder: URL) throws {
      for suffix in ["", "-wal", "-shm"] {
        try? FileManager.default.removeItem(at: folder.appendingPathComponent(JournalFile.name + suffix))
      }
      for (name, data) in contents { try data.write(to: folder.appendingPathComponent(name)) }
    }
  }

  private static let database = JournalFile.name
  private static let log = JournalFile.name + "-wal"

  private func damage(
    _ files: inout Files, _ kind: Damage, older: Files?, _ random: inout SeededGenerator
  ) {
    func flip(_ name: String, _ count: Int) {
      guard var data = files.contents[name], !data.isEmpty else { return }
      for _ in 0..<count {
        data[Int.random(in: 0..<data.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
      files.contents[name] = data
    }
    func cut(_ name: String) {
      guard let data = files.contents[name], !data.isEmpty else { return }
      files.contents[name] = data.prefix(Int.random(in: 0..<data.count, using: &random))
    }
    switch kind {
    case .flips: flip(Self.database, Int.random(in: 1...40, using: &random))
    case .truncation: cut(Self.database)
    case .garbage:
      files.contents[Self.database] = Data((0..<60_000).map { _ in UInt8.random(in: 0...255, using: &random) })
    case .emptied: files.contents[Self.database] = Data()
    case .noLog: files.contents[Self.log] = nil
    case .brokenLog: flip(Self.log, 20)
    case .truncatedLog: cut(Self.log)
    case .olderCopy:
      files.contents[Self.log] = older?.contents[Self.log]
      files.contents[Self.database] = older?.contents[Self.database] ?? Data()
    case .noDatabase: files.contents[Self.database] = nil
    case .brokenMark: flip(HighWaterMark.name, 2)
    }
  }

  /// A life of a few commits. What is found only in use costs the one commit that finds it.
  private func live(_ journal: Journal, _ stand: Stand, _ receiver: inout Receiver) async throws {
    for _ in 0..<6 {
      if await !stand.commit(7, to: journal) { #expect(await journal.commit(), "\(journal.counters().fault ?? "")") }
      for log in (try? await journal.logs()) ?? [] {
        let segments = try? await journal.unacknowledged(
          by: "vpp", of: log.epoch, excluding: SequenceRangeSet(), since: nil, limit: .max)
        receiver.take(segments ?? [])
      }
    }
    #expect(journal.counters().fault == nil)
  }

  @Test(arguments: [1, 2]) func noNumberIsGivenTwiceWhateverHappensToTheFiles(_ seed: UInt64) async throws {
    let stand = try Stand()
    var random = SeededGenerator(state: seed)
    var receiver = Receiver()
    var older: Files?
    var boot = 0
    var kinds: [Damage] = []
    let clock = ContinuousClock()
    for round in 0..<Self.rounds / 2 {
      let aside = JournalFile.copies(folder: stand.folder.path).last ?? 0
      let start = clock.now
      let journal = try await stand.open()
      #expect(clock.now - start < .seconds(10))
      #expect(journal.counters().fault == nil)
      #expect(journal.boot > boot)
      boot = journal.boot
      if JournalFile.copies(folder: stand.folder.path).last ?? 0 > aside {
        #expect(try await journal.entries().contains { $0.contains(#""name":"journal-damaged","severity":"alarm""#) })
      }
      try await live(journal, stand, &receiver)

      var files = try Files(stand.folder)
      if round % 3 == 2 {
        await journal.close()
        files = try Files(stand.folder)
      }
      let before = files
      if kinds.isEmpty { kinds = Damage.allCases.shuffled(using: &random) }
      let kind = kinds.removeLast()
      damage(&files, kind, older: older, &random)
      await journal.close()
      try files.put(into: stand.folder)
      if older == nil || round % 5 == 0 { older = before }
    }
    #expect(receiver.count > 40 * Self.rounds / 2)
  }
}
