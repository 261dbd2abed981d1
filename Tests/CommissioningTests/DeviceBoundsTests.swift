import DeviceProfile
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

  /// A battery that is told a power is left to itself by limits above zero, however low they are.
  @Test func limitsThatHoldNothingAreNotWritten() throws {
    let power = try #require(SimulatedUnits.profile("sunspec-der-storage")?.commands.first)
    let bounds = DeviceBounds.hybrid
    func vanity(_ values: [SetpointKind: Double]) -> String? {
      bounds.vanity(of: bounds.completed(values, for: power), for: power)
    }
    #expect(vanity([.dischargeLimit: 1000])?.contains("5000 W for charging and 1000 W for discharging") == true)
    #expect(vanity([.chargeLimit: 1000]) != nil)
    #expect(vanity([.dischargeLimit: 0]) != nil)
    #expect(vanity([.chargeLimit: 0.5, .dischargeLimit: 0]) != nil)
    #expect(vanity([.chargeLimit: 0, .dischargeLimit: 0]) == nil, "it rests")
    #expect(vanity([.dischargeLimit: -1000]) == nil, "it charges")
    #expect(vanity([.chargeLimit: 5000, .dischargeLimit: 5000]) == nil, "it is handed back")
  }

  /// Each parameter of each command alone, and all that a device can be told: it is another thing than nothing, or refused.
  @Test(arguments: SimulatedUnits.profiles.filter { !$0.commands.isEmpty })
  func whatIsWrittenIsNeverTheSameAsNothing(_ profile: DeviceProfile) {
    var bounds = DeviceBounds.hybrid
    (bounds.chargingCurrent, bounds.failsafeCurrent, bounds.phases) = (6...16, 6, 3)
    var vain: Set<String> = []
    for command in profile.commands {
      let free = bounds.completed([:], for: command)
      for kind in command.parameters {
        let values: [Double] =
          kind == .chargingPhases ? [1] : kind == .chargingCurrent ? [0, 6, 10] : [0, 1, 1000, 4999, -1000]
        for value in values {
          let values = bounds.completed([kind: value], for: command)
          guard command.takes(values) else { continue }
          let isVain = bounds.vanity(of: values, for: command) != nil
          #expect(isVain || values == free || !command.tells(values, as: free), "\(profile.name) \(values)")
          if isVain { vain.insert(command.name) }
        }
      }
      if command.parameters.contains(.dischargeLimit) {
        #expect(vain.contains(command.name) == !command.takesBatteryLimits, "\(profile.name)")
      }
    }
    let powerOnly = ["sunspec-der-storage", "marstek-venus"].contains(profile.name)
    #expect(vain.isEmpty != powerOnly, "\(profile.name): \(vain)")
  }
}
