import DeviceProfile
import EnergyDispatch
import EnergyModel
import Foundation
import TestKit
import Testing

@testable import SiteConfig

/// A device with an experimental profile is read and never written until the installer confirms.
@Suite struct ExperimentalTests {
  private static let derived = """
    evidence:
      - from: derived
        registers: [{holding: 0, bytes: "00 64"}, {holding: 1, bytes: "00 32"}]
        points: {power_w: 100, soc_percent: 50}
    """
  private static let readPublished = derived.replacingOccurrences(
    of: "from: derived", with: "from: published\n    source: a manual")
  private static let published =
    readPublished + """

        - from: published
          source: a manual
          asked: {charge_limit_w: 100, discharge_limit_w: 200}
          written: [{holding: 10, bytes: "00 64 00 C8 00 3C"}]
        - from: published
          source: a manual
          asked: {charging_current_a: 6}
          written: [{holding: 20, bytes: "00 06"}]
      """

  private func site(
    _ word: String, evidence: String, confidence: String = "vendor", more: String = ""
  ) throws -> SiteConfiguration {
    let folder = try TemporaryFolder.make("experimental")
    defer { try? FileManager.default.removeItem(at: folder) }
    let profile = """
      name: box
      title: A box
      source: nobody
      confidence: \(confidence)
      points: {power_w: {holding: 0, type: int16}, soc_percent: {holding: 1, type: uint16}}
      commands:
        battery:
          parameters: [charge_limit_w, discharge_limit_w]
          on_expiry: open
          reversion: 60 s
          writes:
            - holding: 10
              values: [{parameter: charge_limit_w, type: int16}, {parameter: discharge_limit_w, type: int16}, reversion_time]
        current: {parameters: [charging_current_a], on_expiry: safe, reversion: 60 s, timer: fixed, writes: [{holding: 20, values: [{parameter: charging_current_a, type: uint16}]}]}
      \(evidence)
      """
    try profile.write(to: folder.appendingPathComponent("box.yaml"), atomically: true, encoding: .utf8)
    let text = """
      site: {id: s, time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40, mode: control}
      buses: {first: {modbus_tcp: 192.168.1.40}, second: {modbus_tcp: 192.168.1.41}}
      devices:
        hybrid: {profile: box, bus: first, unit: 1, \(word)ac_limit: 5 kW, battery: {usable: 10 kWh, soc: 10..90 %}}
        car: {profile: box, bus: second, unit: 1, \(word)current: 6..16 A, failsafe: 6 A}
      journal: {budget: 200 MB}
      \(more)
      """
    return try ConfigurationLoader.load(text: text, name: "s.yaml", profileFolders: [folder.path]).get()
  }

  private func isWritten(_ site: SiteConfiguration) -> Bool {
    let isPlanned =
      site.control.hybrids.contains { $0.batteryReversion != nil }
      || site.control.chargers.contains { $0.reversion != nil }
    let isPossible = site.modbusBuses.flatMap(\.devices).contains { !$0.profile.commands.isEmpty }
    #expect(isPlanned == isPossible)
    return isPlanned
  }

  @Test func derivedEvidenceOnlyReads() throws {
    let site = try site("", evidence: Self.derived)
    #expect(!isWritten(site))
    #expect(site.readOnly.map(\.device) == ["hybrid", "car"])
    #expect(
      site.readOnly[0].reason
        == "profile box is experimental: no published example confirms its registers (experimental: confirmed lets it be written)"
    )
    // It is a battery and a charger all the same: both are read and reckoned with.
    #expect(site.control.hybrids.count == 1)
    #expect(site.control.chargers.count == 1)
  }

  @Test func noEvidenceOnlyReads() throws {
    let site = try site("", evidence: "")
    #expect(!isWritten(site))
    #expect(
      site.readOnly[0].reason
        == "profile box is experimental: the profile has no evidence (experimental: confirmed lets it be written)")
  }

  /// That a manual shows what is read says nothing of what is written.
  @Test func unprovenCommandsOnlyRead() throws {
    let site = try site("", evidence: Self.readPublished)
    #expect(!isWritten(site))
    #expect(
      site.readOnly.map(\.reason)
        == Array(
          repeating: "profile box is experimental: no published example confirms what battery and current write "
            + "(experimental: confirmed lets it be written)", count: 2))
    #expect(isWritten(try self.site("experimental: confirmed, ", evidence: Self.readPublished)))
  }

  @Test func oneSourceOnlyReads() throws {
    let site = try site("", evidence: Self.published, confidence: "single")
    #expect(!isWritten(site))
    #expect(
      site.readOnly[0].reason == "profile box is experimental: what battery and current write rests on one source "
        + "(experimental: confirmed lets it be written)")
  }

  @Test(arguments: [derived, ""]) func confirmedIsWritten(evidence: String) throws {
    let site = try site("experimental: confirmed, ", evidence: evidence, confidence: "single")
    #expect(isWritten(site))
    #expect(site.readOnly.isEmpty)
    #expect(site.control.hybrids[0].batteryReversion == .seconds(60))
  }

  @Test func provenIsWrittenWithoutAWord() throws {
    #expect(isWritten(try site("", evidence: Self.published)))
    #expect(isWritten(try site("experimental: confirmed, ", evidence: Self.published)))
  }

  @Test func whatIsOnlyReadKeepsNoLegalLimit() throws {
    let limits =
      "limits: {controllable: {devices: [car]}}\nchannels: {dso: {class: legal, uplink: u, failsafe: {controllable: 4.2 kW}, may: [controllable]}}"
    let result = Result { try site("", evidence: Self.derived, more: limits) }
    guard case .failure(let error as ConfigurationProblems) = result else {
      Issue.record("it was taken")
      return
    }
    let told = error.problems.filter { $0.path == "limits.controllable.devices[0]" }.map(\.message)
    #expect(
      told == [
        "is only read, so it cannot keep a limit: profile box is experimental: no published example confirms its registers"
          + " (experimental: confirmed lets it be written)"
      ])
  }

  /// Confirmed, and still without a timer: that takes a second word.
  @Test func aDeviceWithoutATimer() throws {
    func site(_ words: String) throws -> SiteConfiguration {
      let text = """
        site: {id: s, time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40, mode: monitor}
        buses: {first: {modbus_tcp: 192.168.1.40}}
        devices:
          hybrid: {profile: sungrow-sh, bus: first, \(words)ac_limit: 5 kW, battery: {usable: 10 kWh, soc: 10..90 %}}
        journal: {budget: 200 MB}
        """
      return try ConfigurationLoader.load(text: text, name: "s.yaml", profileFolders: [TestFiles.profiles]).get()
    }
    #expect(try site("").readOnly.map { $0.reason.prefix(34) } == ["profile sungrow-sh is experimental"])
    #expect(
      try site("experimental: confirmed, ").readOnly.map(\.reason) == [
        "profile sungrow-sh has no timer of its own (without_timer: confirmed lets it be written)"
      ])
    let both = try site("experimental: confirmed, without_timer: confirmed, ")
    #expect(both.readOnly.isEmpty)
    #expect(both.control.hybrids[0].batteryReversion == .seconds(60))
  }
}
