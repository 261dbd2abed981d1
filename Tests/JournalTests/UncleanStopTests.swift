import EnergyModel
import Foundation
import TestKit
import Testing

@testable import Journal

/// Logs begin anew only where commits may be missing, not because a process ended in an unusual way.
@Suite struct UncleanStopTests {
  /// A stand on a disk that can fail.
  private func stand() throws -> (Stand, FaultDisk) {
    let stand = try Stand()
    stand.settings.fileQuery = FaultDisk.query
    return (stand, FaultDisk(folder: stand.folder.path))
  }

  private func expectToGoOn(_ stand: Stand, _ epoch: Epoch, _ what: String) async throws {
    let journal = try await stand.open()
    #expect(journal.counters().fault == nil, "\(what)")
    #expect(try await journal.log(.telemetry).epoch == epoch, "\(what)")
    // A full disk may cost some, and that is announced.
    let held = try await journal.log(.telemetry).held
    #expect((held?.first ?? 6) - 1 == journal.counters().purgedRecords, "\(what)")
    await journal.close()
  }

  /// The disk is full for as long as the last commit takes, and not when the file is closed.
  @Test(arguments: 1...12) func aLastCommitThatFailed(_ times: Int) async throws {
    let (stand, disk) = try stand()
    let journal = try await stand.open()
    #expect(await stand.commit(5, to: journal))
    let epoch = try await journal.log(.telemetry).epoch
    journal.accept(stand.sample())
    disk.fail([.write], times: times, code: 13)
    await journal.close()
    disk.heal()
    try await expectToGoOn(stand, epoch, "\(times) writes failed")
  }

  @Test func aLastCommitThatWasRefused() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    #expect(await stand.commit(5, to: journal))
    let epoch = try await journal.log(.telemetry).epoch
    try await journal.execute(
      "CREATE TEMP TRIGGER refuse BEFORE UPDATE ON main.boot BEGIN SELECT RAISE(ABORT, 'no'); END")
    await journal.close()
    try await expectToGoOn(stand, epoch, "refused")
  }

  /// A start that finds the log of a crash, fails, and ends.
  @Test(arguments: 0..<14) func aStartThatFailedBeforeItsCommit(_ after: Int) async throws {
    for times in 1...3 {
      let (stand, disk) = try stand()
      var journal = try await stand.open()
      #expect(await stand.commit(5, to: journal))
      let epoch = try await journal.log(.telemetry).epoch
      let image = try TemporaryFolder.make("failed-start")
      defer { try? FileManager.default.removeItem(at: image) }
      disk.cutPower(image: image.path)
      await journal.close()

      stand.settings.folder = image.path
      let next = FaultDisk(folder: image.path)
      next.fail([.write, .sync], after: after, times: times)
      journal = try await stand.open()
      await journal.close()
      next.heal()
      try await expectToGoOn(stand, epoch, "\(times) operations failed after \(after)")
    }
  }

  @Test func aProcessThatWasKilledAfterTheFileWasRewritten() async throws {
    let stand = try Stand(budget: 4 << 20)
    var random = SeededGenerator(state: 6)
    func fill(_ journal: Journal) async {
      for _ in 0..<40 {
        stand.time.advance(by: .milliseconds(100))
        let readings = [Point.power, .reactivePower, .apparentPower, .powerL1].map {
          Reading($0, Double(Int.random(in: -5_000_000...5_000_000, using: &random)))
        }
        journal.accept(Sample(device: "meter", measured: stand.time.now(), readings: readings))
      }
      #expect(await journal.commit())
    }
    stand.settings.whenFull = .dropOldest
    var journal = try await stand.open()
    for _ in 0..<1500 { await fill(journal) }
    let epoch = try await journal.log(.telemetry).epoch
    await journal.close()
    stand.settings = JournalSettings(
      folder: stand.settings.folder, budget: 1 << 20, destinations: stand.settings.destinations, whenFull: .dropOldest)
    journal = try await stand.open()
    for _ in 0..<200 where await !journal.hasShrunk { await fill(journal) }
    #expect(await journal.hasShrunk)
    let killed = try await stand.openAfterCrash()
    #expect(try await killed.log(.telemetry).epoch == epoch)
    await killed.close()
    await fill(journal)
    #expect(journal.counters().bytes <= 1 << 20)
    await journal.close()
  }
}
