import EnergyModel
import Synchronization
import TestKit
import Testing

/// Everything that the links of a suite were given, for the schemas.
final class Wire: Sendable {
  /// Of the suite that runs here.
  @TaskLocal static var current: Wire?

  private let messages = Mutex<[OutgoingMessage]>([])

  func note(_ message: OutgoingMessage) { messages.withLock { $0.append(message) } }

  var all: [OutgoingMessage] { messages.withLock { $0 } }
}

/// Once a suite has run, holds every payload that its links got against the schemas.
struct SchemaChecked: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let wire = Wire()
    try await Wire.$current.withValue(wire) { try await function() }
    let messages = wire.all
    #expect(!messages.isEmpty, "the suite put nothing on the wire")
    let problem = try SchemaCheck.problem(in: messages, hasPlainBackfill: true)
    #expect(problem == nil, "\(problem ?? "")")
  }
}

extension Trait where Self == SchemaChecked {
  static var schemaChecked: Self { SchemaChecked() }
}
