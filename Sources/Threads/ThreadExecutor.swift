public import EnergyModel
import Synchronization

/// A serial executor over a thread of its own, for actors that must neither wait for the cooperative
/// pool nor make it wait: the control cycle, the journal. It is also the one place that sleeps for them.
///
/// The thread lives until ``stop()``; an executor that is never stopped lives as long as the process.
public final class ThreadExecutor: SerialExecutor {
  private struct Sleeper {
    var id: UInt64
    var deadline: MonotonicInstant
    var continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var jobs: [UnownedJob] = []
    var sleepers: [Sleeper] = []
    var nextSleeper: UInt64 = 0
    /// A wake that came while nobody slept ends the next sleep at once.
    var isWakePending = false
    var isStopped = false
  }

  private let state = Mutex(State())
  private let wakeup = Wakeup()

  /// - Parameter name: of the thread; 15 bytes at most show in `top -H`.
  public init(name: String) {
    _ = OwnThread(name: name) { self.run() }
  }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    state.withLock { $0.jobs.append(job) }
    wakeup.ring()
  }

  /// Suspends the calling task until `deadline` has come or ``wake()`` is called.
  public func sleep(until deadline: MonotonicInstant) async {
    await withCheckedContinuation { continuation in
      let isAwake = state.withLock { state in
        defer { state.isWakePending = false }
        if state.isWakePending || state.isStopped { return true }
        state.sleepers.append(Sleeper(id: state.nextSleeper, deadline: deadline, continuation: continuation))
        state.nextSleeper += 1
        return false
      }
      if isAwake { continuation.resume() } else { wakeup.ring() }
    }
  }

  /// Ends every sleep at once, or the next one where nobody sleeps.
  public func wake() {
    let sleepers = state.withLock { state in
      defer { state.sleepers.removeAll() }
      state.isWakePending = state.sleepers.isEmpty
      return state.sleepers
    }
    for sleeper in sleepers { sleeper.continuation.resume() }
  }

  /// Lets the thread end once its jobs are done. Nothing may be enqueued afterwards.
  public func stop() {
    state.withLock { $0.isStopped = true }
    wake()
    wakeup.ring()
  }

  private func run() {
    while true {
      let (jobs, due, next, isFinished) = state.withLock { state in
        let now = MonotonicInstant.current
        let jobs = state.jobs
        state.jobs.removeAll(keepingCapacity: true)
        let due = state.sleepers.filter { $0.deadline <= now }
        state.sleepers.removeAll { $0.deadline <= now }
        let isFinished = state.isStopped && jobs.isEmpty && due.isEmpty
        return (jobs, due, state.sleepers.map(\.deadline).min(), isFinished)
      }
      if isFinished { return }
      for sleeper in due { sleeper.continuation.resume() }
      for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
      if jobs.isEmpty && due.isEmpty { wakeup.wait(until: next) }
    }
  }
}
