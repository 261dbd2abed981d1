import EnergyModel

/// Keeps a battery within what it can bear.
///
/// - Below the window of the state of charge only discharging is forbidden, above it only charging; both
///   are released 1 % inside. A bound of 0 or 100 % is none: there the BMS ends the charge itself.
/// - Outside the temperature window both are forbidden, released 2 K inside.
/// - What the BMS allows at this moment is not exceeded.
/// - Where the state of charge is unknown, or something the BMS used to tell has fallen silent, or it
///   alarms, the battery is left to the inverter's own link to its BMS: 0 W would be an order as well, and
///   one that the BMS may have good reasons to contradict (it may ask for charge).
struct DeviceProtectionRule: Rule {
  struct Memory: RuleMemory {
    var isLow: Bool
    var isHigh: Bool
    var isOutOfTemperature: Bool

    init(isLow: Bool, isHigh: Bool, isOutOfTemperature: Bool) {
      self.isLow = isLow
      self.isHigh = isHigh
      self.isOutOfTemperature = isOutOfTemperature
    }

    static var hasAges: Bool { false }
    static func lost(at now: MonotonicInstant) -> Memory {
      Memory(isLow: true, isHigh: true, isOutOfTemperature: true)
    }

    init?(saved: Substring, at now: MonotonicInstant) {
      let words = saved.split(separator: " ")
      guard words.allSatisfy({ ["inside", "low", "high", "temperature"].contains($0) }), !words.isEmpty
      else { return nil }
      self.init(
        isLow: words.contains("low"), isHigh: words.contains("high"),
        isOutOfTemperature: words.contains("temperature"))
    }

    func saved(at now: MonotonicInstant) -> String {
      let words = [isLow ? "low" : nil, isHigh ? "high" : nil, isOutOfTemperature ? "temperature" : nil]
      let text = words.compactMap { $0 }.joined(separator: " ")
      return text.isEmpty ? "inside" : text
    }
  }

  private static let socHysteresis = 1.0
  private static let temperatureHysteresis = 2.0

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
    if let soc = seen.soc.value { limits += window(soc, &memory) }
    if let temperature = seen.temperature.value { limits += self.temperature(temperature, &memory) }
    limits += managementUnit(seen)
    return Contribution(limits: limits)
  }

  private func blindness(_ seen: SiteView.Hybrid) -> Reason? {
    guard seen.isHeard else { return "the \(hybrid) does not answer" }
    guard seen.soc.value != nil else { return "the state of charge is unknown" }
    if seen.temperature == .unknown { return "the battery's temperature is unknown" }
    if seen.chargeMax == .unknown || seen.dischargeMax == .unknown { return "its BMS does not say what it allows" }
    return seen.alarms == .unknown ? "its alarms are unknown" : nil
  }

  private func window(_ soc: Double, _ memory: inout Memory) -> [Limit] {
    let low = battery.socWindow.lowerBound
    let high = battery.socWindow.upperBound
    memory.isLow = low > 0 && (soc <= low || (memory.isLow && soc < low + Self.socHysteresis))
    memory.isHigh = high < 100 && (soc >= high || (memory.isHigh && soc > high - Self.socHysteresis))
    var limits: [Limit] = []
    if memory.isLow {
      let reason: Reason = "the state of charge has reached its minimum of \(percent: low) (\(percent: soc))"
      limits.append(limit(.atMost(0), "minimum state of charge", reason))
    }
    if memory.isHigh {
      let reason: Reason = "the state of charge has reached its maximum of \(percent: high) (\(percent: soc))"
      limits.append(limit(.atLeast(0), "maximum state of charge", reason))
    }
    return limits
  }

  private func temperature(_ celsius: Double, _ memory: inout Memory) -> [Limit] {
    let low = battery.temperatureWindow.lowerBound
    let high = battery.temperatureWindow.upperBound
    let margin = memory.isOutOfTemperature ? Self.temperatureHysteresis : 0
    memory.isOutOfTemperature = celsius < low + margin || celsius > high - margin
    guard memory.isOutOfTemperature else { return [] }
    let window: Reason = "\(celsius: low) to \(celsius: high)"
    let reason: Reason = "its temperature of \(celsius: celsius) is not safely within \(window)"
    return [limit(Interval(0, 0), "battery temperature", reason)]
  }

  private func managementUnit(_ seen: SiteView.Hybrid) -> [Limit] {
    var limits: [Limit] = []
    if let most = seen.chargeMax.value, most < battery.maximumCharge.value {
      let reason: Reason = "its BMS allows no more than \(watts: most)"
      limits.append(limit(.atLeast(-most), most > 0 ? "bms charge" : "bms no charge", reason))
    }
    if let most = seen.dischargeMax.value, most < battery.maximumDischarge.value {
      let reason: Reason = "its BMS allows no more than \(watts: most)"
      limits.append(limit(.atMost(most), most > 0 ? "bms discharge" : "bms no discharge", reason))
    }
    return limits
  }

  private func limit(_ interval: Interval, _ cause: String, _ reason: Reason) -> Limit {
    Limit(quantity: .battery(hybrid), interval: interval, cause: cause, reason: reason)
  }
}
