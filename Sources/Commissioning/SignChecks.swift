public import EnergyModel

/// What signs and sizes have to be without anybody doing anything.
public enum SignChecks {
  static let phasePowers: [Point] = [.powerL1, .powerL2, .powerL3]
  static let phaseVoltages: [Point] = [.voltageL1, .voltageL2, .voltageL3]

  /// Of a meter: voltage on each phase, and the phases' sum.
  public static func meter(_ device: DeviceID, _ samples: [Sample]) -> [Finding] {
    [voltages(device, samples), phaseSum(device, samples)].compactMap(\.self)
  }

  /// Within 15 % of 230 V; a meter that tells of none says nothing.
  private static func voltages(_ device: DeviceID, _ samples: [Sample]) -> Finding? {
    let means = phaseVoltages.compactMap { point in mean(point, samples).map { (point, $0) } }
    guard !means.isEmpty else { return nil }
    let ill = means.filter { !(195.5...264.5).contains($0.1) }
    let text = means.map { "\(name($0.0)) \(JSONText.decimal($0.1, 1)) V" }.joined(separator: ", ")
    return ill.isEmpty
      ? Finding(device, "voltage", .passed, text)
      : Finding(
        device, "voltage", .failed, "\(ill.map { name($0.0) }.joined(separator: ", ")) is not connected: \(text)")
  }

  private static func phaseSum(_ device: DeviceID, _ samples: [Sample]) -> Finding? {
    let pairs: [(sum: Double, total: Double)] = samples.compactMap { sample in
      let phases = phasePowers.compactMap { sample.good($0) }
      guard phases.count == 3, let total = sample.good(.power) else { return nil }
      return (phases.reduce(0, +), total)
    }
    guard !pairs.isEmpty else { return nil }
    let worst = pairs.max { abs($0.sum - $0.total) < abs($1.sum - $1.total) } ?? pairs[0]
    let text = "its phases together are \(watts(worst.sum)), its total is \(watts(worst.total))"
    return abs(worst.sum - worst.total) <= max(60, 0.05 * abs(worst.total))
      ? Finding(device, "phase sum", .passed, text)
      : Finding(device, "phase sum", .failed, "\(text): a phase counts the wrong way, or is another device's")
  }

  /// Of an inverter: strings never take power, and what goes in comes out.
  public static func inverter(_ device: DeviceID, _ samples: [Sample], hasStrings: Bool) -> [Finding] {
    var findings: [Finding] = []
    let pv = samples.compactMap { $0.good(.pvPower) }
    if hasStrings, let least = pv.min(), let most = pv.max() {
      if least < -20 {
        findings.append(Finding(device, "PV sign", .failed, "its strings tell \(watts(least)): production is positive"))
      } else if most < 50 {
        findings.append(
          Finding(device, "PV sign", .open, "its strings give \(watts(most)): try again while the sun shines"))
      } else {
        findings.append(Finding(device, "PV sign", .passed, "its strings give \(watts(least))…\(watts(most))"))
      }
    }
    if let balance = balance(device, samples) { findings.append(balance) }
    return findings
  }

  /// `ac = pv + battery − losses`, where all three are told. Losses are less than an eighth and 200 W, and never negative
  /// beyond what meters err.
  private static func balance(_ device: DeviceID, _ samples: [Sample]) -> Finding? {
    guard let ac = mean(.power, samples), let pv = mean(.pvPower, samples), let battery = mean(.batteryPower, samples)
    else { return nil }
    let flow = max(abs(ac), abs(pv) + abs(battery))
    let losses = pv + battery - ac
    let text = "AC \(watts(ac)) of PV \(watts(pv)) and battery \(watts(battery))"
    return (-100 - 0.05 * flow...200 + 0.125 * flow).contains(losses)
      ? Finding(device, "balance", .passed, text)
      : Finding(
        device, "balance", .failed, "\(text): \(watts(losses)) are lost, so one of them has the wrong sign or size")
  }

  static func mean(_ point: Point, _ samples: [Sample]) -> Double? {
    let values = samples.compactMap { $0.good(point) }
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  static func watts(_ value: Double) -> String { "\(JSONText.decimal(value, 0)) W" }

  /// `L2` of `power_l2_w`.
  static func name(_ phase: Point) -> String {
    ["l1", "l2", "l3"].first { phase.rawValue.contains("_\($0)_") }?.uppercased() ?? phase.rawValue
  }
}
