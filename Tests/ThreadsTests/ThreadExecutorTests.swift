import EnergyModel
import Testing
import Threads

@Suite struct ThreadExecutorTests {
  private actor Counter {
    nonisolated let unownedExecutor: UnownedSerialExecutor
    nonisolated let executor: ThreadExecutor
    var count = 0

    init(_ executor: ThreadExecutor) {
      self.executor = executor
      unownedExecutor = executor.asUnownedSerialExecutor()
    }

    func add() { count += 1 }

    func sleep(_ duration: Duration) async -> Duration {
      let start = MonotonicInstant.current
      await executor.sleep(until: start + duration)
      return MonotonicInstant.current - start
    }
  }

  @Test func jobsFromManyTasksRunOneAfterAnother() async {
    let executor = ThreadExecutor(name: "test")
    defer { executor.stop() }
    let counter = Counter(executor)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<100 { group.addTask { await counter.add() } }
    }
    #expect(await counter.count == 100)
  }

  @Test func sleepEndsAtItsDeadline() async {
    let executor = ThreadExecutor(name: "test")
    defer { executor.stop() }
    let slept = await Counter(executor).sleep(.milliseconds(30))
    #expect(slept >= .milliseconds(30))
    #expect(slept < .seconds(5))
  }

  @Test func wakeEndsASleepEarly() async {
    let executor = ThreadExecutor(name: "test")
    defer { executor.stop() }
    let counter = Counter(executor)
    async let slept = counter.sleep(.seconds(60))
    executor.wake()
    #expect(await slept < .seconds(30))
  }
}
