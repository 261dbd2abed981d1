import DrivenStage
import EnergyModel
import Foundation
import Journal
import Receiver
import SiteStage
import TestKit
import Testing
import Uplink

/// Hours and days on a driven clock: journal, uplink and link in this process, broker and receiver as they are.
extension Scenarios {
  /// The receiver's ranges hold every committed record; the proof, which looks at each row, comes afterwards.
  private func expectEverything(_ receiver: ReceiverProcess, _ site: DrivenSite, within seconds: Double) async throws {
    try await eventually(within: seconds, "every record: \(receiver.lines)") {
      // What was measured last must not be committed between this count and the proof's.
      guard site.committedRecords == site.measuredRecords, site.backlog == 0,
        FileManager.default.fileExists(atPath: receiver.database.path)
      else { return false }
      let archive = try Archive(path: receiver.database.path)
      defer { try? archive.close() }
      return try archive.holdings().reduce(0) { $0 + $1.received.count } == site.committedRecords
    }
    let proof = try receiver.prove(isStrict: true)
    #expect(proof.code == 0, "\(proof.text)")
    #expect(proof.text.hasSuffix("complete: \(site.committedRecords) records\n"), "\(proof.text)")
    #expect(!receiver.lines.contains("refused a message") && !receiver.lines.contains("ALARM"), "\(receiver.lines)")
  }

  /// 00:00  nobody answers: the port is refused, after half of the time accepted and cut
  /// 00:30  the broker appears; from here the clock runs by itself and the site goes on measuring
  ///        everything drains, and the receiver proves that nothing is missing
  @Test(.timeLimit(.minutes(2))) func halfAnHourWithoutABroker() async throws {
    let folder = try TemporaryFolder.make("outage")
    defer { try? FileManager.default.removeItem(at: folder) }
    let port = Loopback.freePort()
    let proxy = try FaultProxy(to: port, mode: .refuse)
    defer { proxy.stop() }
    let site = try await DrivenSite(devices: 3, in: folder.appendingPathComponent("state"), port: proxy.port) {
      $0.backfillStartDelay = .zero ... .zero
    }
    for second in 1...1800 {
      if second == 900 { proxy.set(.pass) }
      try await site.second()
    }
    #expect(site.backlog == 5400)
    // How often is for the bench to say: for this machine the outage takes a second.
    #expect(proxy.attempts.count > 0, "the link did not try")

    let broker = try TestBroker(port: port)
    defer { broker.stop() }
    let receiver = ReceiverProcess(port: port, folder: folder)
    try receiver.start()
    try await eventually("the receiver is there") { receiver.lines.contains("connected") }
    try await site.reconnect(within: 120)
    site.letGo()
    for _ in 0..<5 {
      site.measure()
      try await Task.sleep(for: .milliseconds(100))
    }
    try await expectEverything(receiver, site, within: 60)
    #expect(site.journal.counters().purgedRecords + site.journal.counters().thinnedRecords == 0)
    #expect(receiver.terminate() == 0)
    await site.stop()
  }

  /// An hour of three devices, of a journal that keeps what is acknowledged for so long.
  @Test(.timeLimit(.minutes(3))) func anHourThatTheBrokerAcknowledgedAndLostComesOnReplay() async throws {
    try await loseAtTheBroker(hours: 1, devices: 3, replayAfter: "2s", within: 90) {
      $0.backfillStartDelay = .zero ... .zero
      $0.backfillBytesPerSecond = 1_000_000
    }
  }

  /// A day of five devices, as everything is shipped.
  @Test(.enabled(if: isChaos, "with HOLDFAST_CHAOS=1"), .timeLimit(.minutes(30)))
  func aDayThatTheBrokerAcknowledgedAndLostComesOnReplay() async throws {
    try await loseAtTheBroker(hours: 24, devices: 5, replayAfter: "30s", within: 900) { _ in }
  }

  /// first  the receiver is there and has everything
  /// then   it is away; its session waits at the broker, which acknowledges all that comes in these hours
  /// then   right after an acknowledgement the broker is killed with SIGKILL and comes back empty, and what it lost is
  ///        nowhere but in the site's journal, nearly as old as that keeps anything
  /// then   the receiver asks for all of it, and has each record once
  private func loseAtTheBroker(
    hours: Int, devices: Int, replayAfter: String, within seconds: Double, adjust: (inout UplinkSettings) -> Void
  ) async throws {
    let folder = try TemporaryFolder.make("replay")
    defer { try? FileManager.default.removeItem(at: folder) }
    let broker = try TestBroker()
    defer { broker.stop() }
    let site = try await DrivenSite(
      devices: devices, in: folder.appendingPathComponent("state"), port: broker.port,
      retention: .seconds(hours * 3600), adjust: adjust)
    let receiver = ReceiverProcess(port: broker.port, folder: folder, replayAfter: replayAfter)
    try receiver.start()
    try await eventually("the receiver is there") { receiver.lines.contains("connected") }
    try await site.reconnect(within: 120)
    try await drive(site, minutes: 10)
    try await expectEverything(receiver, site, within: 30)
    #expect(receiver.terminate() == 0)
    let known = site.committedRecords

    // Until the receiver asks, a minute or two more go by.
    try await drive(site, minutes: hours * 60 - 3)
    broker.kill()
    #expect(site.backlog == 0, "the broker acknowledged everything")
    #expect(site.committedRecords - known == UInt64(devices * (hours * 60 - 3) * 60))
    let log = try #require(try await site.journal.logs(for: DrivenSite.destination).first { $0.kind == .telemetry })
    let held = try #require(log.held)
    #expect(held.first > 1 && held.first <= known + 1, "what is older than it must be is let go, and nothing else")

    try broker.start()
    try await site.reconnect(within: 120)
    site.letGo()
    try receiver.start()
    try await expectEverything(receiver, site, within: seconds)
    #expect(receiver.lines.contains("asking again for"), "\(receiver.lines)")
    #expect(receiver.terminate() == 0)
    await site.stop()
  }

  /// Goes on as fast as the broker acknowledges. Returns with the last acknowledgement.
  private func drive(_ site: DrivenSite, minutes: Int) async throws {
    for _ in 0..<(minutes * 3) {
      for _ in 0..<20 { try await site.second() }
      let end = Date().addingTimeInterval(20)
      while site.backlog > 0 {
        guard Date() < end else { throw TestKitError.timedOut("\(site.backlog) records are not acknowledged") }
        try await Task.sleep(for: .milliseconds(1))
      }
    }
  }
}
