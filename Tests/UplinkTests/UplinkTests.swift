import EnergyModel
import TestKit
import Testing

@testable import Uplink

/// Timelines of a whole uplink between a fake journal and a fake link.
@Suite(.serialized, .schemaChecked)
struct UplinkTests {
  @Test func aCommitGoesOutAndIsAcknowledgedOnce() async throws {
    let site = Site()
    site.link.connect()
    site.store.commit(Given.segment(1, 3))
    try await site.expect("telemetry", [1...3], "live")
    site.store.commit(Given.eventSegment(1))
    try await site.expect("events", [1...1], "event")
    site.acknowledgeAll()
    try await eventually("noted by the store") {
      site.store.acknowledged() == [SequenceRange(1, 3)] && !site.store.acknowledged(Given.eventEpoch).isEmpty
    }
    site.store.commit(Given.segment(4, 4))
    try await site.expect("telemetry", [1...3, 4...4], "only what is new")
    let counters = site.uplink.counters()
    #expect(counters.isConnected)
    #expect(counters.sentRecords == 5 && counters.sentSegments == 3)
    #expect(counters.acknowledgedRecords == 4 && counters.acknowledgedSegments == 2)
    #expect(counters.backlogRecords == 1)
    await site.stop()
  }

  @Test func anOutageLosesNothingAndLiveGoesFirst() async throws {
    // 0 s: five old segments and two young ones have gathered while the line was down.
    let old = (0..<5).map { Given.segment(UInt64($0) * 10 + 1, UInt64($0) * 10 + 10, age: .seconds(300)) }
    let young = [Given.segment(51, 60, age: .seconds(8)), Given.segment(61, 70, age: .seconds(4))]
    let site = Site(old + young + [Given.eventSegment(1, age: .seconds(8))], settings: Given.settings(frame: 2_000))
    site.link.connect()
    try await site.expect("telemetry", [51...60, 61...70], "live lane in order")
    try await site.expect("events", [1...1], "a young event is an event")
    try await eventually("the backlog begins") { try !site.ranges("backfill").isEmpty }
    let topics = site.link.sent().map { $0.topic.split(separator: "/").last ?? "" }
    #expect(topics.prefix(5) == ["status", "telemetry", "telemetry", "events", "backfill"])
    // The pace is kept on the clock of the test.
    for _ in 0..<10 {
      site.time.advance(by: .seconds(1))
      site.acknowledgeAll()
      site.store.commit()
      try await Task.sleep(for: .milliseconds(20))
    }
    let backfill = try site.ranges("backfill")
    #expect(backfill.count > 1)
    #expect(backfill.flatMap { Array($0) } == Array(1...50), "oldest first, each once")
    site.acknowledgeAll()
    try await eventually("all arrived") { site.store.acknowledged() == [SequenceRange(1, 70)] }
    try await eventually("nothing waits") { site.uplink.counters().backlogRecords == 0 }
    #expect(site.uplink.counters().sentRecords == 71 && site.uplink.counters().acknowledgedRecords == 71)
    await site.stop()
  }

  @Test func oldEventsAreBacklogLikeOldTelemetry() async throws {
    // The event log's oldest is older than the telemetry's, its middle younger, and two events are young.
    let ages = [400, 300, 200, 8, 4]
    let events = ages.enumerated().map { Given.eventSegment(UInt64($0 + 1), age: .seconds($1)) }
    let telemetry = [Given.segment(1, 10, age: .seconds(350)), Given.segment(11, 20, age: .seconds(340))]
    let site = Site(telemetry + events, settings: Given.settings(delay: .seconds(5)))
    site.link.connect()
    try await site.expect("events", [4...4, 5...5], "young events at once, in order")
    #expect(try site.ranges("backfill").isEmpty, "old events wait for the delay")
    for _ in 0..<10 {
      site.time.advance(by: .seconds(1))
      site.acknowledgeAll()
      site.store.commit()
      try await Task.sleep(for: .milliseconds(20))
    }
    #expect(try site.ranges("backfill", log: "events").flatMap { Array($0) } == [1, 2, 3])
    #expect(try site.ranges("backfill", log: "telemetry").flatMap { Array($0) } == Array(1...20))
    #expect(try site.ranges("backfill").first == 1...3, "oldest first")
    #expect(try site.ranges("events") == [4...4, 5...5])
    await site.stop()
  }

  @Test func whatWasUnderWayIsSentAgainAfterADisconnect() async throws {
    let site = Site([Given.segment(1, 3), Given.segment(4, 6)])
    site.link.connect()
    try await site.expect("telemetry", [1...3, 4...6], "first connection")
    site.link.acknowledge(site.link.sent("telemetry")[0])
    try await eventually("noted") { site.store.acknowledged() == [SequenceRange(1, 3)] }
    site.link.disconnect()
    try await eventually("told") { site.uplink.counters().lastError == "broken pipe" }
    site.store.commit(Given.segment(7, 9))
    site.link.connect()
    try await site.expect("telemetry", [1...3, 4...6, 4...6, 7...9], "second connection")
    #expect(site.link.sent("status").count == 2)
    await site.stop()
  }

  @Test func theBacklogIsKnownOffline() async throws {
    let site = Site([Given.segment(1, 3, age: .seconds(300)), Given.eventSegment(1)])
    #expect(site.uplink.counters().backlogRecords == 4, "at once")
    site.store.commit(Given.segment(4, 9))
    #expect(site.uplink.counters().backlogRecords == 10)
    #expect(!site.uplink.counters().isConnected)
    await site.stop()
  }

  @Test func theWindowBoundsWhatIsUnderWay() async throws {
    let segments = (0..<100).map { Given.segment(UInt64($0) * 10 + 1, UInt64($0) * 10 + 10) }
    let site = Site(segments, settings: Given.settings(inFlight: 5_000))
    site.link.connect()
    var acknowledged = 0
    while acknowledged < 100 {
      try await eventually("more is sent") { site.link.sent("telemetry").count > acknowledged }
      let sent = site.link.sent("telemetry")
      let underWay = sent.dropFirst(acknowledged).reduce(0) { $0 + $1.payload.count }
      #expect(underWay <= 5_000)
      site.link.acknowledge(sent[acknowledged])
      acknowledged += 1
    }
    #expect(try site.ranges("telemetry").flatMap { Array($0) } == Array(1...1000))
    await site.stop()
  }

  @Test func aRefusingLinkIsAskedAgainWithoutHaste() async throws {
    let site = Site([Given.segment(1, 3), Given.segment(4, 6)])
    site.link.limit(to: 2)
    site.link.connect()
    try await site.expect("telemetry", [1...3], "one fits")
    let questions = site.store.questions
    try await Task.sleep(for: .milliseconds(300))
    #expect(site.store.questions - questions <= 2, "no busy loop")
    site.link.limit(to: 100)
    try await site.expect("telemetry", [1...3, 4...6], "asked again after a second")
    await site.stop()
  }

  @Test func aStatusThatIsDueWaitsForRoomToo() async throws {
    let site = Site([Given.segment(1, 3), Given.segment(4, 6)])
    site.link.limit(to: 2)
    site.link.connect()
    try await site.expect("telemetry", [1...3], "one fits")
    site.time.advance(by: .seconds(61))
    site.store.commit()
    try await Task.sleep(for: .milliseconds(100))
    let questions = site.store.questions
    try await Task.sleep(for: .milliseconds(300))
    #expect(site.store.questions - questions <= 2, "no busy loop")
    #expect(site.link.sent("status").count == 1)
    site.link.limit(to: 100)
    try await eventually("asked again after a second") { site.link.sent("status").count == 2 }
    await site.stop()
  }

  @Test func aFailingStoreIsToldAndSurvived() async throws {
    let site = Site([Given.segment(1, 3)])
    site.store.breakDown(true)
    site.link.connect()
    try await eventually("told") { site.uplink.counters().lastError?.contains("journal") == true }
    #expect(site.link.sent().isEmpty)
    site.store.breakDown(false)
    site.time.advance(by: .seconds(2))
    site.store.commit()
    try await site.expect("telemetry", [1...3], "back again")
    #expect(site.uplink.counters().lastError == nil)
    await site.stop()
  }

  @Test func leavingSaysOfflineLast() async throws {
    let site = Site([Given.segment(1, 3)])
    site.link.connect()
    try await site.expect("telemetry", [1...3], "live")
    async let leaving: Void = site.uplink.goOffline()
    try await eventually("offline is published") { site.link.sent("status").count == 2 }
    site.acknowledgeAll()
    await leaving
    site.store.commit(Given.segment(4, 6))
    try await Task.sleep(for: .milliseconds(50))
    let last = try #require(site.link.sent().last)
    #expect(last.isRetained)
    #expect(
      String(decoding: last.payload, as: UTF8.self).hasPrefix(#"{"online":false,"boot":12,"version":"0.1.0","t":"#))
    await site.stop()
  }

  @Test func anIdleUplinkRests() async throws {
    let site = Site([Given.segment(1, 3)])
    site.link.connect()
    try await site.expect("telemetry", [1...3], "live")
    site.acknowledgeAll()
    try await eventually("noted") { !site.store.acknowledged().isEmpty }
    try await Task.sleep(for: .milliseconds(50))
    let questions = site.store.questions
    try await Task.sleep(for: .milliseconds(300))
    #expect(site.store.questions == questions)
    await site.stop()
  }

  @Test func twoDestinationsOverOneStoreDoNotDisturbEachOther() async throws {
    // One reads both logs and is up, the other does not read the event log and is down at first.
    let store = FakeStore([Given.segment(1, 3), Given.eventSegment(1)])
    store.hide(Given.eventEpoch, from: "grid")
    let vpp = Site(store: store)
    let grid = Site(settings: Given.settings(destination: "grid"), store: store)
    vpp.link.connect()
    try await vpp.expect("telemetry", [1...3], "the first")
    try await vpp.expect("events", [1...1], "its events")
    vpp.acknowledgeAll()
    try await eventually("noted") { !store.acknowledged(Given.eventEpoch).isEmpty }
    #expect(store.acknowledged(by: "vpp") == [SequenceRange(1, 3)])
    #expect(store.acknowledged(by: "grid").isEmpty)
    #expect(grid.link.sent().isEmpty)
    grid.link.connect()
    try await grid.expect("telemetry", [1...3], "the second, all of it")
    vpp.link.receive("replay", #"{"epoch":"0123456789abcdef","ranges":[[1,3]]}"#)
    try await vpp.expect("telemetry", [1...3, 1...3], "once more to the one who asked")
    grid.acknowledgeAll()
    try await eventually("noted for the second") { store.acknowledged(by: "grid") == [SequenceRange(1, 3)] }
    #expect(store.acknowledged(by: "vpp").isEmpty, "the first still waits for its second copy")
    #expect(try grid.ranges("telemetry") == [1...3])
    #expect(grid.link.sent("events").isEmpty)
    await vpp.stop()
    await grid.stop()
  }

  @Test func aRefusedSubscriptionIsToldOnceAndShownUntilTheNextConnection() async throws {
    let site = Site()
    site.link.connect()
    site.link.refuseSubscription("holdfast/v1/mill-lane-4/ack")
    site.link.refuseSubscription("holdfast/v1/mill-lane-4/ack")
    try await eventually("shown") { site.uplink.counters().lastError?.contains("mill-lane-4/ack") == true }
    site.store.breakDown(true)
    site.store.commit()
    try await eventually("another error") { site.uplink.counters().lastError?.contains("journal") == true }
    site.store.breakDown(false)
    site.time.advance(by: .seconds(2))
    site.store.commit()
    try await eventually("shown again") { site.uplink.counters().lastError?.contains("mill-lane-4/ack") == true }
    #expect(site.events.names == ["subscription-refused"])
    site.link.disconnect()
    site.link.connect()
    try await eventually("gone") { site.uplink.counters().isConnected && site.uplink.counters().lastError == nil }
    await site.stop()
  }

  @Test func whatIsThinnedIsBacklogHoweverYoungItIs() async throws {
    let site = Site([
      Given.thinned(1, 60, age: .seconds(300)), Given.thinned(61, 120, age: .seconds(5)), Given.segment(121, 122),
    ])
    site.link.connect()
    try await site.expect("telemetry", [121...122], "fresh")
    try await site.expect("backfill", [1...120], "thinned ones together")
    let text = String(decoding: site.link.sent("backfill")[0].payload, as: UTF8.self)
    #expect(text.split(separator: "\n")[0].hasSuffix(#""first":1,"last":120,"thinned":true}"#))
    await site.stop()
  }

  /// The clock was a day ahead while the site was cut off and at its budget: what was thinned looks young, and goes by
  /// the backlog. It holds up neither live data nor the rest.
  @Test func whatWasThinnedAndLooksYoungHoldsUpNothing() async throws {
    let thinned = (0..<200).map { Given.thinned($0 * 10 + 1, $0 * 10 + 10, age: .seconds(-86_400)) }
    let site = Site(thinned + [Given.segment(2001, 2001)])
    site.link.connect()
    for _ in 0..<50 where site.store.acknowledged() != [SequenceRange(1, 2001)] {
      site.time.advance(by: .seconds(1))
      site.acknowledgeAll()
      site.store.commit()
      try? await eventually(within: 0.1, "arrived") { site.store.acknowledged() == [SequenceRange(1, 2001)] }
    }
    #expect(site.store.acknowledged() == [SequenceRange(1, 2001)])
    #expect(try site.ranges("telemetry") == [2001...2001])
    await site.stop()
  }
}
