/// What a site expects of the coming quarter hours, and what it can move at its grid connection: state, not
/// record. Only the newest one counts.
public struct ForecastReport: Hashable, Sendable {
  /// Of every step. They begin on the quarter hours of UTC.
  public static let step: Duration = .seconds(900)
  /// How often what comes lies within an interval, %.
  public static let intervalPercent = 80

  /// A mean power, W ≥ 0; nil where nothing can be said. Both bounds or none.
  public struct Expected: Hashable, Sendable {
    public var power: Double?
    public var interval: ClosedRange<Double>?

    public init(power: Double?, interval: ClosedRange<Double>? = nil) {
      self.power = power
      self.interval = interval
    }
  }

  /// One quantity over the coming steps.
  public struct Series: Hashable, Sendable {
    /// `load`: what the site consumes. `pv`: what its strings produce.
    public var quantity: String
    public var steps: [Expected]

    public init(quantity: String, steps: [Expected]) {
      self.quantity = quantity
      self.steps = steps
    }
  }

  /// What can be moved in one direction from the beginning of a step on.
  public struct Offer: Hashable, Sendable {
    /// Held during the whole step, W ≥ 0.
    public var power: Double
    /// Without a break from the beginning of the step on, Wh ≥ 0.
    public var energy: Double

    public init(power: Double, energy: Double) {
      self.power = power
      self.energy = energy
    }

    public static let nothing = Offer(power: 0, energy: 0)
  }

  /// When it was made. While nobody vouches for the clock it says nothing about any quarter hour.
  public var at: Moment
  /// The begin of the first step: the quarter hour that begins next.
  public var start: Timestamp
  public var series: [Series]
  /// Towards the grid, a step each: less import, more export. Beyond the last nothing is on offer.
  public var up: [Offer]
  /// From the grid: more import, less export.
  public var down: [Offer]

  public init(at: Moment, start: Timestamp, series: [Series] = [], up: [Offer] = [], down: [Offer] = []) {
    self.at = at
    self.start = start
    self.series = series
    self.up = up
    self.down = down
  }

  /// When its first step has passed: nothing of it counts any more.
  public var end: Timestamp { start + Self.step }
}
