import DeviceProfile
import EnergyDispatch
import EnergyModel

extension SiteReader {
  /// What the sections say about each other.
  func crossCheck(devices: [DeviceEntry], loads: [LoadEntry], limits: Limits, strategy: Strategy) {
    let hasMeter = devices.contains { $0.gridMeter != nil || $0.modbus == nil && $0.sensor == nil }
    for key in ["fuse", "feed_in", "demand"] {
      guard let value = limits.section?[key], !hasMeter else { continue }
      value.problems.add(
        line: value.line, path: value.path, "needs a device that measures the grid: write measures: grid")
    }
    checkFuse(loads: loads, limits: limits)
    checkPhases(loads: loads, limits: limits)
    checkCurrents(devices: devices, limits: limits)
    checkReserve(devices: devices, strategy: strategy)
  }

  /// What stays on when nothing can be shed any more has to stay below the fuse: critical loads and those
  /// that the agent's death leaves switched on.
  private func checkFuse(loads: [LoadEntry], limits: Limits) {
    guard let fuse = limits.fuse, let value = limits.section?["base_load"] else { return }
    let capacity = Watts(fuse.rating.value * Double(fuse.phases) * Self.nominalVoltage)
    let left = loads.map(\.load).filter { $0.isCritical || $0.isOnWhenAgentDies }
    let total = left.reduce(limits.baseLoad) { $0 + $1.rated }
    guard total >= capacity else { return }
    let names = left.map(\.device.name)
    let others = names.isEmpty ? "" : " and what stays on without the agent (\(names.joined(separator: ", ")))"
    value.refuse(
      "base load\(others) take \(Dimension.power.text(of: total.value)), the fuse carries "
        + Dimension.power.text(of: capacity.value))
  }

  /// The fuse is watched phase by phase: a meter that tells no currents would mean the safe state for ever.
  private func checkCurrents(devices: [DeviceEntry], limits: Limits) {
    guard let fuse = limits.fuse, let value = limits.section?["fuse"],
      let profile = devices.first(where: { $0.gridMeter != nil })?.modbus?.profile
    else { return }
    let wanted = [Point.currentL1, .currentL2, .currentL3].prefix(fuse.phases)
    let missing = wanted.filter { point in !profile.points.contains { $0.point == point } }
    guard !missing.isEmpty else { return }
    value.refuse("the meter's profile \(profile.name) has no \(missing.map(\.rawValue).joined(separator: ", "))")
  }

  /// Phase to neutral, V (EN 50160).
  private static let nominalVoltage = 230.0

  private func checkReserve(devices: [DeviceEntry], strategy: Strategy) {
    guard let value = strategy.reserveValue, let reserve = strategy.reserve else { return }
    if !devices.contains(where: \.isHybrid) {
      value.refuse("no device has a battery to keep a reserve in")
    }
    for hybrid in devices.compactMap(\.hybrid) {
      guard let window = hybrid.battery?.socWindow else { continue }
      let text = "\(Measure.text(of: window.lowerBound))..\(Measure.text(of: window.upperBound)) %"
      if reserve.value < window.lowerBound {
        value.refuse("below the soc window \(text) of \(hybrid.device): it would keep nothing")
      } else if reserve.value >= window.upperBound {
        value.refuse("not below the upper end of the soc window \(text) of \(hybrid.device): nothing could be used")
      }
    }
  }
}
