import EnergyModel

/// All batteries of the site as the owner sees them: one power, divided by what each can take or give.
struct BatteryPool: Sendable {
  struct Member: Sendable {
    var device: DeviceID
    var battery: SiteParameters.Battery
    /// As the sentence calls it.
    var subject: String
  }

  let members: [Member]

  init(_ site: SiteParameters) {
    let several = site.hybrids.count > 1
    members = site.hybrids.compactMap { hybrid in
      hybrid.battery.map {
        Member(device: hybrid.device, battery: $0, subject: several ? "the \(hybrid.device)'s battery" : "the battery")
      }
    }
  }

  func subject(_ device: DeviceID) -> String { members.first { $0.device == device }?.subject ?? device.name }

  /// What would be exported if no battery did anything, W: `−(grid + Σ battery)`. Nil where a reading is missing.
  func surplus(_ view: SiteView) -> Double? {
    guard var sum = view.grid?.power else { return nil }
    for member in members {
      guard let power = view.hybrid(member.device)?.batteryPower else { return nil }
      sum += power
    }
    return -sum
  }

  /// One wish for each battery.
  ///
  /// A battery that has no room (or nothing left) leaves its share to the others. Where charging from the grid is never
  /// wanted, only surplus is charged, and none while it is unknown.
  ///
  /// - Parameter cause: fit to follow "because".
  func wishes(_ wanted: StandingOrders.Override, _ view: SiteView, because cause: Reason) -> [Wish] {
    switch wanted {
    case .hold:
      return members.map { member in
        Wish(
          quantity: .battery(member.device), target: .value(0),
          purpose: "\(member.subject) holds its charge because \(cause)")
      }
    case .charge(let power):
      let whole = whole(view) { $0.battery.maximumCharge.value * ($1 < $0.battery.socWindow.upperBound ? 1 : 0) }
      let surplus = max(0, surplus(view) ?? 0)
      return members.map { member in
        let share = member.battery.maximumCharge.value / whole
        let own = min(power * share, member.battery.maximumCharge.value)
        guard member.battery.gridCharging == .never, surplus * share < own else {
          let purpose: Reason = "\(member.subject) charges with \(watts: own) because \(cause)"
          return Wish(quantity: .battery(member.device), target: .value(-own), purpose: purpose)
        }
        let purpose: Reason = "\(member.subject) charges from surplus only, up to \(watts: own), because \(cause)"
        return Wish(quantity: .battery(member.device), target: .value(-surplus * share), purpose: purpose)
      }
    case .discharge(let power):
      let whole = whole(view) { $0.battery.maximumDischarge.value * ($1 > $0.battery.socWindow.lowerBound ? 1 : 0) }
      return members.map { member in
        let most = member.battery.maximumDischarge.value
        let own = min(power * most / whole, most)
        let purpose: Reason = "\(member.subject) discharges with \(watts: own) because \(cause)"
        return Wish(quantity: .battery(member.device), target: .value(own), purpose: purpose)
      }
    }
  }

  /// The sum of what those batteries offer that can do anything; more than zero.
  private func whole(_ view: SiteView, _ offer: (Member, _ soc: Double) -> Double) -> Double {
    var sum = 0.0
    for member in members {
      if let soc = view.hybrid(member.device)?.soc.value { sum += offer(member, soc) }
    }
    return max(1, sum)
  }
}
