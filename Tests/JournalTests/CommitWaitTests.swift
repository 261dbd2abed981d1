import EnergyModel
import Synchronization
import TestKit
import Testing
import Threads

@testable import Journal

/// Threads of others that wait until a state is on the disk.
@Suite struct CommitWaitTests {
  private func save(_ journal: Journal, _ bytes: [UInt8], within patience: Duration = .seconds(5)) async -> Bool {
    await withCheckedContinuation { continuation in
      OwnThread.detached(name: "link") {
        continuation.resume(returning: journal.saveDurably(bytes, under: "orders", within: patience))
      }
    }
  }

  @Test func returnsOnceItIsOnTheDisk() async throws {
    let stand = try Stand()
    let journal = try await Journal.open(stand.settings, time: SystemTime(), seed: 7)
    let running = Task { await journal.run() }
    let before = MonotonicInstant.current
    #expect(await save(journal, [1, 2, 3]))
    #expect(MonotonicInstant.current - before < .milliseconds(1500), "an urgent commit, not the next at the interval")
    let found = try await stand.openAfterCrash()
    #expect(try await found.load("orders") == [1, 2, 3])
    await found.close()
    await journal.close()
    await running.value
    #expect(await save(journal, [4]) == false, "nobody commits any more")
  }

  @Test func saysNoWhenTheDiskFailsAndWhenNobodyCommits() async throws {
    let stand = try Stand()
    let disk = FaultDisk(folder: stand.folder.path, remembersChanges: false)
    stand.settings.fileQuery = FaultDisk.query
    let journal = try await stand.open()
    #expect(await save(journal, [1], within: .milliseconds(50)) == false)
    disk.fail([.write, .sync], after: 0, times: 1000)
    async let saved = save(journal, [2])
    try await eventually("it waits") { journal.intake.waitingState("orders") == [2] }
    #expect(await journal.commit() == false)
    #expect(await saved == false)
    disk.heal()
    async let again = save(journal, [3])
    try await eventually("it waits") { journal.intake.waitingState("orders") == [3] }
    #expect(await journal.commit())
    #expect(await again)
    await journal.close()
  }

  @Test func aLaterStateCoversAnEarlierOne() {
    let waits = CommitWait()
    waits.committed(5)
    #expect(waits.wait(for: 4, until: .current) && waits.wait(for: 5, until: .current))
    waits.failed(7)
    #expect(!waits.wait(for: 6, until: .current + .seconds(60)))
    waits.committed(7)
    #expect(waits.wait(for: 6, until: .current))
    let end = MonotonicInstant.current + .milliseconds(30)
    #expect(!waits.wait(for: 8, until: end) && .current >= end)
    waits.close()
    #expect(!waits.wait(for: 9, until: .current + .seconds(60)))
  }
}
