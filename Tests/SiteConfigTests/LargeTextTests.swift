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

  /// The parser compares keys with all that their aliases stand for: a page of these would take years.
  @Test func keysThatAreAliasesOfAliases() {
    let doubling = (1...60).map { "k\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
    let found = problems("k0: &a0 [x]\n" + doubling + "k61:\n  ? *a60\n  : 1\n  ? *a60\n  : 2\n")
    #expect(found.map(\.message) == ["more than 32 aliases (*name): write the values themselves"])
  }

  /// The most that are let through, in the order that makes most of them.
  @Test func asManyAliasesAsAreTaken() {
    let powers = (1...10).map { "k\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1), *a\($0 - 1)]\n" }.joined()
    #expect(!problems("k0: &a0 [x]\n" + powers + "k11: {*a10 : 1, *a10 : 2}\n").isEmpty)
  }

  /// Comments, texts and patterns with stars are no aliases.
  @Test func starsThatAreNoAliases() {
    let stars = String(repeating: "# 3 * 4, energy_*, a*b\n", count: 100)
    #expect(problems(stars + "sites: 1\n").contains { $0.path == "sites" })
  }

  @Test(.timeLimit(.minutes(1))) func moreProblemsThanAnybodyReads() {
    let found = problems((0..<6_000).map { "k\($0): 1\n" }.joined())
    #expect(found.count > 6_000)
  }

  @Test(.timeLimit(.minutes(1))) func keysWrittenTwiceWithoutEnd() {
    let found = problems((0..<1_500).map { "k\($0): 1\nk\($0): 2\n" }.joined())
    #expect(found.contains { $0.message == "too many keys are written twice" })
  }
}
