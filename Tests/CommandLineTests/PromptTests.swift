import Foundation
import Glibc
import TestKit
import Testing

/// What the installer's tools ask at a terminal. The terminal is a real one, and whoever answers waits for the question.
@Suite(.serialized) struct PromptTests {
  /// `holdfast write` at a terminal.
  private final class Dialogue {
    let site: SimulatedSite
    private let terminal: Terminal

    init() async throws {
      site = try await .hybrid()
      terminal = try Terminal(["write", "hybrid", "discharge_limit_w", "1 kW", "--for", "1s"], at: site)
    }

    var text: String { terminal.text }
    func type(_ keys: String) { terminal.type(keys) }
    func answer(_ question: String, _ keys: String) async throws { try await terminal.answer(question, keys) }
    func interrupt(at question: String, by signal: Int32) async throws {
      try await terminal.interrupt(at: question, by: signal)
    }
    func end() async throws -> Int32 { try await terminal.end() }

    var wasWritten: Bool { get throws { try !site.writes().isEmpty } }
  }

  private static let question = "Write this? [yes/no] "
  private static let again = "Write yes or no, the whole word: "

  @Test func onlyTheWholeWordCounts() async throws {
    let dialogue = try await Dialogue()
    try await dialogue.answer(Self.question, "y\n")
    try await dialogue.answer(Self.again, "\n")
    try await dialogue.answer("\(Self.again)\(Self.again)", "No\n")
    #expect(try await dialogue.end() == 1)
    #expect(dialogue.text.hasSuffix("Nothing was written.\n"))
    #expect(try !dialogue.wasWritten)
  }

  @Test func yesWrites() async throws {
    let dialogue = try await Dialogue()
    try await dialogue.answer(Self.question, " yes \n")
    #expect(try await dialogue.end() == 0)
    #expect(try dialogue.wasWritten)
    #expect(dialogue.text.hasSuffix("Released: charge_limit_w 10000 W, discharge_limit_w 10000 W\n"))
  }

  /// What was typed ahead answers no question that nobody had seen.
  @Test func whatWasTypedAheadIsForgotten() async throws {
    let dialogue = try await Dialogue()
    dialogue.type("yes\n")
    try await dialogue.answer(Self.question, "no\n")
    #expect(try await dialogue.end() == 1)
    #expect(try !dialogue.wasWritten)
  }

  @Test func endOfInputIsNo() async throws {
    let dialogue = try await Dialogue()
    try await dialogue.answer(Self.question, "\u{4}")
    #expect(try await dialogue.end() == 1)
    #expect(try !dialogue.wasWritten)
  }

  /// What is said to a terminal that is gone is lost, and nothing else is.
  @Test func aTerminalThatIsGoneEndsNothing() async throws {
    var ends: (ours: Int32, others: Int32) = (-1, -1)
    #expect(openpty(&ends.ours, &ends.others, nil, nil, nil) == 0)
    close(ends.ours)
    defer { close(ends.others) }
    let tool = try ChildProcess(Holdfast.program(), ["check", "/nowhere/site.yaml"], errors: ends.others)
    #expect(tool.wait() == 78)
  }

  /// Whichever thread the system gives the signal to.
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func aSignalEndsTheQuestion(signal: Int32) async throws {
    let dialogue = try await Dialogue()
    try await dialogue.interrupt(at: Self.question, by: signal)
    #expect(try await dialogue.end() == 130)
    #expect(dialogue.text.hasSuffix("Nothing was written.\n"))
    #expect(try !dialogue.wasWritten)
  }
}
