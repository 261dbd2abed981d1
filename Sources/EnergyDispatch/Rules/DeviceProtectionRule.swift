import EnergyModel

/// Keeps a battery within what it can bear. Class: device protection.
///
/// - Below the window of the state of charge only discharging is forbidden, above it only charging; both
///   are released 1 % inside. A bound of 0 or 100 % is none: there the BMS ends the charge itself.
/// - Outside the temperature window both are forbidden, released 2 K inside. Between it and the window of full power
///   the power tapers linearly, in steps of 5 %:
///   `charge ≤ min(1, (T − low) / (low of full power − low), (high − T) / (high − high of full power)) · maximum`,
///   `discharge ≤ min(1, (high − T) / (high − high of full power)) · maximum`: cold plates lithium while charging only.
/// - At the upper cell voltage charging is forbidden, at the lower one discharging; released 0.05 V inside for the
///   strongest cell and 0.1 V for the weakest, which sinks further under load.
/// - What the BMS allows at this moment is not exceeded.
/// - Where the state of charge is unknown, or something the BMS used to tell has fallen silent, or it
///   alarms, the battery is left to the inverter's own link to its BMS: 0 W would be an order as well, and
///   one that the BMS may have good reasons to contradict (it may ask for charge).
struct DeviceProtectionRule: Rule {
  typealias Memory = ProtectionMemory

  private static let socHysteresis = 1.0
  private static let temperatureHysteresis = 2.0
  private static let taperStep = 0.05
  private static let strongCellHysteresis = 0.05
  private static let weakCellHysteresis = 0.1

  let hybrid: DeviceID
  let battery: SiteParameters.Battery
  let name = "device protection"
  var subject: String { hybrid.name }
  var precedence: RuleClass { .deviceProtection }

  func evaluate(_ input: RuleInput, _ memory: inout Memory) -> Contribution {
    guard let seen = input.view.hybrid(hybrid) else { return Contribution() }
    if let reason: Reason = blindness(seen) {
      return Contribution(handsOff: [HandsOff(quantity: .battery(hybrid), reason: reason)], isBlind: true)
    }
    if let alarms = seen.alarms.value, alarms != 0 {
      let hands = HandsOff(quantity: .battery(hybrid), reason: "it reports alarms")
      return Contribution(handsOff: [hands], isBlind: true)
    }
    var limits: [Limit] = []
    if let soc = seen.soc.value { window(soc, &memory, &limits) }
    if let temperature = seen.temperature.value { self.temperature(temperature, &memory, &limits) }
    cells(seen, &memory, &limits)
    managementUnit(seen, &limits)
    return Contribution(limits: limits)
  }

  private func blindness(_ seen: SiteView.Hybrid) -> Reason? {
    guard seen.isHeard else { return "the \(hybrid) does not answer" }
    guard seen.soc.value != nil else { return "the state of charge is unknown" }
    if seen.temperature == .unknown { return "the battery's temperature is unknown" }
    if seen.chargeMax == .unknown || seen.dischargeMax == .unknown { return "its BMS does not say what it allows" }
    if seen.cellMax == .unknown || seen.cellMin == .unknown { return "its cell voltages are unknown" }
    return seen.alarms == .unknown ? "its alarms are unknown" : nil
  }

  private func window(_ soc: Double, _ memory: inout Memory, _ limits: inout [Limit]) {
    let low = battery.socWindow.lowerBound
    let high = battery.socWindow.upperBound
    memory.isLow = low > 0 && (soc <= low || (memory.isLow && soc < low + Self.socHysteresis))
    memory.isHigh = high < 100 && (soc >= high || (memory.isHigh && soc > high - Self.socHysteresis))
    if memory.isLow {
      let reason: Reason = "the state of charge has reached its minimum of \(percent: low) (\(percent: soc))"
      limits.append(limit(.atMost(0), "minimum state of charge", reason))
    }
    if memory.isHigh {
      let reason: Reason = "the state of charge has reached its maximum of \(percent: high) (\(percent: soc))"
      limits.append(limit(.atLeast(0), "maximum state of charge", reason))
    }
  }

  private func temperature(_ celsius: Double, _ memory: inout Memory, _ limits: inout [Limit]) {
    let low = battery.temperatureWindow.lowerBound
    let high = battery.temperatureWindow.upperBound
    let margin = memory.isOutOfTemperature ? Self.temperatureHysteresis : 0
    memory.isOutOfTemperature = celsius < low + margin || celsius > high - margin
    guard !memory.isOutOfTemperature else {
      let window: Reason = "\(celsius: low) to \(celsius: high)"
      let reason: Reason = "its temperature of \(celsius: celsius) is not safely within \(window)"
      limits.append(limit(Interval(0, 0), "battery temperature", reason))
      return
    }
    let heat = Self.taper((high - celsius) / max(1e-3, high - battery.fullPowerWindow.upperBound))
    let cold = Self.taper((celsius - low) / max(1e-3, battery.fullPowerWindow.lowerBound - low))
    guard min(heat, cold) < 1 else { return }
    let reason: Reason = "its temperature of \(celsius: celsius) leaves only a part of its power"
    let charge = -min(heat, cold) * battery.maximumCharge.value
    let discharge = heat < 1 ? heat * battery.maximumDischarge.value : .infinity
    limits.append(limit(Interval(charge, discharge), "temperature derating", reason))
  }

  /// 0...1, rounded down so that a sensor's noise writes nothing.
  private static func taper(_ share: Double) -> Double {
    min(1, max(0, (share / taperStep + 1e-9).rounded(.down) * taperStep))
  }

  private func cells(_ seen: SiteView.Hybrid, _ memory: inout Memory, _ limits: inout [Limit]) {
    guard let window = battery.cellWindow else { return }
    if let volts = seen.cellMax.value {
      let release = window.upperBound - Self.strongCellHysteresis
      memory.isCellHigh = volts >= window.upperBound || (memory.isCellHigh && volts > release)
      if memory.isCellHigh {
        let reason: Reason =
          "its strongest cell has reached the upper limit of \(volts: window.upperBound) (\(volts: volts))"
        limits.append(limit(.atLeast(0), "maximum cell voltage", reason))
      }
    }
    if let volts = seen.cellMin.value {
      let release = window.lowerBound + Self.weakCellHysteresis
      memory.isCellLow = volts <= window.lowerBound || (memory.isCellLow && volts < release)
      if memory.isCellLow {
        let reason: Reason =
          "its weakest cell has reached the lower limit of \(volts: window.lowerBound) (\(volts: volts))"
        limits.append(limit(.atMost(0), "minimum cell voltage", reason))
      }
    }
  }

  private func managementUnit(_ seen: SiteView.Hybrid, _ limits: inout [Limit]) {
    if let most = seen.chargeMax.value, most < battery.maximumCharge.value {
      let reason: Reason = "its BMS allows no more than \(watts: most)"
      limits.append(limit(.atLeast(-most), most > 0 ? "bms charge" : "bms no charge", reason))
    }
    if let most = seen.dischargeMax.value, most < battery.maximumDischarge.value {
      let reason: Reason = "its BMS allows no more than \(watts: most)"
      limits.append(limit(.atMost(most), most > 0 ? "bms discharge" : "bms no discharge", reason))
    }
  }

  private func limit(_ interval: Interval, _ cause: String, _ reason: Reason) -> Limit {
    Limit(quantity: .battery(hybrid), interval: interval, cause: cause, reason: reason)
  }
}
