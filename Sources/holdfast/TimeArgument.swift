import ArgumentParser
import EnergyModel
import Foundation
import SiteConfig

/// A time on the command line: ISO 8601 (`2026-06-21T10:00:00Z`, `2026-06-21T12:00+02:00`), a local date or
/// date and time of the machine's zone (`2026-06-21`, `2026-06-21T12:00`), or before now (`-90m`, `-2h`, `-7d`).
///
/// A date is the beginning of its day. Of a local time that exists twice, in the hour when clocks are set back, the
/// first is taken; one that does not exist, in the hour that is left out, is refused.
enum TimeArgument: Equatable {
  case at(Timestamp)
  case ago(Duration)

  init(parsing text: String) throws {
    if let ago = Self.ago(text) {
      self = ago
    } else {
      self = .at(try Self.at(text, zone: .current))
    }
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

  private static func at(_ text: String, zone: TimeZone) throws -> Timestamp {
    let form = /(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{3}))?)?(Z|[+-]\d\d:?\d\d)?)?/
    guard let match = text.wholeMatch(of: form)?.output else {
      throw ValidationError("not ISO 8601, a local date (and time), or before now like -2h")
    }
    func number(_ digits: Substring?) -> Int { digits.flatMap { Int($0) } ?? 0 }
    let date = CivilDate(year: number(match.1), month: number(match.2), day: number(match.3))
    guard date.exists else { throw ValidationError("there is no such day") }
    let (hour, minute, second) = (number(match.4), number(match.5), number(match.6))
    guard hour < 24, minute < 60, second < 60 else { throw ValidationError("there is no such time of day") }
    let seconds = date.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second
    if let given = match.8 {
      guard let offset = secondsFromGMT(given) else { throw ValidationError("\(given) is no offset from UTC") }
      return Timestamp(milliseconds: Int64(seconds - offset) * 1000 + Int64(number(match.7)))
    }
    guard let local = instant(seconds, in: zone, isDay: match.4 == nil) else {
      throw ValidationError("clocks are set forward over it in \(zone.identifier): this local time does not exist")
    }
    return Timestamp(milliseconds: Int64(local) * 1000 + Int64(number(match.7)))
  }

  /// The first instant, in seconds since 1970, at which the clocks of `zone` show `local`; nil when they never do.
  /// A day that has no midnight begins when the clocks are set forward over it.
  private static func instant(_ local: Int, in zone: TimeZone, isDay: Bool) -> Int? {
    func offset(at instant: Int) -> Int { zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant))) }
    // Offsets are below a day, so these are the ones before and after a change that concerns it.
    let (before, after) = (offset(at: local - 86_400), offset(at: local + 86_400))
    if let first = [local - before, local - after].filter({ $0 + offset(at: $0) == local }).min() { return first }
    let change = local - before
    return isDay && (change + offset(at: change)) / 86_400 == local / 86_400 ? change : nil
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
    help: "Beginning: ISO 8601, a local date (and time), or before now like -2h (s, m, h, d).",
    transform: TimeArgument.init(parsing:))
  var from: TimeArgument?

  @Option(
    parsing: .unconditional, help: "End, in the same forms; it is not included. Default: now.",
    transform: TimeArgument.init(parsing:))
  var to: TimeArgument?

  /// What was said of it.
  func given() throws -> (from: Timestamp?, to: Timestamp?) { try given(SystemTime(trust: .declared).now().wall) }

  /// - Parameter before: where it begins unless said otherwise. It ends now unless said otherwise.
  func resolved(orBefore before: Duration) throws -> (from: Timestamp, to: Timestamp) {
    let now = SystemTime(trust: .declared).now().wall
    let (from, to) = try given(now)
    if let from, to == nil, from > now {
      throw ValidationError("--from \(from.text()) lies ahead of now (\(now.text())), where it ends without --to")
    }
    let end = to ?? now
    return (from ?? end - before, end)
  }

  private func given(_ now: Timestamp) throws -> (from: Timestamp?, to: Timestamp?) {
    let (from, to) = (from?.resolved(now: now), to?.resolved(now: now))
    if let from, let to, from > to {
      throw ValidationError("--from \(from.text()) is later than --to \(to.text())")
    }
    return (from, to)
  }
}

extension Timestamp {
  /// ISO 8601 in UTC.
  func text(withMilliseconds: Bool = false) -> String {
    let days = (milliseconds - (milliseconds % 86_400_000 + 86_400_000) % 86_400_000) / 86_400_000
    let rest = milliseconds - days * 86_400_000
    let date = CivilDate(daysSince1970: Int(days))
    let day = "\(date.year)-\(Self.padded(Int64(date.month)))-\(Self.padded(Int64(date.day)))"
    let time = [rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60].map { Self.padded($0) }.joined(separator: ":")
    return "\(day)T\(time)\(withMilliseconds ? "." + Self.padded(rest % 1000, 3) : "")Z"
  }

  private static func padded(_ number: Int64, _ digits: Int = 2) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
