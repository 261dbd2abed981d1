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
    self.init(day: Int((Double(local) / 86_400_000).rounded(.down)))
  }

  /// From `2026-11`.
  init?(_ text: String) {
    let parts = text.split(separator: "-")
    guard parts.count == 2, let year = Int(parts[0]), let month = Int(parts[1]), (1970...9999).contains(year),
      (1...12).contains(month)
    else { return nil }
    self.init(year: year, month: month)
  }

  /// Counted from 1970-01-01. The proleptic Gregorian calendar as in Howard Hinnant, "chrono-Compatible
  /// Low-Level Date Algorithms", `civil_from_days`: years begin in March, so that the leap day comes last.
  private init(day: Int) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let fromMarch = (5 * dayOfYear + 2) / 153
    let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
    self.init(year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month)
  }

  var next: CalendarMonth {
    month == 12 ? CalendarMonth(year: year + 1, month: 1) : CalendarMonth(year: year, month: month + 1)
  }

  /// When it begins: midnight of its first day on the clocks of `zone`.
  func start(in zone: TimeZoneTable) -> Timestamp {
    // `days_from_civil` of the same source, for the first of the month.
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
    let day = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    let local = Timestamp(milliseconds: Int64(day) * 86_400_000)
    // The offset before the guess may be another one than at midnight itself.
    let guess = local - zone.offset(at: local)
    return local - zone.offset(at: guess)
  }

  static func < (a: Self, b: Self) -> Bool { (a.year, a.month) < (b.year, b.month) }

  var description: String { "\(year)-\(month < 10 ? "0" : "")\(month)" }
}
