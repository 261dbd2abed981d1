import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct ShedEngineTests {
  private static func site(_ loads: [SiteParameters.SheddableLoad]) -> SiteParameters {
    House.site {
      $0.chargers = []
      $0.loads = loads
    }
  }

  private static func load(
    _ device: DeviceID, _ priority: Int, within: Duration = .zero, pickUp: Watts? = nil, starts: Int? = nil
  ) -> SiteParameters.SheddableLoad {
    SiteParameters.SheddableLoad(
      device: device, rated: Watts(2000), priority: priority, startsAnHour: starts, pickUp: pickUp, within: within)
  }

  /// The boiler is to be let run for five minutes: with no time at all the pool goes although it is worth more, with ten
  /// minutes the boiler does.
  @Test(arguments: [true, false])
  func whoNeedsTimeGoesLastWhereThereIsNone(isAtOnce: Bool) {
    let (first, second) = isAtOnce ? (Scene.pool, Scene.boiler) : (Scene.boiler, Scene.pool)
    var house = House(Self.site([Self.load(Scene.boiler, 1, within: .seconds(300)), Self.load(Scene.pool, 2)]))
    house.soc = 10
    house.goal = House.goal(5000, within: isAtOnce ? .zero : .seconds(600))
    house.run(620)
    #expect(house.isOff(first) && !house.isOff(second))
  }

  @Test func criticalLoadsAreNeverShed() {
    var house = House(
      Self.site([
        SiteParameters.SheddableLoad(device: Scene.boiler, rated: Watts(2000), priority: 1, isCritical: true),
        Self.load(Scene.pool, 9),
      ]))
    house.soc = 10
    house.goal = House.goal(0)
    house.run(100)
    #expect(house.isOff(Scene.pool) && !house.isOff(Scene.boiler))
  }

  /// It draws 2 kW and picks up 4: with 3 kW of room it stays off, with 4.5 it comes back after a minute.
  @Test func aLoadComesBackWhenItsPickUpHasRoom() {
    var house = House(Self.site([Self.load(Scene.boiler, 1, pickUp: Watts(4000))]))
    house.soc = 10
    house.goal = House.goal(3000)
    house.run(10)
    #expect(house.isOff(Scene.boiler))
    house.goal = House.goal(4500)
    house.run(200)
    #expect(house.isOff(Scene.boiler))
    house.goal = House.goal(6000)
    house.run(62)
    #expect(!house.isOff(Scene.boiler))
  }

  /// After an outage it picks up twice its 2 kW: 5 kW are too little beside the household's 1.5, 6 are enough.
  @Test func anOutageDoublesThePickUp() {
    var house = House(Self.site([Self.load(Scene.boiler, 1)]))
    house.soc = 10
    house.goal = House.goal(3000)
    house.run(10)
    house.memory.shed.pickUp = ColdPickUp(isCold: true)
    house.goal = House.goal(5000)
    house.run(200)
    #expect(house.isOff(Scene.boiler))
    house.goal = House.goal(6000)
    house.run(62)
    #expect(!house.isOff(Scene.boiler))
    house.run(1)
    #expect(!house.memory.shed.pickUp.isCold)
  }

  /// Island: it is remembered, over a restart as well.
  @Test func anOutageIsRemembered() throws {
    let site = Self.site([Self.load(Scene.boiler, 1)])
    var memory = ShedMemory()
    memory.shed = [Scene.boiler]
    ShedEngine(site: site).prepare(Self.input(site) { $0.island = .known(1) }, &memory)
    #expect(memory.saved == "outage boiler")
    let again = try #require(ShedMemory(saved: memory.saved.split(separator: " ")))
    #expect(again.pickUp.isCold && again.shed == [Scene.boiler])
  }

  /// Memory lost: what is found off may wait since an outage; what is found on does not, though it is shed in the same second.
  @Test(arguments: [true, false]) func onlyWhatIsFoundOffMayWaitSinceAnOutage(isOn: Bool) {
    let site = Self.site([Self.load(Scene.boiler, 1)])
    let engine = ShedEngine(site: site)
    let input = Self.input(site) { $0.relays = [.init(device: Scene.boiler, isOn: isOn, measured: nil)] }
    var memory = ShedMemory.lost()
    engine.prepare(input, &memory)
    engine.shed(.init(excess: [1000]), input, &memory)
    engine.prepare(input, &memory)
    #expect(memory.saved == (isOn ? "shed boiler" : "outage boiler"))
  }

  /// The pool went last and runs all the same: it has no room, and the boiler does not wait for it.
  @Test(arguments: [true, false]) func whatRunsAllTheSameLetsOthersPass(isOn: Bool) {
    var site = Self.site([Self.load(Scene.boiler, 1), Self.load(Scene.pool, 2, pickUp: Watts(5000))])
    site.heatPumps = []
    let engine = ShedEngine(site: site)
    var memory = ShedMemory()
    memory.shed = [Scene.boiler, Scene.pool]
    var input = Self.input(site) { view in
      view.relays = [
        .init(device: Scene.boiler, isOn: false, measured: nil), .init(device: Scene.pool, isOn: isOn, measured: nil),
      ]
    }
    func restored() -> DeviceID? { engine.restore(input, &memory) { $1 <= 3000 }?.device }
    #expect(restored() == nil)
    input.view.now.monotonic = input.now.monotonic + .seconds(3600)
    #expect(restored() == (isOn ? Scene.boiler : nil))
    #expect(memory.shed == (isOn ? [Scene.pool] : [Scene.boiler, Scene.pool]))
  }

  private static func input(_ site: SiteParameters, _ change: (inout SiteView) -> Void) -> RuleInput {
    var view = SiteView(SiteSnapshot(now: ManualTime().now()), site)
    change(&view)
    let saved = SavedMemory()
    return RuleInput(
      view: view, forecast: nil, orders: StandingOrders(),
      switches: SwitchHistory(site.loads, saved: saved, at: view.now.monotonic),
      consumers: ConsumerHistory(site, saved: saved, at: view.now), zone: .utc)
  }

  /// Both have their minute, but the boiler has been started twice within the hour: the pool passes it.
  @Test func whoHasUsedUpItsStartsLetsOthersPass() {
    let saved = Scene.memory(["fuse\tshed", "switch boiler\ton 60 starts 9 8", "switch pool\ton 60 starts"])
    var house = House(
      Self.site([Self.load(Scene.boiler, 2, starts: 2), Self.load(Scene.pool, 1)]), saved: saved)
    house.soc = 10
    house.goal = House.goal(2000)
    house.run(10)
    #expect(house.isOff(Scene.boiler) && house.isOff(Scene.pool))
    house.goal = nil
    house.run(100)
    #expect(house.isOff(Scene.boiler) && !house.isOff(Scene.pool))
    house.run(3100)
    #expect(!house.isOff(Scene.boiler))
  }

  /// Many sites are limited together: each comes back at its own time within five minutes, the same each time.
  @Test func restorationsAreSpread() {
    func restored(seed: UInt64) -> Int? {
      var site = Self.site([Self.load(Scene.boiler, 1)])
      site.spreadSeed = seed
      var house = House(site)
      house.soc = 10
      house.goal = House.goal(3000)
      house.goal?.spread = .seconds(300)
      house.run(100)
      house.goal = nil
      house.run(400)
      return house.switchings(Scene.boiler).last
    }
    let seconds = (0..<20).compactMap { restored(seed: $0) }
    #expect(seconds.count == 20 && Set(seconds).count > 12)
    #expect(seconds.allSatisfy { (161...461).contains($0) })
    #expect(restored(seed: 7) == restored(seed: 7))
  }

  /// Within its minimum on time a load comes after the others, if the others are enough.
  @Test func whoWasJustStartedIsSpared() {
    let saved = Scene.memory(["fuse\tshed", "switch boiler\ton 0 starts", "switch pool\ton 60 starts"])
    var site = Self.site([Self.load(Scene.boiler, 1), Self.load(Scene.pool, 2)])
    site.loads[0].minimumOn = .seconds(600)
    var house = House(site, saved: saved)
    house.soc = 10
    house.goal = House.goal(4000, within: .seconds(60))
    house.run(70)
    #expect(house.isOff(Scene.pool) && !house.isOff(Scene.boiler))
  }

  /// The boiler takes thirty times what it is said to pick up, so that there always seems to be room for it: it is tried again
  /// after 1, 2, 4, … minutes and not each minute of the hour.
  @Test func whatDoesNotFitIsTriedLessAndLessOften() {
    var house = House(House.site { for index in $0.loads.indices { $0.loads[index].pickUp = Watts(100) } })
    house.soc = 10
    house.goal = House.goal(4000)
    house.run(3600)
    let switchings = house.off.filter { $0.device == Scene.boiler }.count
    #expect((6...14).contains(switchings), "\(switchings)")
  }
}
