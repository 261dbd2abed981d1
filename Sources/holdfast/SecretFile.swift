import Foundation

/// Reads a secret from its file. It goes from there to the library that needs it and nowhere else.
enum SecretFile {
  struct Unreadable: Error, CustomStringConvertible {
    let path: String
    var description: String { "cannot read the secret in \(path)" }
  }

  /// The first line of the file, without its line break.
  static func read(_ path: String) throws -> String {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { throw Unreadable(path: path) }
    return text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? ""
  }
}
