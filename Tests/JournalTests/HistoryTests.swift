import EnergyModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Journal

/// Minutes and quarter hours in the file, over stops, crashes and set clocks.
@Suite struct HistoryTests {
  private static let ten: Int64 = 1_782_036_000_000

  /// One sample a second, a commit every four.
  private func run(
    _ journal: Journal, _ stand: Stand, seconds: Int, power: (Int) -> Double = { Double($0) }
  ) async {
    for second in 0..<seconds {
      journal.accept(stand.sample(power: power(second)))
      stand.time.advance(by: .seconds(1))
      if second % 4 == 3 { #expect(await journal.commit()) }
    }
    #expect(await journal.commit())
  }

  private func minute(_ number: Int64, in journal: Journal) async throws -> HistoryRow? {
    try await journal.historyRow(.minute, at: Self.ten + number * 60_000)
  }

  @Test func aMinuteIsStoredWithTheFirstCommitAfterIt() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    await run(journal, stand, seconds: 60)
    #expect(try await minute(0, in: journal) == nil)
    let commits = journal.counters().commits
    await run(journal, stand, seconds: 4)
    #expect(journal.counters().commits == commits + 2, "no commit of its own")
    let row = try #require(try await minute(0, in: journal))
    #expect(!row.isPartial)
    #expect(row["meter", .power]?.count == 60)
    #expect(row["meter", .power]?.value(of: .power) == 295)
    #expect(row["meter", .power]?.low == 0)
    #expect(row["meter", .power]?.high == 59)
    await journal.close()
  }

  @Test func aCommitThatFailsIsNotCountedTwice() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    await run(journal, stand, seconds: 58)
    journal.accept(stand.sample())
    stand.time.advance(by: .seconds(6))
    let blocker = try Blocker(stand.database.path)
    #expect(await journal.commit() == false)
    #expect(await journal.commit() == false)
    try blocker.letGo()
    #expect(await journal.commit())
    #expect(try await minute(0, in: journal)?["meter", .power]?.count == 59)
    await journal.close()
  }

  @Test func aCrashedMinuteIsComputedFromTheRawLog() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    await run(journal, stand, seconds: 40)
    journal.accept(stand.sample(power: 1e6))
    stand.time.advance(by: .seconds(5))
    let next = try await stand.openAfterCrash()
    await run(next, stand, seconds: 20) { _ in 100 }
    let row = try #require(try await minute(0, in: next))
    #expect(row.isPartial)
    #expect(row["meter", .power]?.count == 55, "40 before the crash, 15 after")
    #expect(row["meter", .power]?.high == 100)
    #expect(row["meter", .power]?.low == 0)
    await next.close()
    await journal.close()
  }

  @Test func aCrashAfterTheMinuteButBeforeItsRowLosesNothing() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    await run(journal, stand, seconds: 61)
    stand.time.advance(by: .seconds(600))
    let next = try await stand.openAfterCrash()
    let first = try #require(try await minute(0, in: next))
    #expect(!first.isPartial)
    #expect(first["meter", .power]?.count == 60)
    let cut = try #require(try await minute(1, in: next))
    #expect(cut.isPartial)
    #expect(cut["meter", .power]?.count == 1)
    await next.close()
    await journal.close()
  }

  @Test func withoutARawLogACrashLosesWhatItCut() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    try await journal.execute("UPDATE log SET choice = 'average 60000 ms: all'")
    await run(journal, stand, seconds: 40)
    stand.time.advance(by: .seconds(5))
    let next = try await stand.openAfterCrash()
    await run(next, stand, seconds: 20)
    let row = try #require(try await minute(0, in: next))
    #expect(row.isPartial)
    #expect(row["meter", .power]?.count == 15)
    await next.close()
    await journal.close()
  }

  @Test func aStopWithinAMinuteIsMergedWithTheRestart() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    await run(journal, stand, seconds: 40)
    await journal.close()
    stand.time.advance(by: .seconds(5))
    journal = try await stand.open()
    let stopped = try #require(try await minute(0, in: journal))
    #expect(stopped.isPartial)
    #expect(stopped["meter", .power]?.count == 40)
    await run(journal, stand, seconds: 5)
    let crashed = try await stand.openAfterCrash()
    await run(journal, stand, seconds: 15)
    let row = try #require(try await minute(0, in: journal))
    #expect(row.isPartial)
    #expect(row["meter", .power]?.count == 55)
    await journal.close()
    // The row of the stop is the lesser one, and replaced.
    #expect(try await minute(0, in: crashed)?["meter", .power]?.count == 40)
    await crashed.close()
    let third = try await stand.open()
    #expect(try await minute(0, in: third)?["meter", .power]?.count == 55)
    await third.close()
  }

  @Test func aCrashAfterAStopWithinTheSameMinuteCountsEverythingOnce() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    await run(journal, stand, seconds: 20)
    await journal.close()
    journal = try await stand.open()
    await run(journal, stand, seconds: 20)
    let next = try await stand.openAfterCrash()
    await run(next, stand, seconds: 24)
    #expect(try await minute(0, in: next)?["meter", .power]?.count == 60)
    await next.close()
    await journal.close()
  }

  @Test func aQuarterHourIsMadeOfItsMinutes() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    for step in 0..<180 {
      // The first minute has six times as many readings.
      for _ in 0..<(step < 12 ? 6 : 1) {
        journal.accept(
          Sample(
            device: "meter", measured: stand.time.now(),
            readings: [Reading(.power, step < 12 ? 100 : 200), Reading(.energyImport, 5e6 + Double(step))]))
      }
      stand.time.advance(by: .seconds(5))
      #expect(await journal.commit())
    }
    #expect(try await journal.historyRow(.quarter, at: Self.ten) == nil)
    stand.time.advance(by: .seconds(2))
    #expect(await journal.commit())
    let row = try #require(try await journal.historyRow(.quarter, at: Self.ten))
    #expect(!row.isPartial)
    #expect(row["meter", .power]?.count == 72 + 168)
    #expect(row["meter", .power]?.value(of: .power) == 1700, "(72 × 100 + 168 × 200) / 240")
    #expect(row["meter", .power]?.low == 100)
    #expect(row["meter", .energyImport]?.value(of: .energyImport) == 5_000_179)
    #expect(row["meter", .energyImport]?.low == 5_000_000)
    await journal.close()
  }

  @Test func aQuarterHourThatAStopLeftOpenIsMadeAtTheNextStart() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    await run(journal, stand, seconds: 130)
    await journal.close()
    stand.time.advance(by: .seconds(3600))
    journal = try await stand.open()
    let row = try #require(try await journal.historyRow(.quarter, at: Self.ten))
    #expect(row.isPartial)
    #expect(row["meter", .power]?.count == 130)
    await journal.close()
  }

  @Test func aClockSetBackMergesWithWhatIsThere() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    await run(journal, stand, seconds: 64)
    stand.time.stepWall(by: .seconds(-64))
    await run(journal, stand, seconds: 64)
    let row = try #require(try await minute(0, in: journal))
    #expect(row.isPartial)
    #expect(row["meter", .power]?.count == 120)
    await journal.close()
  }

  /// Between the minute that was left and the one that was entered there are some that are whole twice.
  @Test func aMinuteThatIsLivedTwiceIsPartial() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    await run(journal, stand, seconds: 184)
    #expect(try await minute(1, in: journal)?.isPartial == false)
    stand.time.stepWall(by: .seconds(-184))
    await run(journal, stand, seconds: 184)
    let row = try #require(try await minute(1, in: journal))
    #expect(row.isPartial)
    #expect(row["meter", .power]?.count == 120)
    await journal.close()
  }

  @Test func nothingOf1970IsMixedIn() async throws {
    let stand = try Stand()
    stand.time.trustClock(false)
    let journal = try await stand.open()
    await run(journal, stand, seconds: 64)
    #expect(try await minute(0, in: journal) == nil)
    stand.time.trustClock(true)
    await run(journal, stand, seconds: 120)
    #expect(try await minute(1, in: journal)?.isPartial == true)
    #expect(try await minute(2, in: journal)?.isPartial == false)
    await journal.close()
  }

  @Test func anUnreadableRowStopsNothing() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    await run(journal, stand, seconds: 64)
    try await journal.execute("UPDATE minute SET payload = x'00'")
    stand.time.stepWall(by: .seconds(-30))
    await run(journal, stand, seconds: 64)
    #expect(journal.counters().fault == nil)
    #expect(try await minute(0, in: journal)?["meter", .power]?.count == 26)
    await journal.close()
  }

  @Test func oldRowsGoAfterTheirTime() async throws {
    let stand = try Stand()
    stand.settings.minuteRetention = .seconds(300)
    stand.settings.quarterRetention = .seconds(3600)
    let journal = try await stand.open()
    for _ in 0..<240 {
      journal.accept(stand.sample())
      stand.time.advance(by: .seconds(30))
      #expect(await journal.commit())
    }
    #expect(try await journal.count("minute") <= 6)
    #expect(try await journal.count("minute") >= 4)
    #expect((2...4).contains(try await journal.count("quarter")))
    await journal.close()
  }

  @Test func historyKeepsWithinItsShareOfTheBudget() async throws {
    let stand = try Stand(budget: 512 << 10)
    let journal = try await stand.open()
    let points = Array(Point.allCases.filter { $0.summary == .mean }.prefix(20))
    var random = SeededGenerator(state: 3)
    for _ in 0..<400 {
      for device in 0..<8 {
        let readings = points.map { Reading($0, Double.random(in: 0...60_000, using: &random)) }
        journal.accept(
          Sample(device: DeviceID("device-\(device)"), measured: stand.time.now(), readings: readings))
      }
      stand.time.advance(by: .seconds(20))
      #expect(await journal.commit())
    }
    let minutes = try await journal.bytes("minute")
    #expect(minutes <= 512 << 10 * 3 / 16)
    #expect(minutes > 30 << 10)
    let count = try await journal.count("minute")
    #expect(count > 20 && count < 130)
    #expect(journal.counters().bytes <= 512 << 10)
    await journal.close()
  }
}

extension Journal {
  func historyRow(_ name: HistoryTable.Name, at time: Int64) throws -> HistoryRow? {
    guard let opened else { throw JournalError.closed }
    return try opened.file.queue.read {
      try HistoryTable(db: $0, name: name).row(at: time, shapes: opened.ledger.shapes)
    }
  }

  func count(_ table: String) throws -> Int {
    try queue?.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") } ?? 0
  }

  func bytes(_ table: String) throws -> Int {
    try queue?.read { try Int.fetchOne($0, sql: "SELECT sum(length(payload)) FROM \(table)") } ?? 0
  }
}
