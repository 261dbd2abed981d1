import EnergyModel
import TestKit
import Testing

@testable import Journal

/// What a commit promises: dense numbers, nothing seen before it is on the disk, nothing lost after.
@Suite struct CommitTests {
  @Test func nothingIsSeenBeforeItsCommit() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    journal.accept(stand.sample())
    journal.post(stand.event("e"))
    #expect(try await journal.waiting(.telemetry).isEmpty)
    #expect(journal.counters().committedRecords == 0)
    #expect(await journal.commit())
    let segments = try await journal.waiting(.telemetry)
    #expect(segments.map(\.range) == [SequenceRange(1, 1)])
    #expect(segments.first?.log == "telemetry")
    #expect(segments.first?.firstTime == stand.time.now().wall)
    #expect(try await journal.entries().count == 1)
    #expect(journal.counters().committedRecords == 2)
    #expect(journal.counters().fault == nil)
    #expect(journal.backlog(for: "vpp") == 2)
    await journal.close()
  }

  @Test func seqsAreDenseOverCleanStops() async throws {
    let stand = try Stand()
    var epochs: Set<Epoch> = []
    for start in 1...4 {
      let journal = try await stand.open()
      #expect(journal.boot == start)
      for _ in 0..<3 { #expect(await stand.commit(5, to: journal)) }
      #expect(try await journal.seqs(.telemetry) == Array(1...UInt64(start * 15)))
      epochs.insert(try await journal.log(.telemetry).epoch)
      #expect(try await journal.log(.telemetry).held == SequenceRange(1, UInt64(start * 15)))
      await journal.close()
    }
    #expect(epochs.count == 1)
  }

  @Test func aCrashLosesNothingThatWasCommittedAndReusesNothing() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    for commits in 1...8 {
      #expect(await stand.commit(commits, to: journal, power: Double(commits)))
      let before = try await journal.waiting(.telemetry)
      journal.accept(stand.sample(power: -1))
      let next = try await stand.openAfterCrash()
      #expect(try await next.waiting(.telemetry) == before)
      #expect(next.boot == 2)
      #expect(await stand.commit(1, to: next))
      let seqs = try await next.seqs(.telemetry)
      #expect(seqs == Array(1...UInt64(seqs.count)))
      #expect(UInt64(seqs.count) == before.reduce(1) { $0 + $1.range.count })
      await next.close()
    }
    await journal.close()
  }

  @Test func numbersGoOnWhereEverythingWasDeleted() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    #expect(await stand.commit(5, to: journal))
    try await journal.execute("DELETE FROM segment")
    await journal.close()
    journal = try await stand.open()
    #expect(try await journal.log(.telemetry).held == nil)
    #expect(await stand.commit(2, to: journal))
    #expect(try await journal.seqs(.telemetry) == [6, 7])
    await journal.close()
  }

  @Test func aLargeBatchBecomesSeveralSegments() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    #expect(await stand.commit(600, to: journal))
    let ranges = try await journal.waiting(.telemetry).map(\.range)
    #expect(ranges == [SequenceRange(1, 256), SequenceRange(257, 512), SequenceRange(513, 600)])
    #expect(journal.counters().commits == 2)
    await journal.close()
  }

  /// So that a live message stays small: 128 kB may be in flight.
  @Test func aBatchOfLargeRecordsBecomesMoreSegments() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    stand.time.advance(by: .seconds(1))
    let readings = Point.allCases.prefix(48).map { Reading($0, 12_345) }
    #expect(readings.count == 48)
    for _ in 0..<256 { journal.accept(Sample(device: "hybrid", measured: stand.time.now(), readings: readings)) }
    #expect(await journal.commit())
    let segments = try await journal.waiting(.telemetry)
    let sizes = segments.map { segment in
      segment.records.reduce(0) { if case .sample(let sample) = $1.body { $0 + sample.readings.count } else { $0 } }
    }
    #expect(sizes.reduce(0, +) == 256 * 48)
    #expect(sizes.allSatisfy { $0 <= 4000 })
    #expect(segments.map(\.range.last) == [83, 166, 249, 256], "no smaller than needed")
    // As JSON, with what stands around the readings of a record.
    let record = readings.reduce(60) { $0 + "\"\($1.point.rawValue)\":12345.0,".utf8.count }
    #expect(83 * record < 110_000)
    await journal.close()
  }

  @Test func aFullQueueDropsCountsAndSaysSo() async throws {
    let stand = try Stand(capacity: 10)
    let journal = try await stand.open()
    for _ in 0..<14 { journal.accept(stand.sample()) }
    for _ in 0..<13 { journal.post(stand.event("e")) }
    #expect(journal.counters().droppedSamples == 4)
    #expect(journal.counters().droppedEvents == 3)
    #expect(await journal.commit())
    #expect(try await journal.seqs(.telemetry).count == 10)
    let entries = try await journal.entries()
    #expect(entries.contains { $0.contains(#""cause":"overflow""#) })
    #expect(entries.contains { $0.contains(#""name":"samples-dropped""#) && $0.contains(#""samples":4"#) })
    let now = stand.time.now().wall.milliseconds
    let gap =
      #""kind":"gap","epoch":"\#(try await journal.log(.events).epoch)","from":\#(now),"to":\#(now),"cause":"overflow""#
    #expect(entries.filter { $0 == gap }.count == 1)
    #expect(entries.contains { $0.contains(#""name":"events-dropped""#) && $0.contains(#""entries":3"#) })
    #expect(await stand.commit(1, to: journal))
    #expect(try await journal.entries().count == entries.count, "said once")
    await journal.close()
    let next = try await stand.open()
    #expect(next.counters().droppedSamples == 4)
    #expect(next.counters().droppedEvents == 3)
    await next.close()
  }

  @Test func stateIsThereAtOnceAndAfterACrash() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    journal.save([1, 2, 3], under: "memory")
    #expect(try await journal.load("memory") == [1, 2, 3])
    #expect(try await journal.load("other") == nil)
    #expect(await journal.commit())
    journal.save([4], under: "memory")
    let next = try await stand.openAfterCrash()
    #expect(try await next.load("memory") == [1, 2, 3])
    await next.close()
    await journal.close()
    await #expect(throws: JournalError.closed) { try await journal.logs() }
  }

  @Test func everyListenerHearsOfCommitsThatAddSegments() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    let streams = [journal.commits(), journal.commits()]
    #expect(await stand.commit(1, to: journal))
    for stream in streams {
      var iterator = stream.makeAsyncIterator()
      #expect(await iterator.next() != nil)
    }
    let last = journal.commits()
    await journal.close()
    var iterator = last.makeAsyncIterator()
    #expect(await iterator.next() == nil)
  }

  @Test func durabilityIsAsserted() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    #expect(try await journal.pragma("synchronous") == "2")
    #expect(try await journal.pragma("journal_mode") == "wal")
    #expect(try await journal.pragma("secure_delete") == "0")
    #expect(try await journal.pragma("user_version") == "\(Schema.version)")
    await journal.close()
  }

  @Test func aSecondWriterIsNoticedNotMixedIn() async throws {
    let stand = try Stand()
    let first = try await stand.open()
    #expect(await stand.commit(1, to: first))
    let second = try await stand.open()
    #expect(await stand.commit(1, to: second))
    #expect(await stand.commit(1, to: first) == false)
    #expect(first.counters().fault != nil)
    await second.close()
    await first.close()
  }
}
