import EnergyModel

/// Divides the current that is left on each phase among chargers, by the phases they hang on.
struct PhaseShares: Sendable {
  /// Those that are throttled last first.
  private var claims: [ChargerShares.Claim]
  /// Of the connection.
  let phases: Int

  /// In the order of ``ChargerShares``.
  init(_ site: borrowing SiteParameters, _ view: borrowing SiteView, phases: Int) {
    claims = ChargerShares(site, view).claims
    self.phases = phases
  }

  /// Whether there are any.
  var isEmpty: Bool { claims.isEmpty }
  /// Of all of them together, A on each phase.
  var most: Double { claims.reduce(0) { $0 + $1.charger.current.upperBound } }

  /// Whether one of them does not tell its power.
  func isPartial(_ view: SiteView) -> Bool { claims.contains { view.charger($0.charger.device)?.power == nil } }

  /// Whether a charger hangs on a phase of the connection; where that has only one everything does.
  private func hangs(_ index: Int, on place: Int) -> Bool {
    phases == 1 || claims[index].charger.phases.contains(place + 1)
  }

  /// What chargers take now on each phase, A; who does not say counts as nothing.
  func taken(_ view: SiteView) -> [Double] {
    var sums = Array(repeating: 0.0, count: phases)
    for index in claims.indices {
      guard let power = view.charger(claims[index].charger.device)?.power else { continue }
      let current = power / SiteParameters.Charger.power(1, phases: claims[index].charger.phases.count)
      for place in 0..<phases where hangs(index, on: place) { sums[place] += current }
    }
    return sums
  }

  /// The same where some are known to take what is in `stubborn` (W) whatever they are told: the others get what that leaves.
  func divide(
    _ allowed: [Double], besides stubborn: [DeviceID: Double]
  ) -> [(charger: SiteParameters.Charger, power: Double)] {
    guard !stubborn.isEmpty else { return divide(allowed) }
    var left = allowed
    for index in claims.indices {
      guard let power = stubborn[claims[index].charger.device] else { continue }
      let current = power / SiteParameters.Charger.power(1, phases: claims[index].charger.phases.count)
      for place in 0..<phases where hangs(index, on: place) { left[place] -= current }
    }
    var others = self
    others.claims.removeAll { stubborn[$0.charger.device] != nil }
    let told = divide(allowed).filter { stubborn[$0.charger.device] != nil }
    return told + others.divide(left.map { max(0, $0) })
  }

  /// What each may take, W. Who would get less than it can charge with gets the least it can, if there is that much, or pauses.
  func divide(_ allowed: [Double]) -> [(charger: SiteParameters.Charger, power: Double)] {
    var left = allowed
    return claims.indices.map { index in
      let charger = claims[index].charger
      let (share, most) = rest(index, left)
      var current = min(charger.current.upperBound, share)
      if current < charger.current.lowerBound {
        current = most >= charger.current.lowerBound ? charger.current.lowerBound : 0
      }
      for place in 0..<phases where hangs(index, on: place) { left[place] -= current }
      return (charger, SiteParameters.Charger.power(current, phases: charger.phases.count))
    }
  }

  /// What is left for a charger on the tightest of its phases, A: its part of it, and all of it.
  private func rest(_ index: Int, _ left: [Double]) -> (share: Double, most: Double) {
    guard (0..<phases).contains(where: { hangs(index, on: $0) }) else { return (0, 0) }
    var (share, most) = (Double.infinity, Double.infinity)
    for place in 0..<phases where hangs(index, on: place) {
      var rivals = 0
      for rival in index..<claims.count
      where claims[rival].charger.priority == claims[index].charger.priority && hangs(rival, on: place) { rivals += 1 }
      share = min(share, left[place] / Double(max(1, rivals)))
      most = min(most, left[place])
    }
    return (share, most)
  }
}
