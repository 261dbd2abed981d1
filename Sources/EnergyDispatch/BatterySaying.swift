import EnergyModel

/// What the sentence says of one battery: the bounds that cut something at this moment.
struct BatterySaying {
  /// Powers below it are the meters' error or a standby, W.
  static let little = 50.0

  let subject: String
  let hybrid: SiteParameters.Hybrid
  let seen: SiteView.Hybrid
  /// Import +, W.
  let grid: Double?
  let resolution: Resolution

  var clauses: [Explanation.Clause] {
    [discharging, charging].compactMap { $0 }
  }

  private var discharging: Explanation.Clause? {
    guard let bound = resolution.upperBy else { return nil }
    let most = max(0, resolution.allowed.upper)
    guard bound.limit.mention.isSaid(cuts: dischargingIsCut(to: most)) else { return nil }
    let text =
      most > 0 ? "\(subject) may discharge at most \(Words.power(most))" : "\(subject) may not discharge"
    let forgone = forgone(most)
    let remark = forgone >= Self.little ? ", which forgoes up to \(Words.power(forgone))" : ""
    return .init(text: text, reason: bound.limit.reason.description, remark: remark)
  }

  private var charging: Explanation.Clause? {
    guard let bound = resolution.lowerBy else { return nil }
    let lower = resolution.allowed.lower
    guard bound.limit.mention.isSaid(cuts: chargingIsCut(to: -lower)) else { return nil }
    let text =
      lower > 0
      ? "\(subject) should give at least \(Words.power(lower))"
      : lower < 0 ? "\(subject) may charge at most \(Words.power(-lower))" : "\(subject) may not charge"
    return .init(text: text, reason: bound.limit.reason.description)
  }

  /// A battery that charges from surplus would not discharge anyway; one below its limit is not held by it.
  private func dischargingIsCut(to most: Double) -> Bool {
    if let wished { return wished > most }
    guard let power = seen.batteryPower else { return true }
    let imported = grid ?? .infinity
    if most <= 0 { return power >= -Self.little || imported > Self.little }
    return power >= most - tolerance && imported >= Self.little
  }

  private func chargingIsCut(to most: Double) -> Bool {
    if let wished { return -wished > most }
    guard let power = seen.batteryPower else { return true }
    let exported = grid.map { -$0 } ?? .infinity
    if most <= 0 { return power <= Self.little || exported > Self.little }
    return -power >= most - tolerance && exported >= Self.little
  }

  /// The power that somebody asked for, W; nil where the inverter regulates itself.
  private var wished: Double? {
    if case .value(let power)? = resolution.winner?.wish.target { power } else { nil }
  }

  /// The import that the battery would cover without the bound, W. None while it is not at its limit: then
  /// the inverter lags behind, or something else holds it.
  private func forgone(_ most: Double) -> Double {
    guard let power = seen.batteryPower, let grid, let ac = seen.acPower,
      (power - most).magnitude <= tolerance
    else { return 0 }
    return max(0, min(grid, resolution.physical.upper - most, hybrid.acLimit.value - ac))
  }

  private var tolerance: Double { max(100, 0.02 * resolution.physical.upper) }
}
