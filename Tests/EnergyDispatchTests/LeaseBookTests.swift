import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// Leases on their own: what is wanted goes in each second, commands come out.
struct LeaseBookTests {
  private static let hybrid = LeaseKey(device: "hybrid", part: .battery)
  private static let relay = LeaseKey(device: "boiler", part: .relay)

  private struct Desk {
    var book = LeaseBook()
    let time = ManualTime()
    var second = 0
    var answer: WriteReport.Outcome? = .confirmed
    var written: [Int] = []
    var events: [String] = []
    private var reports: [WriteReport] = []

    mutating func run(_ seconds: Int, _ wanted: WantedLease...) {
      for _ in 0..<seconds {
        time.advance(by: .seconds(1))
        second += 1
        events += book.accept(reports, at: time.now()).map(\.name)
        reports = []
        for command in book.plan(wanted, at: time.now().monotonic) {
          written.append(second)
          if let answer { reports.append(WriteReport(command: command, outcome: answer, at: time.now())) }
        }
      }
    }
  }

  private func battery(_ charge: Double, _ discharge: Double = 5000) -> WantedLease {
    WantedLease(
      key: Self.hybrid,
      values: [.init(kind: .chargeLimit, value: charge), .init(kind: .dischargeLimit, value: discharge)],
      owner: "test", deadBand: 50, reversion: .seconds(60))
  }

  private func relay(_ value: Double, reads: Double, measured: MonotonicInstant) -> WantedLease {
    WantedLease(
      key: Self.relay, values: [.init(kind: .relayOn, value: value)], owner: "test", deadBand: 0.5,
      readBack: .init(value: reads, measured: measured))
  }

  /// A relay has no timer of its own: a command that waits for a silent bus for longer would switch what nobody wants any more.
  @Test func noCommandWaitsForLongerThanItIsWanted() {
    var book = LeaseBook()
    let now = ManualTime().now().monotonic
    let commands = book.plan([battery(5000), relay(0, reads: 1, measured: now)], at: now)
    #expect(commands.map { $0.setpoints.map { $0.expires - now } } == [[.seconds(60), .seconds(60)], [.seconds(10)]])
  }

  @Test func refreshedAtHalfTheReversionTime() {
    var desk = Desk()
    desk.run(100, battery(5000))
    #expect(desk.written == [1, 31, 61, 91])
  }

  @Test func changesBeyondTheDeadBandAreWritten() {
    var desk = Desk()
    desk.run(5, battery(3000))
    desk.run(5, battery(3050))
    desk.run(5, battery(3051))
    #expect(desk.written == [1, 11])
  }

  @Test func zeroIsAlwaysWritten() {
    var desk = Desk()
    desk.run(5, battery(20))
    desk.run(5, battery(0))
    #expect(desk.written == [1, 6])
  }

  @Test func anOutstandingCommandIsNotDoubledForThreeSeconds() {
    var desk = Desk()
    desk.answer = nil
    desk.run(8, battery(5000))
    #expect(desk.written == [1, 4, 7])
  }

  @Test func aChangeDoesNotWaitForTheAnswer() {
    var desk = Desk()
    desk.answer = nil
    desk.run(1, battery(5000))
    desk.run(2, battery(1000))
    #expect(desk.written == [1, 2])
  }

  @Test func failuresAreRetriedAfterGrowingPauses() {
    var desk = Desk()
    desk.answer = .failed("timeout")
    desk.run(40, battery(5000))
    #expect(desk.written == [1, 2, 4, 8, 16, 26, 36])
    #expect(desk.events == [])
    desk.answer = .confirmed
    desk.run(40, battery(5000))
    #expect(desk.written.suffix(2) == [46, 76])
  }

  @Test func notTakenThreeTimesIsAnAlarmOnce() {
    var desk = Desk()
    desk.answer = .notTaken("reads 100 %")
    desk.run(60, battery(5000))
    #expect(desk.events == ["setpoint-not-taken"])
  }

  @Test func aRefusalIsToldOnce() {
    var desk = Desk()
    desk.answer = .refused("serial number differs")
    desk.run(60, battery(5000))
    #expect(desk.events == ["setpoint-refused"])
    #expect(desk.written.count < 8)
  }

  @Test func whatNobodyWantsRunsOutAndIsWrittenAnewAfterwards() {
    var desk = Desk()
    desk.run(3, battery(5000))
    desk.run(100)
    desk.run(3, battery(5000))
    #expect(desk.written == [1, 104])
  }

  @Test func aLateReportStillCounts() {
    var book = LeaseBook()
    let time = ManualTime()
    let first = book.plan([battery(5000)], at: time.now().monotonic)
    time.advance(by: .seconds(4))
    let second = book.plan([battery(5000)], at: time.now().monotonic)
    #expect(second.count == 1)
    _ = book.accept([WriteReport(command: first[0], outcome: .confirmed, at: time.now())], at: time.now())
    #expect(book.leases[Self.hybrid]?.confirmed != nil)
    #expect(book.leases[Self.hybrid]?.outstanding.map(\.id) == [second[0].id])
  }

  @Test func limitsOfABatteryAreOneCommandWithOwnerAndExpiry() {
    var book = LeaseBook()
    let now = ManualTime().now().monotonic
    let command = book.plan([battery(1000, 2000)], at: now)[0]
    #expect(command.setpoints.map(\.kind) == [.chargeLimit, .dischargeLimit])
    #expect(command.setpoints.map(\.value) == [1000, 2000])
    #expect(command.setpoints.allSatisfy { $0.owner == "test" && $0.expires == now + .seconds(60) })
  }

  /// 1 s: reads on, off is wanted · 2 s: confirmed, the reading is older and does not count · later it
  /// reads on again: written again
  @Test func aRelayIsWrittenOnChangeAndWhenItReadsOtherwise() {
    var desk = Desk()
    let before = desk.time.now().monotonic
    desk.run(100, relay(1, reads: 1, measured: before))
    #expect(desk.written == [])
    desk.run(20, relay(0, reads: 1, measured: before))
    #expect(desk.written == [101])
    desk.run(1, relay(0, reads: 1, measured: desk.time.now().monotonic + .seconds(1)))
    #expect(desk.written == [101, 121])
  }

  /// The answer to "5 kW" got lost, the device may have taken it: 0 W again is written, though it is what was
  /// confirmed last.
  @Test func aFailedCommandMayHaveBeenTaken() {
    var desk = Desk()
    desk.run(5, battery(5000, 0))
    desk.answer = .failed("timeout")
    desk.run(1, battery(5000, 5000))
    desk.answer = .confirmed
    desk.run(5, battery(5000, 0))
    #expect(desk.written == [1, 6, 7])
  }

  @Test func aRelayThatFailedIsWrittenUnlessItReadsRightAfterwards() {
    var desk = Desk()
    let before = desk.time.now().monotonic
    desk.answer = .failed("timeout")
    desk.run(1, relay(0, reads: 1, measured: before))
    desk.run(1, relay(1, reads: 1, measured: before))
    #expect(desk.written == [1, 2])
    desk.run(30, relay(1, reads: 1, measured: desk.time.now().monotonic + .seconds(60)))
    #expect(desk.written == [1, 2])
  }

  /// Somebody switches back at once: repeated each 10 s, not each second.
  @Test func aRelayIsNotFoughtOver() {
    var desk = Desk()
    for _ in 0..<25 {
      let fresh = desk.time.now().monotonic + .milliseconds(1500)
      desk.run(1, relay(0, reads: 1, measured: fresh))
    }
    #expect(desk.written == [1, 11, 21])
  }

  /// 1, 2, 4, 8 s: failed, next at 16 s · 10 s: 0 W is wanted, tried at once, then it pauses as well
  @Test func whatProtectsDoesNotWaitForThePause() {
    var desk = Desk()
    desk.answer = .failed("timeout")
    desk.run(9, battery(5000))
    #expect(desk.written == [1, 2, 4, 8])
    desk.run(10, battery(0))
    desk.run(10, battery(5000))
    #expect(desk.written == [1, 2, 4, 8, 10, 20])
  }

  @Test func anAlarmIsNotHiddenByAnEarlierRefusal() {
    var desk = Desk()
    desk.answer = .refused("read-only")
    desk.run(11, battery(5000))
    desk.answer = .notTaken("reads 100 %")
    desk.run(60, battery(5000))
    #expect(desk.events == ["setpoint-refused", "setpoint-not-taken"])
  }
}
