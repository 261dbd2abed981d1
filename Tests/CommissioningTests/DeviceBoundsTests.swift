import EnergyModel
import Testing

@testable import Commissioning

struct DeviceBoundsTests {
  private let now = told([.soc: 50, .pvPower: 3000])

  @Test(arguments: [Double.nan, .infinity, -.infinity, -1, 10_001, 1e300])
  func productionHasBounds(_ value: Double) {
    #expect(DeviceBounds.hybrid.refusal(of: [.productionLimit: value], given: now) != nil)
  }

  @Test func aBatteryIsToldWhatItCanDo() {
    let bounds = DeviceBounds.hybrid
    #expect(bounds.refusal(of: [.chargeLimit: -1000, .dischargeLimit: 1000], given: now) == nil)
    #expect(bounds.refusal(of: [.chargeLimit: -2000, .dischargeLimit: 1000], given: now) != nil)
    #expect(bounds.refusal(of: [.chargeLimit: -1000, .dischargeLimit: -1000], given: now) != nil)
    #expect(bounds.refusal(of: [.dischargeLimit: .nan], given: now) != nil)
    #expect(bounds.refusal(of: [.dischargeLimit: -4000], given: now) != nil, "more than its strings give")
    #expect(bounds.refusal(of: [.dischargeLimit: -1000], given: told([:])) != nil, "unknown charge")
    #expect(DeviceBounds().refusal(of: [.chargeLimit: 0], given: now) != nil)
  }

  @Test func criticalIsNeverCutOff() {
    var bounds = DeviceBounds()
    bounds.isCritical = true
    #expect(bounds.refusal(of: [.relayOn: 0], given: now) != nil)
    #expect(bounds.refusal(of: [.relayOn: 1], given: now) == nil)
    #expect(bounds.refusal(of: [.relayOn: .nan], given: now) != nil)
  }
}
