import EnergyModel

extension ConfigValue {
  /// A value with a unit, in the unit used inside, within `range`.
  func measure(_ dimension: Dimension, in range: ClosedRange<Double>) -> Double? {
    guard let text = text(dimension.phrase), let value = accepted(Measure.value(text, dimension)) else { return nil }
    guard range.contains(value) else {
      refuse("out of range: \(limits(range, dimension))")
      return nil
    }
    return value
  }

  /// A range with a unit that lies within `limits`.
  func measureRange(_ dimension: Dimension, within outer: ClosedRange<Double>) -> ClosedRange<Double>? {
    let lower = Measure.text(of: outer.lowerBound)
    let upper = Measure.text(of: outer.upperBound)
    let symbol = dimension.units[0].symbol
    guard let text = text("a range such as \(lower)..\(upper) \(symbol)"),
      let range = accepted(Measure.range(text, dimension))
    else { return nil }
    guard outer.lowerBound <= range.lowerBound, range.upperBound <= outer.upperBound else {
      refuse("out of range: both ends have to lie within \(lower)..\(upper) \(symbol)")
      return nil
    }
    return range
  }

  /// A power above zero, W.
  func power(upTo limit: Double = 10e6) -> Watts? { positive(.power, upTo: limit).map { Watts($0) } }

  func energy(upTo limit: Double = 1e9) -> WattHours? { positive(.energy, upTo: limit).map { WattHours($0) } }

  func duration(in range: ClosedRange<Duration>) -> Duration? {
    measure(.duration, in: range.lowerBound.seconds...range.upperBound.seconds)
      .map { .milliseconds(Int64(($0 * 1000).rounded())) }
  }

  /// A value above zero.
  private func positive(_ dimension: Dimension, upTo limit: Double) -> Double? {
    guard let value = measure(dimension, in: -Double.greatestFiniteMagnitude...limit) else { return nil }
    guard value > 0 else {
      refuse("out of range: has to be above zero")
      return nil
    }
    return value
  }

  /// The value of a success; a failure is told.
  func accepted<T>(_ result: Result<T, Measure.Problem>) -> T? {
    switch result {
    case .success(let value): return value
    case .failure(let problem):
      refuse(problem.message)
      return nil
    }
  }

  private func limits(_ range: ClosedRange<Double>, _ dimension: Dimension) -> String {
    let upper = dimension.text(of: range.upperBound)
    guard range.lowerBound > -1e300 else { return "at most \(upper)" }
    return "has to lie between \(dimension.text(of: range.lowerBound)) and \(upper)"
  }
}
