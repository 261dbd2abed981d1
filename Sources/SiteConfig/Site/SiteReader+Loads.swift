import DeviceProfile
import EnergyDispatch
import EnergyModel

/// A load and the relay that switches it.
struct LoadEntry {
  var value: ConfigValue
  var bus: String
  var relay: Relay
  var load: SiteParameters.SheddableLoad

  enum Relay {
    case coil(Int, of: SiteConfiguration.ModbusDevice)
    case mqtt(SensorDefinition, SwitchDefinition)
  }

  /// Of one behind a coil.
  var modbus: SiteConfiguration.ModbusDevice? { if case .coil(_, let device) = relay { device } else { nil } }
  var mqtt: (sensor: SensorDefinition, switching: SwitchDefinition)? {
    if case .mqtt(let sensor, let switching) = relay { (sensor, switching) } else { nil }
  }

  func isBehind(bus: String, unit: Int, coils: [Int]) -> Bool {
    guard self.bus == bus, case .coil(let coil, let device) = relay else { return false }
    return device.unit == unit && coils.contains(coil)
  }

  fileprivate func sharesRelay(with other: LoadEntry) -> Bool {
    switch other.relay {
    case .coil(let coil, let device): isBehind(bus: other.bus, unit: device.unit, coils: [coil])
    case .mqtt(_, let switching): bus == other.bus && mqtt?.switching.topic == switching.topic
    }
  }
}

extension SiteReader {
  typealias Switch = (bus: String, unit: Int, coil: Int)

  func readLoads(_ value: ConfigValue, buses: [BusEntry], devices: [DeviceEntry]) -> [LoadEntry] {
    let entries = value.namedEntries("a mapping of loads")
    for (name, entry) in entries where devices.contains(where: { $0.name == name }) {
      entry.problems.add(line: entry.line, path: entry.path, "a device has this name already")
    }
    let switched = entries.filter { !$0.value.hasKey("sg_ready") }
    let loads = switched.compactMap { readLoad($0.name, $0.value, buses: buses) }
    for (index, load) in loads.enumerated() {
      if let same = loads[..<index].first(where: load.sharesRelay) {
        load.value.refuse("the same relay as loads.\(same.load.device)")
      }
    }
    return loads
  }

  private func readLoad(_ name: String, _ value: ConfigValue, buses: [BusEntry]) -> LoadEntry? {
    let keys =
      ["switch", "rated", "shed", "critical", "if_agent_dies", "on_at_least", "off_at_least"] + Self.sheddingKeys
    guard let section = ConfigSection(value, keys: keys) else { return nil }
    let relay = section.required("switch", "a relay such as board/1/coil/0").flatMap { self.relay($0, name, buses) }
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
    if case .mqtt(let sensor, _) = relay.relay { load.maximumAge = sensor.maximumAge }
    return LoadEntry(value: value, bus: relay.bus, relay: relay.relay, load: load)
  }

  /// A coil, or a relay on MQTT: `{bus: home, profile: tasmota-switch, topic: tasmota_pool}`, or `home/pool/relay/0`,
  /// which tells its state there and takes commands below it as the first generation of Shelly does.
  private func relay(
    _ value: ConfigValue, _ name: String, _ buses: [BusEntry]
  ) -> (bus: String, relay: LoadEntry.Relay)? {
    if value.isMapping { return profiledRelay(value, name, buses) }
    if let written = value.written, let slash = written.firstIndex(of: "/"),
      let bus = buses.first(where: { $0.name == written[..<slash] }), bus.isMQTT
    {
      let topic = String(written[written.index(after: slash)...])
      return MessageReader().topic(topic, of: value).map { (bus.name, .shelly($0, name)) }
    }
    return relaySwitch(value, buses).map { place in
      let relay = SiteConfiguration.ModbusDevice(
        id: DeviceID(name), profile: RelayProfile.profile(coil: place.coil), unit: place.unit, serial: nil,
        period: .seconds(1))
      return (place.bus, .coil(place.coil, of: relay))
    }
  }

  private func profiledRelay(
    _ value: ConfigValue, _ name: String, _ buses: [BusEntry]
  ) -> (bus: String, relay: LoadEntry.Relay)? {
    guard let section = ConfigSection(value, keys: ["bus", "profile", "topic"]) else { return nil }
    let bus = section.required("bus", "the name of an mqtt bus").flatMap { find($0, among: buses) }
    if bus?.isModbus == true {
      section["bus"]?.refuse("is a Modbus bus: a relay there is written BUS/UNIT/coil/NUMBER")
    }
    guard let (sensor, switching) = profiled(section, name), let bus, bus.isMQTT else { return nil }
    guard let switching else {
      section["profile"]?.refuse("knows no switch, so it is no profile for a relay")
      return nil
    }
    return (bus.name, .mqtt(sensor, switching))
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
  func relaySwitch(_ value: ConfigValue, _ buses: [BusEntry]) -> Switch? {
    guard let text = value.text("a relay such as board/1/coil/0") else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard let bus = buses.first(where: { $0.name == parts[0] }) else {
      value.refuse("there is no bus \(parts[0])" + NearestName.hint(parts[0], among: buses.map(\.name)))
      return nil
    }
    if case .mqtt = bus.kind {
      value.refuse("is an mqtt bus: the contacts of a heat pump need relays on a Modbus board")
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

extension LoadEntry.Relay {
  /// The topics of the first generation: https://shelly-api-docs.shelly.cloud/gen1/#mqtt-support.
  fileprivate static func shelly(_ topic: String, _ name: String) -> Self {
    let state = SensorDefinition(
      device: DeviceID(name),
      messages: [
        .init(
          topic: TopicPattern(literal: topic),
          values: [.init(point: .relayOn, path: [], words: ["on": 1, "off": 0, "overpower": 0])])
      ], maximumAge: .seconds(90))
    return .mqtt(state, SwitchDefinition(topic: TopicPattern(literal: topic + "/command"), on: "on", off: "off"))
  }
}
