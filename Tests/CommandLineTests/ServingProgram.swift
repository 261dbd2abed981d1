import Foundation
import TestKit
import Testing

/// A program that says in one line of JSON where it serves, once it does: the simulator, or `registers replay`.
final class ServingProgram {
  let child: ChildProcess
  private(set) var ready: [String: Any] = [:]

  init(_ program: String, _ arguments: [String], folder: URL) async throws {
    let output = folder.appendingPathComponent(UUID().uuidString)
    child = try ChildProcess(program, arguments, output: output)
    try await eventually("it serves") {
      let text = try Data(contentsOf: output)
      guard text.last == UInt8(ascii: "\n") else { return false }
      ready = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
      return true
    }
  }

  deinit { child.kill() }

  var port: Int { ready["tcp"] as? Int ?? 0 }

  /// Its serial line below /dev, where a configuration wants it.
  func line() throws -> String {
    let link = try #require(ready["rtu"] as? String)
    return try FileManager.default.destinationOfSymbolicLink(atPath: link)
  }
}
