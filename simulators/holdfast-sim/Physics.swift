import EnergyModel
import Glibc
import SiteSimulator
import Threads

/// Lets the world's time pass with the monotonic clock, ten steps a second, and writes the truth once a
/// second.
struct Physics: Sendable {
  let bench: SharedBench
  let truth: TruthFile?
  let stop: StopSign

  private static let step = Duration.milliseconds(100)
  /// After a longer pause (a suspended machine) the missed time is let go.
  private static let mostToCatchUp = Duration.seconds(30)

  func run() {
    let bell = stop.bell()
    var reached = MonotonicInstant.current
    var steps = 0
    appendTruth(bench.withLock { $0.site?.truthLine(at: SystemClock.wall()) })
    while !stop.isRaised {
      let now = MonotonicInstant.current
      if now - reached > Self.mostToCatchUp { reached = now - Self.step }
      while now - reached >= Self.step, !stop.isRaised {
        reached = reached + Self.step
        steps += 1
        let isTruthDue = steps % 10 == 0 && truth != nil
        let line = bench.withLock { bench in
          bench.step(by: Self.step)
          return isTruthDue ? bench.site?.truthLine(at: SystemClock.wall()) : nil
        }
        appendTruth(line)
      }
      bell.wait(until: reached + Self.step)
    }
  }

  private func appendTruth(_ line: String?) {
    if let line { truth?.append(line) }
  }
}

/// The file that gets the truth; one write a line, so that a reader never sees half of one for long.
struct TruthFile: Sendable {
  private let descriptor: Int32

  init(path: String) throws {
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError("cannot write \(path)") }
  }

  func append(_ line: String) { (line + "\n").writeAll(to: descriptor) }
}
