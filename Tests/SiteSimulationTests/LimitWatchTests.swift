import EnergyDispatch
import EnergyModel
import Testing

@testable import SiteSimulation

/// Limits of uplinks that nobody keeps are found, and those that do not hold are not.
@Suite struct LimitWatchTests {
  private static func channel(
    _ kind: SiteParameters.Channel.Class, hasHeartbeat: Bool = false, failsafe: [LimitedQuantity: Double] = [:]
  ) -> SiteParameters.Channel {
    .init(
      name: "line", kind: .uplink("peer"), class: kind, hasHeartbeat: hasHeartbeat, failsafe: failsafe,
      mayLimit: [.importPower: 0, .exportPower: 0, .controllablePower: 0])
  }

  /// Without control, so that nothing keeps what is watched.
  private func verdict(
    _ channel: SiteParameters.Channel, _ faults: [Fault], load: Double, sun: Double, hours: Double = 1
  ) -> Violation? {
    let site = Sites.house { site in
      site.feedIn = nil
      site.hybrids[0].battery = nil
      // At night a car is there, which would take what the sun gives.
      if sun == 0 { site.chargers = [.init(device: Sites.car)] }
      site.controllable = .init(devices: [Sites.car])
      site.channels = [channel]
    }
    var loop = SiteLoop(
      SiteDescription(parameters: site), seed: 3, start: Sites.midsummer, step: 10, control: .none, faults: faults)
    var judge = Judge(loop.plant.description.parameters, step: 10)
    var given = Circumstances()
    given.household = load
    given.sun = sun
    given.isEverythingAsking = sun == 0
    for _ in 0..<Int(hours * 360) {
      let done = loop.advance(given)
      if let found = judge.look(done, loop.plant) { return found }
    }
    return nil
  }

  /// From 600 to 1800 s.
  private func limit(_ quantity: LimitedQuantity, _ value: Double) -> [Fault] {
    [Fault(.limit("line", quantity, value, isTimed: true), from: 600, until: 1800)]
  }

  @Test func anImportLimitWhileALoadCouldGiveWay() {
    let found = verdict(Self.channel(.contract), limit(.importPower, 2000), load: 300, sun: 0)
    #expect(found?.what == "contract import" && (600.0..<900).contains(found?.second ?? 0))
    #expect(verdict(Self.channel(.contract), limit(.importPower, 20_000), load: 300, sun: 0) == nil)
  }

  @Test func anExportLimit() {
    #expect(verdict(Self.channel(.legal), limit(.exportPower, 3000), load: 300, sun: 0.8)?.what == "legal export")
    #expect(verdict(Self.channel(.legal), limit(.exportPower, 9000), load: 300, sun: 0.8) == nil)
    // 30 % of 9.8 kW.
    #expect(verdict(Self.channel(.legal), limit(.exportPercent, 30), load: 300, sun: 0.8)?.what == "legal export")
  }

  @Test func whatControllableDevicesDraw() {
    let found = verdict(Self.channel(.contract), limit(.controllablePower, 4200), load: 300, sun: 0)
    #expect(found?.what == "contract limit")
  }

  /// Silent from 600 s on: nothing is expected before 720 s, the failsafe value from then on.
  @Test func theFailsafeValueOfAChannelThatFellSilent() {
    let silent = [Fault(.silence("line"), from: 600, until: 3600)]
    let careful = Self.channel(.legal, hasHeartbeat: true, failsafe: [.controllablePower: 4200])
    let found = verdict(careful, silent, load: 300, sun: 0)
    // The peer has not said a word in the first minute either, but that is too short to find anything.
    #expect(found?.what == "legal limit" && (720.0..<1000).contains(found?.second ?? 0))
    #expect(verdict(careful, [], load: 300, sun: 0) == nil)
    let quiet = Self.channel(.legal, failsafe: [.controllablePower: 4200])
    #expect(verdict(quiet, silent, load: 300, sun: 0) == nil)
  }

  /// A contract's request ends with its heartbeat: nothing is expected of it afterwards, not even when the line is back.
  @Test func aContractThatFellSilent() {
    let faults =
      [Fault(.silence("line"), from: 590, until: 800)]
      + [Fault(.limit("line", .importPower, 2000, isTimed: true), from: 500, until: 3000)]
    #expect(verdict(Self.channel(.contract, hasHeartbeat: true), faults, load: 300, sun: 0) == nil)
    #expect(verdict(Self.channel(.contract), faults, load: 300, sun: 0)?.what == "contract import")
  }
}
