public import EnergyModel

/// A device's samples before, while and after something was changed on purpose. Before and after are alike, so that what
/// changed by itself meanwhile shows and, as far as it is steady, cancels.
public struct Step: Hashable, Sendable {
  public var before: [Sample]
  public var during: [Sample]
  public var after: [Sample]

  public init(before: [Sample], during: [Sample], after: [Sample]) {
    self.before = before
    self.during = during
    self.after = after
  }

  /// How much a point was higher during the change, in its unit; nil where it was not told throughout.
  public func change(_ point: Point) -> Double? {
    guard let first = SignChecks.mean(point, before), let middle = SignChecks.mean(point, during),
      let last = SignChecks.mean(point, after)
    else { return nil }
    return middle - (first + last) / 2
  }

  /// How much it moved by itself.
  public func drift(_ point: Point) -> Double? {
    guard let first = SignChecks.mean(point, before), let last = SignChecks.mean(point, after) else { return nil }
    return last - first
  }
}

/// Whether a meter, and each of its current transformers, looks the right way, from a step of known power.
public struct MeterSigns: Hashable, Sendable {
  public var meter: DeviceID
  public var step: Step
  /// How the meter's power has to change, W: import is positive.
  public var expected: Double
  /// `expected` is what stands on a load, not what an inverter measured: it is good for the direction alone. What a load
  /// takes, and on which phases, may be quite different.
  public var isRating: Bool
  /// What was changed, as the end of a sentence: `hybrid discharged 1500 W`.
  public var cause: String

  public init(meter: DeviceID, step: Step, expected: Double, isRating: Bool = false, cause: String) {
    self.meter = meter
    self.step = step
    self.expected = expected
    self.isRating = isRating
    self.cause = cause
  }

  private enum Verdict { case right, turned, half, silent, odd }

  /// One finding for the total and one for each phase that the meter tells of.
  public var findings: [Finding] {
    if isRating { return directions }
    let drift = ([.power] + SignChecks.phasePowers).compactMap { step.drift($0) }.map(abs).max() ?? 0
    guard drift <= 0.3 * abs(expected) else { return [restless(drift)] }
    return [total].compactMap(\.self) + phases
  }

  private func restless(_ drift: Double) -> Finding {
    Finding(
      meter, "sign", .open, "the house itself changed by \(SignChecks.watts(drift)) while \(cause): try again")
  }

  /// Less than this says nothing of a direction, W: what moves by chance beside a large load is larger.
  private var leastMove: Double { max(200, 0.25 * abs(expected)) }

  /// Which way everything moved; how far is told beside what was due. None where nothing moved: the load may not have run.
  private var directions: [Finding] {
    let moves = ([.power] + SignChecks.phasePowers).compactMap { point in step.change(point).map { (point, $0) } }
    guard let largest = moves.map({ abs($0.1) }).max() else { return [] }
    // With a transformer turned round the phases take from each other in the total.
    let sum = moves.filter { $0.0 != .power }.map { abs($0.1) }.reduce(0, +)
    guard max(largest, sum) >= leastMove else { return [] }
    let drift = moves.compactMap { step.drift($0.0) }.map(abs).max() ?? 0
    guard drift <= 0.3 * largest else { return [restless(drift)] }
    return moves.map { point, change in
      let isTotal = point == .power
      let name = SignChecks.name(point)
      let check = isTotal ? "sign" : "transformer \(name)"
      let text =
        isTotal
        ? "moved by \(SignChecks.watts(change)) when \(cause), which is rated \(SignChecks.watts(abs(expected)))"
        : "\(name) moved by \(SignChecks.watts(change)) when \(cause)"
      guard abs(change) >= max(100, 0.15 * largest) else {
        return Finding(meter, check, .open, "\(text): \(isTotal ? "too little to tell" : "nothing was changed there")")
      }
      if (change > 0) == (expected > 0) { return Finding(meter, check, .passed, text) }
      let wrong =
        isTotal
        ? "it looks the wrong way, import is positive"
        : "its current transformer is turned round, or current and voltage of different phases are combined"
      return Finding(meter, check, .failed, "\(text): \(wrong)")
    }
  }

  private var total: Finding? {
    guard let change = step.change(.power) else { return Finding(meter, "sign", .failed, "it told no power") }
    let text = "moved by \(SignChecks.watts(change)) when \(cause)"
    switch verdict(change, of: expected) {
    case .right: return Finding(meter, "sign", .passed, text)
    case .turned: return Finding(meter, "sign", .failed, "\(text): it looks the wrong way, import is positive")
    case .half, .silent, .odd:
      return Finding(meter, "sign", .failed, "\(text), \(SignChecks.watts(expected)) were due")
    }
  }

  /// A source on three phases moves each by a third, one on a single phase only its own.
  private var phases: [Finding] {
    let told = SignChecks.phasePowers.compactMap { point in step.change(point).map { (point, $0) } }
    let isThree = told.count == 3 && told.allSatisfy { abs($0.1) < 0.7 * abs(expected) }
    return told.map { point, change in
      let name = SignChecks.name(point)
      let share = isThree ? expected / 3 : expected
      let text = "\(name) moved by \(SignChecks.watts(change)) when \(cause)"
      let check = "transformer \(name)"
      switch verdict(change, of: share) {
      case .right: return Finding(meter, check, .passed, text)
      case .turned: return Finding(meter, check, .failed, "\(text): its current transformer is turned round")
      case .half:
        return Finding(
          meter, check, .failed, "\(text), half of what was due: current and voltage of different phases are combined")
      case .silent where isThree:
        return Finding(meter, check, .failed, "\(text), \(SignChecks.watts(share)) were due: is it connected?")
      case .silent: return Finding(meter, check, .open, "\(text): nothing was changed there")
      case .odd: return Finding(meter, check, .failed, "\(text), \(SignChecks.watts(share)) were due")
      }
    }
  }

  /// With a current transformer on another phase than its voltage the power is that of 120°: half, the other way.
  private func verdict(_ change: Double, of expected: Double) -> Verdict {
    let tolerance = max(60, 0.3 * abs(expected))
    if abs(change - expected) <= tolerance { return .right }
    if abs(change + expected) <= tolerance { return .turned }
    if abs(change + expected / 2) <= 0.2 * abs(expected) { return .half }
    return abs(change) <= 0.2 * abs(expected) ? .silent : .odd
  }
}
