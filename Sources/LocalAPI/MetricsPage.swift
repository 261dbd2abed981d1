import EnergyModel

/// Writes families of metrics line by line. A family without samples is not written at all.
struct MetricsPage {
  enum Kind: String { case gauge, counter }

  private(set) var text = ""
  private var name = ""
  private var head: String?

  /// Begins a family; `name` gets the prefix `holdfast_`.
  mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    self.name = "holdfast_" + name
    head = "# HELP \(self.name) \(help)\n# TYPE \(self.name) \(kind.rawValue)\n"
  }

  mutating func sample(_ labels: KeyValuePairs<String, String>, _ value: Double?) {
    guard let value, value.isFinite else { return }
    if let head { text += head }
    head = nil
    text += name
    if !labels.isEmpty {
      text += "{" + labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
    }
    text += " \(JSONText.decimal(value, 6))\n"
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.append(character)
      }
    }
    return escaped
  }
}
