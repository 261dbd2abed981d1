import EnergyDispatch
import EnergyModel

/// A heat pump and the contacts that ask it.
struct HeatPumpEntry {
  var value: ConfigValue
  var bus: String
  var coils: [Int]
  var device: SiteConfiguration.ModbusDevice
  var pump: SiteParameters.HeatPump
}

extension SiteReader {
  static let heatPumpKeys = [
    "sg_ready", "rated", "shed", "if_agent_dies", "on_at_least", "off_at_least", "starts_an_hour", "block_at_most",
  ]

  /// Loads with `sg_ready`.
  func readHeatPumps(_ value: ConfigValue, buses: [BusEntry], loads: [LoadEntry]) -> [HeatPumpEntry] {
    var pumps: [HeatPumpEntry] = []
    for (name, entry) in value.pairs() ?? [] where ConfigValue.isName(name) && entry.hasKey("sg_ready") {
      guard let pump = readHeatPump(name, entry, buses: buses) else { continue }
      let load = loads.first { $0.isBehind(bus: pump.bus, unit: pump.device.unit, coils: pump.coils) }
      let other = pumps.first {
        $0.bus == pump.bus && $0.device.unit == pump.device.unit && !Set($0.coils).isDisjoint(with: pump.coils)
      }
      if let same = load?.load.device ?? other?.device.id {
        entry.problems.add(line: entry.line, path: entry.path, "shares a relay with loads.\(same)")
      }
      pumps.append(pump)
    }
    return pumps
  }

  private func readHeatPump(_ name: String, _ value: ConfigValue, buses: [BusEntry]) -> HeatPumpEntry? {
    guard let section = ConfigSection(value, keys: Self.heatPumpKeys) else { return nil }
    let contacts = section["sg_ready"].flatMap { readContacts($0, buses) }
    let rated = section.required("rated", "the most it takes, such as 4.5 kW")?.power()
    let priority = section.required("shed", "when it is blocked, 1 first")?
      .integer(in: 1...1000, what: "a place in the order of shedding")
    let dies = section["if_agent_dies"].map { $0.choice(["on", "off"], what: "state") } ?? "on"
    let times = Duration.zero...(.seconds(86_400))
    let on = section["on_at_least"].map { $0.duration(in: times) } ?? .seconds(600)
    let off = section["off_at_least"].map { $0.duration(in: times) } ?? .seconds(600)
    // Longer than two hours no house is asked to wait for its heat.
    let longest = section["block_at_most"].map { $0.duration(in: .seconds(60)...(.seconds(7200))) } ?? .seconds(7200)
    let starts = section["starts_an_hour"].map { $0.integer(in: 1...60, what: "a number of starts") } ?? 3
    if let off, let longest, off > longest {
      (section["off_at_least"] ?? section["block_at_most"])?.refuse("a block would have to last longer than it may")
    }
    guard let contacts, let rated, let priority, let dies, let on, let off, let longest, let starts else { return nil }
    let id = DeviceID(name)
    return HeatPumpEntry(
      value: value, bus: contacts.bus, coils: contacts.coils,
      device: .init(
        id: id, profile: HeatPumpProfile.profile(coils: contacts.coils), unit: contacts.unit, serial: nil,
        period: .seconds(1)),
      pump: .init(
        device: id, rated: rated, priority: priority, canBoost: contacts.coils.count == 2, minimumOn: on,
        minimumOff: off, longestBlock: longest, startsAnHour: starts, isBlockedWhenAgentDies: dies == "off"))
  }

  /// `[K1]` or `[K1, K2]`, on one board: what is written together has to arrive together.
  private func readContacts(_ value: ConfigValue, _ buses: [BusEntry]) -> (bus: String, unit: Int, coils: [Int])? {
    let expected = "one or two relays such as [board/1/coil/1, board/1/coil/2]"
    guard let list = value.list(expected) else { return nil }
    guard (1...2).contains(list.count) else {
      value.refuse("expected \(expected)")
      return nil
    }
    let relays = list.compactMap { relaySwitch($0, buses) }
    guard relays.count == list.count, let first = relays.first, let last = relays.last else { return nil }
    guard first.bus == last.bus, first.unit == last.unit else {
      value.refuse("both contacts have to be on one board: the same bus and unit")
      return nil
    }
    guard relays.count == 1 || first.coil != last.coil else {
      value.refuse("two contacts need two relays")
      return nil
    }
    return (first.bus, first.unit, relays.map(\.coil))
  }
}
