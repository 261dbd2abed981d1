import EnergyModel

/// Chargers that an excess has shown not to follow, until they do: others make room for them.
struct StubbornChargers: Hashable, Sendable {
  private var devices: Set<DeviceID> = []

  /// What they take, W.
  ///
  /// - Parameters:
  ///   - isLasting: there has been too much for longer than a charger takes to follow.
  ///   - shares: what each is left.
  mutating func look(
    isLasting: Bool, _ shares: @autoclosure () -> [ChargerShares.Share], _ view: SiteView
  ) -> [DeviceID: Double] {
    guard isLasting || !devices.isEmpty else { return [:] }
    let found = ChargerShares.overdrawn(shares(), view)
    if isLasting { devices.formUnion(found.keys) }
    devices.formIntersection(found.keys)
    return found.filter { devices.contains($0.key) }
  }
}
