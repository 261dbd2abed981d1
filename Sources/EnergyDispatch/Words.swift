import EnergyModel

/// Values as people read them in a sentence.
enum Words {
  /// `850 W`, `1.2 kW`.
  static func power(_ watts: Double) -> String {
    watts.magnitude < 1000 ? "\(JSONText.decimal(watts, 0)) W" : "\(JSONText.decimal(watts / 1000, 1)) kW"
  }

  static func percent(_ value: Double) -> String { "\(JSONText.decimal(value, 1)) %" }
  static func amperes(_ value: Double) -> String { "\(JSONText.decimal(value, 1)) A" }
  static func celsius(_ value: Double) -> String { "\(JSONText.decimal(value, 1)) °C" }

  /// `a, b and c`
  static func list(_ parts: [String]) -> String {
    guard let last = parts.last, parts.count > 1 else { return parts.first ?? "" }
    return parts.dropLast().joined(separator: ", ") + " and " + last
  }

  /// When a wait is over: `until 14:32` in the site's time, or `for another 5 min` while nobody vouches
  /// for the clock.
  enum End: Hashable, Sendable, CustomStringConvertible {
    /// Minutes of the local day.
    case at(Int64)
    case after(minutes: Int64)

    init(of wait: Duration, now: Moment, zone: TimeZoneTable) {
      guard now.isClockTrusted else {
        self = .after(minutes: (wait.milliseconds + 59_999) / 60_000)
        return
      }
      let end = now.wall + wait
      let day: Int64 = 86_400_000
      let local = (end.milliseconds + zone.offset(at: end).milliseconds) % day
      self = .at((local < 0 ? local + day : local) / 60_000)
    }

    var description: String {
      let digits = { (number: Int64) in (number < 10 ? "0" : "") + "\(number)" }
      return switch self {
      case .at(let minutes): "until \(digits(minutes / 60)):\(digits(minutes % 60))"
      case .after(let minutes): "for another \(minutes) min"
      }
    }
  }

  static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}
