import EnergyModel
import Testing

@testable import Uplink

@Suite struct RequestPaceTests {
  @Test func eightAtOnceThenOneInEightSeconds() {
    let start = MonotonicInstant(nanoseconds: 0)
    var pace = RequestPace()
    let atOnce = (0..<20).filter { _ in pace.mayGo(at: start) }.count
    #expect(atOnce == 8)
    let later = (1...60).filter { pace.mayGo(at: start + .seconds($0)) }.count
    #expect(later == 7)
  }
}
