import EnergyModel

/// Divides power among chargers: those with a car first, the higher number of priority first, equals alike. What would be
/// less than a charger can charge with pauses it, so that the others have enough.
struct ChargerShares: Sendable {
  struct Claim: Sendable {
    var charger: SiteParameters.Charger
    var hasCar: Bool
  }

  typealias Share = (charger: SiteParameters.Charger, power: Double)

  /// Those that are throttled last first.
  private(set) var claims: [Claim]

  init(_ site: borrowing SiteParameters, _ view: borrowing SiteView) {
    claims = []
    claims.reserveCapacity(site.chargers.count)
    for charger in site.chargers where charger.reversion != nil {
      claims.append(Claim(charger: charger, hasCar: view.charger(charger.device)?.isConnected != false))
    }
    guard claims.count > 1 else { return }
    claims.sort { a, b in
      if a.hasCar != b.hasCar { return a.hasCar }
      if a.charger.priority != b.charger.priority { return a.charger.priority > b.charger.priority }
      return a.charger.device < b.charger.device
    }
  }

  /// In W, those that are throttled last first; together no more than `power`.
  func divide(_ power: Double) -> [Share] {
    var left = max(0, power)
    var shares: [Share] = []
    shares.reserveCapacity(claims.count)
    var start = claims.startIndex
    while start < claims.endIndex {
      let first = claims[start]
      let end =
        claims[start...].firstIndex { $0.hasCar != first.hasCar || $0.charger.priority != first.charger.priority }
        ?? claims.endIndex
      let given = Self.equally(claims[start..<end], left)
      left -= given.reduce(0, +)
      for (claim, power) in zip(claims[start..<end], given) { shares.append((claim.charger, power)) }
      start = end
    }
    return shares
  }

  /// The same where some are known to take what is in `stubborn` (W) whatever they are told: the others get what that leaves.
  func divide(_ power: Double, besides stubborn: [DeviceID: Double]) -> [Share] {
    guard !stubborn.isEmpty else { return divide(power) }
    var others = self
    others.claims.removeAll { stubborn[$0.charger.device] != nil }
    let told = divide(power).filter { stubborn[$0.charger.device] != nil }
    return told + others.divide(power - stubborn.values.reduce(0, +))
  }

  /// Those that take more than their share, W: they do not do as they are told.
  static func overdrawn(_ shares: [Share], _ view: SiteView) -> [DeviceID: Double] {
    var found: [DeviceID: Double] = [:]
    for (charger, power) in shares {
      guard let taken = view.charger(charger.device)?.power, taken > 1.1 * power + tolerance else { continue }
      found[charger.device] = taken
    }
    return found
  }

  /// W; a charger's meter, and a car that rounds up.
  private static let tolerance = 300.0

  /// As many as can charge with their part of it get one; what one cannot take is left to the others.
  private static func equally(_ claims: ArraySlice<Claim>, _ power: Double) -> [Double] {
    let limits = claims.map { (least: $0.charger.minimumPower, most: $0.charger.maximumPower) }
    var able = limits.count
    while able > 0, limits[..<able].contains(where: { $0.least > power / Double(able) }) { able -= 1 }
    var left = power
    var given = Array(repeating: 0.0, count: limits.count)
    for (served, place) in (0..<able).sorted(by: { limits[$0].most < limits[$1].most }).enumerated() {
      given[place] = min(limits[place].most, left / Double(able - served))
      left -= given[place]
    }
    return given
  }
}
