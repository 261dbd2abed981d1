import DeviceProfile
import EnergyDispatch
import EnergyModel
import SiteConfig

/// The reader of a site's configuration, and control of a site that it takes.
enum SiteFuzzing {
  static func feed(_ bytes: [UInt8], _ ground: FuzzGround) throws(FuzzFinding) {
    let text = FuzzText(bytes, of: ground.siteTexts)
    let result = ConfigurationLoader.load(
      text: text.text, name: text.name, profiles: ground.profiles, mqttProfiles: ground.mqttProfiles)
    switch result {
    case .failure(let problems): try ProblemFuzzing.check(problems, of: text)
    case .success(let site):
      try checkPlaces(site)
      try checkControl(site.control, site)
      var control = ControlledSite(site)
      var rest = text.rest
      for _ in 0..<6 { try control.step(&rest) }
      try control.stop()
    }
  }

  // MARK: What was read

  private static func checkPlaces(_ site: SiteConfiguration) throws(FuzzFinding) {
    try FuzzFinding.require(
      isName(site.site.id) && (-90...90).contains(site.site.latitude) && (-180...180).contains(site.site.longitude),
      "the site is \(site.site.id) at \(site.site.latitude), \(site.site.longitude)")
    let names = site.modbusBuses.flatMap(\.devices).map(\.id) + site.mqttBuses.flatMap(\.sensors).map(\.device)
    try FuzzFinding.require(
      names.allSatisfy { isName($0.name) } && Set(names).count == names.count, "the devices are \(names)")
    let buses = site.modbusBuses.map(\.name) + site.mqttBuses.map(\.name)
    try FuzzFinding.require(buses.allSatisfy(isName) && Set(buses).count == buses.count, "the buses are \(buses)")
    var ports =
      site.uplinks.map(\.broker.port) + site.mqttBuses.map(\.broker.port) + [site.api?.port].compactMap(\.self)
    for bus in site.modbusBuses {
      if case .tcp(_, let port) = bus.endpoint { ports.append(port) }
      if let serve = bus.serve { ports.append(serve.port) }
      for device in bus.devices {
        try FuzzFinding.require(
          ((1...247).contains(device.unit) || device.unit == 255 && bus.endpoint.framing == .tcp)
            && (.milliseconds(100)...(.seconds(3600))).contains(device.period)
            && device.profile.connection.framings.contains(bus.endpoint.framing),
          "\(device.id) is unit \(device.unit) of \(bus.name), read each \(device.period)")
        guard !device.profile.isSunSpec else { continue }
        try ProfileFuzzing.checkBlocks(ResolvedProfile(device.profile).readPlan.blocks, device.profile)
      }
    }
    try FuzzFinding.require(ports.allSatisfy { (1...65_535).contains($0) }, "the ports are \(ports)")
    let destinations = site.uplinks.map(\.name)
    try FuzzFinding.require(
      destinations.allSatisfy { isName($0.name) } && Set(destinations).count == destinations.count,
      "the uplinks are \(destinations)")
    try FuzzFinding.require(
      site.journal.budget >= 20_000_000 && site.journal.commitInterval >= .milliseconds(250)
        && site.journal.retention > .zero && site.uplinks.allSatisfy { $0.backfillRate > 0 && $0.liveWindow > .zero },
      "the journal is \(site.journal)")
  }

  private static func isName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || byte == 0x2D || byte == 0x5F
      }
  }

  static func checkControl(_ control: SiteParameters, _ site: SiteConfiguration) throws(FuzzFinding) {
    for hybrid in control.hybrids {
      try FuzzFinding.require(
        isPower(hybrid.acLimit.value) && (hybrid.pvPeak.value == 0 || isPower(hybrid.pvPeak.value)),
        "\(hybrid.device) has \(hybrid.acLimit)")
      guard let battery = hybrid.battery else { continue }
      try FuzzFinding.require(
        isPower(battery.maximumCharge.value) && isPower(battery.maximumDischarge.value) && battery.usable.value > 0
          && battery.usable.value.isFinite && 0 <= battery.socWindow.lowerBound && battery.socWindow.upperBound <= 100
          && battery.socWindow.lowerBound <= max(control.reserve.value, battery.socWindow.lowerBound)
          && control.reserve.value < battery.socWindow.upperBound && (0.5...1).contains(battery.efficiency)
          && battery.temperatureWindow.contains(battery.fullPowerWindow.lowerBound)
          && battery.temperatureWindow.contains(battery.fullPowerWindow.upperBound),
        "\(hybrid.device) has \(battery), and the reserve is \(control.reserve)")
    }
    for load in control.loads {
      try FuzzFinding.require(
        isPower(load.rated.value) && load.pickUp.value >= load.rated.value && load.minimumOff >= .zero
          && load.phase.map { (1...3).contains($0) } ?? true, "\(load.device) is \(load)")
    }
    for charger in control.chargers {
      try FuzzFinding.require(
        charger.current.lowerBound >= 6 && charger.current.upperBound <= 80
          && (charger.failsafeCurrent == 0 || charger.current.contains(charger.failsafeCurrent))
          && [1, 3].contains(charger.phases.count) && Set(charger.phases).isSubset(of: [1, 2, 3]),
        "\(charger.device) is \(charger)")
    }
    if let fuse = control.fuse {
      try FuzzFinding.require(
        [1, 3].contains(fuse.phases) && fuse.rating.value > 0 && fuse.rating.value.isFinite && control.gridMeter != nil,
        "the fuse is \(fuse)")
    }
    let limits = control.channels.flatMap { [$0.failsafe, $0.mayLimit] }.flatMap { $0 }
    try FuzzFinding.require(
      limits.allSatisfy { 0...($0 == .exportPercent ? 100 : 10e6) ~= $1 }, "channels limit to \(limits)")
    try FuzzFinding.require(
      control.channels.allSatisfy { $0.class == .contract || !$0.failsafe.isEmpty }, "a legal channel has no failsafe")
    for uplink in site.uplinks {
      let critical = Set(control.loads.filter(\.isCritical).map(\.device))
      let known = Set(control.loads.map(\.device))
      try FuzzFinding.require(
        uplink.authority.batteryPower.map(isPower) ?? true && Set(uplink.authority.shed).isSubset(of: known)
          && critical.isDisjoint(with: uplink.authority.shed), "\(uplink.name) may \(uplink.authority)")
    }
    if let tariff = control.tariff {
      for minute in 0..<1440 {
        try FuzzFinding.require(
          tariff.buy.count { $0.time.contains(minute) } == 1, "the tariff has not one price at minute \(minute)")
      }
    }
  }

  private static func isPower(_ watts: Double) -> Bool { watts > 0 && watts <= 10e6 }
}
