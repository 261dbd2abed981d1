import EnergyModel

/// A bus as it is configured. It is kept even where something in it is wrong, so that a device that
/// names it is not blamed for that.
struct BusEntry {
  enum Kind {
    case modbus(host: String, port: Int)
    case mqtt(SiteConfiguration.Broker)
    case unusable
  }

  var name: String
  var value: ConfigValue
  var kind: Kind

  var isModbus: Bool { if case .modbus = kind { true } else { false } }
  var isMQTT: Bool { if case .mqtt = kind { true } else { false } }
}

extension SiteReader {
  func readBuses(_ value: ConfigValue) -> [BusEntry] {
    let buses = value.namedEntries("a mapping of buses").map { name, entry in
      BusEntry(name: name, value: entry, kind: kind(of: entry) ?? .unusable)
    }
    if buses.isEmpty, value.isNothing { value.refuse("no bus is configured") }
    for (index, bus) in buses.enumerated() {
      guard let address = bus.address, let first = buses[..<index].first(where: { $0.address == address }) else {
        continue
      }
      // Many inverters take one client only, and two threads would disturb each other's requests.
      bus.value.refuse("the same address as buses.\(first.name): devices there share one bus and differ by unit")
    }
    return buses
  }

  private func kind(of value: ConfigValue) -> BusEntry.Kind? {
    let later = ["modbus_rtu", "line", "pause", "certificate"]
    guard let section = ConfigSection(value, keys: ["modbus_tcp", "mqtt", "user", "password_file"], later: later)
    else { return nil }
    switch (section["modbus_tcp"], section["mqtt"]) {
    case (let tcp?, nil):
      for key in ["user", "password_file"] {
        section[key]?.refuse("Modbus knows no users: this belongs to an mqtt bus")
      }
      return tcp.hostAndPort(defaultPort: 502).map { .modbus(host: $0.host, port: $0.port) }
    case (nil, let mqtt?):
      let endpoint = mqtt.hostAndPort(defaultPort: 1883)
      let user = credentials(section)
      return endpoint.map {
        .mqtt(.init(host: $0.host, port: $0.port, user: user.name, passwordFile: user.passwordFile))
      }
    case (_?, _?):
      value.refuse("is either modbus_tcp or mqtt, not both")
    case (nil, nil):
      if !value.hasKey("modbus_rtu") { value.refuse("missing: expected modbus_tcp or mqtt") }
    }
    return nil
  }

  /// `user` and `password_file`, which come together or not at all.
  func credentials(_ section: ConfigSection) -> (name: String?, passwordFile: String?) {
    let user = section["user"]?.text("a user name")
    let file = section["password_file"]?.existingFile(in: folder, what: "the password")
    if section.has("password_file"), !section.has("user") {
      section.refuse(missing: "user", "missing: a password needs a user")
    }
    return (user, file)
  }
}

extension BusEntry {
  fileprivate var address: String? {
    switch kind {
    case .modbus(let host, let port): "\(host):\(port)"
    case .mqtt, .unusable: nil
    }
  }
}
