import EnergyModel
import Testing

@testable import EnergyDispatch

struct FuseExportRuleTests {
  /// A hybrid of 15 kW behind 3 × 16 A, which pass 11 kW.
  private static func parameters(_ change: (inout SiteParameters) -> Void = { _ in }) -> SiteParameters {
    Scene.parameters {
      $0.hybrids[0].acLimit = Watts(15_000)
      $0.hybrids[0].pvPeak = Watts(15_000)
      $0.fuse = .init(phases: 3, rating: Amperes(16))
      $0.loads = []
      change(&$0)
    }
  }

  /// `amperes` flow into the grid on each phase, of which the battery gives `battery`.
  private static func export(_ scene: inout Scene, _ amperes: Double, battery: Double = 0) {
    let power = amperes * 690
    scene.values[Scene.meter] = [
      .power: -power, .currentL1: amperes, .currentL2: amperes, .currentL3: amperes, .powerL1: -power / 3,
      .powerL2: -power / 3, .powerL3: -power / 3,
    ]
    scene.values[Scene.hybrid]?.merge([.power: power, .batteryPower: battery, .pvPower: power - battery]) { $1 }
  }

  /// 15 A: nothing · 16.2 A, of which the battery gives 3 kW: it gives 1 A on each phase less, and nothing is curtailed
  @Test func batteriesStopBeforeStringsAreCurtailed() throws {
    var scene = Scene(Self.parameters())
    Self.export(&scene, 15, battery: 3000)
    scene.run(3)
    #expect(scene.dischargeLimit == 5000 && scene.productionLimit == nil)
    Self.export(&scene, 16.2, battery: 3000)
    scene.run(1)
    let limit = try #require(scene.dischargeLimit)
    #expect((limit - (3000 - 690)).magnitude < 0.01)
    let production = try #require(scene.productionLimit)
    #expect((production - 16.2 * 690).magnitude < 0.01, "no more than is fed in now, and no less")
    #expect(scene.told("fuse-overload-export") == [4])
    #expect(scene.sentence.contains("because the export of 16.2 A on L1 is above the fuse of 16 A"))
    #expect(scene.told("fuse-overload") == [])
  }

  /// The battery goes on giving: after three seconds the strings make up for it.
  @Test func whatTheBatteryDoesNotStopIsCurtailed() throws {
    var scene = Scene(Self.parameters())
    Self.export(&scene, 17, battery: 3000)
    scene.run(3)
    #expect(try #require(scene.productionLimit) == 17 * 690)
    scene.run(1)
    #expect((try #require(scene.productionLimit) - 15.2 * 690).magnitude < 0.01)
  }

  /// 17 A of sun alone · 15 A: bound still · 13 A for a minute: free
  @Test func stringsAreCurtailedAndFreeAgain() throws {
    var scene = Scene(Self.parameters())
    Self.export(&scene, 17)
    scene.run(1)
    #expect((try #require(scene.productionLimit) - 15.2 * 690).magnitude < 0.01)
    Self.export(&scene, 13)
    scene.run(60)
    #expect(scene.productionLimit != nil)
    scene.run(2)
    #expect(scene.productionLimit == nil && scene.dischargeLimit == 5000)
  }

  /// 14.5 kW of sun, and a house whose kettle of 2 kW goes on and off: the inverter gives what it is told a second later, the meter
  /// shows it another second later · never above the fuse for more than five seconds, and not up and down with the kettle
  @Test func theLoopIsCalm() {
    var scene = Scene(Self.parameters())
    var told = 15_000.0
    var over = 0
    var longest = 0
    var limits: [Double] = []
    for second in 0..<600 {
      let house = second / 20 % 2 == 0 ? 500.0 : 2500
      let power = min(14_500, told)
      let amperes = (power - house) / 690
      Self.export(&scene, amperes)
      scene.values[Scene.hybrid]?.merge([.power: power, .pvPower: power]) { $1 }
      scene.run(1)
      told = scene.productionLimit ?? 15_000
      over = amperes > 16 ? over + 1 : 0
      longest = max(longest, over)
      if second > 60 { limits.append(told) }
    }
    #expect(longest <= 5, "\(longest) s")
    #expect(limits.allSatisfy { abs($0 - (15.2 * 690 + 500)) < 200 }, "\(limits.min() ?? 0)...\(limits.max() ?? 0)")
  }

  /// A meter that tells no direction of its phases: it is that of the whole.
  @Test func withoutDirectionsTheWholeTells() throws {
    var scene = Scene(Self.parameters())
    Self.export(&scene, 17)
    for point in [Point.powerL1, .powerL2, .powerL3] { scene.values[Scene.meter]?[point] = nil }
    scene.run(1)
    #expect((try #require(scene.productionLimit) - 15.2 * 690).magnitude < 0.01)
  }

  @Test func importIsNoExport() {
    var scene = Scene(Self.parameters())
    scene.importCurrent(15.9)
    scene.run(5)
    #expect(scene.productionLimit == nil)
    #expect(scene.told("fuse-overload-export") == [])
  }

  /// 10 s: the last good value is too old, and the house may consume nothing
  @Test func unknownCurrentsAreTheWorstCase() throws {
    var scene = Scene(Self.parameters())
    Self.export(&scene, 10)
    scene.run(3)
    #expect(scene.productionLimit == nil)
    scene.silent = [Scene.meter]
    scene.run(10)
    #expect((try #require(scene.productionLimit) - 15.2 * 690).magnitude < 0.01)
    #expect(scene.outcome?.isSafeState == true)
  }

  @Test func anInverterThatTheFuseBearsIsLeftAlone() {
    var scene = Scene(Scene.parameters { $0.loads = [] })
    scene.run(3)
    scene.silent = [Scene.meter]
    scene.run(10)
    #expect(scene.productionLimit == nil)
    #expect(scene.told("fuse-export-not-stored") == [])
  }

  @Test func nothingFlowsThroughTheFuseOnAnIsland() {
    var scene = Scene(Self.parameters())
    Self.export(&scene, 17)
    scene.values[Scene.hybrid]?[.islanded] = 1
    scene.run(2)
    #expect(scene.productionLimit == nil)
  }

  /// A stored cap of 10 kW keeps it while the agent is away, one of 12 does not.
  @Test(arguments: [(nil, true), (10_000, false), (12_000, true)] as [(Double?, Bool)])
  func itIsToldWhereNobodyKeepsIt(cap: Double?, isTold: Bool) {
    var scene = Scene(Self.parameters { $0.feedIn = cap.map { .init(limit: Watts($0), storedIn: Scene.hybrid) } })
    scene.run(2)
    #expect(scene.told("fuse-export-not-stored") == (isTold ? [1] : []))
  }

  /// Two inverters of 4 kW on phases of their own behind 1 × 25 A and 3 × 16 A alike: an ampere is 230 W.
  @Test func smallInvertersFeedOnOnePhase() throws {
    var scene = Scene(
      Self.parameters {
        $0.hybrids[0].acLimit = Watts(4600)
        $0.hybrids[0].battery = nil
      })
    scene.values[Scene.meter] = [
      .power: -4000, .currentL1: 18.2, .currentL2: 1, .currentL3: 1, .powerL1: -4186, .powerL2: 90, .powerL3: 96,
    ]
    scene.values[Scene.hybrid] = [.power: 4600, .pvPower: 4600]
    scene.run(1)
    #expect((try #require(scene.productionLimit) - (4600 - 3 * 230)).magnitude < 0.01)
  }
}
