import EnergyModel

/// Divides the current that is left on each phase among chargers, by the phases they hang on.
struct PhaseShares: Sendable {
  private(set) var chargers: [SiteParameters.Charger]
  /// Where each charger hangs; at a connection with one phase everything hangs on that.
  private var places: [[Int]]
  /// Of the connection.
  let phases: Int

  /// Those that are throttled last first, as ``ChargerShares`` has them.
  init(_ site: borrowing SiteParameters, _ view: borrowing SiteView, phases: Int) {
    chargers = ChargerShares(site, view).order
    self.phases = phases
    places = chargers.map { charger in
      phases == 1 ? [0] : charger.phases.lazy.map { $0 - 1 }.filter { (0..<phases).contains($0) }
    }
  }

  /// What chargers take now on each phase, A; who does not say counts as nothing.
  func taken(_ view: SiteView) -> [Double] {
    var sums = Array(repeating: 0.0, count: phases)
    for index in chargers.indices {
      guard let power = view.charger(chargers[index].device)?.power else { continue }
      let current = power / SiteParameters.Charger.power(1, phases: chargers[index].phases.count)
      for place in places[index] { sums[place] += current }
    }
    return sums
  }

  /// The same where some are known to take what is in `stubborn` (W) whatever they are told: the others get what that leaves.
  func divide(
    _ allowed: [Double], besides stubborn: [DeviceID: Double]
  ) -> [(charger: SiteParameters.Charger, power: Double)] {
    guard !stubborn.isEmpty else { return divide(allowed) }
    var left = allowed
    for index in chargers.indices {
      guard let power = stubborn[chargers[index].device] else { continue }
      let current = power / SiteParameters.Charger.power(1, phases: chargers[index].phases.count)
      for place in places[index] { left[place] -= current }
    }
    var others = self
    others.places = chargers.indices.filter { stubborn[chargers[$0].device] == nil }.map { places[$0] }
    others.chargers.removeAll { stubborn[$0.device] != nil }
    let told = divide(allowed).filter { stubborn[$0.charger.device] != nil }
    return told + others.divide(left.map { max(0, $0) })
  }

  /// What each may take, W. Who would get less than it can charge with gets the least it can, if there is that much, or pauses.
  func divide(_ allowed: [Double]) -> [(charger: SiteParameters.Charger, power: Double)] {
    var left = allowed
    return chargers.indices.map { index in
      let charger = chargers[index]
      func share(_ place: Int) -> Double {
        let rivals = (index..<chargers.count).reduce(0) { count, rival in
          chargers[rival].priority == charger.priority && places[rival].contains(place) ? count + 1 : count
        }
        return left[place] / Double(max(1, rivals))
      }
      var current = min(charger.current.upperBound, places[index].lazy.map(share).min() ?? 0)
      if current < charger.current.lowerBound {
        let most = places[index].lazy.map { left[$0] }.min() ?? 0
        current = most >= charger.current.lowerBound ? charger.current.lowerBound : 0
      }
      for place in places[index] { left[place] -= current }
      return (charger, SiteParameters.Charger.power(current, phases: charger.phases.count))
    }
  }
}
