import DeviceProfile
import EnergyDispatch
import EnergyModel
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

  @Test func whatADeviceCannotDoHasNoLease() {
    #expect(SetpointLease(.chargeLimit, in: profile(.open, .seconds(60)), isConfirmed: true) == nil)
  }
}
