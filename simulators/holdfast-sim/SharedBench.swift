import SiteSimulator
import Synchronization
import Threads

/// The bench between the thread that lets time pass and the one that answers.
final class SharedBench: Sendable {
  private let bench: Mutex<SiteBench>
  /// Gets every request, as it came.
  let requests: RequestFile?

  init(_ bench: SiteBench, requests: RequestFile? = nil) {
    self.bench = Mutex(bench)
    self.requests = requests
  }

  func withLock<Result: Sendable>(_ body: (inout SiteBench) -> Result) -> Result {
    bench.withLock { bench in body(&bench) }
  }
}

/// Tells the threads to end, once. Each waits on a bell of its own.
final class StopSign: Sendable {
  private let bells = Mutex<(isRaised: Bool, bells: [Wakeup])>((false, []))

  var isRaised: Bool { bells.withLock { $0.isRaised } }

  /// A bell that rings when the sign is raised, also when it was raised already.
  func bell() -> Wakeup {
    let bell = Wakeup()
    let isRaised = bells.withLock { state in
      state.bells.append(bell)
      return state.isRaised
    }
    if isRaised { bell.ring() }
    return bell
  }

  func raise() {
    let rung = bells.withLock { state in
      state.isRaised = true
      return state.bells
    }
    for bell in rung { bell.ring() }
  }
}
