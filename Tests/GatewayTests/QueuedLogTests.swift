import Gateway
import EnergyModel
import Glibc
import Logging
import Testing
import Threads

@Suite struct QueuedLogTests {
  private func makePipe() -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    return (ends[0], ends[1])
  }

  @Test func linesArriveInOrderWithTheirPriority() {
    let ends = makePipe()
    let log = QueuedLog(descriptor: ends.write)
    var logger = Logger(label: "test") { QueuedLogHandler(label: $0, log: log, level: .info, isForJournald: true) }
    logger[metadataKey: "bus"] = "inverter"
    logger.warning("first")
    logger.debug("not shown")
    logger.info("second")
    log.flush()
    var buffer = [UInt8](repeating: 0, count: 200)
    let count = read(ends.read, &buffer, buffer.count)
    #expect(
      String(decoding: buffer[0..<max(count, 0)], as: UTF8.self) == "<4>first bus=inverter\n<6>second bus=inverter\n")
  }

  /// Nobody reads the pipe: the writer's thread stands still, whoever logs does not.
  @Test func aStuckReaderHoldsUpNobody() {
    let ends = makePipe()
    let log = QueuedLog(descriptor: ends.write, capacity: 100)
    let line = String(repeating: "x", count: 1000) + "\n"
    let start = MonotonicInstant.current
    for _ in 0..<5000 { log.put(line) }
    #expect(MonotonicInstant.current - start < .seconds(2))
    #expect(log.dropped > 4000)
    // The pipe stays open: closing its end would end the writer's process with SIGPIPE.
  }
}
