public import DeviceProfile
public import EnergyModel

/// What a device of the site may be told by a person, and what it is told afterwards so that it is free again.
public struct DeviceBounds: Hashable, Sendable {
  public struct Battery: Hashable, Sendable {
    /// W ≥ 0.
    public var maximumCharge: Double
    public var maximumDischarge: Double
    /// %.
    public var socWindow: ClosedRange<Double>
    /// °C.
    public var temperatureWindow: ClosedRange<Double>
    public var chargesFromGrid: Bool

    public init(
      maximumCharge: Double, maximumDischarge: Double, socWindow: ClosedRange<Double>,
      temperatureWindow: ClosedRange<Double>, chargesFromGrid: Bool
    ) {
      self.maximumCharge = maximumCharge
      self.maximumDischarge = maximumDischarge
      self.socWindow = socWindow
      self.temperatureWindow = temperatureWindow
      self.chargesFromGrid = chargesFromGrid
    }
  }

  public var battery: Battery?
  /// Of an inverter, W.
  public var acLimit: Double?
  /// Of a charger, A; 0 pauses besides.
  public var chargingCurrent: ClosedRange<Double>?
  public var failsafeCurrent: Double?
  /// How many phases a charger has.
  public var phases: Int?
  /// A load that is never cut off.
  public var isCritical = false

  public init() {}

  /// Why these values may not be written to a device that just told `sample`, in words; nil where they may.
  public func refusal(of values: [SetpointKind: Double], given sample: Sample) -> String? {
    for (kind, value) in values.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      if let refusal = refusal(of: kind, value, given: sample) { return refusal }
    }
    if let charge = values[.chargeLimit], let discharge = values[.dischargeLimit], charge + discharge < 0 {
      return "charge_limit_w and discharge_limit_w leave its battery nothing that it could do"
    }
    return nil
  }

  private func refusal(of kind: SetpointKind, _ value: Double, given sample: Sample) -> String? {
    func outside(_ range: ClosedRange<Double>, _ unit: String) -> String? {
      range.contains(value)
        ? nil : "\(kind.rawValue) lies in \(Self.text(range.lowerBound))…\(Self.text(range.upperBound)) \(unit)"
    }
    switch kind {
    case .chargeLimit:
      guard let battery else { return "no battery is configured for it" }
      if let refusal = outside(-battery.maximumDischarge...battery.maximumCharge, "W") { return refusal }
      return value < 0 ? refusal(ofForced: -value, charging: false, battery, sample) : nil
    case .dischargeLimit:
      guard let battery else { return "no battery is configured for it" }
      if let refusal = outside(-battery.maximumCharge...battery.maximumDischarge, "W") { return refusal }
      return value < 0 ? refusal(ofForced: -value, charging: true, battery, sample) : nil
    case .productionLimit:
      guard let acLimit else { return "no AC limit is configured for it" }
      return outside(0...acLimit, "W")
    case .chargingCurrent:
      guard let chargingCurrent else { return "no current is configured for it" }
      return value == 0 ? nil : outside(chargingCurrent, "A, or 0 which pauses")
    case .chargingPhases:
      return value == 1 || value == Double(phases ?? 3) ? nil : "it charges on 1 or \(phases ?? 3) phases"
    case .relayOn:
      if isCritical, value == 0 { return "the load is critical: it is never cut off" }
      return value == 0 || value == 1 ? nil : "a relay is 0 or 1"
    case .heatPumpState: return [1, 2, 3, 4].contains(value) ? nil : "the SG-Ready states are 1 to 4"
    }
  }

  private func refusal(ofForced power: Double, charging: Bool, _ battery: Battery, _ sample: Sample) -> String? {
    guard let soc = sample.good(.soc) else { return "its state of charge is not known" }
    if charging, soc >= battery.socWindow.upperBound {
      return
        "its state of charge is \(Self.text(soc)) %, and it is charged up to \(Self.text(battery.socWindow.upperBound)) %"
    }
    if !charging, soc <= battery.socWindow.lowerBound {
      return
        "its state of charge is \(Self.text(soc)) %, and it is discharged down to \(Self.text(battery.socWindow.lowerBound)) %"
    }
    if let temperature = sample.good(.batteryTemperature), !battery.temperatureWindow.contains(temperature) {
      return "its temperature is \(Self.text(temperature)) °C"
    }
    let pv = max(0, sample.good(.pvPower) ?? 0)
    if charging, !battery.chargesFromGrid, power > pv {
      return "it is not charged from the grid (grid_charging: never), and its strings give \(Self.text(pv)) W"
    }
    return nil
  }

  /// The values with those that the command wants besides: what leaves the device free, or what a battery that is told a
  /// power has for the other direction.
  public func completed(
    _ values: [SetpointKind: Double], for command: CommandDefinition
  ) -> [SetpointKind: Double] {
    var all = values
    for kind in command.parameters where all[kind] == nil {
      switch kind {
      case .chargeLimit:
        let other = values[.dischargeLimit] ?? 0
        all[kind] = other < 0 ? -other : battery?.maximumCharge
      case .dischargeLimit:
        let other = values[.chargeLimit] ?? 0
        all[kind] = other < 0 ? -other : battery?.maximumDischarge
      case .productionLimit: all[kind] = acLimit
      case .chargingCurrent: all[kind] = chargingCurrent?.upperBound
      case .chargingPhases: all[kind] = phases.map(Double.init)
      case .relayOn, .heatPumpState: break
      }
    }
    return all
  }

  /// Why these values, which are complete, would limit nothing although they differ from those that set the device free, in
  /// words; nil where they are worth writing.
  public func vanity(of values: [SetpointKind: Double], for command: CommandDefinition) -> String? {
    let free = completed([:], for: command)
    guard free.count == command.parameters.count, values != free else { return nil }
    if battery != nil, let charge = values[.chargeLimit], let discharge = values[.dischargeLimit],
      !command.takesBatteryLimits, charge >= 0, discharge >= 0, max(charge, discharge) > 0
    {
      return "it is told a power and no limits, so that limits of \(Self.text(charge)) W for charging and "
        + "\(Self.text(discharge)) W for discharging hold nothing. discharge_limit_w below 0 charges it with that power, "
        + "charge_limit_w below 0 discharges it, and both 0 W let it rest"
    }
    guard command.tells(values, as: free) else { return nil }
    return "it is told the same by this as when it is set free, so that nothing would be held"
  }

  /// What sets the device free again, as the agent's clean stop does: limits are opened, a charger gets its failsafe
  /// current, a relay and a heat pump what they had `before`. Nil where the device falls back to a safe value of its
  /// own, which nobody should write over.
  public func release(_ command: CommandDefinition, before: Sample) -> [SetpointKind: Double]? {
    if command.parameters.contains(.chargingCurrent) {
      guard let failsafeCurrent else { return nil }
      var values = [SetpointKind.chargingCurrent: failsafeCurrent]
      if command.parameters.contains(.chargingPhases) { values[.chargingPhases] = Double(phases ?? 3) }
      return values
    }
    if command.onExpiry == .safe { return nil }
    if command.parameters == [.relayOn] { return before.good(.relayOn).map { [.relayOn: $0] } }
    if command.parameters == [.heatPumpState] { return [.heatPumpState: before.good(.heatPumpState) ?? 2] }
    let values = completed([:], for: command)
    return values.count == command.parameters.count ? values : nil
  }

  /// What hands a battery back to its own inverter; nil of other commands.
  public func handBack(_ command: CommandDefinition) -> [SetpointKind: Double]? {
    Set(command.parameters) == [.chargeLimit, .dischargeLimit] && battery != nil ? completed([:], for: command) : nil
  }

  static func text(_ value: Double) -> String { JSONText.decimal(value, 1) }
}

extension Sample {
  /// The value of a point that can be trusted.
  public func good(_ point: Point) -> Double? {
    guard let reading = self[point], reading.quality == .good else { return nil }
    return reading.value
  }
}

extension CommandDefinition {
  /// What becomes of the command when nobody writes it any more, as a sentence.
  public var expirySentence: String {
    let after = reversion.map { "\($0.components.seconds) s after the last write" }
    return switch onExpiry {
    case .open: "The device releases it by itself\(after.map { " \($0)" } ?? "")."
    case .safe: "The device falls back to a safe value of its own\(after.map { " \($0)" } ?? "")."
    case .hold: "The device has no timer: it keeps it for ever, until somebody writes something else."
    }
  }
}
