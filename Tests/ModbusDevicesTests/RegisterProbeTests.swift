import DeviceProfile
import Synchronization
import TestKit
import Testing

@testable import ModbusDevices

@Suite struct RegisterProbeTests {
  /// A gateway that gives a late answer to the next question, under its transaction: the words would be another block's.
  @Test func anAnswerToAnEarlierQuestionIsNeverTakenForTheNextOnes() throws {
    let isFirst = Mutex(true)
    let peer = try ModbusPeer { _, address in
      UInt16(address)
    } decide: { _ in
      isFirst.withLock { isFirst in
        defer { isFirst = false }
        return isFirst ? .givenToTheNext : .answer
      }
    }
    defer { peer.stop() }
    let probe = RegisterProbe(.tcp(host: "127.0.0.1", port: peer.port))
    func read(_ start: Int) -> [UInt16]? {
      try? probe.read(ReadBlock(space: .holding, start: start, count: 4), unit: 1, timeout: .milliseconds(300))
    }
    #expect(read(10) == nil)
    // It may cost another miss, and never brings the words of 10 to 13.
    let answers = (0..<3).map { _ in read(50) }
    #expect(answers.compactMap(\.self).allSatisfy { $0 == [50, 51, 52, 53] })
    #expect(answers.last == [50, 51, 52, 53])
  }
}
