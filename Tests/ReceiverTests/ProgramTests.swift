import EnergyModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Receiver

/// What the program says of a database that was received before.
@Suite struct ProgramTests {
  private let program: URL

  init() throws {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    program = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("holdfast-receiver")
  }

  private func run(_ command: String, _ shelf: Shelf, _ more: String...) throws -> (code: Int32, text: String) {
    let output = shelf.folder.appendingPathComponent("output-\(UUID().uuidString)")
    let database = shelf.folder.appendingPathComponent("r.sqlite").path
    let code = try ChildProcess(program.path, [command, "--database", database] + more, output: output).wait()
    return (code, try String(contentsOf: output, encoding: .utf8))
  }

  @Test func theProofFailsForAHoleAndForNothingElse() throws {
    let shelf = try Shelf()
    try shelf.store(Given.telemetry(Given.segment(4, 9)))
    try shelf.store(Given.thinned(1, 2))
    try shelf.store(Given.status((Given.epoch, 1, 12), (Given.eventEpoch, 1, 2)))
    var proof = try run("prove", shelf)
    #expect(proof.code == 1)
    #expect(
      proof.text.contains(
        """
        mill telemetry 0123456789abcdef
          received           4…9 (6)
          thinned            1…2 (2)
          announced gaps     –
          unannounced holes  3…3 (1)
          still to come      10…12 (3)
        """), "\(proof.text)")
    #expect(proof.text.hasSuffix("INCOMPLETE: 6 records\n"), "\(proof.text)")

    try shelf.store(Given.telemetry(Given.gap(1, 3, 3)))
    try shelf.store(Given.telemetry(Given.lostTime(2)))
    proof = try run("prove", shelf, "--site", "mill")
    #expect(proof.code == 0, "\(proof.text)")
    #expect(proof.text.contains("lost time          5…9 ms (crash)"), "\(proof.text)")
    #expect(proof.text.hasSuffix("\ncomplete: 8 records\n"), "\(proof.text)")
  }

  @Test func theProofFailsForAContradictionAndForALostRow() throws {
    let shelf = try Shelf()
    try shelf.store(Given.telemetry(Given.segment(1, 9)))
    #expect(try run("prove", shelf).code == 0)
    // Somebody meddled with the rows; the ranges alone would not show it.
    try shelf.archive.queue.write { try $0.execute(sql: "DELETE FROM record WHERE seq = 5") }
    #expect(try run("prove", shelf).code == 1)
    try shelf.store(Given.telemetry(Given.segment(5, 5)))
    #expect(try run("prove", shelf).code == 0)
    try shelf.store(Given.telemetry(Given.segment(5, 5, value: 1)))
    #expect(try run("prove", shelf).code == 1)
  }

  @Test func exportIsCSV() throws {
    let shelf = try Shelf()
    try shelf.store(Given.telemetry(Given.segment(1, 2)))
    let lines = try run("export", shelf).text.split(separator: "\n")
    #expect(lines.count == 1 + 2 * 3)
    #expect(lines[0] == "site,log,epoch,seq,t,span_ms,clock,device,point,value,quality")
    #expect(try run("export", shelf, "--log", "events").text == "site,log,epoch,seq,t,record\n")
  }

  @Test func aDatabaseThatIsNotThereIsNotMade() throws {
    let shelf = try Shelf()
    try FileManager.default.removeItem(at: shelf.folder.appendingPathComponent("r.sqlite"))
    #expect(try run("prove", shelf).code == 64)
    #expect(!FileManager.default.fileExists(atPath: shelf.folder.appendingPathComponent("r.sqlite").path))
  }

  /// Its supervisor starts it again; a program that lived on would let the broker believe in it.
  @Test(.timeLimit(.minutes(1))) func aDatabaseThatFailsEndsTheProgramWithAnError() async throws {
    let broker = try TestBroker()
    defer { broker.stop() }
    let shelf = try Shelf()
    try shelf.failAt(seq: 3)
    let output = shelf.folder.appendingPathComponent("output")
    let database = shelf.folder.appendingPathComponent("r.sqlite").path
    let receiver = try ChildProcess(
      program.path, ["run", "--mqtt", "127.0.0.1:\(broker.port)", "--database", database], output: output)
    func told() -> String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
    // Retained: it comes with the subscription, whenever that is.
    let message = Given.telemetry(Given.segment(1, 5))
    let payload = shelf.folder.appendingPathComponent("payload")
    try Data(message.payload).write(to: payload)
    let publish = ["-h", "127.0.0.1", "-p", "\(broker.port)", "-q", "1", "-r", "-t", message.topic, "-f", payload.path]
    #expect(try ChildProcess("mosquitto_pub", publish).wait() == 0)
    try await eventually(within: 20, "it ends: \(told())") { !receiver.isRunning }
    #expect(receiver.wait() == 1)
    #expect(told().contains("SQLite error"), "\(told())")
    #expect(try shelf.holdings().received.isEmpty)
  }
}
