import EnergyDispatch
import EnergyModel
import SiteSimulator

extension Random {
  mutating func chance(_ share: Double) -> Bool { unit() < share }
  mutating func whole(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.upperBound - range.lowerBound + 1))
  }
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[whole(0...(elements.count - 1))] }
}

/// A site of any shape: what a configuration would accept, not what is usual.
enum RandomSite {
  static let meter: DeviceID = "meter"
  static let contact: DeviceID = "dso-contact"

  private static let economics = [
    "self-consumption", "surplus-car", "heat-pump-boost", "delayed-charging", "peak-shaving", "curtail-negative",
    "tariff",
  ]

  static func make(_ random: inout Random) -> SiteDescription {
    var site = SiteParameters(
      mode: .control, gridMeter: .init(device: meter), hybrids: [], loads: [], fuse: nil, baseLoad: Watts(0),
      feedIn: nil, reserve: Percent(random.chance(0.3) ? 0 : random.between(5...40).rounded()),
      economics: economics.filter { _ in random.chance(0.7) })
    let phases = random.chance(0.85) ? 3 : 1
    site.fuse = .init(phases: phases, rating: Amperes(random.pick(phases == 3 ? [25, 35, 50, 63] : [35, 63])))
    site.baseLoad = Watts(random.between(800...3000).rounded())
    for index in 0..<random.pick([0, 1, 1, 1, 1, 2, 2, 3]) { site.hybrids.append(hybrid(index, phases, &random)) }
    for index in 0..<random.whole(0...5) { site.loads.append(load(index, &random)) }
    for index in 0..<random.pick([0, 1, 1, 2]) { site.chargers.append(charger(index, phases, &random)) }
    for index in 0..<random.pick([0, 1, 1]) { site.heatPumps.append(pump(index, &random)) }
    let peak = site.hybrids.reduce(0) { $0 + $1.pvPeak.value }
    if peak > 0, random.chance(0.7) {
      let limit = Watts((peak * random.pick([0, 0.5, 0.6, 0.7])).rounded())
      let stored = site.hybrids.count == 1 && random.chance(0.6) ? site.hybrids[0].device : nil
      site.feedIn = .init(limit: limit, storedIn: stored)
    }
    addChannels(&site, &random)
    if random.chance(0.5) {
      site.tariff = .init(
        buy: [.init(start: 360, end: 1320, price: 34), .init(start: 1320, end: 360, price: 24)],
        sell: random.pick([-3, 0, 8]))
    }
    if random.chance(0.4) { site.demand = .init(target: Watts(random.between(2000...12_000).rounded()), price: 900) }
    return nature(of: site, &random)
  }

  private static func nature(of site: SiteParameters, _ random: inout Random) -> SiteDescription {
    var description = SiteDescription(parameters: site, latitude: random.between(-35...60))
    for hybrid in site.hybrids where hybrid.pvPeak > .zero {
      let share = random.between(0.3...0.7) * hybrid.pvPeak.value
      description.strings[hybrid.device] = [
        PVString(peak: share, tilt: random.between(5...60), azimuth: random.between(60...300)),
        PVString(peak: hybrid.pvPeak.value - share, tilt: random.between(5...60), azimuth: random.between(60...300)),
      ]
    }
    description.cloudCover = random.pick([0, 0.3, 0.6, 0.9])
    description.soc = random.between(3...100)
    description.ambient = random.pick([-8, 4, 16, 25, 44])
    if random.chance(0.3) { description.gridChargingHours = 0..<random.between(2...5) }
    description.habits.carArrives = random.between(9...22)
    description.habits.carLeaves = random.between(5...8)
    description.habits.carUses = random.between(2000...40_000)
    description.habits.heatLoss = random.between(80...400)
    description.habits.cools = random.chance(0.5)
    description.habits.loadShare = random.between(0.05...0.9)
    description.habits.standby = random.between(60...600)
    if random.chance(0.3) { description.habits.evening = (17..<21, random.between(1000...9000)) }
    return description
  }

  private static func hybrid(_ index: Int, _ phases: Int, _ random: inout Random) -> SiteParameters.Hybrid {
    let rating = random.pick(phases == 3 ? [5000.0, 8000, 10_000, 15_000] : [3000.0, 4600])
    var battery: SiteParameters.Battery?
    if random.chance(0.85) {
      let usable = random.between(4000...25_000).rounded()
      let most = (usable * random.between(0.3...0.8)).rounded()
      battery = SiteParameters.Battery(
        usable: WattHours(usable),
        socWindow: random.pick([0.0, 5, 10, 20])...random.pick([85.0, 90, 95, 100]),
        gridCharging: random.chance(0.5) ? .allowed : .never, maximumCharge: Watts(most),
        maximumDischarge: Watts((most * random.between(0.7...1)).rounded()),
        temperatureWindow: random.pick([0, 5])...random.pick([45, 50]))
    }
    let reversion = Duration.seconds(random.pick([30, 60, 120, 300]))
    return SiteParameters.Hybrid(
      device: DeviceID("hybrid-\(index + 1)"), acLimit: Watts(rating),
      pvPeak: Watts(random.chance(0.9) ? (rating * random.between(0.4...1.4)).rounded() : 0), battery: battery,
      batteryReversion: random.chance(0.93) ? reversion : nil,
      productionReversion: random.chance(0.93) ? reversion : nil)
  }

  private static func load(_ index: Int, _ random: inout Random) -> SiteParameters.SheddableLoad {
    SiteParameters.SheddableLoad(
      device: DeviceID("load-\(index + 1)"), rated: Watts(random.between(300...7000).rounded()),
      priority: random.whole(1...3), isCritical: random.chance(0.15),
      minimumOn: .seconds(random.pick([0, 60, 300, 900])), minimumOff: .seconds(random.pick([0, 60, 300, 900])),
      isOnWhenAgentDies: random.chance(0.8), startsAnHour: random.chance(0.4) ? random.whole(1...6) : nil,
      within: .seconds(random.pick([0, 0, 60, 900])))
  }

  private static func charger(_ index: Int, _ phases: Int, _ random: inout Random) -> SiteParameters.Charger {
    SiteParameters.Charger(
      device: DeviceID("car-\(index + 1)"), phases: phases == 1 ? [1] : random.pick([[1, 2, 3], [2, 3, 1], [2]]),
      current: 6...random.pick([16.0, 16, 32]), failsafeCurrent: random.pick([0, 6]),
      reversion: .seconds(random.pick([30, 60, 120])), priority: random.whole(1...2))
  }

  private static func pump(_ index: Int, _ random: inout Random) -> SiteParameters.HeatPump {
    SiteParameters.HeatPump(
      device: DeviceID("pump-\(index + 1)"), rated: Watts(random.between(1500...6000).rounded()),
      priority: random.whole(1...3), canBoost: random.chance(0.7))
  }

  private static func addChannels(_ site: inout SiteParameters, _ random: inout Random) {
    let devices = site.chargers.map(\.device) + site.heatPumps.map(\.device)
    guard !devices.isEmpty, random.chance(0.7) else { return }
    site.controllable = .init(devices: devices)
    site.channels = [
      .init(
        name: "dso", kind: .contact(contact, maximumAge: .seconds(5)), class: .legal,
        failsafe: [.controllablePower: SiteParameters.Controllable.guaranteedPower(devices.count)])
    ]
  }
}
