import EnergyModel

extension SiteReader {
  static let contactKeys = ["input", "active"]

  /// `{profile: digital-input, bus: board, unit: 3, input: 1, active: open}`: a contact that somebody outside operates.
  func readContact(_ section: ConfigSection, into entry: inout DeviceEntry) {
    let own = ["bus", "profile", "unit", "period"] + Self.contactKeys
    let others = (Self.deviceKeys + Self.modbusKeys).filter { !own.contains($0) }
    for key in others { section[key]?.refuse("a contact has only bus, unit, input, active and period") }
    let unit = readUnit(section, nil)
    let input = section.required("input", "the number of the digital input, counted from 0 as on the wire")?
      .integer(in: 0...65_535, what: "a digital input")
    let active = section.required("active", "when it counts as active: open or closed")?
      .choice(["open", "closed"], what: "position of a contact")
    let period = section["period"].map { $0.duration(in: .milliseconds(100)...(.seconds(3600))) } ?? .seconds(1)
    entry.input = input
    guard let unit, let input, let active, let period else { return }
    entry.maximumAge = max(.seconds(5), period * 3)
    entry.modbus = .init(
      id: DeviceID(entry.name), profile: ContactProfile.profile(input: input, isActiveWhenOpen: active == "open"),
      unit: unit, serial: nil, period: period)
  }
}
