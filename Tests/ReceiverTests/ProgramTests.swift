import EnergyModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Receiver

/// What the program says of a database that was received before.
@Suite struct ProgramTests {
  private func run(_ command: String, _ shelf: Shelf, _ more: String...) throws -> (code: Int32, text: String) {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let program = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("holdfast-receiver")
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
}
