import DeviceProfile
import EnergyModel

/// When a payload says that its values were measured.
enum PayloadTime {
  /// How far a device's clock may be ahead of ours before its word counts for nothing.
  static let tolerance: Duration = .seconds(2)

  /// The measuring on both clocks, and whether it is recent enough to act on.
  ///
  /// While nobody vouches for our own clock nothing can be said about the age: the values are taken as old.
  static func measured(
    _ time: Timestamp, received: Moment, maximumAge: Duration
  ) throws(PayloadFault) -> (at: Moment, isFresh: Bool) {
    guard received.isClockTrusted else { return (received, false) }
    let age = received.wall - time
    guard age >= .zero - tolerance else {
      throw PayloadFault("was measured \((.zero - age).milliseconds) ms in the future, so its clock is wrong")
    }
    guard age > .zero else { return (received, true) }
    // A century is older than any maximum age, and fits into nanoseconds.
    let bounded = min(age, .seconds(3_155_760_000))
    let at = Moment(wall: time, monotonic: received.monotonic - bounded, isClockTrusted: true)
    return (at, age <= maximumAge)
  }

  static func parse(
    _ value: JSONValue, as format: SensorDefinition.PayloadTime.Format
  ) -> Timestamp? {
    switch (value, format) {
    case (.integer(let number), .seconds): stamp(Double(number) * 1000)
    case (.number(let number), .seconds): stamp(number * 1000)
    case (.integer(let number), .milliseconds): stamp(Double(number))
    case (.number(let number), .milliseconds): stamp(number)
    case (.text(let text), .seconds): NumberText.parse(text).flatMap { stamp($0 * 1000) }
    case (.text(let text), .milliseconds): NumberText.parse(text).flatMap(stamp)
    case (.text(let text), .iso8601): ISOTime.parse(text)
    default: nil
    }
  }

  /// Years 1970 to 9999: what lies outside is no time of a measurement.
  private static func stamp(_ milliseconds: Double) -> Timestamp? {
    guard (0...253_402_300_799_999).contains(milliseconds) else { return nil }
    return Timestamp(milliseconds: Int64(milliseconds))
  }
}

/// `2026-06-21T10:30:00Z`, with fractions of a second and with an offset as RFC 3339 has it.
enum ISOTime {
  static func parse(_ text: String) -> Timestamp? {
    var rest = Array(text.utf8)[...]
    guard let year = number(&rest, 4), take(&rest, "-"), let month = number(&rest, 2), take(&rest, "-"),
      let day = number(&rest, 2), take(&rest, "T") || take(&rest, "t") || take(&rest, " "),
      let hour = number(&rest, 2), take(&rest, ":"), let minute = number(&rest, 2), take(&rest, ":"),
      let second = number(&rest, 2)
    else { return nil }
    let date = CivilDate(year: year, month: month, day: day)
    guard year >= 1970, date.exists, hour < 24, minute < 60, second <= 60, let milliseconds = fraction(&rest),
      let offset = offset(&rest), rest.isEmpty
    else { return nil }
    let seconds = date.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second - offset
    guard seconds >= 0 else { return nil }
    return Timestamp(milliseconds: Int64(seconds) * 1000 + Int64(milliseconds))
  }

  private static func number(_ rest: inout ArraySlice<UInt8>, _ digits: Int) -> Int? {
    let taken = rest.prefix(digits)
    guard taken.count == digits, taken.allSatisfy({ (48...57).contains($0) }) else { return nil }
    rest = rest.dropFirst(digits)
    return taken.reduce(0) { $0 * 10 + Int($1) - 48 }
  }

  private static func take(_ rest: inout ArraySlice<UInt8>, _ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest = rest.dropFirst()
    return true
  }

  /// Milliseconds; none where there is no fraction, nil where one is begun and not written.
  private static func fraction(_ rest: inout ArraySlice<UInt8>) -> Int? {
    guard take(&rest, ".") || take(&rest, ",") else { return 0 }
    let digits = rest.prefix { (48...57).contains($0) }
    guard !digits.isEmpty else { return nil }
    rest = rest.dropFirst(digits.count)
    let three = Array(digits.prefix(3)) + Array(repeating: UInt8(48), count: max(0, 3 - digits.count))
    return three.reduce(0) { $0 * 10 + Int($1) - 48 }
  }

  /// Seconds east of Greenwich.
  private static func offset(_ rest: inout ArraySlice<UInt8>) -> Int? {
    if take(&rest, "Z") || take(&rest, "z") { return 0 }
    let isWest = take(&rest, "-")
    guard isWest || take(&rest, "+"), let hours = number(&rest, 2), hours < 24 else { return nil }
    _ = take(&rest, ":")
    guard let minutes = number(&rest, 2), minutes < 60 else { return nil }
    return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
  }
}
