import EnergyModel

/// What the clock on the wall of the site reads at an instant.
struct LocalClock: Hashable, Sendable {
  private static let minute: Int64 = 60_000
  private static let day: Int64 = 86_400_000

  let time: Timestamp
  let zone: TimeZoneTable
  /// Local time as if it were UTC, ms.
  private let local: Int64

  init(_ time: Timestamp, _ zone: TimeZoneTable) {
    self.time = time
    self.zone = zone
    local = time.milliseconds &+ zone.offset(at: time).milliseconds
  }

  /// Since local midnight, 0...1439.
  var minuteOfDay: Int { Int(Self.remainder(local, Self.day) / Self.minute) }

  /// Months since the year 0: it grows with each local month.
  var month: Int {
    let date = CivilDate(daysSince1970: Int((local - Self.remainder(local, Self.day)) / Self.day))
    return 12 * date.year + date.month - 1
  }

  /// How long until the wall clock next reads `minute` of the day; more than zero. A reading that is skipped because the
  /// clock is put forward counts as the one that takes its place.
  func wait(untilMinute minute: Int) -> Duration {
    let target = Int64(minute % DayWindow.minutesOfDay) * Self.minute
    let ahead = Self.remainder(target - Self.remainder(local, Self.day), Self.day)
    let plain = Duration.milliseconds(ahead == 0 ? Self.day : ahead)
    let later = zone.offset(at: time + plain)
    let wait = plain - (later - zone.offset(at: time))
    return wait > .zero && zone.offset(at: time + wait) == later ? wait : plain
  }

  private static func remainder(_ value: Int64, _ length: Int64) -> Int64 {
    let rest = value % length
    return rest < 0 ? rest + length : rest
  }
}
