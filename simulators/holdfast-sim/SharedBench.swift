import EnergyModel
import SiteSimulator
import Synchronization
import Threads

/// The bench between the thread that lets time pass and those that ask it.
final class SharedBench: Sendable {
  private let bench: Mutex<Bench>
  /// Gets every request, as it came.
  private let requests: RequestFile?
  /// What the buses are called in that file.
  private let busNames: [String]

  init(_ bench: Bench, busNames: [String], requests: RequestFile? = nil) {
    self.bench = Mutex(bench)
    self.busNames = busNames
    self.requests = requests
  }

  func withLock<Result: Sendable>(_ body: (inout Bench) -> Result) -> Result {
    bench.withLock { bench in body(&bench) }
  }

  /// Nil where the request comes sooner than the device hears it.
  func answer(_ frame: ModbusFrame, bus: Int, pace: ClientPace, now: MonotonicInstant) -> Bench.Answer? {
    requests?.append(frame, to: busNames[bus])
    return withLock { bench in
      let wish = bench.pace(of: frame.unit, bus: bus)
      return pace.isHeard(frame.unit, now: now, wish: wish) ? bench.answer(frame, bus: bus) : nil
    }
  }

  func broadcast(_ frame: ModbusFrame, bus: Int) {
    requests?.append(frame, to: busNames[bus])
    withLock { $0.broadcast(frame, bus: bus) }
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
