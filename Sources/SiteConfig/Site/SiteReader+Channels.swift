import EnergyDispatch
import EnergyModel

extension SiteReader {
  private static let channelKeys = ["class", "uplink", "contact", "heartbeat", "failsafe", "autonomous", "may"]
  private static let limitKeys: [(key: String, quantity: LimitedQuantity)] = [
    ("import", .importPower), ("grid_draw", .controllablePower), ("export", .exportPower),
    ("export_percent", .exportPercent),
  ]

  /// What the rest of the configuration has that could be limited.
  struct Limitable {
    var hasMeter: Bool
    var hasHybrid: Bool
    var controllable: ControllableEntry?
    var isControllableWritten: Bool
    var devices: [DeviceEntry]

    /// Why a quantity cannot be limited here; nil where it can.
    func refusal(_ quantity: LimitedQuantity) -> String? {
      switch quantity {
      case .controllablePower: isControllableWritten ? nil : "which devices? write limits.controllable.devices"
      case .importPower: hasMeter ? nil : "needs a device that measures the grid: write measures: grid"
      case .exportPower, .exportPercent: hasMeter && hasHybrid ? nil : "needs a grid meter and a hybrid inverter"
      }
    }
  }

  /// `dso: {class: legal, uplink: vpp, heartbeat: 60 s, failsafe: {grid_draw: 7.56 kW}, autonomous: no}`
  func readChannels(_ value: ConfigValue, _ limitable: Limitable) -> [SiteParameters.Channel] {
    value.namedEntries("a mapping of channels").compactMap { name, entry in
      if limitable.controllable?.contact?.name == name {
        entry.problems.add(
          line: entry.line, path: entry.path, "limits.controllable.while makes a channel of this name already")
      }
      return readChannel(name, entry, limitable)
    }
  }

  private func readChannel(_ name: String, _ value: ConfigValue, _ limitable: Limitable) -> SiteParameters.Channel? {
    guard let section = ConfigSection(value, keys: Self.channelKeys) else { return nil }
    let kind = channelKind(section, limitable.devices)
    let `class` = section.required("class", "whose word it is: legal or contract")?
      .choice(["legal", "contract"], what: "class").flatMap(SiteParameters.Channel.Class.init(rawValue:))
    // A heartbeat is silent after two minutes, so two of them have to fit in.
    let heartbeat = section["heartbeat"].map { $0.duration(in: .seconds(1)...(.seconds(60))) }
    let autonomous = section["autonomous"].map { $0.yesOrNo() } ?? false
    let isContact = section.has("contact")
    if isContact {
      section["heartbeat"]?.refuse("a contact's wire is its heartbeat")
      section["may"]?.refuse("a contact limits to its failsafe values and to nothing else")
    } else if `class` == .contract {
      section["failsafe"]?.refuse("a contract that is silent is over: only a legal channel has failsafe values")
    }
    if !section.has("failsafe"), isContact || `class` == .legal {
      section.refuse(missing: "failsafe", "missing: expected what holds while it is silent, such as {import: 4.2 kW}")
    }
    let isLegal = `class` != .contract
    let failsafe = section["failsafe"].map { readQuantities($0, limitable, isLegal: isLegal) } ?? [:]
    let may = section["may"].map { readQuantities($0, limitable, isLegal: isLegal) } ?? everything(limitable, isLegal)
    guard let kind, let `class`, heartbeat != .some(nil), let autonomous, let failsafe, let may else { return nil }
    return .init(
      name: name, kind: kind, class: `class`, hasHeartbeat: heartbeat != nil, failsafe: failsafe,
      isAutonomous: autonomous, mayLimit: isContact ? failsafe : may)
  }

  private func channelKind(_ section: ConfigSection, _ devices: [DeviceEntry]) -> SiteParameters.Channel.Kind? {
    if let contact = section["contact"] {
      section["uplink"]?.refuse("a channel is a contact or a topic of an uplink, not both")
      return contactDevice(contact, devices: devices).map { .contact(DeviceID($0.name), maximumAge: $0.maximumAge) }
    }
    guard let value = section.required("uplink", "the name of an uplink, or contact: and the name of a contact"),
      let name = value.text("the name of an uplink")
    else { return nil }
    guard root["uplinks"]?.hasKey(name) == true else {
      value.refuse("there is no uplink of that name")
      return nil
    }
    return .uplink(DestinationID(name))
  }

  /// `{grid_draw: 7.56 kW, export: 0 W}`
  private func readQuantities(
    _ value: ConfigValue, _ limitable: Limitable, isLegal: Bool
  ) -> [LimitedQuantity: Double]? {
    guard let section = ConfigSection(value, keys: Self.limitKeys.map(\.key)) else { return nil }
    var values: [LimitedQuantity: Double] = [:]
    var isFine = true
    for (key, quantity) in Self.limitKeys {
      guard let written = section[key] else { continue }
      if let refusal = limitable.refusal(quantity) {
        written.refuse(refusal)
        isFine = false
        continue
      }
      let number: Double? =
        switch quantity {
        case .exportPercent: written.measure(.percent, in: 0...100)
        case .controllablePower where isLegal: legalDraw(written, limitable.controllable ?? ControllableEntry())
        default: written.measure(.power, in: 0...10e6)
        }
      values[quantity] = number
      isFine = isFine && number != nil
    }
    if isFine, values.isEmpty {
      value.refuse("names no quantity: expected import, grid_draw, export or export_percent")
    }
    return isFine && !values.isEmpty ? values : nil
  }

  /// Without a word about it a channel may limit whatever there is, as far as the law lets it.
  private func everything(_ limitable: Limitable, _ isLegal: Bool) -> [LimitedQuantity: Double]? {
    var values: [LimitedQuantity: Double] = [:]
    for quantity in LimitedQuantity.allCases where limitable.refusal(quantity) == nil {
      let guaranteed = limitable.controllable?.guaranteed ?? 0
      values[quantity] = quantity == .controllablePower && isLegal ? guaranteed : 0
    }
    return values
  }
}
