import DeviceProfile
import EnergyDispatch
import EnergyModel
import Foundation
import Testing

@testable import SiteConfig

@Suite struct SetpointLeaseTests {
  private func profile(_ expiry: SetpointExpiry, _ reversion: Duration?, writesADay: Int? = nil)
    -> DeviceProfile
  {
    var command = CommandDefinition(
      name: "limit", parameters: [.productionLimit], onExpiry: expiry, reversion: reversion, writes: [])
    command.writesADay = writesADay
    return DeviceProfile(
      name: "p", title: "p", source: "nobody", confidence: .single, points: [], commands: [command], lag: .seconds(7))
  }

  @Test func theDevicesOwnTimerIsTheLease() throws {
    let lease = try #require(SetpointLease(.productionLimit, in: profile(.safe, .seconds(30)), isConfirmed: true))
    #expect(lease.reversion == .seconds(30))
    #expect(lease.terms == LeaseTerms(expiry: .safe, lag: .seconds(7)))
  }

  @Test func withoutATimerItIsOnlyWatchedUnlessConfirmed() throws {
    let watched = try #require(SetpointLease(.productionLimit, in: profile(.hold, nil), isConfirmed: false))
    #expect(watched.reversion == nil)
    let confirmed = try #require(
      SetpointLease(.productionLimit, in: profile(.hold, nil, writesADay: 24), isConfirmed: true))
    #expect(confirmed.reversion == .seconds(60))
    #expect(confirmed.terms == LeaseTerms(expiry: .hold, writesADay: 24, lag: .seconds(7)))
  }

  /// What the shipped profiles of hybrids can tell a battery.
  @Test(arguments: [
    ("sma-storage", true, false), ("solaredge-storedge", true, false), ("kostal-plenticore", false, false),
    ("huawei-sun2000", true, true), ("sungrow-sh", true, true), ("sunspec-fronius-gen24", true, true),
    ("sunspec-der-storage", true, true),
  ])
  func theDirectionsThatABatteryCanBeTold(_ name: String, _ charge: Bool, _ discharge: Bool) throws {
    let file = TestFiles.profiles + "/\(name).yaml"
    let profile = try ConfigurationLoader.loadProfile(file: file).get()
    let lease = try #require(SetpointLease(.dischargeLimit, in: profile, isConfirmed: true))
    #expect(lease.takesCharge == charge)
    #expect(lease.takesDischarge == discharge)
  }

  /// One that takes limits and does the same whatever they are must not be told limits either.
  @Test(arguments: [(Double.infinity, false), (0, true)])
  func aBatteryThatDoesNotLookAtLimitsIsToldAPower(_ most: Double, takesPowerOnly: Bool) throws {
    let field = RegisterField(address: .absolute(.holding, 1), type: .uint16, scale: .literal(1))
    func write(_ kind: SetpointKind) -> RegisterWrite {
      RegisterWrite(start: .absolute(.holding, 1), values: [.parameter(kind, field: field)], only: [kind: 0...most])
    }
    let own = RegisterWrite(
      start: .absolute(.holding, 0), values: [.constant(0)], only: [.chargeLimit: 0...(.infinity)])
    let command = CommandDefinition(
      name: "battery", parameters: [.chargeLimit, .dischargeLimit], onExpiry: .open, reversion: .seconds(60),
      writes: [own, write(.chargeLimit), write(.dischargeLimit)])
    let profile = DeviceProfile(
      name: "p", title: "p", source: "nobody", confidence: .single, points: [], commands: [command])
    let lease = try #require(SetpointLease(.dischargeLimit, in: profile, isConfirmed: true))
    #expect(lease.takesPowerOnly == takesPowerOnly)
  }

  @Test func aChargerThatSwitchesPhasesWithEveryCurrentIsOne() throws {
    let text = TestFiles.text("base.yaml").replacingOccurrences(
      of: "  cellar: {bus: home, topic: home/cellar/climate, values: {temperature_c: temperature}}",
      with: "  car: {profile: keba-p30-phases, experimental: confirmed, bus: board, serial: \"17\", current: 6..16 A,"
        + " failsafe: 6 A, switches_phases: yes}")
    let site = try ConfigurationLoader.load(text: text, name: "base.yaml", profileFolders: [TestFiles.profiles]).get()
    #expect(site.control.chargers.map(\.reversion) == [.seconds(60)])
  }

  @Test func whatADeviceCannotDoHasNoLease() {
    #expect(SetpointLease(.chargeLimit, in: profile(.open, .seconds(60)), isConfirmed: true) == nil)
  }
}
