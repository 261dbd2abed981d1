public import EnergyModel

/// What is expected of the coming quarter hour. Of the *uncontrolled* load and the *uncurtailed*
/// production, so that the agent does not learn its own interventions.
public struct Forecast: Hashable, Sendable {
  /// One expected mean power with the interval it will lie in four times out of five.
  public struct Value: Hashable, Sendable {
    /// Mean over the quarter hour, W ≥ 0; nil where nothing can be said.
    public var power: Watts?
    /// Nil while there are too few errors to learn from.
    public var lower: Watts?
    public var upper: Watts?
    /// What a reader has to know: where the value comes from, or why there is none.
    public var remark: String?

    public init(power: Watts?, lower: Watts? = nil, upper: Watts? = nil, remark: String? = nil) {
      self.power = power
      self.lower = lower
      self.upper = upper
      self.remark = remark
    }
  }

  /// The begin of the quarter hour that is forecast.
  public var start: Timestamp
  public var load: Value
  public var pv: Value
  /// What is expected of the quarter hours from ``start`` on, as far ahead as anything can be said; empty where nobody
  /// looked that far.
  public var following: [QuarterHour] = []

  public init(start: Timestamp, load: Value, pv: Value) {
    self.start = start
    self.load = load
    self.pv = pv
  }
}
