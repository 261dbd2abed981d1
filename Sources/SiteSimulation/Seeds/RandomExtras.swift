import EnergyDispatch
import EnergyModel
import SiteSimulator

/// What not every site has: meters below the one at the connection, chargers that switch phases, inverters without a loop of
/// their own, a generator, and channels by an uplink. Drawn from numbers of its own, so that a seed keeps the house it had.
enum RandomExtras {
  private static let vpp = DestinationID("vpp")
  private static let dso = DestinationID("dso")

  static func add(to description: inout SiteDescription, _ random: inout Random) {
    var site = description.parameters
    for index in site.chargers.indices where site.chargers[index].phases.count == 3 && random.chance(0.4) {
      site.chargers[index].switchesPhases = true
    }
    for index in site.hybrids.indices where site.hybrids[index].battery != nil && random.chance(0.15) {
      site.hybrids[index].regulatesItself = false
    }
    if random.chance(0.1) {
      site.generator = .init(device: "generator", rated: Watts(random.pick([2000, 5000, 9000])))
    }
    if random.chance(0.4) { addMeters(&site, &random) }
    if random.chance(0.35) { site.channels.append(contract(site, &random)) }
    if random.chance(0.35) { site.channels.append(legal(&site, &random)) }
    description.parameters = site
  }

  /// A house whose cars do not wait for the sun, which often may feed in all it has, and whose batteries, where they may be charged from the grid, are controllable
  /// devices as well.
  static func makeDemanding(_ site: inout SiteParameters, _ random: inout Random) {
    if random.chance(0.8) { site.economics.removeAll { $0 == "surplus-car" } }
    if random.chance(0.5) { site.feedIn = nil }
    for index in site.chargers.indices where site.fuse?.phases == 3 && random.chance(0.5) {
      site.chargers[index].phases = [1, 2, 3]
    }
    let batteries = site.hybrids.filter { $0.battery?.gridCharging == .allowed && $0.batteryReversion != nil }
    guard let devices = site.controllable?.devices, !batteries.isEmpty, random.chance(0.5) else { return }
    let all = devices + batteries.map(\.device)
    site.controllable = .init(devices: all)
    let guaranteed = SiteParameters.Controllable.guaranteedPower(all.count)
    for index in site.channels.indices where site.channels[index].failsafe[.controllablePower] != nil {
      site.channels[index].failsafe[.controllablePower] = guaranteed
    }
  }

  /// One for each consumer or source, some of them below a meter of a part of the house.
  private static func addMeters(_ site: inout SiteParameters, _ random: inout Random) {
    let devices = site.chargers.map(\.device) + site.heatPumps.map(\.device) + site.loads.map(\.device)
    let measured = devices.filter { _ in random.chance(0.6) }
    guard !measured.isEmpty else { return }
    let part: DeviceID = "part-meter"
    let hasPart = random.chance(0.5)
    if hasPart { site.subMeters.append(.init(device: part, parent: RandomSite.meter, measures: nil)) }
    for device in measured {
      let parent = hasPart && random.chance(0.7) ? part : RandomSite.meter
      site.subMeters.append(.init(device: DeviceID("meter-of-\(device.name)"), parent: parent, measures: device))
    }
  }

  private static func contract(_ site: SiteParameters, _ random: inout Random) -> SiteParameters.Channel {
    var may: [LimitedQuantity: Double] = [.importPower: 0, .exportPower: 0]
    if site.controllable != nil { may[.controllablePower] = 0 }
    return .init(
      name: "vpp", kind: .uplink(vpp), class: .contract, hasHeartbeat: random.chance(0.6), mayLimit: may)
  }

  /// What it falls back to leaves a house its base load.
  private static func legal(_ site: inout SiteParameters, _ random: inout Random) -> SiteParameters.Channel {
    var failsafe: [LimitedQuantity: Double] = [:]
    if let devices = site.controllable?.devices {
      failsafe[.controllablePower] = SiteParameters.Controllable.guaranteedPower(devices.count)
    }
    if random.chance(0.5) { failsafe[.importPower] = site.baseLoad.value + 4200 }
    let peak = site.hybrids.reduce(0) { $0 + $1.pvPeak.value }
    if peak > 0 { failsafe[random.chance(0.5) ? .exportPower : .exportPercent] = random.chance(0.5) ? 0 : 50 }
    return .init(
      name: "grid-operator", kind: .uplink(dso), class: .legal, hasHeartbeat: random.chance(0.6), failsafe: failsafe,
      isAutonomous: random.chance(0.3), mayLimit: failsafe.mapValues { _ in 0 })
  }
}
