import EnergyModel
import TestKit
import Testing

@testable import Journal

/// A box without a battery for its clock starts in 1970: what it missed is told once somebody vouches for the time.
@Suite struct LostTimeTests {
  /// What a box lives through, on true time; its own clock begins in 1970 with every start.
  private struct Life {
    let stand: Stand
    private(set) var isAstray = false

    init() throws { stand = try Stand() }

    /// The true time.
    private(set) var truth = Timestamp(milliseconds: 1_782_036_000_000)

    mutating func pass(_ seconds: Int) {
      truth = truth + .seconds(seconds)
      stand.time.advance(by: .seconds(seconds))
    }

    mutating func powerOn() {
      isAstray = true
      stand.time.stepWall(by: Timestamp(milliseconds: 10_000) - stand.time.now().wall)
      stand.time.trustClock(false)
    }

    mutating func clockIsSet() {
      isAstray = false
      stand.time.stepWall(by: truth - stand.time.now().wall)
      stand.time.trustClock(true)
    }

    mutating func commit(_ count: Int, to journal: Journal) async -> Bool {
      for _ in 0..<count {
        pass(1)
        journal.accept(stand.sample())
      }
      return await journal.commit()
    }
  }

  private func told(_ journal: Journal) async throws -> [String] {
    try await journal.entries().filter { $0.contains(#""from":"#) && !$0.contains("unsynced") }
  }

  private func gap(_ epoch: Epoch, _ from: Timestamp, _ to: Timestamp, _ cause: String) -> String {
    #""kind":"gap","epoch":"\#(epoch)","from":\#(from.milliseconds),"to":\#(to.milliseconds),"cause":"\#(cause)""#
  }

  @Test func itIsToldOnceTheClockIsTrusted() async throws {
    var life = try Life()
    var journal = try await life.stand.open()
    #expect(await life.commit(5, to: journal))
    let epoch = try await journal.log(.telemetry).epoch
    let stopped = life.truth
    await journal.close()
    life.pass(3600)
    life.powerOn()
    let started = life.truth
    journal = try await life.stand.open()
    #expect(await life.commit(90, to: journal))
    #expect(try await told(journal).isEmpty)
    life.clockIsSet()
    #expect(await life.commit(4, to: journal))
    #expect(try await told(journal) == [gap(epoch, stopped, started, "stop")])
    // Once.
    #expect(await life.commit(4, to: journal))
    #expect(try await told(journal).count == 1)
    #expect(try await journal.seqs(.telemetry) == Array(1...103))
    #expect(try await journal.log(.telemetry).epoch == epoch)
    let crashed = life.truth
    life.pass(7)
    let next = try await life.stand.openAfterCrash()
    #expect(try await told(next).last == gap(epoch, crashed, life.truth, "crash"))
    #expect(try await told(next).count == 2)
    await next.close()
    await journal.close()
  }

  /// A clock that was some seconds or minutes behind is set. Later the buses fall silent while events go on.
  @Test(arguments: [(600, 301), (600, 899), (2, 2)])
  func aClockThatWasSetMovesNothingAnyMore(behind: Int, silence: Int) async throws {
    let stand = try Stand()
    stand.time.stepWall(by: .seconds(-behind))
    stand.time.trustClock(false)
    let journal = try await stand.open()
    #expect(await stand.commit(5, to: journal))
    stand.time.stepWall(by: .seconds(behind))
    stand.time.trustClock(true)
    #expect(await stand.commit(5, to: journal))
    let newest = stand.time.now().wall.milliseconds
    for _ in 0..<2 {
      stand.time.advance(by: .seconds(silence))
      journal.post(stand.event("quiet"))
      #expect(await journal.commit())
    }
    let crashed = try await stand.openAfterCrash()
    let gap = try await crashed.gaps("crash").last
    #expect(
      gap?.contains(#""from":\#(newest),"to":\#(newest + Int64(2 * silence) * 1000)"#) == true, "\(gap ?? "none")")
    await crashed.close()
    await journal.close()
  }

  /// The log was empty and is let go with the first of these starts, because another one was chosen.
  @Test func whatIsNotToldOutlivesItsLog() async throws {
    var life = try Life()
    let journal = try await life.stand.open()
    let epoch = try await journal.log(.telemetry).epoch
    let begun = life.truth
    #expect(await journal.commit())
    life.pass(600)
    life.powerOn()
    life.stand.settings.destinations = [.init("vpp", logs: [.tenSeconds])]
    let second = try await life.stand.openAfterCrash()
    #expect(try await second.logs().contains { $0.epoch == epoch } == false)
    life.stand.settings.folder = await second.settings.folder
    life.pass(60)
    life.powerOn()
    let third = try await life.stand.openAfterCrash()
    let started = life.truth
    life.clockIsSet()
    #expect(await third.commit())
    #expect(try await told(third).contains(gap(epoch, begun, started, "crash")))
    for journal in [journal, second, third] { await journal.close() }
  }

  /// Even where nothing else is to be committed.
  @Test func itIsToldOnAQuietSiteToo() async throws {
    var life = try Life()
    var journal = try await life.stand.open()
    #expect(await life.commit(5, to: journal))
    await journal.close()
    life.powerOn()
    journal = try await life.stand.open()
    #expect(await journal.commit())
    #expect(await !journal.hasWork)
    life.clockIsSet()
    #expect(await journal.hasWork)
    #expect(await journal.commit())
    #expect(try await told(journal).count == 1)
    #expect(await !journal.hasWork)
    await journal.close()
  }

  /// It crashes again, and again, before anybody tells it the time.
  @Test(arguments: [true, false]) func itOutlivesFurtherStartsWithoutAClock(_ isSetAtLast: Bool) async throws {
    var life = try Life()
    let journal = try await life.stand.open()
    #expect(await life.commit(5, to: journal))
    let epoch = try await journal.log(.telemetry).epoch
    let crashed = life.truth
    life.pass(600)
    life.powerOn()
    let second = try await life.stand.openAfterCrash()
    #expect(await life.commit(20, to: second))
    await second.close()
    life.pass(60)
    life.powerOn()
    let folder = await second.settings.folder
    life.stand.settings.folder = folder
    let third = try await life.stand.open()
    #expect(await life.commit(20, to: third))
    await third.close()
    life.pass(60)
    if isSetAtLast { life.powerOn() } else { life.clockIsSet() }
    let started = life.truth
    let fourth = try await life.stand.open()
    if isSetAtLast {
      #expect(await life.commit(20, to: fourth))
      #expect(try await told(fourth).isEmpty)
      life.clockIsSet()
    }
    #expect(await life.commit(1, to: fourth))
    #expect(try await told(fourth) == [gap(epoch, crashed, started, "crash")])
    #expect(try await fourth.log(.telemetry).epoch == epoch)
    #expect(try await fourth.seqs(.telemetry) == Array(1...(isSetAtLast ? 66 : 46)))
    await fourth.close()
    await journal.close()
  }

  /// The commit that told it, or a later one, has readings of before: the next gap does not begin in 1970.
  @Test(arguments: [true, false]) func theNextGapBeginsInTheTrueTime(_ isRecordedLater: Bool) async throws {
    var life = try Life()
    let first = try await life.stand.open()
    #expect(await life.commit(5, to: first))
    await first.close()
    life.pass(60)
    life.powerOn()
    let second = try await life.stand.open()
    life.pass(1)
    let sample = life.stand.sample()
    let last = life.truth
    if !isRecordedLater { second.accept(sample) }
    life.pass(1)
    life.clockIsSet()
    #expect(await second.commit())
    life.pass(1)
    if isRecordedLater {
      second.accept(sample)
      #expect(await second.commit())
    }
    life.pass(30)
    let third = try await life.stand.openAfterCrash()
    let epoch = try await third.log(.telemetry).epoch
    #expect(try await told(third).last == gap(epoch, last, life.truth, "crash"))
    await third.close()
    await second.close()
  }
}
