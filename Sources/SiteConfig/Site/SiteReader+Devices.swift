import DeviceProfile
import EnergyDispatch
import EnergyModel

/// A device as it is configured; parts that are wrong are missing.
struct DeviceEntry {
  var name: String
  var value: ConfigValue
  var bus: String?
  var modbus: SiteConfiguration.ModbusDevice?
  /// The TCP port that its vendor sets; nil where it has no vendor.
  var vendorPort: Int?
  var sensor: SensorDefinition?
  var gridMeter: SiteParameters.GridMeter?
  /// True where the configuration says so, even if something in it is wrong.
  var isHybrid = false
  /// Its keys, for what is checked once everything is read.
  var section: ConfigSection?
  /// Why it is never written, in words; nil where it may be.
  var onlyRead: String?
  /// The same of a device without a timer, which nobody has confirmed.
  var withoutTimer: String?
  /// Of a contact: which digital input it hangs on.
  var input: Int?
  /// Whose power a meter tells, and the meter above it.
  var measured: String?
  var meterAbove: String?
  var maximumAge = Duration.seconds(5)
  var charger: SiteParameters.Charger?
  var generator: SiteParameters.Generator?
  var hybrid: SiteParameters.Hybrid?
  var installation: SiteConfiguration.Installation?
}

extension DeviceEntry {
  /// An inverter often tells of the meter at the connection as well, under the same unit id: those are two devices with
  /// two profiles.
  fileprivate func isSame(as other: SiteConfiguration.ModbusDevice, on bus: String?) -> Bool {
    self.bus == bus && modbus?.unit == other.unit && modbus?.profile.name == other.profile.name
  }
}

extension SiteReader {
  /// Of devices on every bus.
  static let deviceKeys = ["bus", "profile", "measures", "below"]
  static let modbusKeys =
    [
      "unit", "serial", "period", "generator", "ac_limit", "pv", "battery", "without_timer", "experimental",
      "regulates",
    ]
    + contactKeys + chargerKeys
  static let laterDeviceKeys = ["bms"]

  func readDevices(_ value: ConfigValue, buses: [BusEntry], mode: SiteParameters.Mode) -> [DeviceEntry] {
    let entries = value.namedEntries("a mapping of devices")
    if value.isNothing { value.refuse("no device is configured") }
    let devices = entries.map { readDevice($0.name, $0.value, buses: buses, mode: mode) }
    for (index, device) in devices.enumerated() {
      if let modbus = device.modbus,
        let first = devices[..<index].first(where: { $0.isSame(as: modbus, on: device.bus) }),
        device.input == first.input
      {
        let what = device.input == nil ? "bus, unit and profile" : "input"
        device.value.refuse("the same \(what) as devices.\(first.name)")
      }
      if device.gridMeter != nil, let first = devices[..<index].first(where: { $0.gridMeter != nil }) {
        device.value.refuse("measures the grid, and so does devices.\(first.name): a site has one connection")
      }
    }
    return devices
  }

  private func readDevice(
    _ name: String, _ value: ConfigValue, buses: [BusEntry], mode: SiteParameters.Mode
  ) -> DeviceEntry {
    var entry = DeviceEntry(name: name, value: value)
    let keys = Self.deviceKeys + Self.modbusKeys + Self.sensorKeys
    guard let section = ConfigSection(value, keys: keys, later: Self.laterDeviceKeys) else { return entry }
    entry.section = section
    let bus = section.required("bus", "the name of a bus").flatMap { find($0, among: buses) }
    entry.bus = bus?.name
    // What kind of device it is shows in what it says about itself, so that one slip is told once.
    let saysSensor = Self.sensorKeys.contains(where: section.has)
    let saysModbus = Self.modbusKeys.contains(where: section.has)
    let isSensor = saysSensor == saysModbus ? bus?.isMQTT ?? saysSensor : saysSensor
    if isSensor {
      refuse(Self.modbusKeys, in: section, "belongs to a device on a Modbus bus, and this one is on MQTT")
      if bus?.isModbus == true { section["bus"]?.refuse("is a Modbus bus: a device with a topic needs an mqtt bus") }
      entry.sensor = sensor(section, name)
      readMeasuring(section, into: &entry, profile: nil, maximumAge: entry.sensor?.maximumAge ?? .seconds(5))
    } else {
      refuse(Self.sensorKeys, in: section, "belongs to a device on MQTT, and this one is on a Modbus bus")
      if bus?.isMQTT == true { section["bus"]?.refuse("is an mqtt bus: a device with a profile needs a Modbus bus") }
      readModbus(section, on: bus, into: &entry, mode: mode)
    }
    return entry
  }

  func refuse(_ keys: [String], in section: ConfigSection, _ message: String) {
    for key in keys { section[key]?.refuse(message) }
  }

  func find(_ value: ConfigValue, among buses: [BusEntry]) -> BusEntry? {
    guard let name = value.text("the name of a bus") else { return nil }
    if let bus = buses.first(where: { $0.name == name }) { return bus }
    value.refuse("there is no bus of that name" + NearestName.hint(name, among: buses.map(\.name)))
    return nil
  }

  private func readModbus(
    _ section: ConfigSection, on bus: BusEntry?, into entry: inout DeviceEntry, mode: SiteParameters.Mode
  ) {
    if section["profile"]?.written == ContactProfile.name { return readContact(section, into: &entry) }
    refuse(Self.contactKeys, in: section, "belongs to a device with profile: \(ContactProfile.name)")
    let profile = section.required("profile", "the name of a device profile").flatMap(profile)
    entry.vendorPort = profile?.connection.port
    let unit = readUnit(section, profile)
    if let profile, let bus { checkReach(section, profile, unit, bus) }
    let serial = section["serial"].map { $0.text("the serial number, in quotes") }
    let period = readPeriod(section, profile)
    // A device that is read every 10 s must not count as silent after 5.
    // One that has to be left alone after a write is not read meanwhile.
    let rest = profile?.reading.writePause ?? .zero
    let maximumAge = max(.seconds(5), (period ?? .seconds(1)) * 3 + rest)
    let isConfirmed = isConfirmedExperiment(section, profile)
    entry.onlyRead = profile.flatMap { readingOnly($0, isConfirmed: isConfirmed) }
    readMeasuring(section, into: &entry, profile: profile, maximumAge: maximumAge)
    readCharger(section, into: &entry, profile: profile, maximumAge: maximumAge)
    readHybrid(section, into: &entry, profile: profile, maximumAge: maximumAge)
    if let profile { checkSerial(section, profile, entry.onlyRead == nil ? mode : .monitor) }
    guard var profile, let unit, let period else { return }
    if let charger = entry.charger { profile = profile.configured(failsafeCurrent: charger.failsafeCurrent) }
    // The bus refuses what control would never plan.
    if entry.onlyRead != nil { profile.commands = [] }
    entry.modbus = .init(
      id: DeviceID(entry.name), profile: profile, unit: unit, serial: serial ?? nil, period: period)
  }

  /// The vendor's own where the profile knows it.
  func readUnit(_ section: ConfigSection, _ profile: DeviceProfile?) -> Int? {
    if let fixed = profile?.unit, !section.has("unit") { return fixed }
    return section.required("unit", "the device's unit id, such as 1").flatMap(unitID)
  }

  /// A device that wants pauses cannot be read more often than these allow.
  private func readPeriod(_ section: ConfigSection, _ profile: DeviceProfile?) -> Duration? {
    var shortest = Duration.milliseconds(100)
    if let profile, !profile.isSunSpec {
      shortest = max(shortest, profile.reading.pause * ResolvedProfile(profile).readPlan.blocks.count)
    }
    guard let written = section["period"] else { return max(.seconds(1), shortest) }
    return written.duration(in: shortest...(.seconds(3600)))
  }

  private func profile(_ value: ConfigValue) -> DeviceProfile? {
    guard let name = value.text("the name of a device profile") else { return nil }
    switch ConfigValue.isName(name) ? library.profile(name) : .unknown {
    case .found(let profile): return profile
    case .broken: return nil
    case .unknown:
      let names = (library.names + [ContactProfile.name]).sorted()
      let hint = NearestName.hint(name, among: names)
      value.refuse("there is no device profile of that name" + (hint.isEmpty ? " in any folder of profiles" : hint))
      return nil
    }
  }

  /// 1...247, or 255 which some devices on TCP want.
  func unitID(_ value: ConfigValue) -> Int? {
    guard let unit = value.integer(in: 0...255, what: "a unit id") else { return nil }
    guard (1...247).contains(unit) || unit == 255 else {
      value.refuse("a unit id is 1 to 247, or 255 on TCP: 0 is for all at once, the rest is reserved")
      return nil
    }
    return unit
  }

  /// Addresses wander from one device to another, so writing needs to know whom it writes to.
  private func checkSerial(_ section: ConfigSection, _ profile: DeviceProfile, _ mode: SiteParameters.Mode) {
    if let serial = section["serial"], profile.serial == nil {
      serial.refuse("profile \(profile.name) knows no serial number, so this cannot be checked")
    }
    if mode == .control, profile.serial != nil, !profile.commands.isEmpty, !section.has("serial") {
      section.refuse(missing: "serial", "missing: in mode control the device has to prove which one it is")
    }
  }
}
