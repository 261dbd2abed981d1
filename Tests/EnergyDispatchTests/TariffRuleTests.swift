import EnergyModel
import Forecasting
import TestKit
import Testing

@testable import EnergyDispatch

/// 27 ct/kWh from 22:00 to 06:00, 34 in between; the house takes 1 kW at all hours: 16 kWh in the dear ones.
struct TariffRuleTests {
  private static func parameters(_ change: (inout SiteParameters) -> Void = { _ in }) -> SiteParameters {
    Scene.parameters {
      $0.tariff = .init(
        buy: [.init(start: 360, end: 1320, price: 34), .init(start: 1320, end: 360, price: 20)], sell: 8)
      $0.economics = ["tariff", "self-consumption"]
      $0.baseLoad = Watts(400)
      change(&$0)
    }
  }

  /// At `minutes` after 10:00.
  private func scene(_ minutes: Int, _ parameters: SiteParameters = TariffRuleTests.parameters()) -> Scene {
    var scene = Scene(parameters)
    scene.time.advance(by: .seconds(60 * minutes - 1))
    scene.run(1)
    return scene
  }

  private static let night = 12 * 60 + 30

  /// 22:30: the battery is saved for dear hours, until the owner or the aggregator asks for it.
  @Test func whatSomebodyAskedForIsStronger() {
    var scene = scene(Self.night)
    let now = scene.time.now().monotonic
    scene.orders.override = .init(value: .discharge(2000), starts: now, ends: nil, id: "a", issuer: "the owner")
    scene.run(1)
    #expect(scene.dischargeLimit == 2000)
    scene.orders.override = nil
    scene.orders.batteryPower = [.init(value: 1000, starts: now, ends: now + .seconds(10), id: "b", issuer: "vpp")]
    scene.run(1)
    #expect(scene.dischargeLimit == 1000)
    scene.run(10)
    #expect(scene.dischargeLimit == -500)
  }

  /// The owner's plan discharges from 22:30 on, for an hour.
  @Test func thePlanIsStronger() {
    let plan = SiteParameters.PlanWindow(time: .init(start: 1350, end: 1410), battery: .discharge(2000))
    var scene = scene(Self.night, Self.parameters { $0.plan = [plan] })
    #expect(scene.dischargeLimit == 2000)
    scene.time.advance(by: .seconds(3600))
    scene.run(1)
    #expect(scene.dischargeLimit ?? 0 < 0)
  }

  @Test func inDearHoursTheBatteryIsUsed() {
    let scene = scene(60)
    #expect(scene.dischargeLimit == 5000)
    #expect(scene.outcome?.decision.rule == "self-consumption")
  }

  /// 22:30: base load 0.4 kW for 16 hours are 6.4 kWh, with losses 6.94: up to 79.4 % of 10 kWh. 50 % are there, 7.5 hours are left.
  @Test func inCheapHoursItIsChargedForTheDearOnes() {
    var scene = scene(Self.night)
    #expect(scene.dischargeLimit == -500)
    #expect(
      scene.sentence
        == "Tariff: the battery charges with 500 W until 06:00 because 34 ct/kWh are to come and now it is 20 ct/kWh.")
    scene.values[Scene.hybrid]?[.soc] = 80
    scene.run(1)
    #expect(scene.dischargeLimit == 0)
    #expect(scene.chargeLimit == 5000)
    scene.values[Scene.hybrid]?[.soc] = 82
    scene.run(1)
    #expect(scene.dischargeLimit == 5000)
  }

  @Test func whereTheGridMayNotChargeItIsOnlyHeld() {
    let scene = scene(Self.night, Self.parameters { $0.hybrids[0].battery?.gridCharging = .never })
    #expect(scene.dischargeLimit == 0)
    #expect(scene.outcome?.decision.rule == "self-consumption")
    #expect(
      scene.outcome?.decision.bounds.contains {
        $0.text == "discharge at most 0 W: 34 ct/kWh are to come and now it is 20 ct/kWh"
      } == true)
  }

  /// 0.85 · 34 − 20 = 8.9 ct/kWh are left for wear.
  @Test(arguments: [(8.8, true), (9.0, false)]) func itIsChargedOnlyWhereItPays(wear: Double, charges: Bool) {
    let scene = scene(Self.night, Self.parameters { $0.hybrids[0].battery?.wear = wear })
    #expect(scene.dischargeLimit == (charges ? -500 : 0))
  }

  /// Tomorrow the sun covers the house from 08:00 on: two dear hours of 0.8 kW remain, which the battery has already.
  @Test func theForecastTellsWhatIsNeeded() {
    var scene = Scene(Self.parameters())
    scene.time.advance(by: .seconds(60 * Self.night - 1))
    let start = QuarterHour.start(containing: scene.time.now().wall)
    var forecast = Forecast(start: start, load: .init(power: Watts(800)), pv: .init(power: .zero))
    forecast.following = (1...96).map { index in
      let sun = index >= 38 ? 3000.0 : 0
      return QuarterHour(start: start + QuarterHour.length * index, load: Watts(800), pv: Watts(sun))
    }
    scene.forecast = forecast
    scene.run(1)
    #expect(scene.dischargeLimit == 5000)
    scene.values[Scene.hybrid]?[.soc] = 24
    scene.run(1)
    #expect(scene.dischargeLimit == -100)
  }

  @Test func withoutAClockTheTariffIsSuspended() {
    var scene = scene(Self.night)
    scene.time.trustClock(false)
    scene.run(1)
    #expect(scene.dischargeLimit == 5000)
  }

  @Test func onePriceAllDayMeansNothing() {
    let flat = Self.parameters { $0.tariff?.buy = [.init(start: 0, end: 1440, price: 30)] }
    #expect(scene(Self.night, flat).dischargeLimit == 5000)
  }
}
