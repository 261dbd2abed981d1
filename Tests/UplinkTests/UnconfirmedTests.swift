import EnergyModel
import Foundation
import TestKit
import Testing

@testable import Uplink

/// A receiver that speaks of everything but one segment.
@Suite(.serialized, .schemaChecked)
struct UnconfirmedTests {
  private func at(_ seconds: Int) -> MonotonicInstant { Given.start.monotonic + .seconds(seconds) }

  private func delivery(_ first: UInt64, _ last: UInt64) -> Delivery {
    Delivery(lane: .live, epoch: Given.epoch, range: SequenceRange(first, last), segments: 1, bytes: 100)
  }

  private func ranges(_ pairs: ClosedRange<UInt64>...) -> SequenceRangeSet {
    SequenceRangeSet(pairs.map { SequenceRange($0.lowerBound, $0.upperBound) })
  }

  @Test func itIsSentLessAndLessWhileTheOthersAreConfirmed() {
    var awaited = AwaitedDeliveries(resendAfter: .seconds(60))
    awaited.add(delivery(1, 3), at: at(0))
    var asked: [Int] = []
    for second in 1..<4000 {
      // Others come and are confirmed all the time; one in ten is lost once and comes the second time.
      let other = UInt64(second) * 2 + 10
      awaited.add(delivery(other, other), at: at(second))
      for delivery in awaited.takeOverdue(at: at(second)).deliveries {
        if delivery.range.first == 1 {
          asked.append(second)
        } else {
          #expect(second == Int(delivery.range.first - 10) / 2 + 60)
        }
        awaited.add(delivery, at: at(second))
        if delivery.range.first != 1 {
          let again = awaited.confirmed(SequenceRangeSet([delivery.range]), of: Given.epoch, at: at(second))
          #expect(again.count == 1)
        }
      }
      if second % 10 != 0 { _ = awaited.confirmed(ranges(other...other), of: Given.epoch, at: at(second)) }
    }
    #expect(asked == [60, 180, 420, 900, 1500, 2100, 2700, 3300, 3900])
    _ = awaited.confirmed(ranges(1...3), of: Given.epoch, at: at(4000))
    awaited.add(delivery(1, 3), at: at(4000))
    _ = awaited.confirmed(ranges(10...10), of: Given.epoch, at: at(4001))
    #expect(awaited.takeOverdue(at: at(4059)).deliveries.allSatisfy { $0.range.first != 1 })
    #expect(
      awaited.takeOverdue(at: at(4060)).deliveries.contains { $0.range.first == 1 },
      "once confirmed, it is like any other")
  }

  @Test func neitherAConnectionNorAWordAfterASilenceBringsItForward() {
    var awaited = AwaitedDeliveries(resendAfter: .seconds(60))
    awaited.add(delivery(1, 1), at: at(0))
    for second in [60, 180, 420] {
      _ = awaited.confirmed(ranges(9...9), of: Given.epoch, at: at(second))
      #expect(awaited.takeOverdue(at: at(second)).deliveries.count == 1)
      awaited.add(delivery(1, 1), at: at(second))
    }
    awaited.add(delivery(5, 5), at: at(430))
    // 490 s: silence, so patience grows; 500 s: a word; 510 s: another connection.
    #expect(awaited.takeOverdue(at: at(490)).deliveries.map(\.range.first) == [5])
    _ = awaited.confirmed(ranges(9...9), of: Given.epoch, at: at(500))
    awaited.reconnected(at: at(510))
    #expect(awaited.deadline == at(900))
    awaited.reconnected(at: at(890))
    #expect(awaited.deadline == at(950), "and a connection gives it at least the ordinary time")
  }

  @Test func manyOfThemComeOneASecond() {
    var awaited = AwaitedDeliveries(resendAfter: .seconds(6))
    for seq in 1...100 as ClosedRange<UInt64> { awaited.add(delivery(seq * 2, seq * 2), at: at(0)) }
    var sent: [Int] = []
    for second in 1..<600 {
      _ = awaited.confirmed(ranges(1...1), of: Given.epoch, at: at(second))
      let again = awaited.takeOverdue(at: at(second)).deliveries
      sent += again.map { _ in second }
      for delivery in again { awaited.add(delivery, at: at(second)) }
    }
    #expect(sent.count { $0 <= 18 } == 200, "twice like what is lost now and then")
    let late = sent.filter { $0 > 18 }
    #expect((350...450).contains(late.count), "\(late.count)")
    #expect(Set(late).count == late.count, "never two in a second")
  }

  /// 0 s: thirty old segments go as one frame, which the receiver cannot take because of the twentieth.
  @Test func itGoesAloneSoThatItHoldsUpNobody() async throws {
    let old = (1...30).map { Given.segment(UInt64($0), UInt64($0), age: .seconds(300)) }
    let site = Site(old, settings: Given.settings(acknowledgedBy: .receiver))
    site.link.connect()
    try await site.expect("backfill", [1...30], "as one")
    func takeAll() async throws {
      site.acknowledgeAll()
      let taken = try site.ranges("backfill").filter { !$0.contains(20) }.map { "[\($0.lowerBound),\($0.upperBound)]" }
      site.link.receive("ack", #"{"epoch":"0123456789abcdef","ranges":[\#(taken.joined(separator: ","))]}"#)
      // A word of something else, so that the receiver is not silent.
      site.link.receive("ack", #"{"epoch":"\#(Given.eventEpoch)","ranges":[[1,1]]}"#)
      try await site.listened()
      site.store.commit()
    }
    site.store.commit(Given.eventSegment(1))
    var counts: [Int] = []
    for second in stride(from: 0, to: 2000, by: 10) {
      try await takeAll()
      if second % 100 == 0 {
        counts.append(try site.ranges("backfill").count { $0 == 20...20 })
      }
      if second == 600 {
        try await eventually("the others are through") {
          site.store.acknowledged() == [SequenceRange(1, 19), SequenceRange(21, 30)]
        }
      }
      site.time.advance(by: .seconds(10))
    }
    #expect(try site.ranges("backfill").prefix(2) == [1...30, 1...30], "it may have been lost once")
    #expect(try (3...5).contains(site.ranges("backfill").count { $0 == 20...20 }), "\(counts)")
    #expect(try site.ranges("backfill").count < 50)
    let told = site.events.all.filter { $0.name == "delivery-unconfirmed" }
    #expect(told.count == 1, "once an hour")
    #expect(told.first?.severity == .warning)
    #expect(told.first?.data["first"] == .integer(20) && told.first?.data["last"] == .integer(20))
    #expect(told.first?.data["epoch"] == .text("0123456789abcdef"))
    await site.stop()
  }
}
