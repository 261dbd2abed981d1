/// A mapping with known keys. Opening it refuses every key that is not known.
struct ConfigSection {
  let value: ConfigValue
  private let keys: [String]
  private let values: [String: ConfigValue]
  /// Known keys that somebody probably meant when writing an unknown one.
  private let misspelt: Set<String>

  /// Finding what was meant takes longer than all else, and nobody who means so many keys mistypes them.
  private static let mostHints = 100

  /// - Parameters:
  ///   - keys: what may be written here.
  ///   - later: keys of the configuration language that this version does not know how to obey. They are
  ///     refused, because a limit that is read and ignored is worse than none.
  init?(_ value: ConfigValue, keys: [String], later: [String] = []) {
    guard !value.isNothing else {
      value.refuse("nothing is written here: expected \(Self.listed(keys))")
      return nil
    }
    guard let pairs = value.pairs("a mapping with \(Self.listed(keys))") else { return nil }
    self.value = value
    self.keys = keys
    values = Dictionary(pairs.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    let unknown = pairs.map(\.key).filter { !keys.contains($0) && !later.contains($0) }
    var meant: [String: String] = [:]
    for key in unknown.prefix(Self.mostHints) { meant[key] = NearestName.of(key, among: keys) }
    misspelt = Set(meant.values)
    for (key, entry) in pairs where !keys.contains(key) {
      let text = Self.refusal(of: key, meant: meant[key], keys: keys, later: later)
      entry.problems.add(line: entry.line, path: entry.path, text)
    }
  }

  private static func refusal(of key: String, meant: String?, keys: [String], later: [String]) -> String {
    if key == "password" {
      // The value is not repeated: problems end up in logs.
      return "a password is never part of a configuration: write it into a file and name that as password_file"
    }
    if later.contains(key) { return "not supported by this version" }
    return meant.map { "unknown key: did you mean \($0)?" } ?? "unknown key: expected \(listed(keys))"
  }

  static func listed(_ keys: [String]) -> String {
    keys.count < 2 ? keys.joined() : keys.dropLast().joined(separator: ", ") + " or " + keys[keys.count - 1]
  }

  /// The value under a key that may be missing.
  subscript(key: String) -> ConfigValue? {
    precondition(keys.contains(key), "\(key) is read here and has to be among the known keys")
    return values[key]
  }

  /// The value under a key that must be there.
  func required(_ key: String, _ expected: String) -> ConfigValue? {
    if let value = self[key] { return value }
    refuse(missing: key, "missing: expected \(expected)")
    return nil
  }

  /// Tells about a key that is not there, unless it is there with a slip of the pen, which was told.
  func refuse(missing key: String, _ message: String) {
    guard !misspelt.contains(key) else { return }
    let path = value.path.isEmpty ? key : "\(value.path).\(key)"
    value.problems.add(line: value.line, path: path, message)
  }

  /// Whether the key may be written here at all.
  func knows(_ key: String) -> Bool { keys.contains(key) }

  func has(_ key: String) -> Bool { values[key] != nil }
}
