import EnergyModel

/// What the batteries of a site can still give and take at this moment, and how a power wanted of all of them together is
/// shared. Powers in W ≥ 0, energies in Wh.
///
/// A hybrid is one AC source, `ac = pv_dc + battery_dc − losses` with `|ac| ≤ AC rating`. Losses are left out, so that
/// what is told here is rather too little for discharging:
///
///     give = min(maximum, BMS, AC rating − pv)    above the floor of the state of charge
///     take = min(maximum, BMS, AC rating + pv)    below its ceiling: charging from its own strings bypasses the rating
///
/// A battery gives and takes nothing while its inverter or its BMS is silent or alarms, and outside its temperature
/// window. Where the production of the strings is unknown, they give nothing to charge with and take up what they could.
struct Headroom: Sendable {
  struct Battery: Hashable, Sendable {
    var device: DeviceID
    var give = 0.0
    var take = 0.0
    /// Above the floor, and below the ceiling.
    var stored = 0.0
    var room = 0.0
    /// Present power, discharge +.
    var power: Double?
    /// False where it cannot be told a power: it regulates itself, and takes its part of a surplus all the same.
    var canBeTold: Bool
  }

  /// In the order of the hybrids; those without a battery are left out.
  private(set) var batteries: [Battery] = []

  /// - Parameter reserve: %, kept besides the window of the state of charge; nil for the site's.
  init(_ site: borrowing SiteParameters, _ view: borrowing SiteView, reserve: Double? = nil) {
    batteries.reserveCapacity(site.hybrids.count)
    for hybrid in site.hybrids {
      guard let battery = hybrid.battery else { continue }
      var entry = Battery(device: hybrid.device, canBeTold: hybrid.batteryReversion != nil)
      if let seen = view.hybrid(hybrid.device), Self.isFit(seen, battery), let soc = seen.soc.value {
        let percent = battery.usable.value / 100
        entry.power = seen.batteryPower
        entry.stored = max(0, soc - max(battery.socWindow.lowerBound, reserve ?? site.reserve.value)) * percent
        entry.room = max(0, battery.socWindow.upperBound - soc) * percent
        let strings = Self.strings(hybrid, seen)
        if entry.stored > 0 {
          let most = min(battery.maximumDischarge.value, seen.dischargeMax.value ?? .infinity)
          entry.give = max(0, min(most, hybrid.acLimit.value - strings.upperBound))
        }
        if entry.room > 0 {
          let most = min(battery.maximumCharge.value, seen.chargeMax.value ?? .infinity)
          entry.take = max(0, min(most, hybrid.acLimit.value + strings.lowerBound))
        }
      }
      batteries.append(entry)
    }
  }

  /// Of all batteries.
  var give: Double { batteries.reduce(0) { $0 + $1.give } }
  var take: Double { batteries.reduce(0) { $0 + $1.take } }

  /// Shares a power of all batteries together (discharge +) among those that can be told one, in the order of
  /// ``batteries``: by what they have stored, or have room for, so that they run empty or full at the same time, and no
  /// further than each can. What none of them can do is left out.
  func share(_ power: Double) -> [Double] {
    let isDischarge = power >= 0
    let most = batteries.map { !$0.canBeTold ? 0 : isDischarge ? $0.give : $0.take }
    let shares = Self.fill(power.magnitude, most: most, by: batteries.map { isDischarge ? $0.stored : $0.room })
    return isDischarge ? shares : shares.map { -$0 }
  }

  /// Shares `total` in proportion to `weights`, none more than `most`; what one cannot take goes to the others.
  static func fill(_ total: Double, most: [Double], by weights: [Double]) -> [Double] {
    var shares = most.map { _ in 0.0 }
    var open = Set(most.indices.filter { most[$0] > 0 && weights[$0] > 0 })
    var left = total
    while !open.isEmpty, left > 0 {
      let whole = open.reduce(0) { $0 + weights[$1] }
      let full = open.filter { left * weights[$0] / whole >= most[$0] }
      guard !full.isEmpty else {
        for index in open { shares[index] = left * weights[index] / whole }
        break
      }
      for index in full {
        shares[index] = most[index]
        left -= most[index]
      }
      open.subtract(full)
    }
    return shares
  }

  private static func isFit(_ seen: SiteView.Hybrid, _ battery: SiteParameters.Battery) -> Bool {
    guard seen.isHeard, seen.alarms != .unknown, seen.alarms.value ?? 0 == 0, seen.chargeMax != .unknown,
      seen.dischargeMax != .unknown, seen.temperature != .unknown
    else { return false }
    return seen.temperature.value.map { battery.temperatureWindow.contains($0) } ?? true
  }

  /// What the strings give, DC: as measured, or else as AC and battery tell it, or else anything they can.
  static func strings(_ hybrid: SiteParameters.Hybrid, _ seen: SiteView.Hybrid) -> ClosedRange<Double> {
    guard hybrid.pvPeak > .zero else { return 0...0 }
    if let pv = seen.pvPower ?? seen.acPower.flatMap({ ac in seen.batteryPower.map { ac - $0 } }) {
      return max(0, pv)...max(0, pv)
    }
    return 0...hybrid.pvPeak.value
  }
}
