import Foundation

/// Reads secrets from files. They go from there to the library that needs them and nowhere else.
struct Secrets {
  /// systemd's `$CREDENTIALS_DIRECTORY`, where relative names are looked up; otherwise `/etc/holdfast`.
  let folder: String?

  struct Unreadable: Error, CustomStringConvertible {
    let path: String
    var description: String { "cannot read the secret in \(path)" }
  }

  /// The first line of the file, without its line break.
  func read(_ name: String) throws -> String {
    let path = path(name)
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { throw Unreadable(path: path) }
    return text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? ""
  }

  func path(_ name: String) -> String {
    name.hasPrefix("/") ? name : (folder ?? "/etc/holdfast") + "/" + name
  }
}
