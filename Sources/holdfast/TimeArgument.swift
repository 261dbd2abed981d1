import ArgumentParser
import EnergyModel
import Foundation
import SiteConfig

/// A time on the command line: ISO 8601 (`2026-06-21T10:00:00Z`, `2026-06-21T12:00+02:00`), a local date or
/// date and time of the machine's zone (`2026-06-21`, `2026-06-21T12:00`), or before now (`-90m`, `-2h`, `-7d`).
enum TimeArgument: ExpressibleByArgument, Equatable {
  case at(Timestamp)
  case ago(Duration)

  init?(argument: String) {
    guard let time = Self.ago(argument) ?? Self.at(argument, zone: .current) else { return nil }
    self = time
  }

  func resolved(now: Timestamp) -> Timestamp {
    switch self {
    case .at(let time): time
    case .ago(let duration): now - duration
    }
  }

  private static func ago(_ text: String) -> TimeArgument? {
    if text == "now" { return .ago(.zero) }
    guard let match = text.wholeMatch(of: /-(\d{1,6})([smhd])/), let number = Int64(match.1) else { return nil }
    let seconds: [Substring: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    return .ago(.seconds(number * (seconds[match.2] ?? 1)))
  }

  private static func at(_ text: String, zone: TimeZone) -> TimeArgument? {
    let form = /(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{3}))?)?(Z|[+-]\d\d:?\d\d)?)?/
    guard let match = text.wholeMatch(of: form)?.output else { return nil }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    if let given = match.8 {
      guard let offset = secondsFromGMT(given), let fixed = TimeZone(secondsFromGMT: offset) else { return nil }
      calendar.timeZone = fixed
    }
    let parts = DateComponents(
      year: Int(match.1), month: Int(match.2), day: Int(match.3), hour: match.4.flatMap { Int($0) } ?? 0,
      minute: match.5.flatMap { Int($0) } ?? 0, second: match.6.flatMap { Int($0) } ?? 0)
    // What does not come back as it went in does not exist, such as the 30th of February.
    guard let date = calendar.date(from: parts),
      calendar.dateComponents([.year, .month, .day], from: date)
        == DateComponents(year: parts.year, month: parts.month, day: parts.day),
      parts.hour ?? 0 < 24, parts.minute ?? 0 < 60, parts.second ?? 0 < 60
    else { return nil }
    let milliseconds = Int64(date.timeIntervalSince1970.rounded()) * 1000 + (match.7.flatMap { Int64($0) } ?? 0)
    return .at(Timestamp(milliseconds: milliseconds))
  }

  private static func secondsFromGMT(_ text: Substring) -> Int? {
    if text == "Z" { return 0 }
    let digits = text.filter(\.isNumber)
    guard let hours = Int(digits.prefix(2)), let minutes = Int(digits.suffix(2)), hours < 24, minutes < 60 else {
      return nil
    }
    return (hours * 3600 + minutes * 60) * (text.hasPrefix("-") ? -1 : 1)
  }
}

/// The stretch of time that a command is about.
struct TimeSpanOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "Beginning: ISO 8601, a local date (and time), or before now like -2h (s, m, h, d).")
  var from: TimeArgument?

  @Option(parsing: .unconditional, help: "End, in the same forms; it is not included. Default: now.")
  var to: TimeArgument?

  /// - Parameter before: where it begins unless said otherwise.
  func resolved(orBefore before: Duration) throws -> (from: Timestamp, to: Timestamp) {
    let now = SystemTime(trust: .declared).now().wall
    let end = to?.resolved(now: now) ?? now
    let begin = from?.resolved(now: now) ?? end - before
    guard begin <= end else {
      throw ValidationError("--from \(begin.text()) is later than --to \(end.text())")
    }
    return (begin, end)
  }
}

extension Timestamp {
  /// ISO 8601 in UTC.
  func text(withMilliseconds: Bool = false) -> String {
    let days = (milliseconds - (milliseconds % 86_400_000 + 86_400_000) % 86_400_000) / 86_400_000
    let rest = milliseconds - days * 86_400_000
    // Days to a civil date, with years that begin in March so that the leap day comes last.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let date = "\(year)-\(Self.padded(month))-\(Self.padded(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1))"
    let time = [rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60].map { Self.padded($0) }.joined(separator: ":")
    return "\(date)T\(time)\(withMilliseconds ? "." + Self.padded(rest % 1000, 3) : "")Z"
  }

  private static func padded(_ number: Int64, _ digits: Int = 2) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
