import DeviceProfile
import EnergyDispatch
import EnergyModel

extension SiteReader {
  /// A device with an AC limit, strings or a battery is a hybrid inverter.
  func readHybrid(
    _ section: ConfigSection, into entry: inout DeviceEntry, profile: DeviceProfile?, maximumAge: Duration
  ) {
    guard ["ac_limit", "pv", "battery", "regulates"].contains(where: section.has) else { return }
    entry.isHybrid = true
    let acLimit = section.required("ac_limit", "the inverter's AC rating, such as 10 kW")?.power()
    let regulates = section["regulates"].map { $0.yesOrNo() } ?? true
    let pv = section["pv"].map(strings)
    let battery = section["battery"].map { readBattery($0, acLimit: acLimit, profile: profile) }
    if let profile { checkHybrid(section, profile) }
    let isConfirmed = isConfirmedWithoutTimer(section, profile)
    guard let acLimit, let pv = pv ?? .some(.none), let battery = battery ?? .some(.none), let regulates
    else { return }
    func lease(_ kind: SetpointKind) -> SetpointLease? {
      profile.flatMap { SetpointLease(kind, in: $0, isConfirmed: isConfirmed, mayWrite: entry.onlyRead == nil) }
    }
    let batteryLease = lease(.dischargeLimit)
    let productionLease = lease(.productionLimit)
    if let profile, entry.onlyRead == nil,
      [batteryLease, productionLease].contains(where: { $0 != nil && $0?.reversion == nil })
    {
      entry.withoutTimer =
        "profile \(profile.name) has no timer of its own (without_timer: confirmed lets it be written)"
    }
    var hybrid = SiteParameters.Hybrid(
      device: DeviceID(entry.name), acLimit: acLimit, pvPeak: pv?.peak ?? .zero, battery: battery?.battery,
      batteryReversion: batteryLease?.reversion, productionReversion: productionLease?.reversion,
      maximumAge: maximumAge)
    hybrid.batteryTerms = batteryLease?.terms ?? LeaseTerms()
    hybrid.productionTerms = productionLease?.terms ?? LeaseTerms()
    hybrid.regulatesItself = regulates
    hybrid.takesPowerOnly = batteryLease?.takesPowerOnly ?? false
    hybrid.takesCharge = batteryLease?.takesCharge ?? true
    hybrid.takesDischarge = batteryLease?.takesDischarge ?? true
    if hybrid.takesPowerOnly, regulates {
      let text =
        "profile \(profile?.name ?? "") tells the battery a power and no limits, so the inverter does not regulate: write no"
      if let written = section["regulates"] { written.refuse(text) } else { section.refuse(missing: "regulates", text) }
    }
    entry.hybrid = hybrid
    entry.installation = .init(
      device: DeviceID(entry.name), pvPeak: pv?.peak ?? .zero, tilt: pv?.tilt, azimuth: pv?.azimuth,
      batteryWear: battery?.wear)
  }

  private typealias Strings = (peak: Watts, tilt: Double?, azimuth: Double?)

  private func strings(_ value: ConfigValue) -> Strings? {
    guard let section = ConfigSection(value, keys: ["peak", "tilt", "azimuth"]) else { return nil }
    let peak = section.required("peak", "the installed power, such as 9.8 kW")?.power()
    let tilt = section["tilt"].map { $0.measure(.angle, in: 0...90) }
    let azimuth = section["azimuth"].map { $0.measure(.angle, in: 0...360) }
    guard let peak, let tilt = tilt ?? .some(.none), let azimuth = azimuth ?? .some(.none) else { return nil }
    return (peak, tilt, azimuth)
  }

  private func readBattery(
    _ value: ConfigValue, acLimit: Watts?, profile: DeviceProfile?
  ) -> (battery: SiteParameters.Battery, wear: Double?)? {
    let keys = [
      "usable", "soc", "grid_charging", "max_charge", "max_discharge", "temperature", "full_power", "cells", "wear",
      "efficiency",
    ]
    guard let section = ConfigSection(value, keys: keys, later: ["bms"]) else { return nil }
    let usable = section.required("usable", "the usable energy, such as 10.2 kWh")?.energy()
    let window = section.required("soc", "the window of the state of charge, such as 10..95 %")?
      .measureRange(.percent, within: 0...100)
    let charging = section["grid_charging"].map {
      $0.choice(["never", "allowed"], what: "grid charging")
        .flatMap(SiteParameters.Battery.GridCharging.init(rawValue:))
    }
    let charge = section["max_charge"].map { $0.power() } ?? acLimit
    let discharge = section["max_discharge"].map { $0.power() } ?? acLimit
    let temperature = section["temperature"].map { $0.measureRange(.temperature, within: -40...80) } ?? 0...50
    let full = section["full_power"].map { fullPower($0, within: temperature) }
    let cells = section["cells"].map { self.cells($0, profile) }
    let efficiency = section["efficiency"].map { $0.measure(.percent, in: 50...100) }
    let wear = section["wear"].map { $0.measure(.price, in: 0...1000) }
    if let profile, !profile.points.contains(where: { $0.point == .soc }) {
      value.problems.add(
        line: value.line, path: value.path, "profile \(profile.name) has no soc_percent, so the battery cannot be kept")
    }
    guard let usable, let window, let charging = charging ?? .never, let charge, let discharge, let temperature,
      let wear = wear ?? .some(.none), let full = full ?? .some(.none), let cells = cells ?? .some(.none),
      let efficiency = efficiency ?? .some(.none)
    else { return nil }
    var battery = SiteParameters.Battery(
      usable: usable, socWindow: window, gridCharging: charging, maximumCharge: charge, maximumDischarge: discharge,
      temperatureWindow: temperature)
    if let full { battery.fullPowerWindow = full }
    battery.cellWindow = cells
    battery.wear = wear ?? battery.wear
    battery.efficiency = efficiency.map { $0 / 100 } ?? battery.efficiency
    return (battery, wear)
  }

  private func fullPower(_ value: ConfigValue, within temperature: ClosedRange<Double>?) -> ClosedRange<Double>? {
    guard let full = value.measureRange(.temperature, within: -40...80) else { return nil }
    guard let temperature, temperature.lowerBound <= full.lowerBound, full.upperBound <= temperature.upperBound else {
      if temperature != nil { value.refuse("has to lie within the temperature window") }
      return nil
    }
    return full
  }

  private func cells(_ value: ConfigValue, _ profile: DeviceProfile?) -> ClosedRange<Double>? {
    let missing = [Point.cellVoltageMin, .cellVoltageMax].filter { point in
      !(profile?.points.contains { $0.point == point } ?? true)
    }
    if let profile, !missing.isEmpty {
      value.refuse("profile \(profile.name) has no \(missing.map(\.rawValue).joined(separator: ", "))")
    }
    return value.measureRange(.voltage, within: 0...10)
  }

  private func checkHybrid(_ section: ConfigSection, _ profile: DeviceProfile) {
    guard !profile.points.contains(where: { $0.point == .power }) else { return }
    section["profile"]?.refuse("has no power_w, so it is no profile for an inverter with ac_limit, pv or battery")
  }
}
