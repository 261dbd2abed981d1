public import EnergyModel

extension Timestamp {
  /// Reads `2026-06-21T10:30:00Z`: UTC, whole seconds. Nil where the text is anything else.
  public init?(utc text: String) {
    let bytes = Array(text.utf8)
    let pattern = Array("0000-00-00T00:00:00Z".utf8)
    guard bytes.count == pattern.count else { return nil }
    for (byte, wanted) in zip(bytes, pattern) {
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      guard wanted == UInt8(ascii: "0") ? isDigit : byte == wanted else { return nil }
    }
    func number(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } }
    let (month, day) = (number(5..<7), number(8..<10))
    let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
    guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60 else { return nil }
    let days = Self.days(year: number(0..<4), month: month, day: day)
    let seconds = (days * 24 + hour) * 3600 + minute * 60 + second
    self.init(milliseconds: Int64(seconds) * 1000)
  }

  /// `2026-06-21T10:30:00Z`, whole seconds.
  public var utcText: String {
    let seconds = milliseconds / 1000
    let (days, rest) = (Int(seconds / 86_400), Int(seconds % 86_400))
    // The year and month whose first day is the last not later.
    var year = 1970
    while Self.days(year: year + 1, month: 1, day: 1) <= days { year += 1 }
    var month = 1
    while month < 12, Self.days(year: year, month: month + 1, day: 1) <= days { month += 1 }
    let day = days - Self.days(year: year, month: month, day: 1) + 1
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let time = [rest / 3600, rest / 60 % 60, rest % 60].map(two).joined(separator: ":")
    return "\(year)-\(two(month))-\(two(day))T\(time)Z"
  }

  /// Days since 1970-01-01 in the Gregorian calendar, counted in years that begin in March so that the
  /// leap day comes last.
  private static func days(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let monthFromMarch = (month + 9) % 12
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
  }
}

extension Timestamp {
  /// Days since J2000.0 (2000-01-01T12:00 UTC), as astronomers count.
  var daysSinceJ2000: Double { Double(milliseconds) / 86_400_000 - 10_957.5 }

  /// Hour of the day 0..<24 by the local mean sun: what people's habits follow here. Time zones are left
  /// out on purpose, the household does not need them.
  func solarHour(longitude: Double) -> Double {
    let hours = (Double(milliseconds) / 3_600_000 + longitude / 15).truncatingRemainder(dividingBy: 24)
    return hours < 0 ? hours + 24 : hours
  }
}
