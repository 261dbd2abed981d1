import EnergyModel

/// What chargers and heat pumps have been through, in the order of the site's parameters.
struct ConsumerHistory: Hashable, Sendable {
  private(set) var chargers: [ChargerHistory]
  private(set) var heatPumps: [HeatPumpHistory]
  /// When the text was last made, and of which states.
  private var savedAt: MonotonicInstant?

  init(_ site: SiteParameters, saved: SavedMemory, at now: Moment) {
    chargers = site.chargers.map {
      ChargerHistory($0, saved: saved[SavedMemory.key("charger", $0.device.name)], at: now.monotonic)
    }
    heatPumps = site.heatPumps.map {
      HeatPumpHistory($0, saved: saved[SavedMemory.key("heat pump", $0.device.name)], at: now)
    }
  }

  func charger(_ device: DeviceID) -> ChargerHistory? { chargers.first { $0.charger.device == device } }
  func heatPump(_ device: DeviceID) -> HeatPumpHistory? { heatPumps.first { $0.pump.device == device } }

  mutating func observe(_ view: SiteView) {
    let now = view.now.monotonic
    for index in chargers.indices {
      let before = (chargers[index].isOn, chargers[index].phasesSince)
      chargers[index].observe(view.chargers[index], at: now)
      if before != (chargers[index].isOn, chargers[index].phasesSince) { savedAt = nil }
    }
    for index in heatPumps.indices {
      let before = (heatPumps[index].state, heatPumps[index].isResting)
      heatPumps[index].observe(view.heatPumps[index], at: now)
      if before != (heatPumps[index].state, heatPumps[index].isResting) { savedAt = nil }
    }
  }

  /// Turns the power that each charger is left with into what it is told.
  mutating func settle(_ resolutions: inout [Resolution], at now: MonotonicInstant) {
    guard !chargers.isEmpty else { return }
    for index in resolutions.indices {
      guard case .charging(let device) = resolutions[index].quantity, resolutions[index].handsOff == nil,
        let place = chargers.firstIndex(where: { $0.charger.device == device })
      else { continue }
      let before = chargers[place].phasesSince
      let power = resolutions[index].target ?? resolutions[index].allowed.upper
      resolutions[index].least = chargers[place].charger.minimumPower
      resolutions[index].setting = chargers[place].setting(for: power, at: now)
      if chargers[place].phasesSince != before { savedAt = nil }
    }
  }

  /// True when something in it is another than before; ages alone are looked at once a minute.
  mutating func save(into memory: inout SavedMemory, at moment: Moment) -> Bool {
    let now = moment.monotonic
    if let savedAt, now - savedAt < SavedMemory.unit { return false }
    savedAt = now
    var isChanged = false
    for history in chargers {
      let key = SavedMemory.key("charger", history.charger.device.name)
      if memory.replace(key, with: history.saved(at: now)) { isChanged = true }
    }
    for history in heatPumps {
      let key = SavedMemory.key("heat pump", history.pump.device.name)
      if memory.replace(key, with: history.saved(at: moment)) { isChanged = true }
    }
    return isChanged
  }
}
