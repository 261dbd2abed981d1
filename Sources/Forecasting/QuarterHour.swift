public import EnergyModel

/// The mean powers of one quarter hour. A quantity that was covered too little is nil.
public struct QuarterHour: Hashable, Sendable {
  public static let length: Duration = .seconds(900)

  /// Aligned to 15 minutes of UTC, as the meters' own quarter hours are.
  public var start: Timestamp
  public var load: Watts?
  public var pv: Watts?

  public init(start: Timestamp, load: Watts?, pv: Watts?) {
    self.start = start
    self.load = load
    self.pv = pv
  }

  /// The begin of the quarter hour that an instant lies in, also before 1970.
  public static func start(containing time: Timestamp) -> Timestamp {
    let length = Self.length.milliseconds
    let remainder = time.milliseconds % length
    return Timestamp(milliseconds: time.milliseconds - (remainder < 0 ? remainder + length : remainder))
  }
}
