import EnergyModel
import Testing

@testable import Uplink

struct LaneSchedulerTests {
  private let now = Given.start

  private func delivery(_ lane: LaneScheduler.Lane, _ bytes: Int, _ range: SequenceRange = SequenceRange(1, 1))
    -> Delivery
  {
    Delivery(lane: lane, epoch: Given.epoch, range: range, segments: 1, bytes: bytes)
  }

  private func later(_ seconds: Double) -> Moment {
    Moment(wall: now.wall + .seconds(seconds), monotonic: now.monotonic + .seconds(seconds))
  }

  @Test func nothingGoesWithoutAConnection() {
    var lanes = LaneScheduler(Given.settings(), seed: 1)
    let waiting = Waiting(live: [Given.segment(1, 2)])
    #expect(lanes.next(of: waiting, at: now) == nil)
    lanes.connected(at: now.monotonic)
    #expect(lanes.next(of: waiting, at: now) == .live(Given.segment(1, 2)))
    lanes.disconnected()
    #expect(lanes.next(of: waiting, at: now) == nil)
  }

  @Test func liveGoesBeforeEventsAndEventsBeforeTheBacklog() {
    var lanes = LaneScheduler(Given.settings(), seed: 1)
    lanes.connected(at: now.monotonic)
    let old = Given.segment(1, 2, age: .seconds(300))
    var waiting = Waiting(live: [Given.segment(9, 9)], events: [Given.eventSegment(1)], backlog: [old])
    #expect(lanes.next(of: waiting, at: now) == .live(Given.segment(9, 9)))
    waiting.live = []
    #expect(lanes.next(of: waiting, at: now) == .event(Given.eventSegment(1)))
    waiting.events = []
    #expect(lanes.next(of: waiting, at: now) == .backlog([old]))
  }

  @Test func aYoungSegmentAtTheFrontOfTheBacklogIsLeftToTheLiveLane() {
    var lanes = LaneScheduler(Given.settings(), seed: 1)
    lanes.connected(at: now.monotonic)
    let old = Given.segment(1, 2, age: .seconds(61))
    let young = Given.segment(3, 4, age: .seconds(60))
    #expect(lanes.next(of: Waiting(backlog: [old, young]), at: now) == .backlog([old]))
    #expect(lanes.next(of: Waiting(backlog: [young]), at: now) == nil)
    #expect(lanes.next(of: Waiting(backlog: [young]), at: later(1)) == .backlog([young]))
  }

  @Test func theBacklogWaitsForItsDelayOnEveryConnection() {
    var lanes = LaneScheduler(Given.settings(delay: .seconds(7)), seed: 1)
    let waiting = Waiting(backlog: [Given.segment(1, 2, age: .seconds(300))])
    for connection in 0..<3 {
      let start = later(Double(connection) * 100)
      lanes.connected(at: start.monotonic)
      #expect(lanes.next(of: waiting, at: later(Double(connection) * 100 + 6.9)) == nil)
      #expect(lanes.next(of: waiting, at: later(Double(connection) * 100 + 7)) != nil)
    }
  }

  @Test func theDelayIsRandomWithinItsRangeAndRepeatsFromItsSeed() {
    var settings = Given.settings()
    settings.backfillStartDelay = .seconds(2) ... .seconds(9)
    func delays(_ seed: UInt64) -> [Duration] {
      var lanes = LaneScheduler(settings, seed: seed)
      return (0..<20).map { _ in
        lanes.connected(at: now.monotonic)
        return lanes.backlogOpens - now.monotonic
      }
    }
    #expect(delays(1).allSatisfy { settings.backfillStartDelay.contains($0) })
    #expect(delays(1) == delays(1))
    #expect(delays(1) != delays(2))
    #expect(Set(delays(1)).count > 10)
  }

  /// As the configuration's default has it: half of 2 Mbit/s.
  @Test func theShippedPace() {
    #expect(UplinkSettings(destination: "vpp", site: "s", version: "1").backfillBytesPerSecond == 125_000)
  }

  @Test func theBacklogKeepsItsPace() {
    var lanes = LaneScheduler(Given.settings(rate: 1000), seed: 1)
    lanes.connected(at: now.monotonic)
    let waiting = Waiting(backlog: [Given.segment(1, 2, age: .seconds(300))])
    lanes.sent(delivery(.backlog, 2500), as: 1, at: now.monotonic)
    #expect(lanes.next(of: waiting, at: later(2.4)) == nil)
    #expect(lanes.next(of: waiting, at: later(2.5)) != nil)
  }

  @Test func eachLaneLeavesRoomForTheOnesBefore() {
    var lanes = LaneScheduler(Given.settings(inFlight: 1000), seed: 1)
    lanes.connected(at: now.monotonic)
    lanes.sent(delivery(.backlog, 500), as: 1, at: now.monotonic)
    #expect(!lanes.fits(1, in: .backlog))
    #expect(lanes.fits(250, in: .events) && !lanes.fits(251, in: .events))
    #expect(lanes.fits(500, in: .live) && !lanes.fits(501, in: .live))
  }

  @Test func aMessageLargerThanTheWindowGoesAlone() {
    var lanes = LaneScheduler(Given.settings(inFlight: 1000), seed: 1)
    lanes.connected(at: now.monotonic)
    #expect(lanes.fits(5000, in: .live))
    lanes.sent(delivery(.live, 5000), as: 1, at: now.monotonic)
    #expect(!lanes.fits(1, in: .live))
    #expect(lanes.acknowledged(1, at: now.monotonic)?.bytes == 5000)
    #expect(lanes.fits(1, in: .live))
  }

  @Test func liveDataThatHasNoRoomHoldsUpWhatIsBehindIt() {
    var lanes = LaneScheduler(Given.settings(inFlight: 1000), seed: 1)
    lanes.connected(at: now.monotonic)
    lanes.sent(delivery(.live, 1000), as: 1, at: now.monotonic)
    let waiting = Waiting(live: [Given.segment(2, 2)], events: [Given.eventSegment(1)])
    #expect(lanes.next(of: waiting, at: now) == nil)
  }

  @Test func aLaneThatFoundNoRoomIsTriedAgainWhenAQuarterOfItIsFree() {
    var lanes = LaneScheduler(Given.settings(inFlight: 1000), seed: 1)
    lanes.connected(at: now.monotonic)
    for id in 1...10 { lanes.sent(delivery(.live, 100), as: UInt64(id), at: now.monotonic) }
    lanes.foundNoRoom(in: .live)
    let waiting = Waiting(live: [Given.segment(2, 2)])
    for id in 1...2 {
      _ = lanes.acknowledged(UInt64(id), at: now.monotonic)
      #expect(lanes.isWaitingForRoom && lanes.next(of: waiting, at: now) == nil)
    }
    _ = lanes.acknowledged(3, at: now.monotonic)
    #expect(!lanes.isWaitingForRoom && lanes.next(of: waiting, at: now) != nil)
    for id in 11...12 { lanes.sent(delivery(.live, 100), as: UInt64(id), at: now.monotonic) }
    #expect(lanes.next(of: waiting, at: now) != nil, "and then up to the whole window")
    lanes.linkFoundNoRoom()
    #expect(lanes.isWaitingForRoom)
    lanes.disconnected()
    #expect(!lanes.isWaitingForRoom)
  }

  @Test func aYoungThinnedSegmentIsBacklog() {
    var lanes = LaneScheduler(Given.settings(), seed: 1)
    lanes.connected(at: now.monotonic)
    let thinned = Given.thinned(1, 60)
    #expect(lanes.next(of: Waiting(backlog: [thinned, Given.segment(61, 62)]), at: now) == .backlog([thinned]))
  }

  @Test func fetchesOfLiveWhatTheWindowsHaveRoomFor() {
    var lanes = LaneScheduler(Given.settings(inFlight: 128_000), seed: 1)
    lanes.connected(at: now.monotonic)
    #expect(lanes.roomForLive == 128, "a kilobyte each, as long as nothing is known")
    for id in 1...400 as ClosedRange<UInt64> {
      lanes.sent(delivery(.live, 256, SequenceRange(id, id)), as: id, at: now.monotonic)
    }
    #expect((90...110).contains(lanes.roomForLive), "\(lanes.roomForLive)")
    lanes.linkFoundNoRoom()
    #expect(lanes.roomForLive == 16, "the link takes no more than 400 messages, and is asked all the same")
    for id in 1...100 as ClosedRange<UInt64> { _ = lanes.acknowledged(id, at: now.monotonic) }
    #expect(lanes.roomForLive == 100)
  }
}
