import EnergyModel
import Testing

@testable import Uplink

struct AwaitedDeliveriesTests {
  private let start = Given.start.monotonic

  private func delivery(_ first: UInt64, _ last: UInt64) -> Delivery {
    Delivery(lane: .live, epoch: Given.epoch, range: SequenceRange(first, last), segments: 1, bytes: 100)
  }

  private func ranges(_ deliveries: [Delivery]) -> [UInt64] { deliveries.map(\.range.first) }

  private func at(_ seconds: Int) -> MonotonicInstant { start + .seconds(seconds) }

  @Test func whatASpeakingReceiverLeavesOutIsSentAgain() {
    var awaited = AwaitedDeliveries(resendAfter: .seconds(60))
    for number in 1...4 { awaited.add(delivery(UInt64(number), UInt64(number)), at: at(number)) }
    // 30 s: it has 1 and 4, so 2 and 3 are lost.
    let told = SequenceRangeSet([SequenceRange(1, 1), SequenceRange(4, 4)])
    #expect(ranges(awaited.confirmed(told, of: Given.epoch, at: at(30))) == [1, 4])
    #expect(awaited.confirmed(told, of: Given.eventEpoch, at: at(30)).isEmpty)
    #expect(awaited.deadline == at(62))
    #expect(awaited.takeOverdue(at: at(61)).deliveries.isEmpty)
    #expect(ranges(awaited.takeOverdue(at: at(63)).deliveries) == [2, 3])
    #expect(awaited.deadline == nil)
    #expect(awaited.patience == .seconds(60), "it spoke, so there is no need for more")
  }

  @Test func aSilentReceiverIsAskedWithOneMessageLessAndLess() {
    var awaited = AwaitedDeliveries(resendAfter: .seconds(60))
    for number in 1...20 { awaited.add(delivery(UInt64(number) * 10, UInt64(number) * 10), at: at(number)) }
    var asked: [Int] = []
    for second in 0..<4000 where awaited.deadline.map({ $0 <= at(second) }) ?? false {
      let again = awaited.takeOverdue(at: at(second)).deliveries
      #expect(again.count == 1)
      asked.append(second)
      // Sent again at once, and taken by the broker again.
      for delivery in again { awaited.add(delivery, at: at(second)) }
    }
    // 60 s, then pauses of 120, 240, 480, 600, 600, …
    #expect(asked == [61, 181, 421, 901, 1501, 2101, 2701, 3301, 3901])
  }

  @Test func aWordAfterALongSilenceBringsBackTheShortTime() {
    var awaited = AwaitedDeliveries(resendAfter: .seconds(60))
    awaited.add(delivery(1, 1), at: at(0))
    awaited.add(delivery(3, 3), at: at(1))
    awaited.add(delivery(5, 5), at: at(2))
    for second in [60, 180] { #expect(awaited.takeOverdue(at: at(second)).deliveries.count == 1) }
    #expect(awaited.patience == .seconds(240) && awaited.deadline == at(420))
    _ = awaited.confirmed(SequenceRangeSet([SequenceRange(1, 1)]), of: Given.epoch, at: at(200))
    #expect(awaited.patience == .seconds(60) && awaited.deadline == at(260))
    #expect(ranges(awaited.takeOverdue(at: at(260)).deliveries) == [5])
  }

  @Test func aConnectionGivesEverythingItsWholeTimeAgain() {
    var awaited = AwaitedDeliveries(resendAfter: .seconds(60))
    awaited.add(delivery(1, 1), at: at(0))
    awaited.reconnected(at: at(1000))
    #expect(awaited.takeOverdue(at: at(1059)).deliveries.isEmpty)
    #expect(awaited.takeOverdue(at: at(1060)).deliveries.count == 1)
  }

  /// Several logs take turns.
  @Test(arguments: [1, 2, 5]) func daysWithoutAReceiverDoNotFillTheMemory(logs: Int) {
    var awaited = AwaitedDeliveries(resendAfter: .seconds(60))
    for seq in 1...20_000 {
      for log in 0..<logs {
        var delivery = delivery(UInt64(seq), UInt64(seq))
        delivery.epoch = Epoch(number: UInt64(log))
        awaited.add(delivery, at: at(seq * 4))
      }
      _ = awaited.takeOverdue(at: at(seq * 4))
    }
    #expect(awaited.deliveries.count < 500 * logs)
  }

  /// What was joined in a long silence is not sent as a whole with each question.
  @Test func aQuestionIsOneMessageHoweverMuchWaits() {
    var awaited = AwaitedDeliveries(resendAfter: .seconds(60))
    awaited.add(delivery(1, 10), at: at(0))
    #expect(ranges(awaited.takeOverdue(at: at(60)).deliveries) == [1])
    for number in 1...100 {
      awaited.add(delivery(UInt64(number * 10 + 1), UInt64(number * 10 + 10)), at: at(60 + number))
    }
    #expect(awaited.deliveries.count == 1)
    var asked: [SequenceRange] = []
    for second in 0..<3000 { asked += awaited.takeOverdue(at: at(second)).deliveries.map(\.range) }
    #expect(asked.count == 6)
    #expect(asked.allSatisfy { $0.count <= 10 })
    #expect(asked.first == SequenceRange(11, 20))
    let rest = awaited.deliveries[0]
    #expect(rest.range == SequenceRange(asked[asked.count - 1].last + 1, 1010) && rest.segments == 94)
  }

  /// It was lost three times while the receiver spoke; then the receiver falls silent.
  @Test func ofASilentReceiverNobodySaysThatItLeavesSomethingOut() {
    var ledger = DeliveryLedger(acknowledgedBy: .receiver, resendAfter: .seconds(60))
    let word = SequenceRangeSet([SequenceRange(90, 90)])
    var (now, id, told) = (0, UInt64(0), 0)
    func send() {
      id += 1
      ledger.sent(delivery(1, 1), as: id)
      _ = ledger.acknowledged(id, at: at(now))
    }
    send()
    for pause in [60, 120, 240] {
      now += pause
      _ = ledger.confirmed(word, of: Given.epoch, at: at(now))
      told += ledger.giveUpOverdue(at: at(now)).count
      send()
    }
    #expect(told == 1)
    now += 4000
    #expect(ledger.giveUpOverdue(at: at(now)).isEmpty)
    #expect(ledger.awaited.deliveries.isEmpty, "it is sent again all the same")
  }

  @Test func aReplayTakesOutWhatItTouches() {
    var awaited = AwaitedDeliveries(resendAfter: .seconds(60))
    awaited.add(delivery(1, 10), at: at(0))
    awaited.add(delivery(11, 20), at: at(0))
    awaited.forget(SequenceRangeSet([SequenceRange(10, 10)]), of: Given.epoch)
    #expect(ranges(awaited.deliveries) == [11])
  }
}
