import EnergyModel
import Foundation
import Journal
import TestKit

/// The built program, which lies beside the tests, and a journal for it to read.
enum Holdfast {
  struct Answer {
    var code: Int32
    var output: String
    var errors: String
    var lines: [String] { output.split(separator: "\n").map(String.init) }
  }

  static func program() throws -> String {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("holdfast").path
  }

  /// The simulator lies there as well.
  static func simulator() throws -> String { try program() + "-sim" }

  /// The folder of the shipped profiles.
  static let profiles = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("config/devices").path

  static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Answer {
    try run(arguments, environment: environment)
  }

  static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Answer {
    let folder = try TemporaryFolder.make("holdfast")
    defer { try? FileManager.default.removeItem(at: folder) }
    let output = folder.appendingPathComponent("output")
    let errors = folder.appendingPathComponent("errors")
    _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
    let handle = try FileHandle(forWritingTo: errors)
    defer { try? handle.close() }
    let child = try ChildProcess(
      program(), arguments, output: output, errors: handle.fileDescriptor, environment: environment)
    let code = child.wait()
    return Answer(
      code: code, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }

  /// A stopped journal with `minutes` of one meter, one reading every ten seconds from 2026-06-21T10:00:00Z.
  static func journal(minutes: Int) async throws -> URL {
    let folder = try TemporaryFolder.make("state")
    let time = ManualTime()
    let settings = JournalSettings(folder: folder.path, budget: 16 << 20, destinations: [.init("vpp")])
    let journal = try await Journal.open(settings, time: time, seed: 7)
    for step in 0..<minutes * 6 {
      journal.accept(
        Sample(
          device: "grid-meter", measured: time.now(),
          readings: [Reading(.power, Double(step)), Reading(.energyImport, 5e6 + Double(step))]))
      time.advance(by: .seconds(10))
    }
    journal.post(Event(at: time.now(), name: "test", severity: .info, text: "a, \"b\""))
    await journal.close()
    return folder
  }
}
