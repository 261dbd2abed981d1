import EnergyModel
import Gateway
import TestKit
import Testing

@Suite struct SiteBalanceTests {
  let time = ManualTime()
  let state = SiteState()
  let parts = BalanceParts(gridMeter: "meter", inverters: ["hybrid"])

  private var balance: SiteStatus.Balance { SiteStatus.Balance(of: state.freeze(at: time.now()), parts: parts) }

  private func tell(_ device: DeviceID, _ readings: [Reading]) {
    state.accept(Sample(device: device, measured: time.now(), readings: readings))
  }

  @Test func theLoadIsTheResidualOfReadingsTakenTogether() {
    tell("meter", [Reading(.power, -1500)])
    tell("hybrid", [Reading(.power, 4000), Reading(.pvPower, 5200), Reading(.batteryPower, -1000), Reading(.soc, 60)])
    #expect(balance.load == 2500)
    #expect(balance.pv == 5200)
    #expect(balance.battery == -1000)
    #expect(balance.soc == 60)
  }

  @Test func readingsApartMakeNoLoad() {
    tell("meter", [Reading(.power, -1500)])
    time.advance(by: .seconds(4))
    tell("hybrid", [Reading(.power, 4000)])
    #expect(balance.grid == -1500)
    #expect(balance.load == nil)
  }

  @Test func aSilentInverterMakesTheLoadUnknownNotSmaller() {
    tell("meter", [Reading(.power, 300)])
    tell("hybrid", [Reading(.power, quality: .timeout)])
    #expect(balance.load == nil)
    #expect(balance.inverter == nil)
  }
}

@Suite struct EnergyIntegralTests {
  let time = ManualTime()

  @Test func trapezoidsOverTheReadings() {
    var integral = EnergyIntegral()
    for power in [3600.0, 3600, 7200] {
      integral.add(power, at: time.now())
      time.advance(by: .seconds(1))
    }
    #expect(abs(integral.energy - 2.5) < 1e-9)
    #expect(integral.until.map { $0 - (integral.from ?? $0) } == .seconds(2))
  }

  @Test func aSilenceIsNotBridged() {
    var integral = EnergyIntegral()
    integral.add(1000, at: time.now())
    time.advance(by: .seconds(60))
    integral.add(1000, at: time.now())
    #expect(integral.energy == 0)
  }

  @Test func theSameReadingTwiceAddsNothing() {
    var integral = EnergyIntegral()
    integral.add(1000, at: time.now())
    integral.add(1000, at: time.now())
    #expect(integral.energy == 0)
  }
}
