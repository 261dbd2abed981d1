import EnergyDispatch
import EnergyModel

/// Devices that may be limited together, and the contact that does.
struct ControllableEntry {
  var controllable: SiteParameters.Controllable?
  /// How many are named, whatever is wrong with them.
  var count = 0
  var contact: SiteParameters.Channel?

  /// The least that a legal limit leaves to them, W.
  var guaranteed: Double { SiteParameters.Controllable.guaranteedPower(count) }
}

extension SiteReader {
  /// `{while: dso-contact, devices: [car, heat-pump], grid_draw: 7.56 kW}`
  func readControllable(_ value: ConfigValue, devices: [DeviceEntry], pumps: [HeatPumpEntry]) -> ControllableEntry? {
    guard let section = ConfigSection(value, keys: ["while", "devices", "grid_draw"]) else { return nil }
    var entry = ControllableEntry()
    let items = section.required("devices", "the devices that are limited together, such as [car, heat-pump]")?
      .list("a list of devices such as [car, heat-pump]")
    entry.count = items?.count ?? 0
    if items?.isEmpty == true { section["devices"]?.refuse("no device is named") }
    var named: [DeviceID] = []
    for item in items ?? [] {
      guard let device = controllableDevice(item, devices: devices, pumps: pumps) else { continue }
      if named.contains(device) { item.refuse("listed twice") } else { named.append(device) }
    }
    entry.controllable = .init(devices: named)
    let draw = section["grid_draw"].flatMap { legalDraw($0, entry, isFirst: items != nil) }
    guard let contact = section["while"] else {
      section["grid_draw"]?.refuse("of which contact? write while: and its name, or a channel with a failsafe")
      return entry
    }
    if !section.has("grid_draw") {
      section.refuse(missing: "grid_draw", "missing: expected what the devices may draw together, such as 7.56 kW")
    }
    guard let device = contactDevice(contact, devices: devices), let draw else { return entry }
    entry.contact = .init(
      name: device.name, kind: .contact(DeviceID(device.name), maximumAge: device.maximumAge), class: .legal,
      failsafe: [.controllablePower: draw], mayLimit: [.controllablePower: draw])
    return entry
  }

  /// Nobody may be limited below what the law leaves.
  func legalDraw(_ value: ConfigValue, _ entry: ControllableEntry, isFirst: Bool = true) -> Double? {
    guard let draw = value.measure(.power, in: 0...10e6) else { return nil }
    guard isFirst, entry.count > 0, draw < entry.guaranteed - 0.5 else { return draw }
    value.refuse(
      "below the \(Dimension.power.text(of: entry.guaranteed)) that \(entry.count) controllable "
        + "\(entry.count == 1 ? "device" : "devices") may always draw (BK6-22-300, annex 1, 4.5)")
    return nil
  }

  private func controllableDevice(
    _ item: ConfigValue, devices: [DeviceEntry], pumps: [HeatPumpEntry]
  ) -> DeviceID? {
    guard let name = item.text("the name of a charger, a heat pump or a hybrid") else { return nil }
    if root["loads"]?.hasKey(name) == true {
      let isPump = pumps.contains { $0.pump.device.name == name }
      guard !isPump else { return DeviceID(name) }
      // What is wrong with a heat pump was told there.
      if root["loads"]?.entry(name)?.hasKey("sg_ready") != true {
        item.refuse(
          "is a load behind a relay: chargers, heat pumps and batteries charged from the grid are controllable")
      }
      return nil
    }
    guard let device = devices.first(where: { $0.name == name }) else {
      let names = devices.map(\.name) + pumps.map(\.pump.device.name)
      item.refuse("there is no device of that name" + NearestName.hint(name, among: names))
      return nil
    }
    if device.isHybrid {
      guard let hybrid = device.hybrid else { return nil }
      guard hybrid.battery?.gridCharging == .allowed else {
        item.refuse("its battery is never charged from the grid, so it draws nothing that could be limited")
        return nil
      }
    } else if device.section?.has("current") != true {
      item.refuse("is no charger, no heat pump and no hybrid")
      return nil
    }
    if let reason = device.onlyRead {
      item.refuse("is only read, so it cannot keep a limit: \(reason)")
      return nil
    }
    return DeviceID(name)
  }

  /// A device on a digital input.
  func contactDevice(_ value: ConfigValue, devices: [DeviceEntry]) -> DeviceEntry? {
    guard let name = value.text("the name of a contact") else { return nil }
    guard let device = devices.first(where: { $0.name == name }) else {
      value.refuse("there is no device of that name" + NearestName.hint(name, among: devices.map(\.name)))
      return nil
    }
    guard device.section?.has("input") == true else {
      value.refuse("is no contact: it has no input (profile: digital-input)")
      return nil
    }
    return device
  }
}
