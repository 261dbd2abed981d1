import EnergyDispatch
import EnergyModel
import SiteSimulator

/// What goes wrong on one day.
enum FaultPlan {
  private static let year = 31_536_000

  /// - Parameter hours: of the day; faults end an hour before it does, so that recovery is seen.
  static func make(_ site: SiteParameters, hours: Double, _ random: inout Random) -> [Fault] {
    let devices =
      [site.gridMeter?.device].compactMap { $0 } + site.hybrids.map(\.device) + site.loads.map(\.device)
      + site.chargers.map(\.device) + site.heatPumps.map(\.device)
    let contacts = site.channels.compactMap { channel -> DeviceID? in
      if case .contact(let device, _) = channel.kind { return device }
      return nil
    }
    return (0..<random.whole(5...16)).map { _ in
      let from = random.between(0...((hours - 1) * 3600)).rounded()
      let length = random.pick([15, 40, 120, 600, 3600]) * random.between(0.7...1.4)
      let until = min(from + length.rounded(), (hours - 0.9) * 3600)
      return Fault(kind(devices, contacts, site, &random), from: from, until: until)
    }
  }

  private static func kind(
    _ devices: [DeviceID], _ contacts: [DeviceID], _ site: SiteParameters, _ random: inout Random
  ) -> Fault.Kind {
    switch random.whole(0...19) {
    case 0...6: return .input(random.pick(devices + contacts), random.pick(InputFault.allCases))
    case 7...9: return .output(random.pick(devices), random.pick(OutputFault.allCases))
    case 10: return .clock(.seconds(random.chance(0.5) ? year : -year))
    case 11: return .untrustedClock
    case 12, 13: return .restart(random.pick(MemoryFate.allCases))
    case 14: return .gridLost
    case 15, 16: return contacts.isEmpty ? .everythingAsks : .contact(random.pick(contacts))
    case 17: return site.hybrids.isEmpty ? .everythingAsks : .alarm(random.pick(site.hybrids).device)
    case 18: return .forecast(random.pick([0, 0.3, 3]))
    default: return .everythingAsks
    }
  }
}
