public import EnergyModel

/// What a site consumed and what its strings delivered, from a file.
///
/// Format: comma-separated text with one header line. The first column is the begin of an interval in local time,
/// `2011-07-01 00:30:00` (seconds may be missing, `T` may stand for the space); of the others one is `consumption_kw`
/// or `consumption_w` and one may be `pv_kw` or `pv_w`: mean powers of the interval, production uncurtailed. The
/// interval is the distance of the first two lines; lines may be missing, then the mean of the day before holds.
public struct DemandSeries: Hashable, Sendable {
  public struct Malformed: Error, Hashable, CustomStringConvertible {
    public var line: Int
    public var problem: String
    public var description: String { "line \(line): \(problem)" }
  }

  /// Local time of the first interval, as if it were UTC.
  public private(set) var start: Timestamp
  /// Whole seconds.
  public private(set) var interval: Duration
  /// W, by interval since `start`; nil where the file has none.
  private var consumption: [Double?]
  private var production: [Double?]
  public let hasProduction: Bool

  public var days: Int { consumption.count * Int(interval.milliseconds) / 86_400_000 }

  public init(csv text: String) throws(Malformed) {
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    let header = (lines.first ?? "").split(separator: ",").map { $0.trimmed.lowercased() }
    func column(_ name: String) -> (index: Int, factor: Double)? {
      if let index = header.firstIndex(of: name + "_kw") { return (index, 1000) }
      return header.firstIndex(of: name + "_w").map { ($0, 1) }
    }
    guard let used = column("consumption") else {
      throw Malformed(line: 1, problem: "there is no column consumption_kw or consumption_w")
    }
    let made = column("pv")
    hasProduction = made != nil
    var rows: [(time: Timestamp, used: Double, made: Double)] = []
    for (number, line) in lines.enumerated().dropFirst() where !line.trimmed.isEmpty {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(\.trimmed)
      guard cells.count == header.count else {
        throw Malformed(line: number + 1, problem: "\(cells.count) columns instead of \(header.count)")
      }
      guard let time = Self.time(cells[0]) else {
        throw Malformed(line: number + 1, problem: "'\(cells[0])' is no local time such as 2011-07-01 00:30:00")
      }
      let power = try Self.power(cells, used, line: number + 1)
      rows.append(
        (time, power, try made.map { column throws(Malformed) in try Self.power(cells, column, line: number + 1) } ?? 0)
      )
    }
    guard rows.count > 1, rows[1].time > rows[0].time else {
      throw Malformed(line: 2, problem: "two intervals in order of time are the least")
    }
    start = rows[0].time
    let step = rows[1].time - rows[0].time
    interval = step
    let count = Int((rows[rows.count - 1].time - start).milliseconds / step.milliseconds) + 1
    guard count > 0, count <= 10 * rows.count + 1000 else {
      throw Malformed(line: lines.count, problem: "the times are not in order or have a gap that is too long")
    }
    consumption = Array(repeating: nil, count: count)
    production = consumption
    for row in rows {
      let place = Int((row.time - start).milliseconds / step.milliseconds)
      guard consumption.indices.contains(place) else { continue }
      consumption[place] = row.used
      production[place] = row.made
    }
  }

  /// Means of the interval that holds `local` (local time as if it were UTC), W; the file begins anew at its end.
  public func powers(at local: Timestamp) -> (consumption: Double, production: Double) {
    let step = interval.milliseconds
    let count = consumption.count
    var place = Int(((local - start).milliseconds / step) % Int64(count))
    if place < 0 { place += count }
    let day = max(1, Int(86_400_000 / step))
    for _ in 0..<7 {
      if let used = consumption[place] { return (used, production[place] ?? 0) }
      place = (place - day + count * day) % count
    }
    return (0, 0)
  }

  private static func power(
    _ cells: [Substring], _ column: (index: Int, factor: Double), line: Int
  ) throws(Malformed) -> Double {
    guard let value = Double(cells[column.index]), value.isFinite, value >= 0 else {
      throw Malformed(line: line, problem: "'\(cells[column.index])' is no power of 0 or more")
    }
    return value * column.factor
  }

  /// `2011-07-01 00:30`, with or without seconds.
  static func time(_ text: Substring) -> Timestamp? {
    let numbers = text.split { !("0"..."9").contains($0) }.map { Int($0) }
    guard numbers.count >= 5, numbers.count <= 6, !numbers.contains(nil) else { return nil }
    let parts = numbers.compactMap { $0 }
    let date = CivilDate(year: parts[0], month: parts[1], day: parts[2])
    guard date.exists, parts[3] < 24, parts[4] < 60, parts.count < 6 || parts[5] < 60 else { return nil }
    let seconds = (date.daysSince1970 * 24 + parts[3]) * 3600 + parts[4] * 60 + (parts.count == 6 ? parts[5] : 0)
    return Timestamp(milliseconds: Int64(seconds) * 1000)
  }
}

extension Substring {
  var trimmed: Substring {
    var text = self
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
