import Foundation
import TestKit
import Testing

/// `holdfast journal`: checked, counted, exported.
@Suite(.serialized) struct JournalCommandTests {
  @Test func checkAndStats() async throws {
    let state = try await Holdfast.journal(minutes: 16)
    defer { try? FileManager.default.removeItem(at: state) }
    let check = try Holdfast.run("journal", "check", "--state", state.path)
    #expect(check.code == 0, "\(check.output)")
    #expect(check.lines.last == "no faults")
    let stats = try Holdfast.run("journal", "stats", "--state", state.path)
    #expect(stats.code == 0)
    #expect(stats.output.contains("records raw: all, holds seq 1 to 96, next 97"))
    #expect(stats.output.contains("history: minute: 16 rows (0 partial)"))
    #expect(stats.output.contains("boots: 1, last 2026-06-21T10:00:00Z, 0 ended"))
  }

  @Test func aDamagedFileFailsTheCheck() async throws {
    let state = try await Holdfast.journal(minutes: 16)
    defer { try? FileManager.default.removeItem(at: state) }
    let file = state.appendingPathComponent("journal.sqlite")
    var bytes = try Data(contentsOf: file)
    for index in stride(from: 8192, to: bytes.count, by: 512) { bytes[index] ^= 0x55 }
    try bytes.write(to: file)
    let check = try Holdfast.run("journal", "check", "--state", state.path)
    #expect(check.code == 1)
    #expect(check.output.contains("FAULT"))
    #expect(try Holdfast.run("journal", "check", "--state", "/nonexistent").code == 1)
  }

  @Test func export() async throws {
    let state = try await Holdfast.journal(minutes: 2)
    defer { try? FileManager.default.removeItem(at: state) }
    let all = try Holdfast.run("journal", "export", "--state", state.path)
    #expect(all.code == 0)
    #expect(all.lines.count == 2 + 12 + 1)
    #expect(all.lines.filter { $0.hasPrefix(#"{"log":"#) }.count == 2)
    #expect(
      all.lines.contains(
        #"{"seq":1,"t":1782036000000,"device":"grid-meter","values":{"power_w":0,"energy_import_wh":5000000}}"#))
    #expect(all.output.contains(#""name":"test""#))
    let csv = try Holdfast.run(
      "journal", "export", "--log", "telemetry", "--from", "2026-06-21T10:01:00Z", "--to", "2026-06-21T10:01:20Z",
      "--format", "csv", "--state", state.path)
    #expect(csv.lines.count == 1 + 2 * 2)
    #expect(csv.lines.first == "epoch,seq,time,device,point,value,quality,span_ms")
    #expect(csv.lines.last?.hasSuffix(",8,2026-06-21T10:01:10.000Z,grid-meter,energy_import_wh,5000007,good,") == true)
    let wrong = try Holdfast.run("journal", "export", "--log", "telemetri", "--state", state.path)
    #expect(wrong.code == 64)
    #expect(wrong.errors.contains("telemetri"))
  }

  @Test func aClosedPipeEndsItQuietly() async throws {
    let state = try await Holdfast.journal(minutes: 600)
    defer { try? FileManager.default.removeItem(at: state) }
    let folder = try TemporaryFolder.make("pipe")
    defer { try? FileManager.default.removeItem(at: folder) }
    let errors = folder.appendingPathComponent("errors")
    let script =
      "set -o pipefail; '\(try Holdfast.program())' journal export --state '\(state.path)' | head -n 1 >/dev/null"
    let shell = try ChildProcess("/bin/bash", ["-c", script], output: errors)
    #expect(shell.wait() == 0)
    #expect(try String(contentsOf: errors, encoding: .utf8).isEmpty)
  }
}
