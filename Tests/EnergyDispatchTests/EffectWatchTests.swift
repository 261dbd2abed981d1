import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct EffectWatchTests {
  /// The battery may not discharge: the reserve is reached. Lag 4 s, readings count for 5 s: from 10 s on it is judged.
  private static func atReserve(power: Double) -> Scene {
    var scene = Scene(Scene.parameters { $0.hybrids[0].batteryTerms.lag = .seconds(4) })
    scene.values[Scene.hybrid]?.merge([.soc: 15, .batteryPower: power, .power: power]) { $1 }
    return scene
  }

  /// 1 s: 0 W is written · 2 s: confirmed · 11 s: the lag and the age of a reading are over · 13 s: the third one
  @Test func aBatteryThatGoesOnDischarging() {
    var scene = Self.atReserve(power: 1000)
    scene.run(100)
    #expect(scene.told("setpoint-without-effect") == [12])
    #expect(scene.events.first { $0.event.name == "setpoint-without-effect" }?.event.severity == .alarm)
    #expect(scene.writes(Scene.hybrid, .dischargeLimit) == [1, 31, 61, 91], "the lease goes on")
  }

  /// A standby and the meter's error are within the tolerance of 150 W.
  @Test func lessThanPermittedIsAlwaysRight() {
    var scene = Self.atReserve(power: 149)
    scene.run(50)
    scene.values[Scene.hybrid]?[.soc] = 60
    scene.values[Scene.hybrid]?[.batteryPower] = 0
    scene.run(50)
    #expect(scene.told("setpoint-without-effect") == [])
  }

  /// A battery that is told to charge with 3 kW is nearly full and takes less; then it discharges instead.
  @Test func aFullBatteryTapers() {
    var scene = Scene()
    scene.orders.override = .init(
      value: .charge(3000), starts: scene.time.now().monotonic, ends: nil, id: "a", issuer: "the owner")
    scene.values[Scene.hybrid]?.merge([.soc: 90, .batteryPower: -300, .power: -300]) { $1 }
    scene.run(50)
    #expect(scene.chargeLimit == 3000)
    #expect(scene.told("setpoint-without-effect") == [])
    scene.values[Scene.hybrid]?.merge([.batteryPower: 1000, .power: 1000]) { $1 }
    scene.run(10)
    #expect(scene.told("setpoint-without-effect").count == 1)
  }

  /// 20 s: the reserve is reached, the battery needs 8 s to follow: with a lag of 4 s and readings of 5 s that is in time.
  @Test func whatWasPermittedCountsUntilTheLagIsOver() {
    var scene = Self.atReserve(power: 2000)
    scene.values[Scene.hybrid]?[.soc] = 60
    scene.run(20)
    scene.values[Scene.hybrid]?[.soc] = 15
    scene.run(9)
    scene.values[Scene.hybrid]?[.batteryPower] = 0
    scene.run(30)
    #expect(scene.told("setpoint-without-effect") == [])
  }

  @Test func twoReadingsOutsideAreNone() {
    var scene = Self.atReserve(power: 0)
    scene.run(20)
    for _ in 0..<10 {
      scene.values[Scene.hybrid]?[.batteryPower] = 1000
      scene.run(2)
      scene.values[Scene.hybrid]?[.batteryPower] = 0
      scene.run(1)
    }
    #expect(scene.told("setpoint-without-effect") == [])
  }

  /// The device fell silent with a value outside: one old reading is not three.
  @Test func anOldReadingCountsOnce() {
    var scene = Self.atReserve(power: 0)
    scene.run(20)
    scene.values[Scene.hybrid]?[.batteryPower] = 1000
    scene.run(1)
    scene.silent = [Scene.hybrid]
    scene.run(5)
    #expect(scene.told("setpoint-without-effect") == [])
  }

  @Test func aReturnIsToldAnew() {
    var scene = Self.atReserve(power: 1000)
    scene.run(30)
    scene.values[Scene.hybrid]?[.batteryPower] = 0
    scene.run(10)
    scene.values[Scene.hybrid]?[.batteryPower] = 1000
    scene.run(30)
    #expect(scene.told("setpoint-without-effect").count == 2)
  }

  @Test func aCapThatIsNotKept() {
    var scene = Scene(
      Scene.parameters {
        $0.hybrids[0].productionTerms.lag = .seconds(4)
        $0.feedIn = .init(limit: Watts(3000), storedIn: Scene.hybrid)
      })
    scene.values[Scene.hybrid]?.merge([.power: 6000, .pvPower: 6000, .batteryPower: 0]) { $1 }
    scene.values[Scene.meter]?[.power] = -6000
    scene.run(30)
    #expect(scene.told("setpoint-without-effect").count == 1)
  }

  @Test func aChargerAboveItsCurrent() {
    for (power, times) in [(11_000.0, 0), (12_200, 0), (13_000, 1)] {
      var scene = Scene(Scene.parameters { $0.chargers = [.init(device: "car", current: 6...16)] })
      scene.values["car"] = [.power: power, .chargingState: 2]
      scene.run(30)
      #expect(scene.told("setpoint-without-effect").count == times, "\(power) W at 16 A")
    }
  }

  /// The relay reads off, its load goes on: the contacts are welded, or it feeds something else.
  @Test func aLoadThatGoesOnBehindItsRelay() {
    var scene = Scene(
      Scene.parameters { $0.subMeters = [.init(device: "sub", parent: Scene.meter, measures: Scene.boiler)] })
    scene.values["sub"] = [.power: 2900]
    scene.values[Scene.hybrid]?[.batteryPower] = 0
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.run(5)
    scene.importCurrent(45)
    scene.run(30)
    #expect(scene.writes(Scene.boiler, .relayOn).count == 1)
    #expect(scene.told("setpoint-without-effect").count == 1)
  }
}
