import ArgumentParser
import EnergyModel
import Foundation
import SiteSimulation
import Synchronization

/// Judges random site-days on all cores, and says which failed.
struct SeedJudgement {
  var first: UInt64
  var count: Int
  var step: Double
  var hasFaults: Bool
  var json: Bool
  /// Whether what went wrong on a day is told beside its failure.
  var isTold: Bool

  private struct Tally {
    var failed: [SeedRun.Result] = []
    var steps = 0
    var writes = 0
  }

  func run() throws {
    let tally = Mutex(Tally())
    let took = ContinuousClock().measure {
      DispatchQueue.concurrentPerform(iterations: count) { index in
        let result = SeedRun(seed: first &+ UInt64(index), step: step, hasFaults: hasFaults).run()
        tally.withLock { tally in
          tally.steps += result.steps
          tally.writes += result.writes
          if result.violation != nil {
            tally.failed.append(result)
            if !json { tell(result) }
          }
        }
      }
    }
    let total = tally.withLock { $0 }
    let seconds = took.seconds
    if json {
      print(text(total, seconds))
    } else {
      let each = seconds / Double(max(1, total.steps)) * 1e6
      print(
        "\(count) site-days, \(total.failed.count) failed, \(total.steps) steps of \(JSONText.decimal(step, 1)) s, "
          + "\(total.writes) writes, \(JSONText.decimal(seconds, 1)) s, \(JSONText.decimal(each, 1)) µs a step")
    }
    if !total.failed.isEmpty { throw ExitCode(1) }
  }

  private func tell(_ result: SeedRun.Result) {
    guard let violation = result.violation else { return }
    print("seed \(result.seed): \(violation)")
    guard isTold else { return }
    if let sentence = result.sentence { print("  \(sentence)") }
    for fault in result.faults where fault.from <= violation.second { print("  \(fault)") }
  }

  private func text(_ total: Tally, _ seconds: Double) -> String {
    var json = JSONText()
    json.object { json in
      json.member("site_days", count)
      json.member("steps", total.steps)
      json.member("writes", total.writes)
      json.member("duration_s", seconds, decimals: 1)
      json.key("failed")
      json.array { json in
        for result in total.failed.sorted(by: { $0.seed < $1.seed }) {
          json.object { json in
            json.member("seed", result.seed)
            json.member("second", result.violation?.second ?? 0, decimals: 0)
            json.member("what", result.violation?.what ?? "")
            json.member("text", result.violation?.text ?? "")
          }
        }
      }
    }
    return json.text
  }
}
