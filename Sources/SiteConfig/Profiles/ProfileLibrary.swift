import DeviceProfile
import Foundation

/// Device profiles by name, read from folders of YAML files when they are first asked for; those of devices on MQTT lie
/// in their folder `mqtt`.
///
/// A folder that comes earlier wins, so that an installer's own profile replaces a shipped one.
final class ProfileLibrary {
  private let folders: [String]
  private var read: [String: DeviceProfile?] = [:]
  private var readMQTT: [String: MQTTProfile?] = [:]
  private(set) var problems: [ConfigurationProblem] = []

  init(folders: [String]) { self.folders = folders }

  /// Of profiles that were read before.
  init(_ profiles: [DeviceProfile], _ mqttProfiles: [MQTTProfile]) {
    folders = []
    read = Dictionary(profiles.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    readMQTT = Dictionary(mqttProfiles.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  enum Answer<Profile> {
    case found(Profile)
    /// The file is there and something in it is wrong, which is among `problems`.
    case broken
    case unknown
  }

  func profile(_ name: String) -> Answer<DeviceProfile> {
    if let known = read[name] { return known.map { .found($0) } ?? .broken }
    guard let path = path(of: name) else { return .unknown }
    let (profile, found) = Self.load(path)
    problems += found
    read.updateValue(profile, forKey: name)
    return profile.map { .found($0) } ?? .broken
  }

  func mqttProfile(_ name: String) -> Answer<MQTTProfile> {
    if let known = readMQTT[name] { return known.map { .found($0) } ?? .broken }
    guard let path = path(of: name, in: Self.mqtt) else { return .unknown }
    let (profile, found) = Self.loadMQTT(path)
    problems += found
    readMQTT.updateValue(profile, forKey: name)
    return profile.map { .found($0) } ?? .broken
  }

  private static let mqtt = "/mqtt"

  /// The names of all profiles in the folders.
  var names: [String] { names(in: "").union(read.keys).sorted() }
  var mqttNames: [String] { names(in: Self.mqtt).union(readMQTT.keys).sorted() }

  private func names(in part: String) -> Set<String> {
    let files = folders.flatMap { (try? FileManager.default.contentsOfDirectory(atPath: $0 + part)) ?? [] }
    return Set(files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) })
  }

  private func path(of name: String, in part: String = "") -> String? {
    folders.map { $0 + part + "/" + name + ".yaml" }.first { FileManager.default.fileExists(atPath: $0) }
  }

  static func loadMQTT(_ path: String) -> (MQTTProfile?, [ConfigurationProblem]) {
    let problems = ProblemList(file: path)
    guard let text = TextFile.read(path, problems: problems) else { return (nil, problems.sorted) }
    return mqttProfile(text, name(of: path), problems)
  }

  static func mqttProfile(
    _ text: String, _ name: String, _ problems: ProblemList
  ) -> (MQTTProfile?, [ConfigurationProblem]) {
    let profile = MQTTProfileReader.read(text, name: name, problems: problems)
    return (problems.problems.isEmpty ? profile : nil, problems.sorted)
  }

  /// Profiles of devices on MQTT lie in a folder of that name.
  static func isMQTT(_ path: String) -> Bool { path.split(separator: "/").dropLast().last == "mqtt" }

  private static func name(of path: String) -> String {
    path.split(separator: "/").last.map { String($0.dropLast(5)) } ?? path
  }

  static func load(_ path: String) -> (DeviceProfile?, [ConfigurationProblem]) {
    let problems = ProblemList(file: path)
    guard let text = TextFile.read(path, problems: problems) else { return (nil, problems.sorted) }
    return profile(text, name(of: path), problems)
  }

  static func profile(
    _ text: String, _ name: String, _ problems: ProblemList
  ) -> (DeviceProfile?, [ConfigurationProblem]) {
    let profile = ProfileReader.read(text, name: name, problems: problems)
    return (problems.problems.isEmpty ? profile : nil, problems.sorted)
  }
}

/// A text in a file.
enum TextFile {
  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  static func read(_ path: String, problems: ProblemList) -> String? {
    do {
      let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? file.close() }
      // The wrong file may be a disk image.
      let bytes = try file.read(upToCount: YAMLText.maximumBytes + 1) ?? Data()
      guard bytes.count <= YAMLText.maximumBytes else {
        problems.add(line: nil, path: "", YAMLText.tooLarge)
        return nil
      }
      if let text = String(data: bytes, encoding: .utf8) { return text }
      problems.add(line: nil, path: "", "cannot be read as text (UTF-8)")
      return nil
    } catch {
      problems.add(line: nil, path: "", exists(path) ? "cannot be read" : "no such file")
      return nil
    }
  }
}
