import EnergyModel
import Testing

@testable import Uplink

struct ScheduleTests {
  private let now = Given.start.monotonic
  private let logs = [
    LogState(epoch: Given.epoch, name: "telemetry", kind: .telemetry, held: SequenceRange(1, 2))
  ]

  @Test func statusIsDueOnConnectingOnNewLogsAndOnceAMinute() {
    var status = StatusSchedule()
    let minute = Duration.seconds(60)
    #expect(status.isDue(logs, at: now, every: minute))
    status.published(logs, at: now)
    #expect(!status.isDue(logs, at: now + .seconds(59), every: minute))
    #expect(status.isDue(logs, at: now + .seconds(60), every: minute))
    var longer = logs
    longer[0].held = SequenceRange(1, 900)
    #expect(!status.isDue(longer, at: now, every: minute), "a log that grows is the same log")
    longer.append(LogState(epoch: Given.eventEpoch, name: "events", kind: .events, held: nil))
    #expect(status.isDue(longer, at: now, every: minute))
    status.connected()
    #expect(status.isDue(logs, at: now, every: minute))
  }

  @Test func aFailingStoreIsAskedLessAndLess() {
    var retry = RetryPause()
    #expect((0..<7).map { _ in retry.failed().seconds } == [1, 2, 4, 8, 16, 30, 30])
    retry.succeeded()
    #expect(retry.failed() == .seconds(1))
  }
}
