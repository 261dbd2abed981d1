import EnergyModel
import Synchronization
import TestKit
import Testing

/// Everything that links of these tests were given, for the schemas.
enum Wire {
  private static let messages = Mutex<[OutgoingMessage]>([])

  static func note(_ message: OutgoingMessage) { messages.withLock { $0.append(message) } }

  static func takeAll() -> [OutgoingMessage] {
    messages.withLock { messages in
      defer { messages.removeAll() }
      return messages
    }
  }
}

/// Once a suite has run, holds every payload that its links got against the schemas.
struct SchemaChecked: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await function()
    let messages = Wire.takeAll()
    #expect(!messages.isEmpty, "the suite put nothing on the wire")
    let problem = try SchemaCheck.problem(in: messages, hasPlainBackfill: true)
    #expect(problem == nil, "\(problem ?? "")")
  }
}

extension Trait where Self == SchemaChecked {
  static var schemaChecked: Self { SchemaChecked() }
}
