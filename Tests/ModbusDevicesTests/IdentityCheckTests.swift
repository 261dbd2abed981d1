import EnergyModel
import Testing

@testable import ModbusDevices

@Suite struct IdentityCheckTests {
  private let start = MonotonicInstant(nanoseconds: 0)

  @Test("without a configured number nothing is asked and writing is permitted")
  func notRequired() {
    var check = IdentityCheck(expected: nil)
    check.connectionChanged()
    #expect(!check.isDue(at: start))
    #expect(check.refusal == nil)
  }

  @Test("writing waits for the right number, with every new connection anew")
  func confirmed() {
    var check = IdentityCheck(expected: "4711")
    #expect(check.isDue(at: start))
    #expect(check.refusal != nil)
    #expect(check.received("4711") == nil)
    #expect(check.refusal == nil)
    #expect(!check.isDue(at: start))
    check.connectionChanged()
    #expect(check.isDue(at: start))
    #expect(check.refusal != nil)
  }

  @Test("a wrong number is an alarm, once, with both numbers")
  func different() {
    var check = IdentityCheck(expected: "4711")
    let notice = check.received("0815")
    #expect(notice?.name == "wrong-serial")
    #expect(notice?.severity == .alarm)
    #expect(notice?.text.contains("0815") == true && notice?.text.contains("4711") == true)
    #expect(check.refusal?.contains("0815") == true)
    check.connectionChanged()
    #expect(check.received("0815") == nil)
    #expect(check.received("4712") != nil)
  }

  @Test("an unreadable number forbids writing and is asked for again later")
  func unreadable() {
    var check = IdentityCheck(expected: "4711")
    #expect(check.failed("exception 2", at: start, jitter: 0.5)?.name == "serial-unreadable")
    #expect(check.refusal?.contains("exception 2") == true)
    #expect(!check.isDue(at: start + .milliseconds(999)))
    #expect(check.isDue(at: start + .seconds(1)))
    #expect(check.failed("exception 2", at: start, jitter: 0.5) == nil)
    check.connectionChanged()
    #expect(!check.isDue(at: start + .seconds(1)))
    #expect(check.received("4711") == nil)
    #expect(check.refusal == nil)
  }
}
