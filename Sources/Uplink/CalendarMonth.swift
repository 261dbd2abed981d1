import EnergyModel

/// A month of the calendar in some time zone.
struct CalendarMonth: Hashable, Comparable, Sendable, CustomStringConvertible {
  let year: Int
  /// 1...12.
  let month: Int

  init(year: Int, month: Int) {
    self.year = year
    self.month = month
  }

  /// The month that an instant belongs to.
  init(of time: Timestamp, in zone: TimeZoneTable) {
    let local = time.milliseconds + zone.offset(at: time).milliseconds
    let date = CivilDate(daysSince1970: Int((Double(local) / 86_400_000).rounded(.down)))
    self.init(year: date.year, month: date.month)
  }

  /// From `2026-11`.
  init?(_ text: String) {
    let parts = text.split(separator: "-")
    guard parts.count == 2, let year = Int(parts[0]), let month = Int(parts[1]), (1970...9999).contains(year),
      (1...12).contains(month)
    else { return nil }
    self.init(year: year, month: month)
  }

  var next: CalendarMonth {
    month == 12 ? CalendarMonth(year: year + 1, month: 1) : CalendarMonth(year: year, month: month + 1)
  }

  /// When it begins: midnight of its first day on the clocks of `zone`.
  func start(in zone: TimeZoneTable) -> Timestamp {
    let day = CivilDate(year: year, month: month, day: 1).daysSince1970
    let local = Timestamp(milliseconds: Int64(day) * 86_400_000)
    // The offset before the guess may be another one than at midnight itself.
    let guess = local - zone.offset(at: local)
    return local - zone.offset(at: guess)
  }

  static func < (a: Self, b: Self) -> Bool { (a.year, a.month) < (b.year, b.month) }

  var description: String { "\(year)-\(month < 10 ? "0" : "")\(month)" }
}
