import DeviceProfile
import EnergyModel
import Testing

@testable import ModbusDevices

@Suite struct LateRepliesTests {
  private func at(_ seconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: seconds * 1_000_000_000) }
  private func block(_ count: Int, _ space: RegisterSpace = .holding) -> ReadBlock {
    ReadBlock(space: space, start: 100, count: count)
  }

  @Test func aMissedAnswerIsWaitedForUntilAnotherShapeWasAnswered() throws {
    var late = LateReplies()
    #expect(!late.isSuspect(at: at(0)))
    late.missed(block(10), at: at(0))
    #expect(late.isSuspect(at: at(1)))
    #expect(try #require(late.question(near: block(10), limit: 125)) == block(9))
    late.settled()
    #expect(!late.isSuspect(at: at(1)))
  }

  @Test func theQuestionIsLikeNoneOfTheMissedOnes() throws {
    var late = LateReplies()
    for count in [10, 9, 11] { late.missed(block(count), at: at(0)) }
    #expect(late.question(near: block(10), limit: 125)?.count == 8)
    #expect(late.question(near: block(1), limit: 125)?.count == 2)
    // A device that lets one register be read at once cannot be asked otherwise.
    late = LateReplies()
    late.missed(block(1), at: at(0))
    #expect(late.question(near: block(1), limit: 1) == nil)
    #expect(late.question(near: ReadBlock(space: .holding, start: 65_535, count: 1), limit: 125) == nil)
  }

  @Test func coilsDifferByBytes() {
    var late = LateReplies()
    late.missed(block(3, .coil), at: at(0))
    #expect(late.question(near: block(3, .coil), limit: 125)?.count == 11)
    #expect(late.question(near: block(16, .coil), limit: 125)?.count == 24)
  }

  @Test func nothingIsLaterThanAMinute() {
    var late = LateReplies()
    late.missed(block(1), at: at(0))
    late.missed(block(2), at: at(30))
    #expect(late.isSuspect(at: at(89)))
    #expect(!late.isSuspect(at: at(90)))
  }
}
