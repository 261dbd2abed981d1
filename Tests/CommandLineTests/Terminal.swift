import Foundation
import Glibc
import TestKit
import Testing

/// `holdfast` at a pseudo terminal of its own, with somebody who answers once the question is there.
final class Terminal {
  private let tool: ChildProcess
  private let output: URL
  private let ours: Int32

  init(_ words: [String], at site: SimulatedSite) throws {
    var ends: (ours: Int32, others: Int32) = (-1, -1)
    #expect(openpty(&ends.ours, &ends.others, nil, nil, nil) == 0)
    ours = ends.ours
    output = site.folder.appendingPathComponent("output")
    tool = try ChildProcess(Holdfast.program(), words + site.places, output: output, input: ends.others)
    close(ends.others)
  }

  deinit {
    tool.kill()
    close(ours)
  }

  var text: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

  func type(_ keys: String) { _ = keys.withCString { Glibc.write(ours, $0, strlen($0)) } }

  func answer(_ question: String, _ keys: String) async throws {
    try await isAsked(question)
    type(keys)
  }

  func interrupt(at question: String, by signal: Int32) async throws {
    try await isAsked(question)
    tool.signal(signal)
  }

  func isAsked(_ question: String) async throws {
    try await eventually(within: 30, "\(question); so far: \(text)") { text.hasSuffix(question) }
  }

  func end() async throws -> Int32 {
    try await eventually(within: 30, "it ends; so far: \(text)") { !tool.isRunning }
    return tool.wait()
  }
}
