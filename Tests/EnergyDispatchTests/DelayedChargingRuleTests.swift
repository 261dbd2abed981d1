import EnergyModel
import Forecasting
import TestKit
import Testing

@testable import EnergyDispatch

/// At 10:00 the sun will give 8 kW from 12:00 to 14:00 and 4 kW around it, the house takes 1 kW, the cap is 4 kW. So 3 kW are above the
/// cap for two hours: 6 kWh, of which √0.85 is stored, 5.5 kWh. The battery of 10 kWh ends at 95 %.
struct DelayedChargingRuleTests {
  private func scene(soc: Double, sun: Double = 8000, hasForecast: Bool = true) -> Scene {
    let parameters = Scene.parameters {
      $0.feedIn = .init(limit: Watts(4000), storedIn: Scene.hybrid)
      $0.economics = ["self-consumption", "delayed-charging"]
    }
    var scene = Scene(parameters)
    scene.values[Scene.hybrid]?.merge([.soc: soc, .power: 1500, .pvPower: 4000, .batteryPower: -2500]) { $1 }
    scene.values[Scene.meter]?[.power] = -500
    guard hasForecast else { return scene }
    let start = scene.time.now().wall
    var forecast = Forecast(start: start, load: .init(power: Watts(1000)), pv: .init(power: Watts(4000)))
    forecast.following = (1...96).map { index in
      let pv = (8..<16).contains(index) ? sun : index < 32 ? 4000.0 : 0
      return QuarterHour(start: start + QuarterHour.length * index, load: Watts(1000), pv: Watts(pv))
    }
    scene.forecast = forecast
    return scene
  }

  /// 35 %: room for 6 kWh, of which 6.1 are kept: nothing now. 25 %: 0.9 kWh are spare for two hours, in steps of 250 W 500 W.
  @Test(arguments: [(35.0, 0.0), (25, 500), (15, 1000)]) func roomIsKeptForThePeak(soc: Double, charge: Double) {
    var scene = scene(soc: soc)
    scene.run(1)
    #expect(scene.chargeLimit == charge)
    let kept = "battery may \(charge == 0 ? "not charge" : "charge at most")"
    #expect(scene.sentence.contains(kept))
    #expect(scene.sentence.contains("because room is kept for the sun that the feed-in cap of 4 kW would waste"))
  }

  /// 12:30, 7 kW of surplus: the 3 kW above the cap are charged, and a step more.
  @Test func atThePeakWhatIsAboveTheCapIsCharged() {
    var scene = scene(soc: 45)
    scene.time.advance(by: .seconds(9000))
    scene.values[Scene.hybrid]?.merge([.power: 5000, .pvPower: 8000, .batteryPower: -3000]) { $1 }
    scene.values[Scene.meter]?[.power] = -4000
    scene.run(1)
    #expect(scene.chargeLimit.map { (3000...3500).contains($0) } == true)
  }

  @Test func withoutAForecastItIsPlainSelfConsumption() {
    var scene = scene(soc: 35, hasForecast: false)
    scene.run(1)
    #expect(scene.chargeLimit == 5000)
    scene = self.scene(soc: 35)
    scene.time.trustClock(false)
    scene.run(1)
    #expect(scene.chargeLimit == 5000)
  }

  @Test func aDayBelowTheCapIsNotDelayed() {
    var scene = scene(soc: 35, sun: 4500)
    scene.run(1)
    #expect(scene.chargeLimit == 5000)
  }
}
