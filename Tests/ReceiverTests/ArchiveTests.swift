import EnergyModel
import Foundation
import GRDB
import Testing

@testable import Receiver

@Suite struct ArchiveTests {
  @Test func aSegmentThatComesTwiceIsKeptOnce() throws {
    let shelf = try Shelf()
    #expect(try shelf.store(Given.telemetry(Given.segment(1, 3))) == .init(new: 3, held: SequenceRange(1, 3)))
    #expect(try shelf.store(Given.telemetry(Given.segment(1, 3))) == .init(held: SequenceRange(1, 3)))
    #expect(try shelf.store(Given.backfill(Given.segment(2, 5)))?.new == 2)
    try shelf.reopen()
    #expect(try shelf.store(Given.telemetry(Given.segment(4, 5)))?.new == 0)
    #expect(try shelf.archive.recordCount(site: "mill", epoch: Given.epoch) == 5)
    #expect(try shelf.holdings().received.ranges == [SequenceRange(1, 5)])
  }

  @Test func aSegmentIsKeptAsAWholeOrNotAtAll() throws {
    let shelf = try Shelf()
    try shelf.failAt(seq: 3)
    #expect(throws: DatabaseError.self) { try shelf.store(Given.telemetry(Given.segment(1, 5))) }
    try shelf.reopen()
    #expect(try shelf.archive.recordCount(site: "mill", epoch: Given.epoch) == 0)
    #expect(try shelf.holdings().received.isEmpty)
  }

  /// Otherwise a power cut could take back what was acknowledged.
  @Test func whatIsStoredIsOnTheDisk() throws {
    let shelf = try Shelf()
    let queue = shelf.archive.queue
    #expect(try queue.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    #expect(try queue.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
  }

  @Test func rangesJoinInWhateverOrderTheyCome() throws {
    let shelf = try Shelf()
    for (first, last) in [(10, 12), (1, 3), (20, 20), (14, 18)] as [(UInt64, UInt64)] {
      try shelf.store(Given.telemetry(Given.segment(first, last)))
    }
    #expect(try shelf.holdings().received.ranges.count == 4)
    #expect(try shelf.store(Given.telemetry(Given.segment(13, 13)))?.held == SequenceRange(10, 18))
    #expect(try shelf.store(Given.telemetry(Given.segment(4, 19)))?.held == SequenceRange(1, 20))
    #expect(try shelf.holdings().received.ranges == [SequenceRange(1, 20)])
    #expect(try shelf.archive.queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM range") } == 1)
  }

  @Test func anotherContentUnderTheSameNumberIsAnAlarmAndTheFirstStays() throws {
    let shelf = try Shelf()
    try shelf.store(Given.telemetry(Given.segment(1, 3)))
    let stored = try shelf.store(Given.telemetry(Given.segment(2, 4, value: 9)))
    #expect(stored?.contradictions == 2)
    #expect(stored?.new == 1)
    // Coming again it is no further one.
    try shelf.store(Given.telemetry(Given.segment(2, 4, value: 9)))
    #expect(try shelf.archive.contradictions(site: "mill", epoch: Given.epoch) == 2)
    var values: [String] = []
    try shelf.archive.eachRecord(site: nil, log: nil) { values.append($0.body) }
    #expect(values.map { $0.contains("230.1") } == [true, true, true, false])
  }

  @Test func aThinnedSegmentStandsForItsRange() throws {
    let shelf = try Shelf()
    try shelf.store(Given.telemetry(Given.segment(101, 110)))
    #expect(try shelf.store(Given.thinned(1, 60))?.held == SequenceRange(1, 60))
    #expect(try shelf.store(Given.thinned(61, 100))?.held == SequenceRange(1, 110))
    #expect(try shelf.holdings().thinned.ranges == [SequenceRange(1, 100)])
    #expect(try shelf.holdings().holes.isEmpty)
    #expect(try shelf.archive.recordCount(site: "mill", epoch: Given.epoch) == 10)
    var lines: [String] = []
    try shelf.archive.eachRecord(site: "mill", log: nil) { lines += CSV.values($0) }
    #expect(lines.count == 2 + 10 * 3)
    #expect(lines[0] == "mill,telemetry,0123456789abcdef,,60000,60000,,grid-meter,power_w,7,good")
  }

  @Test func averagesNeverStandBesideFinerOnesOfTheSameRecords() throws {
    let shelf = try Shelf()
    try shelf.store(Given.thinned(1, 60))
    try shelf.store(Given.thinned(61, 100))
    // All of it is here: the coarser ones that come again after a replay change nothing.
    #expect(try shelf.store(Given.thinned(1, 100, averages: 3))?.new == 0)
    // Together with more they replace the finer ones.
    #expect(try shelf.store(Given.thinned(1, 200, averages: 3))?.new == 3)
    var count = 0
    try shelf.archive.eachRecord(site: nil, log: nil) { _ in count += 1 }
    #expect(count == 3)
  }

  @Test func gapRecordsExplainHoles() throws {
    let shelf = try Shelf()
    // The gap record may come before anything of the log itself.
    try shelf.store(Given.telemetry(Given.gap(1, 4, 6)))
    try shelf.store(Given.telemetry(Given.lostTime(2)))
    try shelf.store(Given.telemetry(Given.segment(7, 9)))
    #expect(try shelf.holdings().holes == [SequenceRange(1, 3)])
    try shelf.store(Given.telemetry(Given.gap(3, 1, 3)))
    #expect(try shelf.holdings().holes.isEmpty)
    #expect(try shelf.holdings().announced.ranges == [SequenceRange(1, 6)])
    #expect(try shelf.holdings().log == "telemetry")
    #expect(try shelf.archive.lostTimes(site: "mill", epoch: Given.epoch).map(\.cause) == ["crash"])
  }

  @Test func statusTellsWhatIsToComeAndWhoIsThere() throws {
    let shelf = try Shelf()
    try shelf.store(Given.status((Given.epoch, 1, 8), (Given.eventEpoch, 1, 2)))
    try shelf.store(Given.telemetry(Given.segment(1, 5)))
    #expect(try shelf.holdings().stillToCome == [SequenceRange(6, 8)])
    #expect(try shelf.archive.sitesOnline() == ["mill"])
    // A status that is late tells less; what was announced stays announced.
    try shelf.store(Given.status((Given.epoch, 1, 6), isOnline: false))
    #expect(try shelf.holdings().stillToCome == [SequenceRange(6, 8)])
    #expect(try shelf.archive.sitesOnline().isEmpty)
    #expect(try shelf.holdings().isListed)
    #expect(try !shelf.holdings(Given.eventEpoch).isListed)
  }

  @Test func theNewestForecastIsKept() throws {
    let shelf = try Shelf()
    #expect(try shelf.archive.forecast(site: "mill") == nil)
    try shelf.store(Given.forecast(at: 1, up: 5000))
    try shelf.store(Given.forecast(at: 61, up: 4000))
    try shelf.reopen()
    let kept = try #require(try shelf.archive.forecast(site: "mill"))
    #expect(kept.time == Given.time + .seconds(61))
    #expect(kept.body.contains(#""up":{"energy_wh":[1000],"power_w":[4000]}"#), "\(kept.body)")
    let wrong = Given.message("forecast", Array(#"{"v":1,"site":"other","t":1}"#.utf8))
    #expect(throws: Unreadable.self) { try shelf.store(wrong) }
  }

  /// Databases of before the forecast was kept.
  @Test func aDatabaseOfTheFirstVersionGoesOn() throws {
    let shelf = try Shelf()
    try shelf.store(Given.telemetry(Given.segment(1, 3)))
    try shelf.archive.queue.write { try $0.execute(sql: "DROP TABLE forecast; PRAGMA user_version = 1") }
    try shelf.reopen()
    try shelf.store(Given.forecast(at: 1, up: 5000))
    #expect(try shelf.archive.forecast(site: "mill") != nil)
    #expect(try shelf.holdings().held.ranges == [SequenceRange(1, 3)])
  }

  @Test func exportQuotesWhatNeedsIt() throws {
    let shelf = try Shelf()
    try shelf.store(Given.telemetry(Given.segment(1, 1)))
    try shelf.store(Given.telemetry(Given.gap(1, 4, 6)))
    var values: [String] = []
    try shelf.archive.eachRecord(site: nil, log: nil) { values += CSV.values($0) }
    #expect(
      values == [
        "mill,telemetry,0123456789abcdef,1,1782036001000,,,grid/meter,frequency_hz,,timeout",
        "mill,telemetry,0123456789abcdef,1,1782036001000,,,grid/meter,power_w,1,good",
        "mill,telemetry,0123456789abcdef,1,1782036001000,,,grid/meter,voltage_l1_v,230.1,good",
      ])
    var events: [String] = []
    try shelf.archive.eachRecord(site: nil, log: "events") { events += CSV.event($0) }
    #expect(events.count == 1)
    #expect(events[0].hasPrefix(#"mill,events,000000000000fedc,1,1782036000000,"{""cause"":""budget"","#))
  }
}
