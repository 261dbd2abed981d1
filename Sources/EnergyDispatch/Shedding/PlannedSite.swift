public import EnergyModel

/// A site that does what it is told, for planning.
struct PlannedSite {
  let site: SiteParameters
  var view: SiteView
  /// What batteries do unless told otherwise.
  private let first: SiteView
  /// Heat pumps that were blocked for as long as they may be.
  private var running: [DeviceID] = []

  init(_ site: SiteParameters, _ view: SiteView) {
    self.site = site
    self.view = view
    first = view
  }

  /// As the meter tells, or the worst, W.
  var imported: Double {
    view.grid?.power
      ?? ImportReading.worst(site, view) + view.chargers.reduce(0) { $0 + ($1.power ?? 0) }
      - site.hybrids.reduce(0) { $0 + ImportReading.given($1, view.hybrid($1.device)) }
  }

  /// True when something changed.
  mutating func apply(_ limits: [Limit]) -> Bool {
    let before = view
    for limit in limits {
      let (interval, device) = (limit.interval, limit.quantity.device)
      switch limit.quantity {
      case .battery: battery(device, interval)
      case .charging: charger(device, interval.upper)
      case .supply:
        guard let index = view.relays.firstIndex(where: { $0.device == device }), view.relays[index].isOn == true,
          interval.upper < 1
        else { continue }
        view.relays[index].isOn = false
        relieve(site.loads.first { $0.device == device }?.rated.value ?? 0)
      case .heatPump: heatPump(device, interval.upper)
      case .production: break
      }
    }
    return before.relays.map(\.isOn) != view.relays.map(\.isOn)
      || before.chargers.map(\.power) != view.chargers.map(\.power)
      || before.heatPumps.map(\.state) != view.heatPumps.map(\.state)
      || zip(before.hybrids, view.hybrids).contains { (($0.batteryPower ?? 0) - ($1.batteryPower ?? 0)).magnitude > 1 }
  }

  private mutating func relieve(_ power: Double) { view.grid?.power? -= power }

  private mutating func charger(_ device: DeviceID, _ most: Double) {
    guard let index = view.chargers.firstIndex(where: { $0.device == device }),
      let charger = site.chargers.first(where: { $0.device == device })
    else { return }
    let power = view.chargers[index].power ?? charger.maximumPower
    let told = SiteParameters.Charger.power(charger.current(for: most), phases: charger.phases.count)
    guard told < power else { return }
    view.chargers[index].power = told
    relieve(power - told)
  }

  private mutating func battery(_ device: DeviceID, _ interval: Interval) {
    guard let index = view.hybrids.firstIndex(where: { $0.device == device }),
      let power = view.hybrids[index].batteryPower,
      let ac = view.hybrids[index].acPower
    else { return }
    let next = interval.clamp(first.hybrids[index].batteryPower ?? power)
    view.hybrids[index].batteryPower = next
    view.hybrids[index].acPower = ac + next - power
    relieve(next - power)
  }

  /// What a boost takes beyond the ordinary nobody knows: it relieves nothing here.
  private mutating func heatPump(_ device: DeviceID, _ most: Double) {
    guard !running.contains(device), let index = view.heatPumps.firstIndex(where: { $0.device == device }),
      let state = view.heatPumps[index].state,
      Double(state) > most
    else { return }
    view.heatPumps[index].state = Int(most)
    guard most < 2 else { return }
    relieve(view.heatPumps[index].power ?? site.heatPumps.first { $0.device == device }?.rated.value ?? 0)
    view.heatPumps[index].power = 0
  }

  /// It cannot be blocked any more; where it is, it takes its rating again.
  mutating func letRun(_ device: DeviceID) {
    running.append(device)
    guard let index = view.heatPumps.firstIndex(where: { $0.device == device }), view.heatPumps[index].state == 1 else {
      return
    }
    let rated = site.heatPumps.first { $0.device == device }?.rated.value ?? 0
    view.heatPumps[index].state = 2
    view.heatPumps[index].power = rated
    relieve(-rated)
  }
}

extension ShedPlan {
  /// A site of which only the configuration is known: everything on, nothing produced.
  ///
  /// - Parameter soc: of all batteries, %; nil is the reserve, so that they give nothing.
  public static func ratings(of site: SiteParameters, soc: Double?, now: Moment) -> SiteSnapshot {
    var snapshot = SiteSnapshot(now: now)
    func tell(_ device: DeviceID, _ values: PointMap<Double>) {
      let told = values.mapValues { Observation(value: $0, quality: .good, measured: now) }
      snapshot.observations[device, default: [:]].merge(told)
    }
    var sum = site.baseLoad.value
    for load in site.loads {
      sum += load.rated.value
      tell(load.device, [.relayOn: 1])
    }
    for charger in site.chargers {
      sum += charger.maximumPower
      tell(charger.device, [.chargingState: 2])
      tell(site.powerSource(of: charger.device, charger.maximumAge).device, [.power: charger.maximumPower])
    }
    for pump in site.heatPumps {
      sum += pump.rated.value
      tell(pump.device, [.heatPumpState: 2])
      tell(site.powerSource(of: pump.device, pump.maximumAge).device, [.power: pump.rated.value])
    }
    for hybrid in site.hybrids {
      tell(hybrid.device, [.power: 0, .pvPower: 0])
      guard let battery = hybrid.battery else { continue }
      let stored = soc ?? max(site.reserve.value, battery.socWindow.lowerBound)
      tell(hybrid.device, [.batteryPower: 0, .soc: stored])
    }
    if let meter = site.gridMeter { tell(meter.device, [.power: sum]) }
    return snapshot
  }
}
