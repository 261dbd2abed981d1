import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct HeatPumpRuleTests {
  private static let pump = ConsumerScene.pump
  /// The pump has been running for hours.
  static let quiet = ["heat pump pump\t2 10 blocked 0 starts free"]

  /// Of the scene's clock, in minutes.
  private static let start = ManualTime().now().wall.milliseconds / 60_000

  static func scene(
    memory: [String] = HeatPumpRuleTests.quiet, state: Double = 2, _ change: (inout SiteParameters) -> Void = { _ in }
  ) -> ConsumerScene {
    let parameters = Scene.parameters {
      $0.loads = []
      $0.heatPumps = [.init(device: pump, rated: Watts(4000), priority: 1)]
      change(&$0)
    }
    var scene = ConsumerScene(parameters, memory: memory)
    scene.values[pump] = [.power: 1500, .heatPumpState: state]
    return scene
  }

  private func blocked(_ seconds: Range<Int>) -> ConsumerScene.TestLimit {
    ConsumerScene.TestLimit(seconds, .heatPump(Self.pump), .atMost(1), .legalLimit)
  }

  /// 10 s: blocked · 20 s: the limit goes, but the block lasts ten minutes · 700 s: a limit that protects does not wait for the
  /// ten minutes that the pump was to run
  @Test func aBlockAndARunLast() {
    var scene = Self.scene()
    scene.limits = [blocked(10..<20), blocked(700..<5000)]
    scene.run(15)
    #expect(scene.sentence.contains("the pump is blocked because the test asks for it"))
    scene.run(10)
    #expect(scene.sentence.contains("the pump is blocked because a block once begun lasts until 10:10"))
    scene.run(1675)
    // blocked at 10 s, seen at 11 s; released at 611 s
    #expect(scene.changes(Self.pump, .heatPumpState) == [10, 611, 700])
    #expect(scene.told("heat-pump-blocked") == [10, 700])
    #expect(scene.told("heat-pump-released") == [611])
    #expect(scene.told("conflict") == [700])
  }

  /// The same with a limit that only saves money: the pump runs for ten minutes once it was released.
  @Test func aPreferenceDoesNotCutARunShort() {
    var scene = Self.scene()
    scene.limits = [blocked(10..<20), .init(700..<5000, .heatPump(Self.pump), .atMost(1), .economics)]
    scene.run(700)
    #expect(scene.sentence.contains("the pump runs because it is let run until 10:20 once it was released"))
    scene.run(1000)
    // released at 611 s, seen at 612 s
    #expect(scene.changes(Self.pump, .heatPumpState) == [10, 611, 1212])
    #expect(scene.told("conflict") == [700])
  }

  /// Blocked for two hours, then let run for two.
  @Test func aBlockEndsAfterTwoHoursAndThePumpRunsForAsLong() {
    var scene = Self.scene()
    scene.limits = [blocked(1..<20_000)]
    scene.run(18_000)
    #expect(scene.changes(Self.pump, .heatPumpState) == [7202, 14_403])
    #expect(scene.told("conflict") == [7202])
  }

  /// Blocks of eleven minutes with twelve minutes between them never rest; with ten between them they do, in the end.
  @Test func shortBlocksCountLikeOneLong() {
    func rests(_ pause: Int) -> Bool {
      let time = ManualTime()
      var now = time.now().monotonic
      let pump = SiteParameters.HeatPump(device: Self.pump, rated: Watts(4000), priority: 1)
      var history = HeatPumpHistory(pump, saved: "2 10 blocked 0 starts free at \(Self.start)", at: time.now())
      for minute in 0..<4000 {
        now = now + .seconds(60)
        let state = minute % (11 + pause) < 11 ? 1 : 2
        history.observe(.init(device: Self.pump, power: nil, state: state, measured: now), at: now)
        if history.isResting { return true }
      }
      return false
    }
    #expect(!rests(12))
    #expect(rests(10))
  }

  /// It was blocked for 110 minutes before the restart; ten later it runs.
  @Test func theBlockedTimeGoesOnAfterARestart() {
    var scene = Self.scene(memory: ["heat pump pump\t1 10 blocked 110 starts free at \(Self.start)"], state: 1)
    scene.limits = [blocked(1..<1000)]
    scene.run(700)
    #expect(scene.first(Self.pump, .heatPumpState, 2) == 600)
  }

  /// It was blocked for 90 minutes when the agent died; found blocked 25 minutes later it runs in five more.
  @Test func theTimeInBetweenCountsAsBlocked() {
    var scene = Self.scene(memory: ["heat pump pump\t1 10 blocked 90 starts free at \(Self.start - 25)"], state: 1)
    scene.limits = [blocked(1..<1000)]
    scene.run(400)
    #expect(scene.first(Self.pump, .heatPumpState, 2) == 300)
  }

  /// It ran when the agent was last heard of, and is found blocked: perhaps it was told so just before.
  @Test func itMayHaveBeenBlockedAllTheTime() {
    var scene = Self.scene(memory: ["heat pump pump\t2 10 blocked 0 starts free at \(Self.start - 100)"], state: 1)
    scene.limits = [blocked(1..<3000)]
    scene.run(1300)
    #expect(scene.first(Self.pump, .heatPumpState, 2).map { (1200...1201).contains($0) } == true)
  }

  /// Somebody has let it run meanwhile: nothing is added, and a limit may block it for what is left.
  @Test func aPumpThatIsFoundRunningWasNotBlocked() {
    var scene = Self.scene(memory: ["heat pump pump\t1 10 blocked 100 starts free at \(Self.start - 600)"], state: 2)
    scene.limits = [blocked(1..<3000)]
    scene.run(1300)
    #expect(scene.setpoint(Self.pump, .heatPumpState, at: 1) == 1)
    #expect(scene.first(Self.pump, .heatPumpState, 2).map { (1195...1205).contains($0) } == true)
  }

  /// Nobody vouches for the clock, or it was put back, or nobody did when the text was saved: the longest block is over.
  @Test(arguments: [("at 29700600", false), ("at 29700700", true), ("", true), ("at 9223372036854775807", true)])
  func aPauseOfUnknownLengthIsTheWorstCase(clock: String, isTrusted: Bool) {
    var scene = Self.scene(memory: ["heat pump pump\t1 10 blocked 5 starts free \(clock)"], state: 1)
    scene.time.trustClock(isTrusted)
    scene.restart(memory: ["heat pump pump\t1 10 blocked 5 starts free \(clock)"])
    scene.limits = [blocked(1..<1000)]
    scene.run(1)
    #expect(scene.setpoint(Self.pump, .heatPumpState) == 2)
  }

  /// Each minute while it is blocked, and each quarter hour while it is not.
  @Test func theTextTellsWhenItWasMade() {
    let time = ManualTime()
    time.advance(by: .seconds(1000))
    let pump = SiteParameters.HeatPump(device: Self.pump, rated: Watts(4000), priority: 1)
    func saved(_ text: Substring) -> String { HeatPumpHistory(pump, saved: text, at: time.now()).saved(at: time.now()) }
    #expect(saved("1 3 blocked 40 starts free 3") == "1 3 blocked 40 starts free 3 at 29700616")
    #expect(saved("2 3 blocked 40 starts free 3 at 1") == "2 3 blocked 40 starts free 3 at 29700615")
  }

  /// Nobody knows for how long a pump that is found blocked has been without heat.
  @Test func lostMemoryOfABlockedPumpIsABlockThatIsJustOver() {
    var scene = Self.scene(memory: [], state: 1)
    scene.limits = [blocked(1..<20_000)]
    scene.run(1)
    #expect(scene.setpoint(Self.pump, .heatPumpState) == 2)
    scene.run(7300)
    #expect(scene.first(Self.pump, .heatPumpState, 1).map { (7200...7203).contains($0) } == true)
  }

  /// The first start on a site: a pump that is found running is blocked by a legal limit at once, and for two hours.
  @Test func lostMemoryOfARunningPumpDoesNotHoldUpALimit() {
    var scene = Self.scene(memory: [], state: 2)
    scene.limits = [blocked(1..<20_000)]
    scene.run(7300)
    #expect(scene.first(Self.pump, .heatPumpState, 1) == 1)
    #expect(scene.changes(Self.pump, .heatPumpState).count == 1)
    #expect(scene.changes(Self.pump, .heatPumpState).allSatisfy { $0 > 7190 })
  }

  /// Somebody else blocks the pump for ten hours: no limit waits longer for that than two.
  @Test(arguments: ["2 10 blocked 99999 starts resting", "1 10 blocked 600 starts resting"] as [Substring])
  func noRestIsLongerThanTheLongestBlock(text: Substring) {
    let time = ManualTime()
    time.advance(by: .seconds(1_000_000))
    var now = time.now().monotonic
    var history = HeatPumpHistory(
      .init(device: Self.pump, rated: Watts(4000), priority: 1), saved: text, at: time.now())
    func tell(_ state: Int, _ minutes: Int) {
      for _ in 0..<minutes {
        now = now + .seconds(60)
        history.observe(.init(device: Self.pump, power: nil, state: state, measured: now), at: now)
      }
    }
    tell(1, 600)
    tell(2, 122)
    #expect(!history.isResting)
  }

  /// Two starts are used up: the third block lasts until the first start is an hour ago.
  @Test func itIsNotStartedTooOften() {
    var scene = Self.scene(memory: ["heat pump pump\t1 10 blocked 20 starts free 50 20 at \(Self.start)"], state: 1) {
      $0.heatPumps[0].startsAnHour = 2
    }
    scene.run(700)
    #expect(scene.first(Self.pump, .heatPumpState, 2) == 600)
  }

  @Test func contactsThatSayNothingAreLeftAlone() {
    var scene = Self.scene()
    scene.run(3)
    scene.silent = [Self.pump]
    scene.limits = [blocked(5..<100)]
    scene.run(20)
    #expect(scene.setpoint(Self.pump, .heatPumpState) == nil)
    #expect(scene.isBlind)
    #expect(scene.sentence.contains("the pump's contacts do not answer; the pump stays as it is"))
  }

  /// A pump that was blocked when its contacts fell silent is taken to be blocked still.
  @Test func silenceCountsAsBlocked() {
    var scene = Self.scene(memory: ["heat pump pump\t1 10 blocked 0 starts free at \(Self.start)"], state: 1)
    scene.limits = [blocked(1..<20_000)]
    scene.run(5)
    scene.silent = [Self.pump]
    scene.run(7200)
    scene.silent = []
    scene.run(1)
    #expect(scene.setpoint(Self.pump, .heatPumpState) == 2)
  }

  @Test func aSavedTextComesBackTheSame() {
    let time = ManualTime()
    time.advance(by: .seconds(1_000_000))
    time.trustClock(false)
    let now = time.now()
    let pump = SiteParameters.HeatPump(device: Self.pump, rated: Watts(4000), priority: 1)
    for text: Substring in ["1 3 blocked 40 starts free 3 45", "2 10 blocked 120 starts resting"] {
      #expect(HeatPumpHistory(pump, saved: text, at: now).saved(at: now) == text)
    }
    for text: Substring in ["", "5 3 blocked 40 starts free", "1 x blocked 40 starts free", "1 3 blocked 40 starts 3"] {
      #expect(HeatPumpHistory(pump, saved: text, at: now).isResting)
    }
  }

  /// Nobody wishes anything: it is what it was released to that matters.
  @Test func unlessSomethingForbidsItHeatsAsItSeesFit() {
    var scene = Self.scene(state: 3)
    scene.run(1)
    #expect(scene.setpoint(Self.pump, .heatPumpState) == 2)
    #expect(scene.resolutions.last?.winner?.rule == "heat pump supply")
  }
}
