import EnergyModel
import Foundation
import TestKit
import Testing

@testable import Journal

/// A disk that lets no journal be opened does not stop the agent.
@Suite struct UnopenedTests {
  /// A stand whose folder cannot be created, because a file stands in its place.
  private func blocked(capacity: Int = 20_000) throws -> Stand {
    let stand = try Stand(capacity: capacity)
    let obstacle = stand.folder.appendingPathComponent("state")
    try Data().write(to: obstacle)
    stand.settings.folder = obstacle.appendingPathComponent("journal").path
    return stand
  }

  private func clear(_ stand: Stand) throws {
    try FileManager.default.removeItem(at: stand.folder.appendingPathComponent("state"))
  }

  @Test func itSaysSoAndKeepsWhatFits() async throws {
    let stand = try blocked(capacity: 10)
    let journal = try await stand.open()
    #expect(journal.counters().fault?.contains("mkdir") == true)
    #expect(journal.boot == 0)
    #expect(try await journal.load("memory") == nil)
    #expect(try await journal.logs().isEmpty)
    // A receiver would take an empty list for the end of every log.
    await #expect(throws: JournalError.closed) { try await journal.logs(for: "vpp") }
    await #expect(throws: JournalError.closed) {
      try await journal.acknowledge([SequenceRange(1, 1)], of: Epoch(number: 1), by: "vpp")
    }
    journal.save([1], under: "memory")
    #expect(try await journal.load("memory") == [1])
    for _ in 0..<14 { journal.accept(stand.sample()) }
    for _ in 0..<13 { journal.post(stand.event("e")) }
    #expect(journal.counters().droppedSamples == 4 && journal.counters().droppedEvents == 3)

    #expect(await journal.commit() == false)
    try clear(stand)
    #expect(await journal.commit())
    #expect(journal.counters().fault == nil)
    #expect(journal.boot == 1)
    #expect(try await journal.seqs(.telemetry) == Array(1...10))
    #expect(try await journal.entries().contains { $0.contains(#""name":"samples-dropped""#) })
    #expect(try await journal.load("memory") == [1])
    #expect(journal.counters().droppedSamples == 4 && journal.counters().droppedEvents == 3)
    await journal.close()
    await #expect(throws: JournalError.closed) { try await journal.load("memory") }
  }

  @Test func runOpensItOnceThatIsPossible() async throws {
    let stand = try blocked()
    let time = WatchedTime(stand.time)
    let journal = try await Journal.open(stand.settings, time: time, seed: 7)
    let running = Task { await journal.run() }
    for _ in 0..<20 { try await time.advance(by: .seconds(1), journal) }
    #expect(journal.counters().fault != nil)
    try clear(stand)
    // Although nothing waits.
    for _ in 0..<8 where journal.boot == 0 { try await time.advance(by: .seconds(1), journal) }
    try await eventually("opened") { journal.boot == 1 }
    #expect(journal.counters().fault == nil)
    journal.accept(stand.sample())
    for _ in 0..<4 { try await time.advance(by: .seconds(1), journal) }
    try await eventually("works") { journal.counters().committedRecords == 1 }
    await journal.close()
    await running.value
  }

  /// What waited for the file is not lost.
  @Test func theGapEndsWhereTheWaitingBegins() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    #expect(await stand.commit(1, to: journal))
    let from = stand.time.now().wall.milliseconds
    await journal.close()
    let away = stand.folder.appendingPathExtension("away")
    try FileManager.default.moveItem(at: stand.folder, to: away)
    try Data().write(to: stand.folder)
    journal = try await stand.open()
    stand.time.advance(by: .seconds(5))
    journal.accept(stand.sample())
    stand.time.advance(by: .seconds(60))
    #expect(await journal.commit() == false)
    try FileManager.default.removeItem(at: stand.folder)
    try FileManager.default.moveItem(at: away, to: stand.folder)
    #expect(await journal.commit())
    let gaps = try await journal.entries().filter { $0.contains(#""kind":"gap""#) }
    #expect(gaps.count == 1)
    #expect(gaps.first?.hasSuffix(#""from":\#(from),"to":\#(from + 5000),"cause":"stop""#) == true)
    await journal.close()
  }
}
