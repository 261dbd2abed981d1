import EnergyModel
import Testing

@testable import Commissioning

struct FindingTests {
  @Test func whatIsOpenIsNotAccepted() {
    let passed = Finding("meter", "reachable", .passed, "answers within 12 ms")
    #expect([passed].isAccepted)
    #expect(![Finding]().isAccepted)
    #expect(![passed, Finding("meter", "sign", .open, "nobody switched anything on")].isAccepted)
    #expect(![passed, Finding(nil, "fuse", .failed, "failsafe currents exceed it")].isAccepted)
  }
}
