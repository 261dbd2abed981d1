public import EnergyModel

/// One point: the sum of signed fields (a hybrid may count charging and discharging separately), the highest or lowest
/// of several (a state that two registers tell of, the cells of a battery), or the first that the device implements.
public struct PointDefinition: Hashable, Sendable {
  public enum Combination: String, CaseIterable, Hashable, Sendable { case sum, highest, lowest, first }

  /// Which of the repetitions of a group count: those in which a field is one of some numbers.
  public struct Condition: Hashable, Sendable {
    public var field: RegisterField
    public var numbers: Set<Double>

    public init(_ field: RegisterField, isOneOf numbers: Set<Double>) {
      self.field = field
      self.numbers = numbers
    }
  }

  public struct Term: Hashable, Sendable {
    public var field: RegisterField
    /// +1 or −1: turns the vendor's sign into ours.
    public var sign: Double
    /// Tells the direction of a field that has only a magnitude: the sign is turned where this is not zero.
    public var negative: RegisterField?
    /// The term counts only where this holds.
    public var condition: Condition?
    /// What the device has not implemented of it is not there, as a tracker that nothing is wired to, instead of being unknown.
    public var isOptional: Bool

    public init(
      _ field: RegisterField, sign: Double = 1, negative: RegisterField? = nil, condition: Condition? = nil,
      isOptional: Bool = false
    ) {
      self.field = field
      self.sign = sign
      self.negative = negative
      self.condition = condition
      self.isOptional = isOptional
    }

    /// All that has to be read for it.
    var fields: [RegisterField] { [field] + [negative, condition?.field].compactMap(\.self) }
  }

  public var point: Point
  public var terms: [Term]
  /// Narrows ``EnergyModel/Point/plausibleRange``.
  public var range: ClosedRange<Double>?
  public var combination: Combination
  /// What the combined whole number stands for, as of contacts that are a code together; every other is out of range.
  /// Empty where the number itself is the value.
  public var values: [Int: Double]
  /// How often it is read at most, where that is less often than the device is polled: counters, ratings,
  /// temperatures. Control wants what it acts on with every poll. Nil: with every poll.
  public var every: Duration?

  public init(
    _ point: Point, _ terms: [Term], range: ClosedRange<Double>? = nil, combination: Combination = .sum,
    values: [Int: Double] = [:], every: Duration? = nil
  ) {
    self.point = point
    self.terms = terms
    self.range = range
    self.combination = combination
    self.values = values
    self.every = every
  }
}
