import EnergyModel
import TestKit
import Testing

@testable import Uplink

/// Results on their way to whoever sent the command.
@Suite(.schemaChecked) struct UplinkResultsTests {
  private func result(_ id: String, _ outcome: CommandResult.Outcome = .accepted, isClockTrusted: Bool = true)
    -> CommandResult
  {
    var at = Given.start
    at.isClockTrusted = isClockTrusted
    return CommandResult(destination: "vpp", id: id, outcome: outcome, reason: "export at most 5 kW", at: at)
  }

  private func told(_ site: Site) -> [String] {
    site.link.sent("command/result").map { String(decoding: $0.payload, as: UTF8.self) }
  }

  @Test func aResultGoesAtOnce() async throws {
    let site = Site()
    site.link.connect()
    try await eventually("status") { !site.link.sent("status").isEmpty }
    site.uplink.post(result("a"))
    site.uplink.post(result("b", .refused, isClockTrusted: false))
    try await eventually("both") { told(site).count == 2 }
    let time = Given.start.wall.milliseconds
    #expect(
      told(site) == [
        #"{"id":"a","outcome":"accepted","reason":"export at most 5 kW","t":\#(time)}"#,
        #"{"id":"b","outcome":"refused","reason":"export at most 5 kW","t":\#(time),"clock":"unsynced"}"#,
      ])
    #expect(site.link.sent("command/result").allSatisfy { $0.qualityOfService == 1 && !$0.isRetained })
    await site.stop()
  }

  @Test func whatWasNotAcknowledgedGoesAgainWithTheNextConnection() async throws {
    let site = Site()
    site.uplink.post(result("a"))
    site.link.connect()
    site.uplink.post(result("b"))
    try await eventually("both") { told(site).count == 2 }
    site.link.acknowledge(try #require(site.link.sent("command/result").first))
    site.link.disconnect()
    // A third that meets the next connection before the end of this one is known would go twice.
    try await eventually("the end") { !site.uplink.counters().isConnected }
    site.uplink.post(result("c"))
    site.link.connect()
    try await eventually("the second and the third") { told(site).count == 4 }
    #expect(told(site)[2].contains(#""b""#) && told(site)[3].contains(#""c""#))
    await site.stop()
  }

  /// The journal fails, and is left alone for a second by a clock that stands still: an answer does not wait for it.
  @Test func aResultDoesNotWaitForAJournalThatFails() async throws {
    let site = Site()
    site.store.breakDown(true)
    site.link.connect()
    try await eventually("the fault") { site.uplink.counters().lastError != nil }
    site.uplink.post(result("a"))
    try await eventually("the answer") { told(site).count == 1 }
    await site.stop()
  }

  @Test func theOldestOfTooManyGivesWay() {
    let outbox = ResultOutbox()
    for number in 0...ResultOutbox.most { outbox.put(result("\(number)")) }
    #expect(outbox.first?.id == "1")
    while let first = outbox.first { outbox.sent(first, as: UInt64(first.id) ?? 0) }
    outbox.acknowledged([1, 2])
    outbox.disconnected()
    #expect(outbox.first?.id == "3")
  }
}
