import DeviceProfile
import EnergyDispatch
import EnergyModel
import Foundation
import SiteConfig
import Testing

@testable import Fuzzing

/// The other way round: what must not be is seen.
struct FindingTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  private func profile(_ name: String, _ change: (inout DeviceProfile) -> Void) throws -> DeviceProfile {
    var profile = try #require(try FuzzGround(root: Self.root).profiles.first { $0.name == name })
    change(&profile)
    return profile
  }

  private func check(_ profile: DeviceProfile) throws(FuzzFinding) {
    // One of each model, 201 registers long.
    var bytes = FuzzBytes((0..<64).flatMap { _ in [0, 0, 200] })
    try ProfileFuzzing.check(profile, &bytes)
  }

  @Test func aProfileThatAsksForMoreThanItSays() throws {
    try check(try profile("sunspec-hybrid") { _ in })
    let narrow = try profile("sunspec-hybrid") { $0.reading.maximumRegisters = 1 }
    #expect(throws: FuzzFinding.self) { try check(narrow) }
    let serial = try profile("keba-p30") { $0.serial = TextField(address: .absolute(.holding, 65_535), length: 4) }
    #expect(throws: FuzzFinding.self) { try check(serial) }
  }

  @Test func aFailsafeCurrentThatMovesWhatFollows() throws {
    let moved = try profile("keba-p30") { profile in
      for command in profile.commands.indices {
        for write in profile.commands[command].writes.indices {
          profile.commands[command].writes[write].values = profile.commands[command].writes[write].values.map { value in
            guard case .failsafeCurrent(var field) = value else { return value }
            field.type = .uint32
            return .failsafeCurrent(field: field)
          }
        }
      }
    }
    #expect(throws: FuzzFinding.self) { try check(moved) }
  }

  private func site() throws -> SiteConfiguration {
    let ground = try FuzzGround(root: Self.root)
    let text = try #require(ground.siteTexts.first)
    return try ConfigurationLoader.load(
      text: text.text, name: text.name, profiles: ground.profiles, mqttProfiles: ground.mqttProfiles
    ).get()
  }

  private func cycles(_ site: SiteConfiguration) throws(FuzzFinding) {
    var control = ControlledSite(site)
    var bytes = FuzzBytes([])
    for _ in 0..<6 { try control.step(&bytes) }
    try control.stop()
  }

  @Test func aSiteThatIsAskedForWhatNobodyCanDo() throws {
    var site = try site()
    try cycles(site)
    for bus in site.modbusBuses.indices {
      for device in site.modbusBuses[bus].devices.indices {
        site.modbusBuses[bus].devices[device].profile.commands = []
      }
    }
    #expect(throws: FuzzFinding.self) { try cycles(site) }
  }

  @Test func aSiteWhoseFiguresCannotBe() throws {
    let site = try site()
    try SiteFuzzing.checkControl(site.control, site)
    let changes: [(inout SiteParameters) -> Void] = [
      { $0.hybrids[0].acLimit = Watts(-1) }, { $0.hybrids[0].battery?.efficiency = 0 }, { $0.reserve = Percent(100) },
      { $0.chargers[0].failsafeCurrent = 20 }, { $0.fuse?.rating = Amperes(.infinity) },
      { $0.channels[0].failsafe = [.importPower: -1] }, { $0.loads[0].pickUp = Watts(0) },
    ]
    for (index, change) in changes.enumerated() {
      var control = site.control
      change(&control)
      #expect(throws: FuzzFinding.self, "change \(index)") { try SiteFuzzing.checkControl(control, site) }
    }
  }

  /// Of a site that is commanded: what holds and may not.
  @Test func anOrderThatNobodyMayGive() throws {
    var orders = StandingOrders()
    let site = CommandedSite()
    try site.check(orders)
    let ends = site.now.monotonic + .seconds(60)
    orders.channels["dso"] = .init()
    orders.channels["dso"]?.limits[.controllablePower] = .init(value: 4000, ends: ends, id: "c1")
    #expect(throws: FuzzFinding.self, "below what the law leaves") { try site.check(orders) }
    orders.channels = [:]
    orders.batteryPower = [.init(value: 6000, starts: site.now.monotonic, ends: ends, id: "c1", issuer: "vpp")]
    #expect(throws: FuzzFinding.self, "beyond its authority") { try site.check(orders) }
    orders.batteryPower = [.init(value: 4000, starts: site.now.monotonic, ends: nil, id: "c1", issuer: "vpp")]
    #expect(throws: FuzzFinding.self, "for ever") { try site.check(orders) }
  }
}
