import Foundation
import Testing

/// The rules of CONTRIBUTING.md that a machine can see.
@Suite struct StyleTests {
  static let compositionRoots = [
    "Sources/holdfast/", "simulators/holdfast-sim/", "simulators/holdfast-demo/", "simulators/holdfast-bench/",
    "simulators/holdfast-receiver/",
  ]
  static let programs = [
    "holdfast", "holdfast-sim", "holdfast-demo", "holdfast-bench", "holdfast-receiver", "holdfast-fuzz",
  ]
  static let longestFile = 300
  static let longestFunction = 60

  /// Lines with comments cut off, numbered from 1.
  private func code(_ file: SourceTree.File) -> [(number: Int, text: String)] {
    file.lines.enumerated().map { index, line in
      (index + 1, line.range(of: "//").map { String(line[..<$0.lowerBound]) } ?? line)
    }
  }

  private func offences(
    _ patterns: [String], in folders: [String] = ["Sources", "simulators", "Tests"],
    except isExempt: (String) -> Bool = { _ in false }
  ) throws -> [String] {
    try SourceTree.files(folders).filter { !isExempt($0.path) && !$0.path.hasPrefix("Tests/TidyTests") }.flatMap {
      file in
      code(file).filter { line in patterns.contains { line.text.range(of: $0, options: .regularExpression) != nil } }
        .map { "\(file.path):\($0.number): \($0.text.trimmingCharacters(in: .whitespaces))" }
    }
  }

  @Test func filesStayShort() throws {
    let long = try SourceTree.files().filter { $0.lines.count > Self.longestFile }.map {
      "\($0.path): \($0.lines.count)"
    }
    #expect(long.isEmpty, "\(long)")
  }

  @Test func functionsStayShort() throws {
    var long: [String] = []
    for file in try SourceTree.files() {
      var open: (start: Int, indent: String)?
      for (number, text) in code(file) {
        let indent = String(text.prefix { $0 == " " })
        let isStart =
          text.range(of: #"^\s*([a-z@()]+ )*(func|init)\b.*"#, options: .regularExpression) != nil && open == nil
        if isStart { open = (number, indent) }
        if let start = open, text == start.indent + "}" {
          if number - start.start > Self.longestFunction {
            long.append("\(file.path):\(start.start): \(number - start.start)")
          }
          open = nil
        } else if let start = open, number > start.start, indent.count <= start.indent.count, text.contains("{ ") {
          open = nil
        }
      }
    }
    #expect(long.isEmpty, "\(long)")
  }

  @Test func onlyTheCommandLinePrints() throws {
    let found = try offences([#"(^|[^.\w])print\("#]) { path in
      Self.compositionRoots.contains { path.hasPrefix($0) } || path.hasPrefix("Tests/")
    }
    #expect(found.isEmpty, "\(found)")
  }

  @Test func nothingIsForced() throws {
    #expect(try offences([#"\btry!"#]).isEmpty)
  }

  @Test func onlyCompositionRootsReadTheWallClock() throws {
    let patterns = [
      #"\bDate\(\)"#, #"\bDate\.now"#, "CLOCK_REALTIME", "gettimeofday", #"[^.\w]time\(nil\)"#, "SystemClock",
    ]
    let found = try offences(patterns, in: ["Sources", "simulators"]) { path in
      Self.compositionRoots.contains { path.hasPrefix($0) }
    }
    #expect(found.isEmpty, "\(found)")
  }

  @Test func uncheckedSendableHasItsReason() throws {
    for file in try SourceTree.files() where !file.path.hasPrefix("Tests/TidyTests") {
      for (index, line) in file.lines.enumerated() where line.contains("@unchecked Sendable") {
        let isReasoned = line.contains("//") || (index > 0 && file.lines[index - 1].contains("//"))
        #expect(isReasoned, "\(file.path):\(index + 1)")
      }
    }
  }

  @Test func nothingIsLeftForLater() throws {
    let found = try SourceTree.files().filter { !$0.path.hasPrefix("Tests/TidyTests") }.flatMap { file in
      file.lines.enumerated().filter { $1.contains("TODO") || $1.contains("FIXME") || $1.contains("XXX") }
        .map { "\(file.path):\($0.offset + 1)" }
    }
    #expect(found.isEmpty, "\(found)")
  }

  @Test func pureModulesDoNotWait() throws {
    let pure = [
      "EnergyModel", "Forecasting", "EnergyDispatch", "DeviceProfile", "MQTTDevices", "SiteSimulator", "SiteSimulation",
    ]
    let found = try offences([#"\bawait\b"#, #"\bTask\b[.{ ]"#], in: ["Sources", "simulators"]) { path in
      !pure.contains { path.contains("/\($0)/") } || path.hasSuffix("EnergyModel/Ports.swift")
    }
    #expect(found.isEmpty, "\(found)")
  }

  @Test func testsMirrorTheSources() throws {
    let modules = Set(try SourceTree.files(["Sources", "simulators"]).map(\.module))
    let tests = Set(try SourceTree.files(["Tests"]).map(\.module))
    for module in modules where !Self.programs.contains(module) {
      #expect(tests.contains(module + "Tests"), "\(module) has no tests")
    }
  }
}
