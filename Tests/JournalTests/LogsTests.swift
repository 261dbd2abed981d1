import EnergyModel
import Foundation
import TestKit
import Testing

@testable import Journal

/// Several logs and several destinations in one journal.
@Suite struct LogsTests {
  private typealias Destination = JournalSettings.Destination

  @Test func theSamePlanIsOneLogADifferentOneAnother() async throws {
    let stand = try Stand()
    let power = LogPlan(name: "power", choice: ReportingChoice([.init(.raw, points: [.power])]))
    stand.settings.destinations = [
      Destination("vpp"), Destination("owner", logs: [LogPlan(), power]), Destination("grid", logs: [.tenSeconds]),
    ]
    let journal = try await stand.open()
    #expect(await stand.commit(25, to: journal))
    #expect(try await journal.logs().count == 4)
    let (vpp, owner, grid) = (
      try await journal.telemetry(), try await journal.telemetry("owner"), try await journal.telemetry("grid")
    )
    #expect(vpp.map(\.name) == ["telemetry"] && owner.map(\.name) == ["telemetry", "power"])
    #expect(vpp[0].epoch == owner[0].epoch && grid[0].epoch != vpp[0].epoch)
    #expect(try await journal.waiting(vpp[0]).map(\.range) == [SequenceRange(1, 25)])
    #expect(try await journal.waiting(owner[1], "owner").map(\.range) == [SequenceRange(1, 25)])
    let means = try await journal.waiting(grid[0], "grid")
    #expect(means.map(\.range) == [SequenceRange(1, 2)])
    let spans = means.flatMap(\.records).map { record -> Duration? in
      if case .sample(let sample) = record.body { sample.span } else { nil }
    }
    #expect(spans == [.seconds(10), .seconds(10)])
    // One log of another's is as unknown as none at all.
    await #expect(throws: JournalError.unknownLog(grid[0].epoch)) { try await journal.waiting(grid[0]) }
    await #expect(throws: JournalError.unknownLog(grid[0].epoch)) {
      try await journal.replay([SequenceRange(1, 2)], of: grid[0].epoch, to: "vpp")
    }
    try await journal.acknowledge([SequenceRange(1, 2)], of: grid[0].epoch, by: "vpp")
    #expect(journal.backlog(for: "grid") == 2)
    #expect(journal.backlog(for: "vpp") == 25 && journal.backlog(for: "owner") == 50)
    await #expect(throws: JournalError.unknownDestination("nobody")) { try await journal.logs(for: "nobody") }
    await journal.close()
  }

  @Test func theSameChoiceKeepsItsEpochAnotherBeginsAnew() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    let raw = try await journal.telemetry()[0].epoch
    #expect(await stand.commit(5, to: journal))
    await journal.close()
    journal = try await stand.open()
    #expect(try await journal.telemetry().map(\.epoch) == [raw])
    #expect(await stand.commit(5, to: journal))
    await journal.close()

    stand.settings.destinations = [Destination("vpp", logs: [.tenSeconds])]
    journal = try await stand.open()
    let logs = try await journal.telemetry()
    #expect(logs.count == 2 && logs[0].epoch == raw && logs[0].held == SequenceRange(1, 10))
    let means = logs[1].epoch
    #expect(await stand.commit(20, to: journal))
    // The old one gets nothing more, and drains.
    #expect(try await journal.telemetry()[0].held == SequenceRange(1, 10))
    #expect(try await journal.telemetry()[1].held?.first == 1)
    try await journal.acknowledge([SequenceRange(1, 10)], of: raw, by: "vpp")
    stand.time.advance(by: .seconds(86_500))
    #expect(await stand.commit(1, to: journal))
    #expect(try await journal.telemetry().map(\.epoch) == [means])
    #expect(try await journal.gaps("budget").isEmpty)
    await journal.close()

    // Back to what it was: numbers go on nowhere.
    stand.settings.destinations = [Destination("vpp")]
    journal = try await stand.open()
    let last = try await journal.telemetry().last
    #expect(last?.epoch != raw && last?.epoch != means && last?.held == nil)
    await journal.close()
  }

  @Test func anEmptyLogThatNobodyWantsIsGoneAtOnce() async throws {
    let stand = try Stand()
    await (try stand.open()).close()
    stand.settings.destinations = [Destination("vpp", logs: [.tenSeconds])]
    let journal = try await stand.open()
    #expect(try await journal.telemetry().count == 1)
    #expect(try await journal.logs().count == 2)
    await journal.close()
  }

  /// Another destination goes on with the log that this one leaves.
  @Test func whoChoosesAnotherLogReadsTheOldOneUpToThere() async throws {
    let stand = try Stand()
    stand.settings.destinations = [Destination("vpp"), Destination("owner")]
    var journal = try await stand.open()
    #expect(await stand.commit(5, to: journal))
    await journal.close()
    stand.settings.destinations = [Destination("vpp", logs: [.tenSeconds]), Destination("owner")]
    for _ in 1...2 {
      journal = try await stand.open()
      #expect(await stand.commit(5, to: journal))
      let old = try await journal.telemetry()[0]
      #expect(old.held == SequenceRange(1, 5))
      #expect(try await journal.waiting(old).map(\.range) == [SequenceRange(1, 5)])
      try await journal.replay([SequenceRange(1, 100)], of: old.epoch, to: "vpp")
      #expect(try await journal.waiting(old).map(\.range) == [SequenceRange(1, 5)])
      await journal.close()
    }
    journal = try await stand.open()
    #expect(try await journal.telemetry("owner")[0].held == SequenceRange(1, 15))
    try await journal.acknowledgeAll(by: "owner")
    let epoch = try await journal.telemetry()[0].epoch
    try await journal.acknowledge([SequenceRange(1, 5)], of: epoch, by: "vpp")
    #expect(try await journal.waiting(journal.telemetry()[0]).isEmpty)
    stand.time.advance(by: .seconds(86_500))
    #expect(await stand.commit(1, to: journal))
    // Nothing of the log waits for the one that left.
    #expect(try await journal.telemetry("owner")[0].held == SequenceRange(16, 16))
    await journal.close()
    journal = try await stand.open()
    #expect(try await journal.telemetry().count == 1, "nothing of it is left to read")
    await journal.close()
  }

  @Test func aDestinationThatIsGoneHoldsNothing() async throws {
    let stand = try Stand()
    stand.settings.destinations = [Destination("vpp"), Destination("owner", logs: [.tenSeconds])]
    var journal = try await stand.open()
    #expect(await stand.commit(30, to: journal))
    await journal.close()
    stand.settings.destinations = [Destination("vpp")]
    journal = try await stand.open()
    try await journal.acknowledgeAll(by: "vpp")
    #expect(try await journal.logs().count == 3)
    await #expect(throws: JournalError.unknownDestination("owner")) { try await journal.logs(for: "owner") }
    stand.time.advance(by: .seconds(86_500))
    #expect(await stand.commit(1, to: journal))
    #expect(try await journal.logs().count == 2)
    #expect(journal.counters().purgedRecords == 0)
    await journal.close()
  }

  /// Neither the file nor who reads it carries them for ever, and whoever comes back gets everything again.
  @Test func acknowledgementsOfADestinationThatIsGoneAreLetGo() async throws {
    let stand = try Stand()
    stand.settings.destinations = [Destination("vpp"), Destination("owner")]
    var journal = try await stand.open()
    journal.post(stand.event("e"))
    for _ in 0..<3 { #expect(await stand.commit(5, to: journal)) }
    let epoch = try await journal.log(.telemetry).epoch
    for destination in ["vpp", "owner"] as [DestinationID] {
      try await journal.acknowledge([SequenceRange(1, 3), SequenceRange(6, 10)], of: epoch, by: destination)
      try await journal.acknowledge([SequenceRange(1, 1)], of: journal.log(.events).epoch, by: destination)
    }
    await journal.close()
    stand.settings.destinations = [Destination("vpp")]
    journal = try await stand.open()
    #expect(try await journal.count("acknowledged WHERE destination = 'owner'") == 0)
    #expect(try await journal.count("reader WHERE destination = 'owner'") == 0)
    #expect(try await journal.count("acknowledged WHERE destination = 'vpp'") == 3)
    let statistics = try JournalReader(folder: stand.folder.path).statistics()
    #expect(statistics.logs.allSatisfy { Array($0.backlog.keys) == ["vpp"] })
    await journal.close()

    stand.settings.destinations = [Destination("vpp"), Destination("owner")]
    journal = try await stand.open()
    #expect(try await journal.telemetry("owner").map(\.epoch) == [epoch])
    let log = try await journal.telemetry("owner")[0]
    #expect(try await journal.waiting(log, "owner").map(\.range.first) == [1, 6, 11])
    #expect(try await journal.waiting(log, "vpp").map(\.range.first) == [1, 11])
    // Telemetry, the event, and two gap records of the stops.
    #expect(journal.backlog(for: "owner") == 15 + 3)
    await journal.close()
  }

  /// What was let go while it was away is named, so that no hole is left to wonder about.
  @Test func whoJoinsALogIsToldWhatOfItIsGone() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    for _ in 0..<5 { #expect(await stand.commit(5, to: journal)) }
    try await journal.acknowledge(1, 10)
    try await journal.acknowledge(16, 20)
    stand.time.advance(by: .seconds(90_000))
    #expect(await stand.commit(1, to: journal))
    #expect(try await journal.log(.telemetry).held?.first == 11)
    await journal.close()
    stand.settings.destinations = [Destination("vpp"), Destination("owner")]
    for _ in 1...2 {
      journal = try await stand.open()
      let gaps = try await journal.gaps("not-held", "owner")
      #expect(gaps.count == 2)
      #expect(gaps.first?.hasSuffix(#""first":1,"last":10,"cause":"not-held""#) == true)
      #expect(gaps.last?.hasSuffix(#""first":16,"last":20,"cause":"not-held""#) == true)
      var faults: [String] = []
      try JournalReader(folder: stand.folder.path).check { if $0.isFault { faults.append($0.text) } }
      #expect(faults.isEmpty)
      await journal.close()
    }
  }

  /// One never acknowledges anything; the other drains all the same, and the budget takes the oldest, aloud.
  @Test func aHungDestinationHoldsNobodyUp() async throws {
    let stand = try Stand(budget: 512 << 10)
    stand.settings.whenFull = .dropOldest
    stand.settings.destinations = [Destination("vpp"), Destination("hung", logs: [LogPlan(name: "other")])]
    let journal = try await stand.open()
    var random = SeededGenerator(state: 1)
    var commits: UInt64 = 0
    while try await journal.telemetry("hung").first?.held?.first ?? 1 == 1, commits < 2000 {
      for _ in 0..<10 {
        stand.time.advance(by: .milliseconds(400))
        let noise = [Point.power, .powerL1, .powerL2, .powerL3, .reactivePower].map {
          Reading($0, Double(Int.random(in: -5_000_000...5_000_000, using: &random)))
        }
        journal.accept(Sample(device: "meter", measured: stand.time.now(), readings: noise))
      }
      #expect(await journal.commit())
      commits += 1
      try await journal.acknowledgeAll(by: "vpp")
      #expect(journal.backlog(for: "vpp") == 0)
    }
    let vpp = try #require(try await journal.telemetry().first)
    let hung = try #require(try await journal.telemetry("hung").first)
    // What everybody had went first, all of it.
    #expect(vpp.held?.first ?? 0 > commits * 10 * 9 / 10)
    let first = try #require(hung.held?.first)
    #expect(first > 1)
    #expect(
      try await journal.gaps("budget", "hung").contains {
        $0.contains(#""epoch":"\#(hung.epoch)","first":1,"last":\#(first - 1),"#)
      })
    // The other's fronts are its own.
    let backlog = try await journal.waiting(hung, "hung").reduce(0) { $0 + $1.range.count }
    #expect(backlog == hung.held?.count)
    await journal.close()
  }

  @Test func everyTelemetryLogAnnouncesItsGap() async throws {
    let stand = try Stand()
    stand.settings.destinations = [Destination("vpp", logs: [LogPlan(), LogPlan(name: "second"), .tenSeconds])]
    var journal = try await stand.open()
    #expect(await stand.commit(12, to: journal))
    await journal.close()
    stand.time.advance(by: .seconds(5))
    journal = try await stand.open()
    let stops = try await journal.gaps("stop")
    #expect(stops.count == 3)
    for log in try await journal.telemetry() { #expect(stops.filter { $0.contains("\(log.epoch)") }.count == 1) }
    await journal.close()
  }

  @Test func whatFoundNoRoomIsAGapOfEveryTelemetryLog() async throws {
    let stand = try Stand(capacity: 5)
    stand.settings.destinations = [Destination("vpp", logs: [LogPlan(), LogPlan(name: "second")])]
    let journal = try await stand.open()
    for _ in 0..<7 { journal.accept(stand.sample()) }
    #expect(await journal.commit())
    #expect(try await journal.gaps("overflow").count == 2)
    #expect(try await journal.entries().filter { $0.contains("samples-dropped") }.count == 1)
    await journal.close()
  }
}
