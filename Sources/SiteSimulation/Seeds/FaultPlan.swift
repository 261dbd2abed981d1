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

  /// Limits of uplink channels, which come, overlap and go, and silences of those channels; and what goes wrong with the
  /// meters below.
  static func extras(_ site: SiteParameters, hours: Double, _ random: inout Random) -> [Fault] {
    var faults: [Fault] = []
    func span(_ random: inout Random, _ lengths: [Double]) -> (from: Double, until: Double) {
      let from = random.between(120...((hours - 1) * 3600)).rounded()
      let length = random.pick(lengths) * random.between(0.7...1.4)
      return (from, min(from + length.rounded(), (hours - 0.9) * 3600))
    }
    for channel in site.channels {
      guard case .uplink = channel.kind else { continue }
      let quantities = channel.mayLimit.keys.sorted { $0.rawValue < $1.rawValue }
      for _ in 0..<(quantities.isEmpty ? 0 : random.whole(1...6)) {
        let (from, until) = span(&random, [60, 300, 900, 3600, 7200])
        let quantity = random.pick(quantities)
        let value = value(quantity, site, &random)
        faults.append(
          Fault(.limit(channel.name, quantity, value, isTimed: random.chance(0.5)), from: from, until: until))
      }
      for _ in 0..<random.whole(0...3) {
        let (from, until) = span(&random, [60, 200, 900, 3600, 9000])
        faults.append(Fault(.silence(channel.name), from: from, until: until))
      }
    }
    for _ in 0..<(site.subMeters.isEmpty ? 0 : random.whole(0...3)) {
      let (from, until) = span(&random, [15, 120, 600])
      let device = random.pick(site.subMeters).device
      faults.append(Fault(.input(device, random.pick(InputFault.allCases)), from: from, until: until))
    }
    return faults
  }

  /// Hours in which channels limit what is asked for: everything asks for power, or the sun is high. What is limited without
  /// being asked for is never seen to be kept. Where batteries charge from the grid at night, the first of them is then.
  static func demandingHours(_ description: SiteDescription, hours: Double, _ random: inout Random) -> [Fault] {
    guard hours >= 16 else { return [] }
    var faults: [Fault] = []
    for channel in description.parameters.channels {
      var kinds: [(kind: Fault.Kind, isExport: Bool)]
      switch channel.kind {
      case .contact(let device, _): kinds = Array(repeating: (.contact(device), false), count: 3)
      case .uplink:
        let quantities = channel.mayLimit.keys.sorted { $0.rawValue < $1.rawValue }
        kinds = (quantities + quantities).map { quantity in
          let value = value(quantity, description.parameters, &random)
          let isExport = quantity == .exportPower || quantity == .exportPercent
          return (.limit(channel.name, quantity, value, isTimed: random.chance(0.5)), isExport)
        }
      }
      for (index, (kind, isExport)) in kinds.enumerated() {
        let isAtNight = index == 0 && !isExport && description.gridChargingHours != nil
        let begin = isExport ? 34_000.0...42_000 : isAtNight ? 600...3000 : 3600...((hours - 3) * 3600)
        let from = random.between(begin).rounded()
        let until = from + (random.pick([1200, 2400, 4800]) * random.between(0.8...1.2)).rounded()
        faults.append(Fault(kind, from: from, until: until))
        if !isExport { faults.append(Fault(.everythingAsks, from: from - 300, until: until + 1800)) }
      }
    }
    return faults
  }

  private static func value(_ quantity: LimitedQuantity, _ site: SiteParameters, _ random: inout Random) -> Double {
    switch quantity {
    case .importPower: random.pick([0, 1000, 3000, 6000, 10_000])
    case .controllablePower: random.pick([0, 4200, 7560, 11_000])
    case .exportPower: random.pick([0, 1000, 3000, 6000])
    case .exportPercent: random.pick([0, 30, 60])
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
