import Foundation
import Testing

/// Holds every import against the module table in CONTRIBUTING.md.
@Suite struct ImportTests {
  static func table() throws -> [String: Set<String>] {
    var table: [String: Set<String>] = [:]
    for line in try SourceTree.text("CONTRIBUTING.md").components(separatedBy: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 3 else { continue }
      let allowed = cells[2] == "nothing" ? [] : cells[2].components(separatedBy: ", ")
      table[cells[0].trimmingCharacters(in: ["`"])] = Set(allowed)
    }
    return table
  }

  static func imports(_ file: SourceTree.File) -> [String] {
    file.lines.compactMap { line in
      let words = line.split(separator: " ").map(String.init)
      guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
        words[..<index].allSatisfy({ $0.hasPrefix("@") || ["public", "internal", "private"].contains($0) })
      else { return nil }
      let isKind = ["struct", "class", "enum", "func", "protocol", "typealias", "var", "let"].contains(words[index + 1])
      let name = isKind && index + 2 < words.count ? words[index + 2] : words[index + 1]
      return name.components(separatedBy: ".")[0]
    }
  }

  @Test func theTableNamesEveryModule() throws {
    let table = try Self.table()
    let modules = Set(try SourceTree.files(["Sources", "simulators"]).map(\.module))
    #expect(modules.count > 10)
    #expect(modules.subtracting(table.keys).isEmpty, "not in the table: \(modules.subtracting(table.keys).sorted())")
    #expect(Set(table.keys).subtracting(modules).isEmpty, "no such module: \(Set(table.keys).subtracting(modules))")
  }

  @Test func everyImportIsAllowed() throws {
    let table = try Self.table()
    for file in try SourceTree.files(["Sources", "simulators"]) {
      let allowed = table[file.module] ?? []
      if allowed.contains("everything") { continue }
      for name in Self.imports(file) where name != "Synchronization" {
        #expect(allowed.contains(name), "\(file.path) imports \(name)")
      }
    }
  }

  @Test func importsAreFoundInAllTheirForms() {
    let file = SourceTree.File(
      path: "Sources/X/X.swift",
      lines: [
        "import A", "public import B", "@preconcurrency import C", "import struct D.E", "// import F", "important()",
      ])
    #expect(Self.imports(file) == ["A", "B", "C", "D"])
  }
}
