import Foundation

/// The repository's own files, found from where this file was compiled.
struct SourceTree {
  struct File {
    /// Relative to the repository.
    let path: String
    let lines: [String]
    var module: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
  }

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// Swift files below the given folders.
  static func files(_ folders: [String] = ["Sources", "simulators", "Tests"]) throws -> [File] {
    try folders.flatMap { folder -> [File] in
      let base = root.appendingPathComponent(folder)
      let found = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
      return try found.filter { $0.hasSuffix(".swift") }.sorted().map { name in
        let text = try String(contentsOf: base.appendingPathComponent(name), encoding: .utf8)
        return File(path: folder + "/" + name, lines: text.components(separatedBy: "\n"))
      }
    }
  }
}
