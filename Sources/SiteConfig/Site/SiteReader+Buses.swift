import DeviceProfile
import EnergyModel

/// A bus as it is configured. It is kept even where something in it is wrong, so that a device that
/// names it is not blamed for that.
struct BusEntry {
  struct Modbus {
    var endpoint: BusEndpoint
    /// False where the port follows from what is connected (``SiteReader/settlePorts(_:_:)``).
    var isPortWritten = true
    var pause = Duration.zero
    var serve: ServedAddress?
  }

  enum Kind {
    case modbus(Modbus)
    case mqtt(SiteConfiguration.Broker)
    case unusable
  }

  var name: String
  var value: ConfigValue
  var kind: Kind

  var modbus: Modbus? { if case .modbus(let modbus) = kind { modbus } else { nil } }
  var isModbus: Bool { modbus != nil }
  var isMQTT: Bool { if case .mqtt = kind { true } else { false } }
}

extension SiteReader {
  private static let busKinds = ["modbus_tcp", "modbus_rtu", "mqtt"]
  private static let userKeys = ["user", "password_file"]

  func readBuses(_ value: ConfigValue) -> [BusEntry] {
    let buses = value.namedEntries("a mapping of buses").map { name, entry in
      BusEntry(name: name, value: entry, kind: kind(of: entry) ?? .unusable)
    }
    if buses.isEmpty, value.isNothing { value.refuse("no bus is configured") }
    for (index, bus) in buses.enumerated() {
      if let serve = bus.modbus?.serve, let first = buses[..<index].first(where: { $0.modbus?.serve == serve }) {
        bus.value.refuse("serves at the same address as buses.\(first.name)")
      }
    }
    return buses
  }

  /// A bus without a port has the one that the vendor of its devices sets. Then it shows which buses are one.
  func settlePorts(_ buses: [BusEntry], _ devices: [DeviceEntry]) -> [BusEntry] {
    var settled: [BusEntry] = []
    for var bus in buses {
      if case .modbus(var modbus) = bus.kind, case .tcp(let host, _) = modbus.endpoint, !modbus.isPortWritten {
        let ports = Set(devices.filter { $0.bus == bus.name }.compactMap(\.vendorPort)).sorted()
        if ports.count > 1 {
          bus.value.refuse("its devices expect \(ConfigSection.listed(ports.map { "port \($0)" })): write host:port")
        }
        modbus.endpoint = .tcp(host: host, port: ports.first ?? 502)
        bus.kind = .modbus(modbus)
      }
      if let place = bus.modbus?.endpoint.place,
        let first = settled.first(where: { $0.modbus?.endpoint.place == place })
      {
        // Many inverters take one client only, and two threads would disturb each other's requests.
        bus.value.refuse("the same address as buses.\(first.name): devices there share one bus and differ by unit")
      }
      settled.append(bus)
    }
    return settled
  }

  private func kind(of value: ConfigValue) -> BusEntry.Kind? {
    let keys = Self.busKinds + ["line", "pause", "serve"] + Self.userKeys
    guard let section = ConfigSection(value, keys: keys, later: ["certificate"]) else { return nil }
    let kinds = Self.busKinds.filter(section.has)
    guard kinds.count == 1 else {
      let choice = "modbus_tcp, modbus_rtu or mqtt"
      value.refuse(kinds.isEmpty ? "missing: expected \(choice)" : "is one of \(choice), not two of them")
      return nil
    }
    if kinds[0] == "mqtt" { return mqtt(section).map { .mqtt($0) } }
    refuse(Self.userKeys, in: section, "Modbus knows no users: this belongs to an mqtt bus")
    let endpoint = kinds[0] == "modbus_tcp" ? tcp(section) : serial(section).map { ($0, isPortWritten: true) }
    let pause = section["pause"].map { $0.duration(in: .zero ... .seconds(2)) } ?? .zero
    let serve = section["serve"].map(servedAddress)
    guard let endpoint, let pause, let serve = serve ?? .some(.none) else { return nil }
    return .modbus(
      .init(endpoint: endpoint.endpoint, isPortWritten: endpoint.isPortWritten, pause: pause, serve: serve))
  }

  private func mqtt(_ section: ConfigSection) -> SiteConfiguration.Broker? {
    refuse(["line", "pause", "serve"], in: section, "belongs to a Modbus bus")
    let endpoint = section["mqtt"]?.hostAndPort(defaultPort: 1883)
    let user = credentials(section)
    return endpoint.map { .init(host: $0.host, port: $0.port, user: user.name, passwordFile: user.passwordFile) }
  }

  private func tcp(_ section: ConfigSection) -> (endpoint: BusEndpoint, isPortWritten: Bool)? {
    section["line"]?.refuse("belongs to a modbus_rtu bus: what a gateway's line is set to is set there")
    return section["modbus_tcp"]?.hostAndPerhapsPort().map {
      (.tcp(host: $0.host, port: $0.port ?? 502), isPortWritten: $0.port != nil)
    }
  }

  private func serial(_ section: ConfigSection) -> BusEndpoint? {
    let line = section.required("line", "the line's settings such as 9600 8N1").flatMap { value -> SerialLine? in
      guard let text = value.text("the line's settings such as 9600 8N1") else { return nil }
      if let line = SerialLine(text) { return line }
      let bauds = SerialLine.bauds.map(String.init)
      value.refuse("expected \(ConfigSection.listed(bauds)), then 8N1, 8E1, 8O1 or 8N2")
      return nil
    }
    let path = section["modbus_rtu"].flatMap { value -> String? in
      guard let path = value.text("a serial port such as /dev/serial/by-id/usb-FTDI_A1") else { return nil }
      guard path.hasPrefix("/dev/"), !path.contains("/../") else {
        value.refuse("a serial port is a file below /dev")
        return nil
      }
      if ["/dev/ttyUSB", "/dev/ttyACM"].contains(where: path.hasPrefix) {
        value.refuse("this name goes to another adapter after a restart: take the one in /dev/serial/by-id")
        return nil
      }
      return path
    }
    guard let path, let line else { return nil }
    return .serial(path: path, line: line)
  }

  private func servedAddress(_ value: ConfigValue) -> ServedAddress? {
    guard let endpoint = value.hostAndPort(defaultPort: 1502) else { return nil }
    let isAddress = endpoint.host.contains(":") || endpoint.host.split(separator: ".").allSatisfy { UInt8($0) != nil }
    guard isAddress, endpoint.host.contains(":") || endpoint.host.split(separator: ".").count == 4 else {
      value.refuse("expected an address of this machine such as 127.0.0.1:1502, not a name")
      return nil
    }
    guard !["0.0.0.0", "::"].contains(endpoint.host) else {
      value.refuse("Modbus knows no users, so it is not opened to every network: write the address of one")
      return nil
    }
    return .init(address: endpoint.host, port: endpoint.port)
  }

  /// Whether a device can be reached over its bus at all.
  func checkReach(_ section: ConfigSection, _ profile: DeviceProfile, _ unit: Int?, _ bus: BusEntry) {
    guard let framing = bus.modbus?.endpoint.framing else { return }
    if !profile.connection.framings.contains(framing) {
      let other = framing == .tcp ? "a serial line" : "TCP"
      section["profile"]?.refuse("\(profile.name) speaks over \(other) only")
    }
    if unit == 255, framing == .rtu { section["unit"]?.refuse("255 is for TCP: on a serial line a unit is 1 to 247") }
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

extension BusEndpoint {
  /// What two buses must not share.
  fileprivate var place: String {
    switch self {
    case .tcp(let host, let port): "\(host):\(port)"
    case .serial(let path, _): path
    }
  }
}
