import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// What differs between devices that release, fall back and hold.
struct LeaseTermsTests {
  private static func scene(_ terms: LeaseTerms) -> Scene {
    Scene(
      Scene.parameters {
        $0.hybrids[0].batteryTerms = terms
        $0.hybrids[0].productionTerms = terms
        $0.feedIn = .init(limit: Watts(4000), storedIn: Scene.hybrid)
      })
  }

  /// 0…5 s: the cap binds · 6 s on: nobody needs it any more, and after a calm minute it is opened.
  private static func capped(_ terms: LeaseTerms) -> Scene {
    var scene = scene(terms)
    scene.values[Scene.hybrid]?.merge([.power: 5000, .pvPower: 5000, .batteryPower: 0]) { $1 }
    scene.values[Scene.meter]?[.power] = -4000
    scene.run(5)
    scene.values[Scene.hybrid]?.merge([.power: 500, .pvPower: 500]) { $1 }
    scene.values[Scene.meter]?[.power] = 0
    scene.run(300)
    return scene
  }

  /// Released once, and no more written.
  @Test func aDeviceThatReleasesIsLeftToItself() {
    let writes = Self.capped(.init(expiry: .open)).writes(Scene.hybrid, .productionLimit)
    #expect(writes.contains(1))
    #expect(writes.filter { $0 > 100 }.isEmpty)
  }

  /// Its safe value would be stricter than what is wanted: the lease is kept.
  @Test func aDeviceThatFallsBackIsKeptFromIt() {
    let writes = Self.capped(.init(expiry: .safe)).writes(Scene.hybrid, .productionLimit)
    #expect(writes.filter { $0 > 100 }.count > 5)
  }

  @Test func registersThatWearAreWrittenOnChangeOnly() {
    var scene = Scene(
      Scene.parameters { $0.hybrids[0].batteryTerms = .init(expiry: .hold, writesADay: 24) },
      savedMemory: Scene.quietMemory + Array("\nwrites hybrid battery\t24".utf8))
    scene.run(600)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1])
    scene.values[Scene.hybrid]?[.soc] = 20
    scene.run(60)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1, 601])
  }

  /// One write is left: the reserve is reached and released again and again. What tightens is written, what loosens
  /// waits for the budget, and that is told once.
  @Test func aSpentBudgetLetsOnlyTighten() {
    var scene = Scene(
      Scene.parameters { $0.hybrids[0].batteryTerms = .init(expiry: .hold, writesADay: 24) },
      savedMemory: Scene.quietMemory + Array("\nwrites hybrid battery\t1".utf8))
    scene.run(10)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1])
    scene.values[Scene.hybrid]?[.soc] = 19
    scene.run(10)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1, 11])
    scene.values[Scene.hybrid]?[.soc] = 50
    scene.run(10)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1, 11])
    #expect(scene.told("write-budget-spent") == [22])
    scene.run(2 * 3600)
    #expect(scene.writes(Scene.hybrid, .chargeLimit).count == 3)
    #expect(scene.told("write-budget-spent").count == 1)
    let lines = String(decoding: scene.core.savedMemory, as: UTF8.self).split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("writes hybrid battery\t") })
  }

  /// A restart before the first write keeps what is left.
  @Test func theBudgetOutlivesARestartWithoutAWrite() {
    var scene = Scene(
      Scene.parameters { $0.hybrids[0].batteryTerms = .init(expiry: .hold, writesADay: 24) },
      savedMemory: Scene.quietMemory + Array("\nwrites hybrid battery\t7".utf8))
    scene.silent = [Scene.hybrid]
    scene.run(5)
    #expect(String(decoding: scene.core.savedMemory, as: UTF8.self).contains("writes hybrid battery\t7"))
  }

  /// The management unit alarms: what would stay for ever is released, what runs out by itself is left alone.
  @Test func whatIsHeldIsReleasedWhereItIsToBeLeftAlone() {
    for (terms, written) in [(LeaseTerms(expiry: .hold), [11]), (LeaseTerms(expiry: .open), [])] {
      var scene = Self.scene(terms)
      scene.values[Scene.hybrid]?[.soc] = 15
      scene.run(10)
      #expect(scene.dischargeLimit == 0)
      scene.values[Scene.hybrid]?[.alarms] = 4
      scene.run(5)
      #expect(scene.writes(Scene.hybrid, .dischargeLimit).filter { $0 > 10 } == written)
      if terms.expiry == .hold { #expect(scene.commands.last?.command.setpoints.map(\.value) == [5000, 5000]) }
    }
  }

  @Test func aStopOpensWhatWouldBeHeldAndLeavesWhatFallsBack() {
    for (terms, values) in [
      (LeaseTerms(expiry: .hold), [5000.0, 5000]), (.init(expiry: .open), [5000, 5000]), (.init(expiry: .safe), []),
    ] {
      var scene = Self.scene(terms)
      scene.values[Scene.hybrid]?[.soc] = 15
      scene.run(5)
      let commands = scene.core.fallback(at: scene.time.now()).filter { $0.setpoints[0].kind == .chargeLimit }
      #expect(commands.flatMap(\.setpoints).map(\.value) == values, "\(terms)")
    }
  }

  /// A power that is told becomes a limit below zero on the other side, which forbids nothing more.
  @Test func aLargerPowerIsNoTightening() {
    func lease(_ power: Double) -> WantedLease {
      WantedLease(
        key: .init(device: Scene.hybrid, part: .battery),
        values: [.init(kind: .chargeLimit, value: -power), .init(kind: .dischargeLimit, value: power)], owner: "test",
        deadBand: 50)
    }
    for sign in [1.0, -1] {
      #expect(!lease(2000 * sign).tightens(lease(1000 * sign).values))
      #expect(lease(1000 * sign).tightens(lease(2000 * sign).values))
      #expect(!lease(1000 * sign).tightens(lease(0).values))
      #expect(lease(0).tightens(lease(1000 * sign).values))
    }
  }

  /// A charger without a timer would hold its current for ever.
  @Test func aStopLeavesEveryChargerAtItsFailsafeCurrent() {
    for terms in [LeaseTerms(expiry: .hold), LeaseTerms(expiry: .safe)] {
      var scene = Scene(
        Scene.parameters {
          $0.chargers = [.init(device: "car", failsafeCurrent: 8)]
          $0.chargers[0].terms = terms
        })
      scene.values["car"] = [.power: 0, .chargingState: 1]
      scene.run(5)
      let commands = scene.core.fallback(at: scene.time.now()).filter { $0.device == "car" }
      #expect(commands.flatMap(\.setpoints).map(\.value) == [8])
    }
  }

  /// A charger that takes current and phases together refuses one of them alone.
  @Test func aStopLeavesTheSwitchedPhasesAsTheyAre() {
    for (phases, expected) in [(1.0, [8.0, 1]), (nil, [8, 3])] as [(Double?, [Double])] {
      var scene = Scene(
        Scene.parameters {
          $0.chargers = [.init(device: "car", failsafeCurrent: 8, switchesPhases: true)]
          $0.chargers[0].terms = LeaseTerms(expiry: .hold)
        })
      scene.values["car"] = [.power: 0, .chargingState: 1]
      scene.values["car"]?[.chargingPhases] = phases
      scene.run(5)
      let commands = scene.core.fallback(at: scene.time.now()).filter { $0.device == "car" }
      #expect(commands.flatMap(\.setpoints).map(\.value) == expected)
    }
  }
}
