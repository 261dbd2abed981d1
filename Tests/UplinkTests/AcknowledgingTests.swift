import EnergyModel
import TestKit
import Testing

@testable import Uplink

/// Timelines with a receiver whose word releases data.
@Suite(.serialized, .schemaChecked)
struct AcknowledgingTests {
  private func ack(_ ranges: String, epoch: String = "0123456789abcdef") -> String {
    #"{"epoch":"\#(epoch)","ranges":\#(ranges)}"#
  }

  /// The clocks go on and the uplink looks at them.
  private func wait(_ seconds: Int, _ site: Site) {
    site.time.advance(by: .seconds(seconds))
    site.store.commit()
  }

  @Test func theReceiversWordReleasesData() async throws {
    let site = Site(settings: Given.settings(inFlight: 1_000, acknowledgedBy: .receiver))
    site.link.connect()
    for number in 1...8 {
      // The window is small: each PUBACK makes room for the next although nobody has confirmed anything.
      site.store.commit(Given.segment(UInt64(number) * 3 - 2, UInt64(number) * 3))
      try await eventually("sent") { site.link.sent("telemetry").count == number }
      site.acknowledgeAll()
    }
    #expect(site.store.acknowledged().isEmpty)
    #expect(site.uplink.counters().acknowledgedRecords == 0)
    site.link.receive("ack", ack("[[1,3],[7,12]]"))
    try await eventually("journalled") {
      site.store.acknowledged() == [SequenceRange(1, 3), SequenceRange(7, 12)]
    }
    let counters = site.uplink.counters()
    #expect(counters.acknowledgedRecords == 9 && counters.acknowledgedSegments == 3)
    #expect(counters.backlogRecords == 15 && counters.refusedMessages == 0)
    #expect(site.link.sent("telemetry").count == 8, "nothing went twice")
    await site.stop()
  }

  @Test func whatTheReceiverDoesNotConfirmIsSentAgain() async throws {
    let site = Site(
      [Given.segment(1, 3), Given.segment(4, 6)], settings: Given.settings(acknowledgedBy: .receiver))
    site.link.connect()
    try await site.expect("telemetry", [1...3, 4...6], "fresh")
    site.acknowledgeAll()
    try await site.listened()
    // 10 s: it has the second, not the first.
    site.time.advance(by: .seconds(10))
    site.link.receive("ack", ack("[[4,6]]"))
    try await eventually("journalled") { site.store.acknowledged() == [SequenceRange(4, 6)] }
    // 59 s: a fresh one shows that the uplink has looked, and not sent the first again.
    site.time.advance(by: .seconds(49))
    site.store.commit(Given.segment(7, 7, age: .seconds(-59)))
    try await site.expect("telemetry", [1...3, 4...6, 7...7], "fresh")
    #expect(try site.ranges("backfill").isEmpty)
    wait(2, site)
    try await site.expect("backfill", [1...3], "too old for telemetry by now")
    site.acknowledgeAll()
    site.link.receive("ack", ack("[[1,7]]"))
    try await eventually("journalled") { site.store.acknowledged() == [SequenceRange(1, 7)] }
    await site.stop()
  }

  @Test func afterAReconnectTheReceiverHasItsTimeAgain() async throws {
    let site = Site(
      [Given.segment(1, 3), Given.segment(4, 6)], settings: Given.settings(acknowledgedBy: .receiver))
    site.link.connect()
    try await site.expect("telemetry", [1...3, 4...6], "first connection")
    site.link.acknowledge(site.link.sent("telemetry")[0])
    site.link.disconnect()
    try await eventually("down") { site.uplink.counters().lastError == "broken pipe" }
    site.time.advance(by: .seconds(50))
    site.link.connect()
    try await site.expect("telemetry", [1...3, 4...6, 4...6], "only what the broker did not take")
    site.acknowledgeAll()
    try await site.listened()
    site.time.advance(by: .seconds(59))
    site.store.commit(Given.segment(7, 7, age: .seconds(-109)))
    try await site.expect("telemetry", [1...3, 4...6, 4...6, 7...7], "fresh")
    #expect(try site.ranges("backfill").isEmpty)
    wait(1, site)
    try await site.expect("backfill", [1...3], "its time is up")
    await site.stop()
  }

  @Test func anAckWhereTheBrokersWordIsEnoughIsTakenToo() async throws {
    let site = Site([Given.segment(1, 3), Given.segment(4, 6)])
    site.link.connect()
    try await site.expect("telemetry", [1...3, 4...6], "fresh")
    site.link.receive("ack", ack("[[1,3]]"))
    try await eventually("journalled") { site.store.acknowledged() == [SequenceRange(1, 3)] }
    site.acknowledgeAll()
    try await eventually("both") { site.store.acknowledged() == [SequenceRange(1, 6)] }
    #expect(site.uplink.counters().acknowledgedRecords == 6, "each counted once")
    #expect(site.events.all.isEmpty)
    await site.stop()
  }

  @Test func whatMakesNoSenseIsRefusedCountedAndToldOnceAMinute() async throws {
    let site = Site([Given.segment(1, 6)], settings: Given.settings(acknowledgedBy: .receiver))
    site.link.connect()
    try await site.expect("telemetry", [1...6], "fresh")
    let bad = [
      "", "null", "[]", "{}", ack("[[4]]"), ack("[[1,2,3]]"), ack("[[3,1]]"), ack("[[0,3]]"), ack("[[-1,3]]"),
      ack("[[1,1.5]]"), ack("[[1,18446744073709551616]]"), ack("[[7,18446744073709551615]]"), ack("[[7,7]]"),
      ack("[[1,3]]", epoch: "0123456789ABCDEF"), ack("[[1,3]]", epoch: "0123456789abcdee"),
      ack(String(repeating: "[1,3],", count: 11_000) + "[1,3]"),
      ack("[" + String(repeating: "[1,1],", count: 256) + "[1,1]]"), String(repeating: "[", count: 60_000),
    ]
    for payload in bad { site.link.receive("ack", payload) }
    site.link.receive("ack", ack("[[1,3]]"), isRetained: true)
    try await eventually("counted") { site.uplink.counters().refusedMessages == UInt64(bad.count) + 1 }
    #expect(site.events.names == ["ack-refused"])
    #expect(site.events.all[0].severity == .warning)
    #expect(site.store.acknowledged().isEmpty)
    site.link.receive("ack", ack("[[1,6]]"))
    try await eventually("a good one") { site.store.acknowledged() == [SequenceRange(1, 6)] }
    site.link.receive("ack", "nonsense")
    try await eventually("counted") { site.uplink.counters().refusedMessages == UInt64(bad.count) + 2 }
    #expect(site.events.names == ["ack-refused"])
    site.time.advance(by: .seconds(60))
    site.link.receive("ack", "nonsense")
    try await eventually("told anew") { site.events.names == ["ack-refused", "ack-refused"] }
    await site.stop()
  }

  /// A receiver that names all it has goes on doing so when the site has let everything go.
  @Test func ofALogThatHoldsNothingNothingIsAcknowledgedAndNothingRefused() throws {
    func request(_ ranges: String) throws -> ReceiverRequest {
      let message = IncomingMessage(
        topic: "", payload: Array(ack(ranges).utf8), isRetained: false, received: Given.start)
      return try ReceiverRequest(message, as: .ack)
    }
    let empty = LogState(epoch: Given.epoch, name: "telemetry", kind: .telemetry, held: nil)
    #expect(try request("[[1,3]]").acknowledged(of: empty).isEmpty)
    #expect(try request("[]").acknowledged(of: empty).isEmpty)
  }

  @Test func garbageNeverCrashesAndNeverAcknowledgesWhatWasNotSaid() async throws {
    let site = Site([Given.segment(1, 6)], settings: Given.settings(acknowledgedBy: .receiver))
    site.link.connect()
    try await site.expect("telemetry", [1...6], "fresh")
    var random = SplitMix64(seed: 7)
    let good = Array(ack("[[2,5]]").utf8)
    for round in 0..<400 {
      var payload = good
      for _ in 0...(round % 4) {
        let place = Int.random(in: 0..<payload.count, using: &random)
        switch UInt8.random(in: 0...2, using: &random) {
        case 0: payload[place] = .random(in: 0...255, using: &random)
        case 1: payload.remove(at: place)
        default: payload.insert(.random(in: 0...255, using: &random), at: place)
        }
      }
      site.link.receive(round % 2 == 0 ? "ack" : "replay", payload)
    }
    site.link.receive("ack", good)
    try await eventually("it still works") { site.store.acknowledged().contains { $0.first <= 2 && $0.last >= 5 } }
    #expect(site.uplink.counters().refusedMessages > 100)
    #expect(site.events.all.count < 10)
    await site.stop()
  }

  /// A power cut took commits that the receiver has: it goes on naming all that it holds in one range.
  @Test func anAckBeyondWhatTheLogStillKnowsCountsForWhatItKnows() async throws {
    let site = Site([Given.segment(1, 3), Given.segment(4, 6)], settings: Given.settings(acknowledgedBy: .receiver))
    site.link.connect()
    try await site.expect("telemetry", [1...3, 4...6], "fresh")
    site.acknowledgeAll()
    site.link.receive("ack", ack("[[1,47],[50,60]]"))
    try await eventually("journalled") { site.store.acknowledged() == [SequenceRange(1, 6)] }
    #expect(site.uplink.counters().refusedMessages == 0)
    #expect(site.events.all.isEmpty)
    wait(61, site)
    try await site.listened()
    #expect(try site.ranges("telemetry").count == 2, "nothing is sent again")
    await site.stop()
  }

  @Test func anAckOfALogThatWasLetGoIsNoNews() async throws {
    let site = Site([Given.segment(1, 3)], settings: Given.settings(acknowledgedBy: .receiver))
    site.link.connect()
    try await site.expect("telemetry", [1...3], "fresh")
    site.link.receive("ack", ack("[[1,3]]"))
    try await eventually("journalled") { !site.store.acknowledged().isEmpty }
    site.store.hide(Given.epoch, from: "vpp")
    site.link.receive("ack", ack("[[1,3]]"))
    site.link.receive("ack", ack("[[1,3]]", epoch: "0000000000000001"))
    try await eventually("the unknown one") { site.uplink.counters().refusedMessages == 1 }
    await site.stop()
  }
}
