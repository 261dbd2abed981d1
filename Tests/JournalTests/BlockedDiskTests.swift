import EnergyModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Journal

/// A disk that does not answer holds up nobody but the journal.
@Suite struct BlockedDiskTests {
  @Test func aFaultKeepsTheDataAndPostsReturnAtOnce() async throws {
    let stand = try Stand(capacity: 100)
    let journal = try await stand.open()
    #expect(await stand.commit(5, to: journal))
    let blocker = try Blocker(stand.database.path)

    for _ in 0..<50 { journal.accept(stand.sample()) }
    async let blocked = journal.commit()
    // While the journal's thread waits for the disk, everybody else goes on.
    let clock = ContinuousClock()
    let took = clock.measure {
      for _ in 0..<200 {
        journal.accept(stand.sample())
        journal.post(stand.event("e", .alarm))
        journal.save([1], under: "k")
        _ = journal.counters()
      }
    }
    #expect(took < .milliseconds(200))
    #expect(await blocked == false)
    #expect(journal.counters().fault != nil)
    #expect(await journal.commit() == false)

    try blocker.letGo()
    #expect(await journal.commit())
    #expect(await journal.commit())
    #expect(journal.counters().fault == nil)
    let seqs = try await journal.seqs(.telemetry)
    #expect(seqs == Array(1...UInt64(seqs.count)))
    // Nothing vanished uncounted: 255 came, and what did not fit was counted.
    #expect(UInt64(seqs.count) + journal.counters().droppedSamples == 255)
    #expect(try await journal.load("k") == [1])
    await journal.close()
  }

  @Test func runGoesOnThroughAFaultAndCommitsAlarmsSoon() async throws {
    let stand = try Stand()
    stand.settings.commitInterval = .milliseconds(300)
    let journal = try await Journal.open(stand.settings, time: SystemTime(), seed: 7)
    let running = Task { await journal.run() }
    journal.accept(stand.sample())
    try await eventually("the first commit") { journal.counters().committedRecords == 1 }

    let blocker = try Blocker(stand.database.path)
    journal.accept(stand.sample())
    try await eventually("a fault") { journal.counters().fault != nil }
    try blocker.letGo()
    try await eventually("the commit after the fault") { journal.counters().committedRecords == 2 }
    #expect(journal.counters().fault == nil)

    await journal.close()
    await running.value
  }

  @Test func aFileThatSomebodyElseWritesIsAnErrorOfTheStart() async throws {
    let stand = try Stand()
    await (try stand.open()).close()
    let blocker = try Blocker(stand.database.path)
    await #expect(throws: JournalError.foreignWriter(log: JournalFile.name)) { try await stand.open() }
    try blocker.letGo()
    let journal = try await stand.open()
    #expect(journal.boot == 2)
    await journal.close()
  }

  @Test func anAlarmDoesNotWaitForTheInterval() async throws {
    let stand = try Stand()
    stand.settings.commitInterval = .seconds(3600)
    let journal = try await Journal.open(stand.settings, time: SystemTime(), seed: 7)
    let running = Task { await journal.run() }
    let clock = ContinuousClock()
    let start = clock.now
    journal.post(stand.event("alarm", .alarm))
    try await eventually("the alarm's commit") { journal.counters().committedRecords == 1 }
    #expect(clock.now - start < .seconds(2))
    journal.save([9], under: "limit", isUrgent: true)
    try await eventually("the state's commit") { journal.counters().commits == 3 }
    running.cancel()
    await running.value
    await journal.close()
  }
}

/// Another connection that holds the write lock: no commit gets through while it does.
struct Blocker {
  private let queue: DatabaseQueue

  init(_ path: String) throws {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
  }

  func letGo() throws {
    try queue.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    try queue.close()
  }
}
