/// What one control cycle decided, and why, in words that a person reads.
public struct Decision: Hashable, Sendable {
  /// A bound that a rule put on a quantity.
  public struct Bound: Hashable, Sendable {
    public var rule: String
    /// The name of the bounded quantity, such as `hybrid battery` or `boiler`.
    public var quantity: String
    /// In words, with value and unit: "discharge at most 0 W: state of charge 9.8 % is below 10 %".
    public var text: String
    /// False where a stronger class made this bound yield.
    public var holds: Bool

    public init(rule: String, quantity: String, text: String, holds: Bool = true) {
      self.rule = rule
      self.quantity = quantity
      self.text = text
      self.holds = holds
    }
  }

  public var at: Moment
  /// The whole decision as one sentence.
  public var sentence: String
  /// The wish that won, in words; nil where no rule wished anything.
  public var wish: String?
  /// The rule that wished it.
  public var rule: String?
  public var bounds: [Bound]
  public var setpoints: [Setpoint]
  /// True while something needed for a decision is unknown and the failsafe values hold.
  public var isSafeState: Bool

  public init(
    at: Moment, sentence: String, wish: String?, rule: String?, bounds: [Bound], setpoints: [Setpoint],
    isSafeState: Bool
  ) {
    self.at = at
    self.sentence = sentence
    self.wish = wish
    self.rule = rule
    self.bounds = bounds
    self.setpoints = setpoints
    self.isSafeState = isSafeState
  }
}
