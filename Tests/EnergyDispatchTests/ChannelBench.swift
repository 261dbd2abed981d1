import EnergyModel
import TestKit

@testable import EnergyDispatch

/// A watch whose steps come each second.
struct ChannelBench {
  static let contact: DeviceID = "dso-contact"

  static func legal(hasHeartbeat: Bool = true, isAutonomous: Bool = false) -> SiteParameters.Channel {
    .init(
      name: "dso", kind: .uplink("vpp"), class: .legal, hasHeartbeat: hasHeartbeat,
      failsafe: [.controllablePower: 7560], isAutonomous: isAutonomous)
  }

  static func contract(hasHeartbeat: Bool = true) -> SiteParameters.Channel {
    .init(name: "trader", kind: .uplink("vpp"), class: .contract, hasHeartbeat: hasHeartbeat)
  }

  static func wire(
    _ class: SiteParameters.Channel.Class = .legal, isAutonomous: Bool = false
  ) -> SiteParameters.Channel {
    .init(
      name: "wire", kind: .contact(contact, maximumAge: .seconds(5)), class: `class`,
      failsafe: [.controllablePower: 7560], isAutonomous: isAutonomous)
  }

  let parameters: SiteParameters
  var watch: ChannelWatch
  let time = ManualTime()
  var orders = StandingOrders()
  var contact: Bool?
  var isIslanded = false
  var isGuarded = false
  var heartbeats: [String: Int] = [:]
  var second = 0
  var states = ChannelStates()
  var events: [(second: Int, event: Event)] = []

  init(_ channels: SiteParameters.Channel..., saved: SavedMemory = SavedMemory()) {
    parameters = Scene.parameters { $0.channels = channels }
    watch = ChannelWatch(channels, saved: saved, at: time.now().monotonic)
  }

  mutating func run(_ seconds: Int) {
    for _ in 0..<seconds {
      second += 1
      time.advance(by: .seconds(1))
      let now = time.now()
      for (name, period) in heartbeats where second % period == 0 {
        orders.channels[name, default: .init()].lastHeartbeat = now.monotonic
      }
      var snapshot = SiteSnapshot(now: now)
      if let contact {
        snapshot.observations[Self.contact] = [
          .contact: Observation(value: contact ? 1 : 0, quality: .good, measured: now)
        ]
      }
      if isIslanded {
        snapshot.observations[Scene.hybrid] = [
          .islanded: Observation(value: 1, quality: .good, measured: now)
        ]
      }
      states = watch.step(orders, SiteView(snapshot, parameters), isGuarded: isGuarded)
      events += states.events.map { (second, $0) }
    }
  }

  mutating func limit(
    _ channel: String, _ quantity: LimitedQuantity, _ value: Double, for seconds: Int64? = nil, id: String = "1"
  ) {
    let now = time.now().monotonic
    orders.channels[channel, default: .init()].limits[quantity] = .init(
      value: value, ends: seconds.map { now + .seconds($0) }, id: id)
    orders.channels[channel]?.lastWord = now
  }

  mutating func release(_ channel: String) {
    orders.channels[channel, default: .init()].limits = [:]
    orders.channels[channel]?.lastWord = time.now().monotonic
  }

  mutating func restart() {
    var memory = SavedMemory()
    _ = watch.save(into: &memory)
    watch = ChannelWatch(parameters.channels, saved: SavedMemory(memory.bytes), at: time.now().monotonic)
  }

  var values: [LimitedQuantity: Double] {
    Dictionary(states.applied.map { ($0.quantity, $0.value) }, uniquingKeysWith: min)
  }

  func told(_ name: String) -> [Int] {
    events.filter { $0.event.name == name }.map(\.second)
  }
}
