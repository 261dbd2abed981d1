import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// 10:00:00 is the begin of a quarter hour. The target is 4 kW: 980 Wh a quarter hour.
struct PeakShavingRuleTests {
  private static func parameters(_ change: (inout SiteParameters) -> Void = { _ in }) -> SiteParameters {
    Scene.parameters {
      $0.fuse = nil
      $0.demand = .init(target: Watts(4000))
      $0.economics.append("peak-shaving")
      change(&$0)
    }
  }

  private static let quiet = Scene.quietMemory + Array("\npeak-shaving\t|free shed\nisland\tgrid shed".utf8)

  /// A site whose meter counts what it imports.
  private struct House {
    var scene: Scene
    var counter = 1000.0

    init(_ parameters: SiteParameters = PeakShavingRuleTests.parameters(), memory: [UInt8] = quiet) {
      scene = Scene(parameters, savedMemory: memory)
    }

    mutating func run(_ seconds: Int, importing power: Double) {
      for _ in 0..<seconds {
        counter += max(0, power) / 3600
        scene.values[Scene.meter]?.merge([.power: power, .energyImport: counter]) { $1 }
        scene.run(1)
      }
    }

    var bounds: [String] {
      scene.outcome?.decision.bounds.filter { $0.rule == "peak-shaving" }.map(\.text) ?? []
    }
  }

  /// 10 min at 3 kW leave 480 Wh for 5 min: 5.76 kW. Then 8 kW: batteries give the rest of 2.26 kW beside the 0.5 they give already.
  @Test func whatIsLeftOfTheQuarterHourMayBeImported() {
    var house = House()
    house.run(600, importing: 3000)
    #expect(!house.bounds.contains { $0.contains("at least") })
    house.run(1, importing: 8000)
    #expect(
      house.bounds.contains {
        $0.hasPrefix("discharge at least 2.8 kW: the mean import of a quarter hour is to stay below 4 kW")
      })
    #expect(house.scene.chargeLimit == 0)
  }

  /// The first 5 min at 8 kW used up 667 Wh of 980: at 10:05 only 1.88 kW are left.
  @Test func whatWasTooMuchIsMadeUpFor() {
    var house = House()
    house.run(300, importing: 8000)
    #expect(house.bounds.contains { $0.contains("discharge at least 5 kW") || $0.contains("discharge at least 6.") })
  }

  /// With an empty battery the boiler goes once the reaction time of a minute is nearly over.
  @Test func withoutABatteryLoadsAreShed() {
    var house = House()
    house.scene.values[Scene.hybrid]?[.soc] = 20
    house.run(240, importing: 8000)
    #expect(house.scene.values[Scene.boiler]?[.relayOn] == 0)
    #expect(house.scene.told("load-shed").first.map { (30...60).contains($0) } == true)
  }

  /// The second quarter hour may have what the first had: 6 kW.
  @Test func theMonthsPeakTakesThePlaceOfTheTarget() {
    var house = House()
    house.run(900, importing: 6000)
    house.run(10, importing: 5500)
    #expect(house.bounds.allSatisfy { $0.contains("below 6 kW") })
    let kept = House(memory: house.scene.core.savedMemory)
    var again = kept
    again.counter = house.counter
    again.scene.time.advance(by: .seconds(920))
    again.run(1, importing: 5500)
    #expect(again.bounds.allSatisfy { $0.contains("below 6 kW") })
    #expect(again.scene.values[Scene.boiler]?[.relayOn] == 1)
    var lost = House(memory: Scene.quietMemory)
    lost.scene.time.advance(by: .seconds(920))
    lost.run(1, importing: 5500)
    #expect(lost.bounds.contains { $0.contains("below 4 kW") })
  }

  /// Nobody knows where in the quarter hour the meter is: after ten minutes of nothing, 4 kW and no more.
  @Test func withoutAClockTheTargetHoldsAtEachMoment() {
    var house = House()
    house.run(600, importing: 0)
    house.run(1, importing: 6000)
    #expect(!house.bounds.contains { $0.contains("at least") })
    house.scene.time.trustClock(false)
    house.run(1, importing: 6000)
    #expect(house.bounds.contains { $0.contains("discharge at least 2.6 kW") })
  }

  /// Scenario 5, the demand window.
  /// 16:50 boot in 1970 with the month's peak of 6 kW kept · 16:57 the clock is set · 16:59:30 crash · 17:00 the window: still 6 kW
  @Test func bootIn1970() throws {
    var before = House()
    before.run(901, importing: 6000)
    let june = before.scene.time.now().wall
    var boot = House(memory: before.scene.core.savedMemory)
    boot.counter = before.counter
    boot.scene.time.stepWall(by: .seconds(-1_782_036_000))
    boot.scene.time.trustClock(false)
    boot.run(420, importing: 1000)
    boot.scene.time.stepWall(by: june + .seconds(6 * 3600 + 56 * 60) - boot.scene.time.now().wall)
    boot.scene.time.trustClock(true)
    boot.run(150, importing: 1000)
    var again = House(memory: boot.scene.core.savedMemory)
    again.counter = boot.counter
    again.scene.time.stepWall(by: boot.scene.time.now().wall - again.scene.time.now().wall)
    again.run(60, importing: 5800)
    #expect(again.bounds.allSatisfy { $0.contains("below 6 kW") })
    #expect(again.scene.values[Scene.boiler]?[.relayOn] == 1)
  }

  @Test func switchedOffItShavesNothing() {
    var house = House(Self.parameters { $0.economics = [] })
    house.run(300, importing: 8000)
    #expect(house.bounds.isEmpty)
  }
}
