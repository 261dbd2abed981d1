import EnergyModel
import Testing

@testable import Commissioning

struct StepChoiceTests {
  @Test func whatTheBatteryChargesNowIsFedInWhileItRests() throws {
    // 6 kW from the strings, 2 kW into the battery, 3.5 kW fed in: at rest 5.5 kW, with 2 kW more 7.5 kW.
    let inverter = told([.soc: 50, .power: 4000, .pvPower: 6000, .batteryPower: -2000])
    let choice = try StepChoice.choose(.hybrid, inverter: inverter, grid: -3500, cap: 6000)
    #expect(choice.power < 0, "charges: nothing may be discharged under this cap")
    let free = try StepChoice.choose(.hybrid, inverter: inverter, grid: -3500, cap: 9000)
    #expect(free.power == 2000)
  }

  @Test func whatItDischargesNowIsNotCountedTwice() throws {
    // The house takes 3 kW, all from the battery.
    let inverter = told([.soc: 50, .power: 3000, .pvPower: 0, .batteryPower: 3000])
    #expect(try StepChoice.choose(.hybrid, inverter: inverter, grid: 0, cap: 0).power == 2000)
  }

  @Test func aBatteryWhoseRestWouldBreakTheCapIsLeftAlone() {
    let inverter = told([.soc: 50, .power: 6000, .pvPower: 9000, .batteryPower: -3000])
    #expect(throws: StepChoice.Refusal.self) {
      try StepChoice.choose(.hybrid, inverter: inverter, grid: -5500, cap: 6000)
    }
  }

  @Test func unknownIsNoGround() {
    #expect(throws: StepChoice.Refusal.unknown) {
      try StepChoice.choose(.hybrid, inverter: told([.power: 0, .batteryPower: 0]), grid: 0, cap: nil)
    }
  }
}
