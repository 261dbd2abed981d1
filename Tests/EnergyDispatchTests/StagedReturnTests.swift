import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// Several causes let different loads go in the same second.
struct StagedReturnTests {
  /// On a phase that nobody knows, 13 A and 8.7 A on each, behind 3 × 35 A.
  private static func parameters(_ change: (inout SiteParameters) -> Void = { _ in }) -> SiteParameters {
    Scene.parameters {
      $0.loads = [
        .init(device: Scene.boiler, rated: Watts(3000), priority: 2, minimumOff: .zero),
        .init(device: Scene.pool, rated: Watts(2000), priority: 1, minimumOff: .zero),
      ]
      $0.hybrids = []
      change(&$0)
    }
  }

  private static func order(_ load: DeviceID, _ scene: Scene, seconds: Int64) -> StandingOrders.Order<[DeviceID]> {
    let now = scene.time.now().monotonic
    return .init(value: [load], starts: now, ends: now + .seconds(seconds), id: "1", issuer: "vpp")
  }

  /// The fuse has shed the boiler, an order of 61 s the pool.
  private static func fuseAndOrder() -> Scene {
    var scene = Scene(
      parameters(),
      savedMemory: Scene.memory([
        "returns\tplain", "fuse\tshed boiler", "switch boiler\toff 60 starts",
        "switch pool\toff 60 starts",
      ]))
    scene.values[Scene.boiler] = [.relayOn: 0]
    scene.values[Scene.pool] = [.relayOn: 0]
    scene.orders.shed = [order(Scene.pool, scene, seconds: 61)]
    return scene
  }

  /// The fuse has shed the boiler, an order the pool. 61 s: both may come, and there is room for 18.5 A · the boiler comes alone ·
  /// a minute later it shows, and there are 5.5 A left: the pool waits · with 9 A it comes
  @Test func fuseAndOrderShareOneBudget() {
    var scene = Self.fuseAndOrder()
    scene.importCurrent(13)
    scene.run(60)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 0 && scene.setpoint(Scene.pool, .relayOn) == 0)
    scene.run(1)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 1)
    #expect(scene.setpoint(Scene.pool, .relayOn) == 0)
    #expect(
      scene.sentence.contains("The pool is off because loads come back in stages and there is no room yet"),
      "\(scene.sentence)")
    scene.importCurrent(26)
    scene.run(120)
    #expect(scene.setpoint(Scene.pool, .relayOn) == 0)
    #expect(scene.told("fuse-overload").isEmpty)
    scene.importCurrent(22)
    scene.run(1)
    #expect(scene.setpoint(Scene.pool, .relayOn) == 1)
    scene.run(100)
    #expect(scene.writes(Scene.boiler, .relayOn) == [61])
  }

  /// With 22 A of room both come in the same second.
  @Test func whatFitsComesTogether() {
    var scene = Self.fuseAndOrder()
    scene.importCurrent(9.5)
    scene.run(61)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 1 && scene.setpoint(Scene.pool, .relayOn) == 1)
  }

  /// A legal and a contract limit of the import hold one load each, and there is room for 4.7 kW and 6.7 kW.
  @Test func theStrictestRoomCounts() {
    var scene = Scene(
      Self.parameters {
        $0.fuse = nil
        $0.channels = [
          .init(name: "dso", kind: .uplink("vpp"), class: .legal, mayLimit: [.importPower: 0]),
          .init(name: "market", kind: .uplink("vpp"), class: .contract, mayLimit: [.importPower: 0]),
        ]
      },
      savedMemory: Scene.memory([
        "returns\tplain", "legal import limit\theld shed boiler", "contract import limit\theld shed pool",
        "switch boiler\toff 60 starts", "switch pool\toff 60 starts",
      ]))
    scene.values[Scene.boiler] = [.relayOn: 0]
    scene.values[Scene.pool] = [.relayOn: 0]
    let begin = scene.time.now().monotonic
    for (channel, limit) in [("dso", 6000.0), ("market", 8000)] {
      var orders = StandingOrders.ChannelOrders()
      orders.lastWord = begin
      orders.limits[.importPower] = .init(value: limit, ends: begin + .seconds(10_000), id: "1")
      scene.orders.channels[channel] = orders
    }
    scene.values[Scene.meter]?[.power] = 1000
    scene.run(62)
    #expect(scene.writes(Scene.boiler, .relayOn).count + scene.writes(Scene.pool, .relayOn).count == 1)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 1)
    scene.values[Scene.meter]?[.power] = 4000
    scene.run(120)
    #expect(scene.setpoint(Scene.pool, .relayOn) == 0)
    scene.values[Scene.meter]?[.power] = 3000
    scene.run(60)
    #expect(scene.setpoint(Scene.pool, .relayOn) == 1)
  }

  /// Lost memory: nobody knows whether the restart was an outage, so that each may pick up twice as much.
  @Test(arguments: [("plain", 1.0), ("outage", 0), ("", 0)]) func anOutageDoublesThePickUp(saved: String, isOn: Double)
  {
    var scene = Scene(
      Self.parameters { $0.loads.removeLast() },
      savedMemory: Scene.memory(["returns\t\(saved)", "fuse\tshed", "switch boiler\toff 60 starts"]))
    scene.values[Scene.boiler] = [.relayOn: 0]
    scene.importCurrent(13)
    scene.run(2)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == isOn)
    scene.importCurrent(5)
    scene.run(1)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 1)
    scene.run(2)
    let text = String(decoding: scene.core.savedMemory, as: UTF8.self)
    #expect(text.contains("returns\tplain"))
  }

  /// Twice the boiler's pick-up never fits below the fuse; an hour after the grid is back its own is enough.
  @Test func anOutageLeavesNothingOffForEver() {
    var scene = Scene(
      Self.parameters { $0.loads.removeLast() },
      savedMemory: Scene.memory(["returns\toutage", "fuse\toutage boiler", "switch boiler\toff 60 starts"]))
    scene.values[Scene.boiler] = [.relayOn: 0]
    scene.importCurrent(13)
    scene.run(3590)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 0)
    scene.run(80)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 1)
  }

  /// Nothing limits anything: an order ends, and both come back.
  @Test func whereNothingIsLimitedNobodyWaits() {
    var scene = Scene(Self.parameters { $0.fuse = nil })
    let now = scene.time.now().monotonic
    scene.orders.shed = [
      .init(value: [Scene.boiler, Scene.pool], starts: now, ends: now + .seconds(5), id: "1", issuer: "vpp")
    ]
    scene.run(3)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 0 && scene.setpoint(Scene.pool, .relayOn) == 0)
    scene.run(3)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 1 && scene.setpoint(Scene.pool, .relayOn) == 1)
  }

  /// While the currents are unknown only what fits beside everything that may be on comes back.
  @Test func whileTheFuseIsBlindNothingComesBackThatMightNotFit() {
    var scene = Scene(Self.parameters { $0.fuse = .init(phases: 1, rating: Amperes(16)) })
    scene.orders.shed = [Self.order(Scene.boiler, scene, seconds: 20)]
    scene.run(3)
    scene.silent = [Scene.meter]
    scene.run(40)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 0)
  }
}
