public import EnergyModel

/// The simplest forecast that is not wrong on most days: the coming quarter hour will be like the one at
/// the same local time yesterday (or on the latest day that was measured). Any better one has to beat it.
public struct PersistenceForecaster: Sendable {
  /// Errors of the last day, so that the interval follows the weather.
  static let errorWindow = 96
  /// Below this an interval would be a guess.
  static let fewestErrors = 8
  static let daysBack = 7

  private let zone: TimeZoneTable
  private var recorder = QuarterHourRecorder()
  private var history: QuarterHourHistory

  /// - Parameter saved: what ``saved`` gave before; nil, or what cannot be read, means no history.
  public init(zone: TimeZoneTable, saved: [UInt8]?) {
    self.zone = zone
    history = saved.map(QuarterHourHistory.init(saved:)) ?? QuarterHourHistory()
  }

  /// Learns what is measured now; nil where it is unknown or where the agent itself intervenes. While the
  /// clock is not trusted nothing is learned.
  ///
  /// - Parameters:
  ///   - load: the uncontrolled load of the site, W.
  ///   - pv: the uncurtailed production of its strings, W.
  /// - Returns: true when a quarter hour was added, so that ``saved`` is worth saving.
  @discardableResult
  public mutating func observe(load: Watts?, pv: Watts?, at now: Moment) -> Bool {
    guard let quarter = recorder.observe(load: load, pv: pv, at: now) else { return false }
    history.insert(quarter)
    return true
  }

  /// The quarter hour that begins next after `time`.
  public func forecast(at time: Timestamp) -> Forecast {
    forecasts(from: QuarterHour.start(containing: time) + QuarterHour.length, count: 1)[0]
  }

  /// So many quarter hours from `start` on, which nobody has measured yet. The interval of each holds for the days
  /// that lie between it and what it is taken from, so it is as wide for the last as for the first.
  public func forecasts(from start: Timestamp, count: Int) -> [Forecast] {
    let begin = QuarterHour.start(containing: start)
    let starts = (0..<count).map { begin + QuarterHour.length * $0 }
    var pairs: [Int: [Pair]] = [:]
    let load = values(at: starts, &pairs) { $0.load }
    let pv = values(at: starts, &pairs) { $0.pv }
    return starts.indices.map { Forecast(start: starts[$0], load: load[$0], pv: pv[$0]) }
  }

  public var saved: [UInt8] { history.saved }

  /// What came, and what was there so many days before.
  private typealias Pair = (came: QuarterHour, promised: QuarterHour)

  /// - Parameter pairs: by the days that lie between; looked up once for all quantities.
  private func values(
    at starts: [Timestamp], _ pairs: inout [Int: [Pair]], of quantity: (QuarterHour) -> Watts?
  ) -> [Forecast.Value] {
    guard let first = starts.first else { return [] }
    var known: [Int: [Double]] = [:]
    return starts.map { start in
      guard let (power, days) = lastKnown(before: start, of: quantity) else {
        return Forecast.Value(power: nil, remark: "no history: this time of day was not measured in the last days")
      }
      let compared = pairs[days] ?? self.pairs(before: first, days: days)
      pairs[days] = compared
      let errors = known[days] ?? Self.errors(compared, of: quantity)
      known[days] = errors
      return Self.value(power, days: days, errors)
    }
  }

  private static func value(_ power: Watts, days: Int, _ errors: [Double]) -> Forecast.Value {
    var remark = days == 1 ? nil : "measured \(days) days ago, the days since are missing"
    guard errors.count >= fewestErrors else {
      let reason = "no interval yet: too few quarter hours to compare with the day before"
      remark = remark.map { $0 + "; " + reason } ?? reason
      return Forecast.Value(power: power, remark: remark)
    }
    let low = errors[errors.count / 10]
    let high = errors[errors.count - 1 - errors.count / 10]
    return Forecast.Value(
      power: power, lower: Watts(min(power.value, max(0, power.value + low))),
      upper: Watts(max(power.value, power.value + high)), remark: remark)
  }

  /// The value at the same local time on the latest day that has one, and how many days ago that was.
  private func lastKnown(
    before start: Timestamp, of quantity: (QuarterHour) -> Watts?
  ) -> (power: Watts, days: Int)? {
    var time = start
    for day in 1...Self.daysBack {
      time = zone.sameTimeYesterday(time)
      if let power = history[QuarterHour.start(containing: time)].flatMap(quantity) {
        return (Watts(max(0, power.value)), day)
      }
    }
    return nil
  }

  /// Over the last day, where both were measured.
  private func pairs(before start: Timestamp, days: Int) -> [Pair] {
    var pairs: [Pair] = []
    pairs.reserveCapacity(Self.errorWindow)
    var time = start
    for _ in 0..<Self.errorWindow {
      time = time - QuarterHour.length
      let before = (0..<days).reduce(time) { day, _ in zone.sameTimeYesterday(day) }
      if let came = history[time], let promised = history[QuarterHour.start(containing: before)] {
        pairs.append((came, promised))
      }
    }
    return pairs
  }

  /// What came minus what was promised, ascending.
  private static func errors(_ pairs: [Pair], of quantity: (QuarterHour) -> Watts?) -> [Double] {
    var errors: [Double] = []
    errors.reserveCapacity(pairs.count)
    for (came, promised) in pairs {
      if let came = quantity(came), let promised = quantity(promised) { errors.append(came.value - promised.value) }
    }
    errors.sort()
    return errors
  }
}
