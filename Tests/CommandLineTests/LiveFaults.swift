import Foundation
import TestKit
import Testing

/// A broker over which a simulator takes orders while a test goes on.
final class LiveFaults {
  let broker: TestBroker
  private let results: ChildProcess

  init() throws {
    broker = try TestBroker()
    results = try ChildProcess(
      "mosquitto_sub", ["-h", "127.0.0.1", "-p", "\(broker.port)", "-t", "holdfast-sim/fault/result"],
      output: broker.folder.appendingPathComponent("results"))
  }

  deinit {
    results.kill()
    broker.stop()
  }

  /// What the simulator is told.
  var arguments: [String] { ["--mqtt", "127.0.0.1:\(broker.port)"] }

  private var answers: Int {
    let text = try? String(contentsOf: broker.folder.appendingPathComponent("results"), encoding: .utf8)
    return text?.split(separator: "\n").count ?? 0
  }

  /// Returns once the simulator has answered it; it may not listen yet.
  func order(_ words: String) async throws {
    let before = answers
    var asked = Date.distantPast
    try await eventually("\(words) is answered") {
      if answers > before { return true }
      guard asked.timeIntervalSinceNow < -0.5 else { return false }
      asked = Date()
      let child = try ChildProcess(
        "mosquitto_pub", ["-h", "127.0.0.1", "-p", "\(broker.port)", "-t", "holdfast-sim/fault", "-m", words])
      #expect(child.wait() == 0)
      return false
    }
  }
}
