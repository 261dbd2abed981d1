import Glibc
import Synchronization
import Testing
import Threads

@Suite struct OwnThreadTests {
  private struct Failed: Error {}
  private final class Waiting: Sendable { let count = Atomic<Int>(0) }

  /// More than the cooperative pool has threads wait for a task that has to run on it.
  @Test(.timeLimit(.minutes(1))) func whatBlocksHoldsNobodyUp() async throws {
    let bell = Wakeup()
    let waiting = Waiting()
    let count = 2 * sysconf(Int32(_SC_NPROCESSORS_ONLN))
    let ended = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<count {
        group.addTask {
          try await OwnThread.run(name: "blocked") {
            waiting.count.add(1, ordering: .relaxed)
            bell.wait(until: nil)
            bell.ring()
            return true
          }
        }
      }
      group.addTask {
        // Rung once all of them block: each has a thread, and this task one of the pool's.
        while waiting.count.load(ordering: .relaxed) < count { await Task.yield() }
        bell.ring()
        return false
      }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(ended == count)
  }

  @Test func anErrorComesBack() async {
    await #expect(throws: Failed.self) { try await OwnThread.run(name: "failing") { throw Failed() } }
  }
}
