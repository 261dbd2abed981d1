import EnergyModel
import Testing

@testable import EnergyDispatch

struct SupplyRuleTests {
  private static let once = Scene.memory(["fuse\tshed", "switch boiler\ton 60 starts"])

  /// 1 s: found off, counts as switched just now · 61 s: on · 62 s: the relay agrees, nothing more
  @Test func aLoadIsSuppliedAfterItsMinimumOffTime() {
    var scene = Scene(savedMemory: Self.once)
    scene.values[Scene.boiler] = [.relayOn: 0]
    scene.run(60)
    #expect(scene.writes(Scene.boiler, .relayOn) == [])
    #expect(scene.sentence.contains("the boiler is off because its minimum off time lasts until 10:01"))
    scene.run(10)
    #expect(scene.writes(Scene.boiler, .relayOn) == [61])
  }

  @Test func aRelayThatSomebodySwitchedIsWrittenAgain() {
    var scene = Scene(Scene.parameters { $0.loads[0].minimumOff = .zero })
    scene.run(5)
    #expect(scene.writes(Scene.boiler, .relayOn) == [])
    scene.values[Scene.boiler] = [.relayOn: 0]
    scene.run(5)
    #expect(scene.writes(Scene.boiler, .relayOn) == [6])
  }

  @Test func aSilentRelayIsLeftAlone() {
    var scene = Scene()
    scene.run(1)
    scene.silent = [Scene.boiler]
    scene.run(30)
    #expect(scene.writes(Scene.boiler, .relayOn) == [])
    #expect(scene.sentence.contains("the boiler's relay does not answer; the boiler stays as it is"))
    #expect(scene.outcome?.decision.isSafeState == true)
  }

  /// Two starts an hour: found off at 1 s with starts 10 and 50 minutes ago, the third waits for the hour.
  @Test func startsAnHourAreCountedAcrossARestart() {
    let memory = Scene.memory(["fuse\tshed", "switch boiler\toff 5 starts 50 10"])
    let parameters = Scene.parameters { $0.loads[0].startsAnHour = 2 }
    var scene = Scene(parameters, savedMemory: memory)
    scene.values[Scene.boiler] = [.relayOn: 0]
    scene.run(600)
    #expect(scene.writes(Scene.boiler, .relayOn) == [])
    #expect(scene.sentence.contains("it may not start again so soon"))
    scene.run(1)
    #expect(scene.writes(Scene.boiler, .relayOn) == [601])
  }

  /// 1 s: off for 5 minutes of 10 when the agent was restarted · 301 s: on
  @Test func minimumTimesGoOnAfterARestart() {
    let memory = Scene.memory(["fuse\tshed", "switch boiler\toff 5 starts"])
    var scene = Scene(Scene.parameters { $0.loads[0].minimumOff = .seconds(600) }, savedMemory: memory)
    scene.values[Scene.boiler] = [.relayOn: 0]
    scene.run(310)
    #expect(scene.writes(Scene.boiler, .relayOn) == [301])
  }
}
