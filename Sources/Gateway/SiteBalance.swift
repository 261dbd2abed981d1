public import EnergyModel

/// Which devices make the balance at the busbar.
public struct BalanceParts: Hashable, Sendable {
  public var gridMeter: DeviceID?
  public var inverters: [DeviceID]

  public init(gridMeter: DeviceID?, inverters: [DeviceID]) {
    self.gridMeter = gridMeter
    self.inverters = inverters
  }
}

extension SiteStatus.Balance {
  /// Readings further apart than this were not taken together.
  static let maximumSkew: Duration = .seconds(2)
  static let maximumAge: Duration = .seconds(5)

  /// Powers at the busbar, and the load as their residual: `load = grid + Σ inverters`, only of readings
  /// taken together.
  public init(of snapshot: SiteSnapshot, parts: BalanceParts) {
    self.init()
    func sum(_ point: Point) -> Double? {
      let values = parts.inverters.map { snapshot.value($0, point, maximumAge: Self.maximumAge) }
      guard !values.isEmpty, !values.contains(nil) else { return nil }
      return values.compactMap { $0 }.reduce(0, +)
    }
    grid = parts.gridMeter.flatMap { snapshot.value($0, .power, maximumAge: Self.maximumAge) }
    inverter = sum(.power)
    pv = sum(.pvPower)
    battery = sum(.batteryPower)
    soc = parts.inverters.first.flatMap { snapshot.value($0, .soc, maximumAge: .seconds(60)) }
    if let grid, isTogether(snapshot, parts) {
      if let inverter { load = grid + inverter } else if parts.inverters.isEmpty { load = grid }
    }
  }

  private func isTogether(_ snapshot: SiteSnapshot, _ parts: BalanceParts) -> Bool {
    let devices = parts.inverters + (parts.gridMeter.map { [$0] } ?? [])
    let instants = devices.compactMap { snapshot.observation($0, .power)?.measured?.monotonic }
    guard let first = instants.min(), let last = instants.max() else { return false }
    return last - first <= Self.maximumSkew
  }
}
