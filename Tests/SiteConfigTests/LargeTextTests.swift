import Foundation
import SiteConfig
import TestKit
import Testing

/// Texts that are far from any configuration end in problems all the same, and in time.
@Suite struct LargeTextTests {
  private func problems(_ text: String) -> [ConfigurationProblem] {
    guard
      case .failure(let problems) = ConfigurationLoader.load(text: text, name: "large.yaml", profileFolders: [])
    else { return [] }
    return problems.problems
  }

  private let refusal = "more than 8 aliases (*name): write the values themselves"

  /// The parser compares keys with all that their aliases stand for: a page of these would take years.
  @Test func keysThatAreAliasesOfAliases() {
    let doubling = (1...60).map { "k\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
    let found = problems("k0: &a0 [x]\n" + doubling + "k61:\n  ? *a60\n  : 1\n  ? *a60\n  : 2\n")
    #expect(found.map(\.message) == [refusal])
    #expect(found.map(\.line) == [6])
  }

  /// 32 aliases, in the order that makes most of them, are 118,098 times the value: far too much for a list.
  @Test func powersOfAList() {
    var found: [ConfigurationProblem] = []
    let taken = ContinuousClock().measure { found = problems(Self.powers(of: 400, threes: 10)) }
    #expect(found.map(\.message) == [refusal])
    #expect(taken < .seconds(5))
  }

  /// The most that are let through, in the order that makes most of them.
  @Test func asManyAliasesAsAreTaken() {
    var found: [ConfigurationProblem] = []
    let taken = ContinuousClock().measure { found = problems(Self.powers(of: 20_000, threes: 2)) }
    #expect(!found.isEmpty && !found.contains { $0.message == refusal })
    #expect(taken < .seconds(15))
  }

  private static func powers(of entries: Int, threes: Int) -> String {
    let lines = (1...threes).map { "k\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1), *a\($0 - 1)]\n" }.joined()
    let list = Array(repeating: "x", count: entries).joined(separator: ",")
    return "k0: &a0 [\(list)]\n\(lines)k: {*a\(threes) : 1, *a\(threes) : 2}\n"
  }

  /// For YAML these end a line too.
  @Test(arguments: ["\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}"]) func aliasesBehindEveryLineBreak(
    _ end: String
  ) {
    let found = problems("k: &a [x]\(end)# ours\(end)l: [\(end)" + String(repeating: "*a ,\(end)", count: 9) + "]\n")
    #expect(found.map(\.message) == [refusal])
    #expect(found.map(\.line) == [12])
  }

  /// The quoted text ends behind the `#`, so this is no comment.
  @Test(arguments: ["\"", "'"]) func aliasesBehindWhatLooksLikeAComment(_ quote: String) {
    let found = problems("k: &a [x]\nl: [\(quote)\n  #\(quote)" + String(repeating: ", *a", count: 9) + "]\n")
    #expect(found.map(\.message) == [refusal])
    #expect(found.map(\.line) == [3])
  }

  /// Comments, texts and patterns with stars are no aliases.
  @Test(arguments: ["# 3 * 4, energy_*, a*b\n", "# *note 1*\n", "  # größer: *note 1*\n"])
  func starsThatAreNoAliases(_ comment: String) {
    let stars = String(repeating: comment, count: 100)
    #expect(problems(stars + "sites: 1\n").contains { $0.path == "sites" })
  }

  @Test func moreProblemsThanAnybodyReads() {
    var found: [ConfigurationProblem] = []
    let taken = ContinuousClock().measure { found = problems((0..<25_000).map { "k\($0): 1\n" }.joined()) }
    #expect(found.count > 25_000)
    #expect(taken < .seconds(10))
  }

  /// What was meant is looked for where somebody mistyped, and not ten thousands of times.
  @Test func hintsAreForSlipsOfThePen() {
    let letters = Array("abcdefghijklm")
    let keys = letters.flatMap { first in letters.map { "limi\(first)\($0)" } }
    let found = problems(keys.map { "\($0): 1\n" }.joined()).filter { keys.contains($0.path) }
    #expect(found.count == 169)
    #expect(found.prefix(100).allSatisfy { $0.message == "unknown key: did you mean limits?" })
    #expect(found.dropFirst(100).allSatisfy { $0.message.hasPrefix("unknown key: expected") })
  }

  /// Each of these once took ten seconds and more, as large as it may be.
  @Test(arguments: ["keys", "anchors", "devices", "maps"]) func theLargestThatIsRead(_ kind: String) {
    func repeated(_ line: (Int) -> String) -> String {
      var text = ""
      var number = 0
      while text.utf8.count < 249_900 {
        text += line(number)
        number += 1
      }
      return text
    }
    let text =
      switch kind {
      case "keys": repeated { "k\($0): 1\n" }
      case "anchors": repeated { "k\($0): &a\($0) 1\n" }
      case "devices": "devices:\n" + repeated { "  d\($0): {profile: nothing, bus: b\($0), unit: \($0)}\n" }
      default: "a:\n" + repeated { _ in "- {a: 1, b: 2}\n" }
      }
    var found: [ConfigurationProblem] = []
    let taken = ContinuousClock().measure { found = problems(text) }
    #expect(!found.isEmpty && !found.contains { $0.message.contains("larger than") })
    #expect(taken < .seconds(6))
  }

  @Test func whatIsLargerIsRefusedAtOnce() {
    var found: [ConfigurationProblem] = []
    let text = String(repeating: "k: 1\n", count: 200_000)
    let taken = ContinuousClock().measure { found = problems(text) }
    #expect(found.map(\.message) == ["larger than 250 kB: this is no configuration"])
    #expect(taken < .seconds(1))
  }

  /// The wrong file: one of 8 GB, and one without an end.
  @Test func whatIsFarLargerIsNotReadAsAWhole() throws {
    let folder = try TemporaryFolder.make("config")
    defer { try? FileManager.default.removeItem(at: folder) }
    let image = folder.appendingPathComponent("image.yaml")
    #expect(FileManager.default.createFile(atPath: image.path, contents: nil))
    let handle = try FileHandle(forWritingTo: image)
    try handle.truncate(atOffset: 8_000_000_000)
    try handle.close()
    for file in [image.path, "/dev/zero"] {
      guard case .failure(let problems) = ConfigurationLoader.load(file: file, profileFolders: []) else {
        Issue.record("\(file) was taken")
        continue
      }
      #expect(problems.problems.map(\.message) == ["larger than 250 kB: this is no configuration"])
    }
  }

  /// Large enough that not all rounds are gone through.
  @Test func keysWrittenTwiceWithoutEnd() {
    var found: [ConfigurationProblem] = []
    let taken = ContinuousClock().measure {
      found = problems((0..<11_000).map { "k\($0): 1\nk\($0): 2\n" }.joined())
    }
    #expect(found.contains { $0.message == "too many keys are written twice" })
    #expect(taken < .seconds(20))
  }
}
