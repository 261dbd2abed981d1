import SiteConfig
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
    #expect(taken < .seconds(20))
  }

  /// Large enough that not all rounds are gone through.
  @Test func keysWrittenTwiceWithoutEnd() {
    var found: [ConfigurationProblem] = []
    let taken = ContinuousClock().measure {
      found = problems((0..<25_000).map { "k\($0): 1\nk\($0): 2\n" }.joined())
    }
    #expect(found.contains { $0.message == "too many keys are written twice" })
    #expect(taken < .seconds(20))
  }
}
