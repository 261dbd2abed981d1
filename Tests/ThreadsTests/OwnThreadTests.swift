import Glibc
import Testing
import Threads

@Suite struct OwnThreadTests {
  private struct Failed: Error {}

  /// More than the cooperative pool has threads wait for a task that has to run on it.
  @Test(.timeLimit(.minutes(1))) func whatBlocksHoldsNobodyUp() async throws {
    let bell = Wakeup()
    let count = 2 * sysconf(Int32(_SC_NPROCESSORS_ONLN))
    let names = try await withThrowingTaskGroup(of: pthread_t?.self) { group in
      for _ in 0..<count {
        group.addTask {
          try await OwnThread.run(name: "blocked") {
            bell.wait(until: nil)
            bell.ring()
            return pthread_self() as pthread_t?
          }
        }
      }
      group.addTask {
        bell.ring()
        return nil
      }
      return try await group.reduce(into: Set<pthread_t>()) { all, one in
        if let one { all.insert(one) }
      }
    }
    #expect(names.count == count)
  }

  @Test func anErrorComesBack() async {
    await #expect(throws: Failed.self) { try await OwnThread.run(name: "failing") { throw Failed() } }
  }
}
