import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct ControlCoreTests {
  @Test func nothingIsWrittenBeforeTheFirstGoodReading() {
    var scene = Scene()
    scene.silent = [Scene.hybrid, Scene.boiler, Scene.meter]
    scene.run(5)
    #expect(scene.commands.isEmpty)
    #expect(scene.told("safe-state") == [])
    scene.silent = []
    scene.run(1)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [6])
    #expect(scene.told("safe-state") == [])
  }

  @Test func devicesThatNeverAnswerAreASafeStateAfterTenSeconds() {
    var scene = Scene()
    scene.silent = [Scene.hybrid]
    scene.run(60)
    #expect(scene.told("safe-state") == [11])
    #expect(scene.sentence.contains("the hybrid does not answer"))
  }

  /// 5 s: the inverter falls silent · 11 s: its values are too old, safe state · 60 s: back, written at once
  @Test func aSilentInverterGetsNothingAndRecovers() {
    var scene = Scene()
    scene.run(5)
    scene.silent = [Scene.hybrid]
    scene.run(54)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1])
    scene.silent = []
    scene.run(1)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1, 60])
    #expect(scene.told("safe-state") == [11, 60])
  }

  @Test func monitorModeDecidesAndWritesNothing() {
    var scene = Scene(Scene.parameters { $0.mode = .monitor })
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.importCurrent(45)
    scene.run(10)
    #expect(scene.commands.isEmpty)
    #expect(scene.core.fallback(at: scene.time.now()).isEmpty)
    #expect(scene.sentence.hasPrefix("Would do (monitor mode, nothing is written): "))
    #expect(scene.told("load-shed") == [])
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 0)
  }

  @Test func aBatteryWithoutATimerIsOnlyWatched() {
    var scene = Scene(Scene.parameters { $0.hybrids[0].batteryReversion = nil })
    scene.run(60)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [])
    #expect(scene.sentence.contains("the hybrid's battery is only watched (holdfast check says why)"))
    #expect(scene.newDecisions == [1])
  }

  @Test func driftingNumbersAreNoNewDecision() {
    var scene = Scene()
    for tenth in 0..<100 {
      scene.values[Scene.hybrid]?[.soc] = 60 - Double(tenth) / 10
      scene.values[Scene.meter]?[.power] = Double(tenth * 7 % 40)
      scene.run(1)
    }
    #expect(scene.newDecisions == [1])
  }

  @Test func aCleanStopOpensLimitsAndLeavesTheLoadAsConfigured() {
    var scene = Scene(Scene.parameters { $0.loads[0].isOnWhenAgentDies = false })
    scene.values[Scene.hybrid]?[.soc] = 15
    scene.run(5)
    let commands = scene.core.fallback(at: scene.time.now())
    #expect(commands.map(\.device) == [Scene.hybrid, Scene.boiler])
    #expect(commands[0].setpoints.map(\.value) == [5000, 5000])
    #expect(commands[1].setpoints.map(\.value) == [0])
    let known = Set(scene.commands.map(\.command.id))
    #expect(commands.allSatisfy { !known.contains($0.id) && $0.setpoints[0].owner == "stop" })
  }

  /// The state of charge is unknown: the battery was left to its inverter, and a stop leaves it there.
  @Test func aStopLeavesAloneWhatWasLeftAlone() {
    var scene = Scene()
    scene.run(5)
    scene.values[Scene.hybrid]?[.soc] = .nan
    scene.run(10)
    #expect(scene.core.fallback(at: scene.time.now()).isEmpty)
  }

  /// The relay still reads on, but an order to switch off is under way.
  @Test func aStopOvertakesASwitchingUnderWay() {
    var scene = Scene()
    scene.run(5)
    scene.answer = nil
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.importCurrent(45)
    scene.run(1)
    #expect(scene.writes(Scene.boiler, .relayOn) == [6])
    let relay = scene.core.fallback(at: scene.time.now()).filter { $0.device == Scene.boiler }
    #expect(relay.map { $0.setpoints[0].value } == [1])
  }

  @Test func aStopThatNeverWroteAnythingWritesNothing() {
    let core = ControlCore(parameters: Scene.parameters(), zone: .utc, savedMemory: nil)
    #expect(core.fallback(at: ManualTime().now()).isEmpty)
  }

  @Test func aSingleLostAnswerMovesNothing() {
    var scene = Scene()
    scene.run(5)
    for _ in 0..<10 {
      scene.silent = [Scene.hybrid, Scene.meter, Scene.boiler]
      scene.run(3)
      scene.silent = []
      scene.run(1)
    }
    #expect(scene.newDecisions == [1])
    #expect(scene.events.isEmpty)
  }

  /// The lease is due every 2 s · 5 s: the agent is stopped for 2 or 4 s, and its devices are read a second later: what was
  /// read before is young enough to decide, and no write follows from it.
  @Test(arguments: [1100, 3100]) func afterAPauseTheFirstWriteFollowsAReading(milliseconds: Int) {
    var scene = Scene(Scene.parameters { $0.hybrids[0].batteryReversion = .seconds(4) })
    scene.run(5)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1, 3, 5])
    scene.time.advance(by: .milliseconds(milliseconds))
    scene.silent = [Scene.hybrid, Scene.meter, Scene.boiler]
    scene.run(1)
    #expect(scene.chargeLimit != nil)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1, 3, 5])
    scene.silent = []
    scene.run(1)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1, 3, 5, 7])
  }

  @Test func anImpossibleValueIsUnknown() {
    var scene = Scene()
    scene.run(1)
    scene.values[Scene.hybrid]?[.soc] = 140
    scene.run(1)
    #expect(scene.chargeLimit == nil)
  }

  @Test func aJumpOfTheWallClockChangesNothing() {
    var scene = Scene()
    scene.run(10)
    scene.time.stepWall(by: .seconds(-86_400 * 365))
    scene.run(25)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1, 31])
    #expect(scene.newDecisions == [1])
  }
}

struct SavedMemoryTests {
  @Test func memoryIsPlainTextThatComesBackTheSame() {
    var scene = Scene()
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.importCurrent(45)
    scene.run(5)
    let saved = scene.core.savedMemory
    let lines = String(decoding: saved, as: UTF8.self).split(separator: "\n")
    #expect(lines.first == "holdfast control memory 1")
    #expect(lines.contains("fuse\tshed boiler"))
    #expect(lines.contains("switch boiler\toff 0 starts"))
    #expect(lines.contains("backup reserve hybrid\treached"))
    #expect(lines.contains("device protection hybrid\tlow"))
    #expect(SavedMemory(saved).bytes == saved)
    #expect(ControlCore(parameters: scene.parameters, zone: .utc, savedMemory: saved).savedMemory == saved)
  }

  /// A change of state is worth saving at once; a running minimum time once a minute; then nothing.
  @Test func savingIsAskedForWhenSomethingChanged() {
    var scene = Scene(Scene.parameters { $0.loads[0].minimumOff = .seconds(180) })
    scene.run(2)
    #expect(scene.outcome?.isMemoryChanged == false)
    scene.values[Scene.hybrid]?[.soc] = 20
    scene.run(1)
    #expect(scene.outcome?.isMemoryChanged == true)
    scene.run(1)
    #expect(scene.outcome?.isMemoryChanged == false)
  }

  @Test(arguments: [
    "", "holdfast control memory 2\nfuse\tshed",
    "holdfast control memory 1\nfuse\tnonsense\nswitch boiler\ton x starts",
    "holdfast control memory 1\nfuse", "\u{0}\u{1}",
  ])
  func garbageIsTheWorstCase(text: String) {
    var scene = Scene(savedMemory: Array(text.utf8))
    scene.values[Scene.boiler] = [.relayOn: 0]
    scene.values[Scene.hybrid]?[.soc] = 21
    scene.importCurrent(10)
    scene.run(60)
    #expect(scene.dischargeLimit == 0)
    #expect(scene.writes(Scene.boiler, .relayOn) == [])
  }
}
