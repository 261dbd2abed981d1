import EnergyModel
import Foundation

/// Time zones as plain data. Foundation knows them only where it is linked whole, so their transitions
/// are computed here once and handed on as a value.
enum TimeZoneTransitions {
  /// Covers 2000 to 2060, whatever the clock says: a box that starts before its clock is set must not get
  /// a table for the wrong years.
  static let first = Timestamp(milliseconds: 946_684_800_000)
  static let last = Timestamp(milliseconds: 2_840_140_800_000)

  /// Nil where there is no zone of that name.
  static func table(_ name: String) -> TimeZoneTable? {
    // Foundation also takes abbreviations and offsets such as GMT+3; a site has a place.
    guard name == "UTC" || name.contains("/"), let zone = TimeZone(identifier: name) else { return nil }
    var transitions: [TimeZoneTable.Transition] = []
    var time = first
    var offset = self.offset(of: zone, at: first)
    let initial = offset
    // Looks every three days, so that changes of the standard offset and the short pauses of daylight
    // saving around Ramadan are found as well; `nextDaylightSavingTimeTransition` knows only some of them.
    let step = Duration.seconds(3 * 86_400)
    while time < last {
      let next = time + step
      let later = self.offset(of: zone, at: next)
      if later != offset {
        transitions.append(.init(at: change(in: zone, after: time, until: next), offset: .seconds(later)))
        offset = later
      }
      time = next
    }
    return TimeZoneTable(name: name, initialOffset: .seconds(initial), transitions: transitions)
  }

  static func nearest(_ name: String) -> String? {
    NearestName.of(name, among: TimeZone.knownTimeZoneIdentifiers)
  }

  /// The first second with the offset that holds at `end`.
  private static func change(in zone: TimeZone, after start: Timestamp, until end: Timestamp) -> Timestamp {
    let target = offset(of: zone, at: end)
    var low = start.milliseconds / 1000
    var high = end.milliseconds / 1000
    while high - low > 1 {
      let middle = (low + high) / 2
      if offset(of: zone, at: Timestamp(milliseconds: middle * 1000)) == target { high = middle } else { low = middle }
    }
    return Timestamp(milliseconds: high * 1000)
  }

  private static func offset(of zone: TimeZone, at time: Timestamp) -> Int {
    zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time.milliseconds) / 1000))
  }
}
