import EnergyModel

/// Divides a power among chargers: first each car gets the least it can charge with, those of a higher number of
/// priority first, and is paused where that is not left; then those that charge share the rest alike, up to what they can
/// take; then those whose car is idle, and last the chargers without a car, so that one that comes finds what is left.
/// Chargers that cannot be told anything are left out.
struct ChargerAllocation: Sendable {
  /// A car that takes less does not charge, W.
  private static let idle = 100.0

  private enum Stage: Comparable { case charging, idle, absent }
  private struct Claim {
    var place: Int
    var stage: Stage
    var least: Double
    var most: Double
    var share = 0.0
  }

  /// In the order of the chargers, W as the charger is to be told; 0 pauses, nil where it cannot be told.
  private(set) var shares: [Double?]
  /// What all of them take at this moment, W; the whole share where it is not measured.
  private(set) var drawn = 0.0

  /// Those that are throttled last first.
  static func order(_ chargers: [SiteParameters.Charger]) -> [SiteParameters.Charger] {
    chargers.sorted { ($1.priority, $0.device) < ($0.priority, $1.device) }
  }

  /// - Parameter chargers: in the ``order(_:)``.
  init(_ chargers: [SiteParameters.Charger], _ view: SiteView, _ power: Double, _ truth: ChargerTruth) {
    shares = Array(repeating: nil, count: chargers.count)
    var claims: [Claim] = []
    for (place, charger) in chargers.enumerated() {
      let seen = view.charger(charger.device)
      guard charger.reversion != nil, let seen, seen.isHeard else { continue }
      let stage: Stage =
        seen.isConnected == false ? .absent : seen.power.map { $0 < Self.idle } ?? false ? .idle : .charging
      let factor = truth.factor(place)
      claims.append(
        Claim(place: place, stage: stage, least: charger.minimumPower * factor, most: charger.maximumPower * factor))
    }
    Self.divide(power, &claims)
    for claim in claims {
      let power = view.charger(chargers[claim.place].device)?.power
      drawn += power ?? (claim.stage == .absent ? 0 : claim.share)
      shares[claim.place] = claim.share / truth.factor(claim.place)
    }
  }

  private static func divide(_ power: Double, _ claims: inout [Claim]) {
    var left = power
    for index in claims.indices where claims[index].stage != .absent && claims[index].least <= left {
      claims[index].share = claims[index].least
      left -= claims[index].least
    }
    for stage in [Stage.charging, .idle] {
      left = raise(claims.indices.filter { claims[$0].stage == stage }, left, &claims)
    }
    for index in claims.indices where claims[index].stage == .absent && claims[index].least <= left {
      claims[index].share = claims[index].least
      left -= claims[index].least
    }
    _ = raise(claims.indices.filter { claims[$0].stage == .absent }, left, &claims)
  }

  /// Those that charge at all get `power` alike; what one cannot take is left to the others.
  private static func raise(_ places: [Int], _ power: Double, _ claims: inout [Claim]) -> Double {
    var left = power
    var open = places.filter { claims[$0].share > 0 }
    while !open.isEmpty, left > 0.5 {
      let part = left / Double(open.count)
      for place in open {
        let more = min(part, claims[place].most - claims[place].share)
        claims[place].share += more
        left -= more
      }
      open.removeAll { claims[$0].most - claims[$0].share < 0.5 }
    }
    return left
  }
}
