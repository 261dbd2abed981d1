import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct OwnersPlanRuleTests {
  /// Charge from 22:00 to 06:00, hold from 06:00 to 08:00.
  private static let parameters = Scene.parameters {
    $0.plan = [
      .init(time: DayWindow(start: 1320, end: 360), battery: .charge(3000)),
      .init(time: DayWindow(start: 360, end: 480), battery: .hold),
    ]
  }

  /// 21:59:59 nothing planned · 22:00 charge · 05:59:59 still · 06:00 hold · 08:00 nothing planned
  @Test func theWallClockDecides() {
    var scene = Scene(Self.parameters)
    scene.time.advance(by: .seconds(12 * 3600 - 2))
    scene.run(1)
    #expect(scene.chargeLimit == 5000)
    scene.run(1)
    #expect(scene.chargeLimit == 3000)
    #expect(scene.dischargeLimit == -3000)
    #expect(
      scene.sentence
        == "Owner's plan: the battery charges with 3 kW because the owner's plan says so until 06:00.")
    scene.time.advance(by: .seconds(8 * 3600 - 2))
    scene.run(1)
    #expect(scene.chargeLimit == 3000)
    scene.run(1)
    #expect(scene.chargeLimit == 0)
    #expect(scene.dischargeLimit == 0)
    scene.time.advance(by: .seconds(2 * 3600))
    scene.run(1)
    #expect(scene.dischargeLimit == 5000)
  }

  /// Local 22:00 in Berlin's summer is 20:00 UTC.
  @Test func theSitesTimeZoneCounts() {
    let summer = TimeZoneTable(name: "Europe/Berlin", initialOffset: .seconds(7200))
    var scene = Scene(Self.parameters, zone: summer)
    scene.time.advance(by: .seconds(10 * 3600 - 2))
    scene.run(1)
    #expect(scene.chargeLimit == 5000)
    scene.run(1)
    #expect(scene.chargeLimit == 3000)
  }

  /// The night of 26 October is an hour longer in Berlin: from 22:00 to 06:00 are nine hours.
  @Test func aLongNightIsChargedThrough() {
    var scene = Scene(Self.parameters, zone: LocalClockTests.berlin)
    scene.time.stepWall(by: LocalClockTests.autumn + .seconds(4 * 3600 - 2) - scene.time.now().wall)
    scene.run(1)
    #expect(scene.chargeLimit == 3000)
    scene.run(1)
    #expect(scene.chargeLimit == 0)
  }

  @Test func whileNobodyVouchesForTheClockThePlanIsSuspended() {
    var scene = Scene(Self.parameters)
    scene.time.advance(by: .seconds(13 * 3600))
    scene.time.trustClock(false)
    scene.run(1)
    #expect(scene.chargeLimit == 5000)
    #expect(scene.outcome?.decision.rule == "self-consumption")
    scene.time.trustClock(true)
    scene.run(1)
    #expect(scene.chargeLimit == 3000)
  }

  @Test func theOwnersWordOfTodayIsStrongerThanThePlan() {
    var scene = Scene(Self.parameters)
    scene.time.advance(by: .seconds(13 * 3600))
    scene.orders.override = .init(
      value: .hold, starts: scene.time.now().monotonic, ends: nil, id: "1", issuer: "the owner")
    scene.run(1)
    #expect(scene.chargeLimit == 0)
    #expect(scene.outcome?.decision.rule == "owner's override")
  }
}
