import EnergyModel

/// The quarter hours of the last eight days, and their form as text: a line that names the version,
/// then a line each with begin (UTC milliseconds), load and production in whole watts, `-` for unknown.
struct QuarterHourHistory: Sendable {
  /// Eight days.
  static let capacity = 8 * 96
  private static let title = "holdfast quarter-hours 1"

  private var quarters: FlatMap<Timestamp, QuarterHour> = [:]

  init() {}

  /// Lines that cannot be read are left out; of a text of another kind nothing is taken.
  init(saved: [UInt8]) {
    let lines = String(decoding: saved, as: UTF8.self).split(separator: "\n")
    guard lines.first.map(String.init) == Self.title else { return }
    for line in lines.dropFirst().suffix(Self.capacity) {
      if let quarter = Self.quarter(line) { quarters[quarter.start] = quarter }
    }
  }

  subscript(start: Timestamp) -> QuarterHour? {
    guard let newest = quarters.last?.key else { return nil }
    // In a history without gaps the distance from the newest tells the place.
    let place =
      Int64(quarters.count - 1) - (newest.milliseconds &- start.milliseconds) / QuarterHour.length.milliseconds
    if (0..<Int64(quarters.count)).contains(place), quarters[Int(place)].key == start {
      return quarters[Int(place)].value
    }
    return quarters[start]
  }

  /// When it is full, what is farthest from `quarter` goes: after a wrong jump of the clock, that is
  /// what the wrong time left behind.
  mutating func insert(_ quarter: QuarterHour) {
    quarters[quarter.start] = quarter
    while quarters.count > Self.capacity {
      guard let first = quarters.first?.key, let last = quarters.last?.key else { return }
      quarters[quarter.start - first > last - quarter.start ? first : last] = nil
    }
  }

  var saved: [UInt8] {
    var text = Self.title + "\n"
    for quarter in quarters.values {
      text += "\(quarter.start.milliseconds) \(Self.word(quarter.load)) \(Self.word(quarter.pv))\n"
    }
    return Array(text.utf8)
  }

  private static func word(_ power: Watts?) -> String { power.map { JSONText.decimal($0.value, 0) } ?? "-" }

  private static func quarter(_ line: Substring) -> QuarterHour? {
    let words = line.split(separator: " ")
    guard words.count == 3, let milliseconds = Int64(words[0]) else { return nil }
    let start = Timestamp(milliseconds: milliseconds)
    guard QuarterHour.start(containing: start) == start else { return nil }
    let powers = words[1...].map { Double($0).flatMap { $0.isFinite ? Watts($0) : nil } }
    guard zip(powers, words[1...]).allSatisfy({ $0 != nil || $1 == "-" }) else { return nil }
    return QuarterHour(start: start, load: powers[0], pv: powers[1])
  }
}
