import EnergyModel
import TestKit
import Testing

@testable import Uplink

/// Timelines with a receiver that asks again.
@Suite(.serialized, .schemaChecked)
struct ReplayTests {
  private func request(_ ranges: String, epoch: String = "0123456789abcdef") -> String {
    #"{"epoch":"\#(epoch)","ranges":\#(ranges)}"#
  }

  @Test func whatIsAskedForComesAgainOverTheOrdinaryLanes() async throws {
    let old = [Given.segment(1, 10, age: .seconds(300)), Given.segment(11, 20, age: .seconds(290))]
    let site = Site(old + [Given.segment(21, 30), Given.eventSegment(1)], settings: Given.settings(frame: 1_000))
    site.link.connect()
    try await site.expect("telemetry", [21...30], "fresh")
    for _ in 0..<20 where site.store.acknowledged() != [SequenceRange(1, 30)] {
      site.time.advance(by: .seconds(1))
      site.acknowledgeAll()
      site.store.commit()
      try? await eventually(within: 0.2, "all arrived") { site.store.acknowledged() == [SequenceRange(1, 30)] }
    }
    #expect(site.store.acknowledged() == [SequenceRange(1, 30)])
    let before = (try site.ranges("telemetry").count, try site.ranges("backfill").count)
    site.link.receive("replay", request("[[5,12],[25,26]]"))
    try await eventually("the fresh one again") { try site.ranges("telemetry").dropFirst(before.0) == [21...30] }
    site.time.advance(by: .seconds(10))
    site.store.commit()
    try await eventually("the old ones again") {
      site.time.advance(by: .seconds(1))
      site.store.commit()
      return try site.ranges("backfill").dropFirst(before.1).flatMap { Array($0) } == Array(1...20)
    }
    #expect(site.uplink.counters().refusedMessages == 0)
    site.acknowledgeAll()
    try await eventually("and arrives again") { site.store.acknowledged() == [SequenceRange(1, 30)] }
    await site.stop()
  }

  @Test func aCopyThatIsUnderWayDoesNotAnswerAReplay() async throws {
    let site = Site([Given.segment(1, 3), Given.segment(4, 6)])
    site.link.connect()
    try await site.expect("telemetry", [1...3, 4...6], "fresh")
    site.link.receive("replay", request("[[2,2]]"))
    try await site.expect("telemetry", [1...3, 4...6, 1...3], "again")
    let sent = site.link.sent("telemetry")
    site.link.acknowledge(sent[0])
    site.link.acknowledge(sent[1])
    try await eventually("the other one") { site.store.acknowledged() == [SequenceRange(4, 6)] }
    site.link.acknowledge(sent[2])
    try await eventually("the new copy") { site.store.acknowledged() == [SequenceRange(1, 6)] }
    await site.stop()
  }

  @Test func whatTheReceiverHasConfirmedBeforeComesAgainToo() async throws {
    let site = Site([Given.segment(1, 3)], settings: Given.settings(acknowledgedBy: .receiver))
    site.link.connect()
    try await site.expect("telemetry", [1...3], "fresh")
    site.acknowledgeAll()
    site.link.receive("replay", request("[[1,3]]"))
    try await site.expect("telemetry", [1...3, 1...3], "while its word is awaited")
    site.acknowledgeAll()
    site.link.receive("ack", request("[[1,3]]"))
    try await eventually("confirmed") { site.store.acknowledged() == [SequenceRange(1, 3)] }
    site.link.receive("replay", request("[[1,3]]"))
    try await site.expect("telemetry", [1...3, 1...3, 1...3], "after its word")
    #expect(site.store.acknowledged().isEmpty)
    await site.stop()
  }

  @Test func whatCannotBeReplayedIsRefusedAndToldOnceAMinute() async throws {
    let site = Site([Given.segment(1, 3)])
    site.link.connect()
    try await site.expect("telemetry", [1...3], "fresh")
    site.acknowledgeAll()
    try await eventually("arrived") { !site.store.acknowledged().isEmpty }
    let many = "[" + String(repeating: "[1,1],", count: 256) + "[1,1]]"
    for bad in [
      request("[[1,3]]", epoch: "00000000000000aa"), request("[[4,9]]"), request(many), "{", request("[[3,2]]"),
    ] {
      site.link.receive("replay", bad)
    }
    site.link.receive("replay", request("[[1,3]]"), isRetained: true)
    try await eventually("counted") { site.uplink.counters().refusedMessages == 6 }
    #expect(site.events.names == ["replay-refused"])
    #expect(site.store.acknowledged() == [SequenceRange(1, 3)])
    site.time.advance(by: .seconds(59))
    site.link.receive("replay", "{")
    try await eventually("counted") { site.uplink.counters().refusedMessages == 7 }
    #expect(site.events.names.count == 1)
    site.time.advance(by: .seconds(1))
    site.link.receive("replay", "{")
    try await eventually("told again") { site.events.names == ["replay-refused", "replay-refused"] }
    await site.stop()
  }
}
