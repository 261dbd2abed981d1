import EnergyModel
import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

/// The example receiver against a whole site.
extension Scenarios {
  private func options(_ uplink: String = "") -> SiteStage.Options {
    var options = Scenario.options()
    options.separatesBrokers = true
    options.edit = {
      $0.replacing("budget: 200 MB", with: "budget: 200 MB, commit_interval: 1 s")
        .replacing("vpp: {mqtt:", with: "vpp: {\(uplink)mqtt:")
    }
    return options
  }

  /// Every record that is committed by now is in the receiver's database, once, and it can prove that.
  private func expectEverything(_ receiver: ReceiverProcess, _ stage: SiteStage, within seconds: Double) async throws {
    var committed = CommittedLogs()
    try committed.read(stage)
    #expect(committed.last.count == 2, "a telemetry and an event log: \(committed.last)")
    try await eventually(within: seconds, "every record: \(try receiver.lacks(committed)) are missing") {
      try receiver.lacks(committed).isEmpty
    }
    // Live data goes on meanwhile; a proof may fall between a status and the records that it announces.
    try await eventually(within: 20, "a proof: \(try receiver.prove().text)") { try receiver.prove().code == 0 }
    let proof = try receiver.prove().text
    #expect(!proof.contains("CONTRADICTIONS") && !proof.contains("DAMAGED"), "\(proof)")
    #expect(!receiver.lines.contains("refused a message"), "\(receiver.lines)")
  }

  /// The receiver is stopped and started again while the site goes on; its session waits at the broker.
  @Test(.timeLimit(.minutes(3))) func receiverIsStoppedAndStartedAgain() async throws {
    let stage = try SiteStage(options())
    defer { Scenario.clear(stage) }
    let judge = try UplinkJudge(port: stage.aggregator.port, folder: stage.folder)
    let receiver = ReceiverProcess(stage)
    try receiver.start()
    try await Scenario.start(stage)
    for _ in 0..<3 {
      try await Scenario.sleep(2)
      #expect(receiver.terminate() == 0, "\(receiver.lines)")
      try await Scenario.sleep(2)
      try receiver.start()
    }
    try await expectEverything(receiver, stage, within: 30)
    #expect(try judge.messages("ack").count > 3)
    receiver.kill()
  }

  /// Killed ten times while new records come: at seeded moments, and every other time while its transaction is held
  /// up, so that the link has acknowledged to the broker what is not in the database yet.
  private func killReceiver(_ stage: SiteStage, replayAfter: String, within seconds: Double) async throws {
    let judge = try UplinkJudge(port: stage.aggregator.port, folder: stage.folder)
    let receiver = ReceiverProcess(stage, replayAfter: replayAfter)
    try receiver.start()
    try await Scenario.start(stage)
    let seed = UInt64.random(in: 0...999_999)
    var random = SplitMix64(seed: seed)
    for round in 0..<10 {
      try await Scenario.sleep(Double.random(in: 0.3...2, using: &random))
      if round % 2 == 0 { receiver.kill() } else { try receiver.killBeforeCommit(heldUpFor: 1.5) }
      try await Scenario.sleep(Double.random(in: 0...1, using: &random))
      try receiver.start()
    }
    try await expectEverything(receiver, stage, within: seconds)
    let isAsking = replayAfter != "0s"
    #expect(receiver.lines.contains("asking again for") == isAsking, "seed \(seed): no kill hit what it should")
    #expect(try judge.messages("ack").count > 3)
    receiver.kill()
  }

  /// Its word alone releases data: whatever it lost comes again without being asked for, a minute later.
  @Test(.timeLimit(.minutes(6)))
  func receiverWhoseWordCountsIsKilledAgainAndAgain() async throws {
    let stage = try SiteStage(options("acknowledge: receiver, "))
    defer { Scenario.clear(stage) }
    try await killReceiver(stage, replayAfter: "0s", within: 240)
  }

  /// The broker's word releases data: whatever it lost is asked for.
  @Test(.timeLimit(.minutes(5)))
  func receiverIsKilledAgainAndAgain() async throws {
    let stage = try SiteStage(options())
    defer { Scenario.clear(stage) }
    try await killReceiver(stage, replayAfter: "2s", within: 120)
  }

  /// 00:00  the receiver is away, its session waits at the broker, which acknowledges what the site sends
  /// 00:08  the broker is killed and comes back empty: what it acknowledged is nowhere but in the site's journal
  /// then   the receiver asks for all of it and gets it
  @Test(.timeLimit(.minutes(4)))
  func whatTheBrokerAcknowledgedAndLostComesOnReplay() async throws {
    let stage = try SiteStage(options())
    defer { Scenario.clear(stage) }
    let judge = try UplinkJudge(port: stage.aggregator.port, folder: stage.folder)
    let receiver = ReceiverProcess(stage)
    try receiver.start()
    try await Scenario.start(stage)
    try await eventually(within: 30, "first records") {
      try await stage.client.site().uplinks[0].acknowledgedRecords > 10 && receiver.prove().code == 0
    }
    #expect(receiver.terminate() == 0)
    let before = try await stage.client.site().uplinks[0].acknowledgedRecords
    try await eventually(within: 30, "the broker acknowledges more") {
      try await stage.client.site().uplinks[0].acknowledgedRecords > before + 20
    }
    var acknowledged = CommittedLogs()
    try acknowledged.read(stage)
    stage.aggregator.kill()
    try stage.aggregator.start()
    try receiver.start()
    // Once the site is back and sends what is new, what the broker lost is a hole.
    try await eventually(within: 90, "the loss is seen: \(try receiver.prove().text)") {
      receiver.lines.contains("asking again for")
    }
    try await expectEverything(receiver, stage, within: 60)
    #expect(try receiver.lacks(acknowledged).isEmpty)
    #expect(try judge.messages("replay").count > 0)
    receiver.kill()
  }
}
