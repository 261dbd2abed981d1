import EnergyDispatch
import EnergyModel

/// A load and the relay that switches it.
struct LoadEntry {
  var value: ConfigValue
  var bus: String
  var coil: Int
  var relay: SiteConfiguration.ModbusDevice
  var load: SiteParameters.SheddableLoad
}

extension SiteReader {
  private typealias Switch = (bus: String, unit: Int, coil: Int)

  func readLoads(_ value: ConfigValue, buses: [BusEntry], devices: [DeviceEntry]) -> [LoadEntry] {
    let entries = value.namedEntries("a mapping of loads")
    for (name, entry) in entries where devices.contains(where: { $0.name == name }) {
      entry.problems.add(line: entry.line, path: entry.path, "a device has this name already")
    }
    let loads = entries.compactMap { readLoad($0.name, $0.value, buses: buses) }
    for (index, load) in loads.enumerated() {
      let same = loads[..<index].first {
        $0.bus == load.bus && $0.relay.unit == load.relay.unit && $0.coil == load.coil
      }
      if let same { load.value.refuse("the same relay as loads.\(same.relay.id)") }
    }
    return loads
  }

  private func readLoad(_ name: String, _ value: ConfigValue, buses: [BusEntry]) -> LoadEntry? {
    let keys =
      ["switch", "rated", "shed", "critical", "if_agent_dies", "on_at_least", "off_at_least"] + Self.sheddingKeys
    guard let section = ConfigSection(value, keys: keys, later: ["sg_ready"]) else { return nil }
    let relay =
      value.hasKey("sg_ready")
      ? nil : section.required("switch", "a relay such as board/1/coil/0").flatMap { relaySwitch($0, buses) }
    let rated = section.required("rated", "the power it takes, such as 3 kW")?.power()
    let critical = section["critical"].map { $0.yesOrNo() } ?? false
    let priority = priority(section, isCritical: critical)
    let dies = section["if_agent_dies"].map { $0.choice(["on", "off"], what: "state") } ?? "on"
    let times = Duration.zero...(.seconds(86_400))
    let on = section["on_at_least"].map { $0.duration(in: times) } ?? .seconds(60)
    let off = section["off_at_least"].map { $0.duration(in: times) } ?? .seconds(60)
    guard let relay, let rated, let critical, let priority, let dies, let on, let off else { return nil }
    let id = DeviceID(name)
    var load = SiteParameters.SheddableLoad(
      device: id, rated: rated, priority: priority, isCritical: critical, minimumOn: on, minimumOff: off,
      isOnWhenAgentDies: dies == "on")
    readShedding(section, &load)
    return LoadEntry(
      value: value, bus: relay.bus, coil: relay.coil,
      relay: .init(
        id: id, profile: RelayProfile.profile(coil: relay.coil), unit: relay.unit, serial: nil, period: .seconds(1)),
      load: load)
  }

  /// Critical loads have none: they are never shed.
  private func priority(_ section: ConfigSection, isCritical: Bool?) -> Int? {
    if isCritical == true {
      section["shed"]?.refuse("a critical load is never shed: leave out shed or critical")
      return Int.max
    }
    return section.required("shed", "when it is shed, 1 first, or critical: yes")?
      .integer(in: 1...1000, what: "a place in the order of shedding")
  }

  /// `BUS/UNIT/coil/N`.
  private func relaySwitch(_ value: ConfigValue, _ buses: [BusEntry]) -> Switch? {
    guard let text = value.text("a relay such as board/1/coil/0") else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard let bus = buses.first(where: { $0.name == parts[0] }) else {
      value.refuse("there is no bus \(parts[0])" + NearestName.hint(parts[0], among: buses.map(\.name)))
      return nil
    }
    if case .mqtt = bus.kind {
      value.refuse("a relay on an mqtt bus is not supported by this version")
      return nil
    }
    guard parts.count == 4, parts[2] == "coil", let unit = Int(parts[1]), let coil = Int(parts[3]) else {
      value.refuse("expected BUS/UNIT/coil/NUMBER such as board/1/coil/0")
      return nil
    }
    guard (1...247).contains(unit) || unit == 255 else {
      value.refuse("unit \(unit): a unit id is 1 to 247, or 255 on TCP")
      return nil
    }
    guard (0...65_535).contains(coil) else {
      value.refuse("coil \(coil): coils are 0 to 65535, counted from 0 as on the wire")
      return nil
    }
    return (bus.name, unit, coil)
  }
}
