import Commissioning
import DeviceProfile
import SiteConfig
import Testing

/// Every shipped profile, served by the simulator, is named by a scan or stands among what fits as well.
@Suite struct EveryProfileTests {
  private func scan(_ profile: DeviceProfile) -> ScannedUnit {
    let unit = profile.unit ?? 1
    var asker = SimulatedUnits([unit: SimulatedUnits.image(profile)])
    let isSerial = !profile.connection.framings.contains(.tcp)
    let scan = UnitScan(SimulatedUnits.profiles, line: isSerial ? profile.connection.line ?? SerialLine() : nil)
    return scan.identify(unit: unit, asker: &asker)
  }

  @Test func profilesAreRead() {
    let names = Set(SimulatedUnits.profiles.map(\.name))
    #expect(names.count > 50)
    for profile in SimulatedUnits.profiles {
      let unknown = profile.identity.partOf.filter { !names.contains($0) }
      #expect(unknown.isEmpty, "\(profile.name) is part of \(unknown), which there is none of")
    }
  }

  @Test(arguments: SimulatedUnits.profiles) func isNamed(_ profile: DeviceProfile) throws {
    let found = scan(profile)
    let candidates = ([found.best].compactMap(\.self) + found.alternatives).map(\.profile.name)
    #expect(candidates.contains(profile.name), "\(profile.name) is taken for \(candidates)")
  }

  /// Those that nothing but zeros and a power or two would tell from others.
  @Test func hardlyAnyIsLeftOpen() {
    let open = SimulatedUnits.profiles.filter { scan($0).best?.profile.name != $0.name }.map(\.name)
    #expect(open.count <= 6, "\(open)")
  }

  @Test func whatIsPastedIsAccepted() throws {
    let buses = SimulatedUnits.profiles.enumerated().map { number, profile in
      let found = scan(profile)
      let isSerial = !profile.connection.framings.contains(.tcp)
      let endpoint: BusEndpoint =
        isSerial
        ? .serial(path: "/dev/serial/by-id/usb-\(number)", line: SerialLine())
        : .tcp(host: "192.168.\(number / 250).\(number % 250 + 1)", port: profile.connection.port)
      return ScannedBus(endpoint, units: [found])
    }
    let report = ScanReport(buses)
    let text = """
      site: {id: mill-lane-4, time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40, mode: control}
      \(report.yaml.joined(separator: "\n"))
      journal: {budget: 200 MB}
      """
    let result = ConfigurationLoader.load(
      text: text, name: "pasted.yaml", profileFolders: [SimulatedUnits.folder])
    let configuration = try result.get()
    let devices = configuration.modbusBuses.flatMap(\.devices)
    #expect(
      devices.count == buses.compactMap { $0.units.first?.best }.count + buses.flatMap { $0.units[0].parts }.count)
    let pinned = devices.filter { $0.profile.serial != nil }
    #expect(pinned.count > 10)
    #expect(pinned.allSatisfy { $0.serial == "34119087" })
  }
}
