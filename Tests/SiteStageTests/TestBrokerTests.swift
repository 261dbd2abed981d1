import Foundation
import TestKit
import Testing

@Suite struct TestBrokerTests {
  /// Otherwise whoever judges by a persistent session takes the bench's losses for the agent's.
  @Test func aPersistentBrokerKeepsWhatItTookOverAStop() throws {
    let broker = try TestBroker(isPersistent: true)
    let file = broker.folder.appendingPathComponent("received")
    func subscribe(_ more: [String]) throws {
      let words = ["-h", "127.0.0.1", "-p", "\(broker.port)", "-q", "1", "-c", "-i", "reader", "-t", "n"] + more
      try ChildProcess("mosquitto_sub", words, output: file).wait()
    }
    // Subscribes and leaves.
    try subscribe(["-E"])
    let message = ["-h", "127.0.0.1", "-p", "\(broker.port)", "-q", "1", "-t", "n", "-m", "kept"]
    #expect(try ChildProcess("mosquitto_pub", message).wait() == 0)
    broker.stop()
    try broker.start()
    try subscribe(["-C", "1", "-W", "5"])
    #expect(try String(contentsOf: file, encoding: .utf8).contains("kept"))
    broker.stop()
  }
}
