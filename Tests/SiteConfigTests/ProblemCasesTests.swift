import Foundation
import Testing

@testable import SiteConfig

/// One case to each kind of problem: the exact lines that are told, all of them and no others.
@Suite struct ProblemCasesTests {
  static let files = [
    "document", "units", "site", "buses", "devices", "loads", "limits", "strategy", "services", "logs",
  ]
  static let siteCases = files.flatMap { TestFiles.cases("\($0).case") }
  static let profileCases = TestFiles.cases("profiles.profile-case")

  @Test func basesAreFineAndCasesAreRead() {
    #expect(Self.load(TestFiles.text("base.yaml")) == [])
    #expect(Self.loadProfile(TestFiles.text("base-profile.yaml")) == [])
    #expect(Self.siteCases.count > 60)
    #expect(Self.profileCases.count > 12)
  }

  @Test(arguments: siteCases) func site(_ problem: ProblemCase) throws {
    let text = try #require(problem.applied(to: TestFiles.text("base.yaml")), "the base has changed")
    #expect(Self.load(text) == problem.expected)
  }

  @Test(arguments: profileCases) func profile(_ problem: ProblemCase) throws {
    let text = try #require(problem.applied(to: TestFiles.text("base-profile.yaml")), "the base has changed")
    #expect(Self.loadProfile(text) == problem.expected)
  }

  /// The problems, without the file's name in front.
  private static func load(_ text: String) -> [String] {
    let name = "base.yaml"
    let result = ConfigurationLoader.load(text: text, name: name, profileFolders: [TestFiles.profiles])
    guard case .failure(let problems) = result else { return [] }
    return problems.problems.map { String($0.description.dropFirst(name.count + 1)) }
  }

  private static func loadProfile(_ text: String) -> [String] {
    let problems = ProblemList(file: "p")
    let profile = ProfileReader.read(text, name: "base-profile", problems: problems)
    let lines = problems.sorted.map { String($0.description.dropFirst(2)) }
    return profile == nil && lines.isEmpty ? ["nothing was read and nothing was told"] : lines
  }
}
