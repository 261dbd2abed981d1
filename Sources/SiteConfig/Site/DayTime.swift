import EnergyDispatch
import EnergyModel

/// Times of the day and days as people write them: `06:30`, `22:00-06:00`, `2026-11-28 08:00`.
enum DayTime {
  /// Minutes since midnight; `24:00` is the end of the day.
  static func minute(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let hour = digits(parts[0], 2), let minute = digits(parts[1], 2), minute < 60,
      hour * 60 + minute <= DayWindow.minutesOfDay
    else { return nil }
    return hour * 60 + minute
  }

  static func text(_ minute: Int) -> String {
    let digits = { (number: Int) in (number < 10 ? "0" : "") + String(number) }
    return "\(digits(minute / 60)):\(digits(minute % 60))"
  }

  /// `22:00-06:00`; nil where it is none, or has no length.
  static func window(_ text: String) -> DayWindow? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let start = minute(ends[0]), let end = minute(ends[1]) else { return nil }
    return window(from: start, until: end)
  }

  static func window(from start: Int, until end: Int) -> DayWindow? {
    guard start < DayWindow.minutesOfDay, start != end else { return nil }
    return DayWindow(start: start, end: end)
  }

  enum Instant: Hashable {
    case at(Timestamp)
    /// The clock is put forward over it.
    case skipped
  }

  /// `2026-11-28 08:00` in the site's time; the first of two when the clock is put back over it. Nil where it is none.
  static func instant(_ text: String, _ zone: TimeZoneTable) -> Instant? {
    let words = text.split(separator: " ")
    guard words.count == 2, let minute = minute(words[1]) else { return nil }
    let parts = words[0].split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, let year = digits(parts[0], 4), let month = digits(parts[1], 2),
      let day = digits(parts[2], 2)
    else { return nil }
    let date = CivilDate(year: year, month: month, day: day)
    guard date.exists else { return nil }
    let local = Int64(date.daysSince1970) * 86_400_000 + Int64(minute) * 60_000
    // Both offsets around a change are tried, the earlier instant first.
    let rough = Timestamp(milliseconds: local)
    let offsets = [zone.offset(at: rough - .seconds(86_400)), zone.offset(at: rough + .seconds(86_400))]
    let fitting = offsets.map { rough - $0 }.filter { ($0 + zone.offset(at: $0)) == rough }
    return fitting.min().map(Instant.at) ?? .skipped
  }

  private static func digits(_ text: Substring, _ count: Int) -> Int? {
    guard text.utf8.count == count, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(text)
  }
}

extension ConfigValue {
  /// A time of the day such as `06:00`.
  func dayMinute() -> Int? {
    guard let text = text("a time such as 06:00") else { return nil }
    guard let minute = DayTime.minute(text[...]) else {
      refuse("expected a time from 00:00 to 24:00, such as 06:00")
      return nil
    }
    return minute
  }

  /// A day and a time at the site.
  func instant(_ zone: TimeZoneTable) -> Timestamp? {
    guard let text = text("a day and a time such as 2026-11-28 08:00") else { return nil }
    switch DayTime.instant(text, zone) {
    case .at(let time)?: return time
    case .skipped?: refuse("does not exist: the clock is put forward over it")
    case nil: refuse("expected a day and a time such as 2026-11-28 08:00")
    }
    return nil
  }
}
