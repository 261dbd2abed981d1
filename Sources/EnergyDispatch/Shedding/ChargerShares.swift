import EnergyModel

/// Divides power among chargers: those with a car first, the higher number of priority first, equals alike. What would be
/// less than a charger can charge with pauses it, so that the others have enough.
struct ChargerShares: Sendable {
  struct Claim: Sendable {
    var charger: SiteParameters.Charger
    var hasCar: Bool
  }

  private var claims: [Claim]

  init(_ site: SiteParameters, _ view: SiteView) {
    claims = site.chargers.filter { $0.reversion != nil }.map { charger in
      Claim(charger: charger, hasCar: view.charger(charger.device)?.isConnected != false)
    }
    guard claims.count > 1 else { return }
    claims.sort { a, b in
      if a.hasCar != b.hasCar { return a.hasCar }
      if a.charger.priority != b.charger.priority { return a.charger.priority > b.charger.priority }
      return a.charger.device < b.charger.device
    }
  }

  /// Those that are throttled last first.
  var order: [SiteParameters.Charger] { claims.map(\.charger) }

  /// In W, those that are throttled last first; together no more than `power`.
  func divide(_ power: Double) -> [(charger: SiteParameters.Charger, power: Double)] {
    var left = max(0, power)
    var shares: [(charger: SiteParameters.Charger, power: Double)] = []
    var start = claims.startIndex
    while start < claims.endIndex {
      let first = claims[start]
      let end =
        claims[start...].firstIndex { $0.hasCar != first.hasCar || $0.charger.priority != first.charger.priority }
        ?? claims.endIndex
      let given = Self.equally(claims[start..<end].map(\.charger), left)
      left -= given.reduce(0) { $0 + $1.power }
      shares += given
      start = end
    }
    return shares
  }

  /// As many as can charge with their part of it get one; what one cannot take is left to the others.
  private static func equally(
    _ chargers: [SiteParameters.Charger], _ power: Double
  ) -> [(charger: SiteParameters.Charger, power: Double)] {
    var able = chargers
    while let last = able.last, able.contains(where: { $0.minimumPower > power / Double(able.count) }) {
      able.removeAll { $0.device == last.device }
    }
    var left = power
    var given: [DeviceID: Double] = [:]
    for (index, charger) in able.sorted(by: { $0.maximumPower < $1.maximumPower }).enumerated() {
      let share = min(charger.maximumPower, left / Double(able.count - index))
      given[charger.device] = share
      left -= share
    }
    return chargers.map { ($0, given[$0.device] ?? 0) }
  }
}
