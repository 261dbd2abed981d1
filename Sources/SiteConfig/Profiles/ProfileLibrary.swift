import DeviceProfile
import Foundation

/// Device profiles by name, read from folders of YAML files when they are first asked for.
///
/// A folder that comes earlier wins, so that an installer's own profile replaces a shipped one.
final class ProfileLibrary {
  private let folders: [String]
  private var read: [String: DeviceProfile?] = [:]
  private(set) var problems: [ConfigurationProblem] = []

  init(folders: [String]) { self.folders = folders }

  enum Answer {
    case found(DeviceProfile)
    /// The file is there and something in it is wrong, which is among `problems`.
    case broken
    case unknown
  }

  func profile(_ name: String) -> Answer {
    if let known = read[name] { return known.map { .found($0) } ?? .broken }
    guard let path = path(of: name) else { return .unknown }
    let (profile, found) = Self.load(path)
    problems += found
    read.updateValue(profile, forKey: name)
    return profile.map { .found($0) } ?? .broken
  }

  /// The names of all profiles in the folders.
  var names: [String] {
    let files = folders.flatMap { (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? [] }
    return Set(files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }).sorted()
  }

  private func path(of name: String) -> String? {
    folders.map { $0 + "/" + name + ".yaml" }.first { FileManager.default.fileExists(atPath: $0) }
  }

  static func load(_ path: String) -> (DeviceProfile?, [ConfigurationProblem]) {
    let problems = ProblemList(file: path)
    guard let text = TextFile.read(path, problems: problems) else { return (nil, problems.sorted) }
    let name = path.split(separator: "/").last.map { String($0.dropLast(5)) } ?? path
    let profile = ProfileReader.read(text, name: name, problems: problems)
    return (problems.problems.isEmpty ? profile : nil, problems.sorted)
  }
}

/// A text in a file.
enum TextFile {
  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  static func read(_ path: String, problems: ProblemList) -> String? {
    do {
      return try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      problems.add(line: nil, path: "", exists(path) ? "cannot be read as text (UTF-8)" : "no such file")
      return nil
    }
  }
}
