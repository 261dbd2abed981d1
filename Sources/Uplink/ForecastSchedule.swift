import EnergyModel

/// When `forecast` is due: at every connection, when the coming quarter hour is another one, when the clock
/// became trusted or is no more, and when something else is on offer. At most once a minute; where the month's data
/// are counted, a changed offer at most every quarter hour. A fleet does not tell its quarter hours in the same
/// second: each uplink has a delay of its own, which only a promise that no longer holds does not wait for.
struct ForecastSchedule: Sendable {
  static let shortest = Duration.seconds(60)
  /// Looking costs little, but a busy uplink turns many times a second.
  private static let betweenLooks = Duration.seconds(1)
  /// What is offered has changed when a step differs by more than this share of the most that is offered.
  private static let change = 0.05

  private let betweenChanges: Duration
  /// After the quarter hour's begin.
  private let delay: Duration
  /// As last published on this connection.
  private var published: ForecastReport?
  private var publishedAt: MonotonicInstant?
  private var rests: MonotonicInstant?

  init(isCounted: Bool, delay: Duration) {
    betweenChanges = isCounted ? ForecastReport.step : Self.shortest
    self.delay = delay
  }

  static func delay(using random: inout SplitMix64) -> Duration {
    .nanoseconds(Int64.random(in: 0...Duration.seconds(60).nanoseconds, using: &random))
  }

  mutating func connected() { (published, publishedAt, rests) = (nil, nil, nil) }

  /// Whether it is worth asking for the newest one.
  func mayLook(at now: MonotonicInstant) -> Bool { rests.map { now >= $0 } ?? true }

  mutating func looked(at now: MonotonicInstant) { rests = now + Self.betweenLooks }

  /// Whether `report` is to be published. One that is over is not: it would tell a past as the present.
  func isDue(_ report: ForecastReport, at now: Moment) -> Bool {
    guard report.at.isClockTrusted == now.isClockTrusted, !report.at.isClockTrusted || now.wall < report.end else {
      return false
    }
    guard let published, let publishedAt else { return true }
    guard published.at.isClockTrusted == report.at.isClockTrusted else { return true }
    guard report.at.isClockTrusted else { return false }
    guard published.start == report.start else {
      return now.wall >= report.start - ForecastReport.step + delay || Self.fallsShort(report, of: published)
    }
    return now.monotonic - publishedAt >= betweenChanges
      && (Self.differs(published.up, report.up) || Self.differs(published.down, report.down))
  }

  mutating func published(_ report: ForecastReport, at now: MonotonicInstant) {
    published = report
    publishedAt = now
    rests = now + Self.shortest
  }

  /// It could not go: the same again in a minute.
  mutating func withheld(at now: MonotonicInstant) { rests = now + Self.shortest }

  /// Whether less is on offer in a quarter hour to come than the receiver believes.
  private static func fallsShort(_ new: ForecastReport, of old: ForecastReport) -> Bool {
    let passed = Int((new.start - old.start).seconds / ForecastReport.step.seconds)
    func fallsShort(_ old: [Double], _ new: [Double]) -> Bool {
      let bound = change * max(old.max() ?? 0, new.max() ?? 0, 1)
      return old.indices.dropFirst(max(0, passed)).contains { index in
        let after = index - passed
        return old[index] - (after < new.count ? new[after] : 0) > bound
      }
    }
    return [(old.up, new.up), (old.down, new.down)].contains {
      fallsShort($0.map(\.power), $1.map(\.power)) || fallsShort($0.map(\.energy), $1.map(\.energy))
    }
  }

  private static func differs(_ old: [ForecastReport.Offer], _ new: [ForecastReport.Offer]) -> Bool {
    differs(old.map(\.power), new.map(\.power)) || differs(old.map(\.energy), new.map(\.energy))
  }

  /// What lies beyond the end of one of them is 0 there.
  private static func differs(_ old: [Double], _ new: [Double]) -> Bool {
    let bound = change * max(old.max() ?? 0, new.max() ?? 0, 1)
    return (0..<max(old.count, new.count)).contains { index in
      let before = index < old.count ? old[index] : 0
      let after = index < new.count ? new[index] : 0
      return (after - before).magnitude > bound
    }
  }
}
