import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// A site with a car or a heat pump under a manual clock: each second nature goes on, the rules of the site and limits of the
/// test's own are brought together, and what comes out is taken by the devices, which tell it a second later.
struct ConsumerScene {
  static let car: DeviceID = "car"
  static let pump: DeviceID = "pump"

  /// What a stronger class asks for during some seconds.
  struct TestLimit {
    var seconds: Range<Int>
    var quantity: ControlledQuantity
    var interval: Interval
    var precedence: RuleClass

    init(_ seconds: Range<Int>, _ quantity: ControlledQuantity, _ interval: Interval, _ precedence: RuleClass) {
      self.seconds = seconds
      self.quantity = quantity
      self.interval = interval
      self.precedence = precedence
    }
  }

  let site: SiteParameters
  let time = ManualTime()
  var values: [DeviceID: [Point: Double]]
  var silent: Set<DeviceID> = []
  /// Devices whose values are this many seconds old, and say so.
  var late: [DeviceID: Int] = [:]
  var limits: [TestLimit] = []
  /// Goes on before each step.
  var nature: (inout ConsumerScene) -> Void = { _ in }
  private var past: [[DeviceID: [Point: Double]]] = []
  private var heard: [DeviceID: Moment] = [:]
  private var rules: RuleBook
  private(set) var consumers: ConsumerHistory
  private var tracks: PowerTracks
  private var frozen: FrozenWatch
  private var notices = Notices()
  private let arbitration: Arbitration
  private(set) var second = 0
  private(set) var view: SiteView
  private(set) var resolutions: [Resolution] = []
  private(set) var isBlind = false
  private(set) var sentence = ""
  private(set) var events: [(second: Int, event: Event)] = []
  /// What each lease wanted, second by second.
  private(set) var wanted: [[WantedLease]] = []

  init(_ site: SiteParameters, memory: [String] = []) {
    self.site = site
    let now = time.now().monotonic
    let saved = SavedMemory(
      Scene.memory(["device protection hybrid\tinside", "backup reserve hybrid\tfree", "fuse\tshed"] + memory))
    rules = RuleBook(site, saved: saved, at: now)
    consumers = ConsumerHistory(site, saved: saved, at: time.now())
    tracks = PowerTracks(site)
    frozen = FrozenWatch(site)
    arbitration = Arbitration(ControlCore.quantities(site))
    view = SiteView(SiteSnapshot(now: time.now()), site)
    values = [
      Scene.meter: [.power: 0, .currentL1: 0, .currentL2: 0, .currentL3: 0],
      Scene.hybrid: [
        .power: 0, .pvPower: 0, .batteryPower: 0, .soc: 95, .batteryTemperature: 20, .chargePowerMax: 5000,
        .dischargePowerMax: 5000, .alarms: 0,
      ],
    ]
  }

  /// What chargers and heat pumps have been through is as it was saved.
  mutating func restart(memory: [String]) {
    consumers = ConsumerHistory(site, saved: SavedMemory(Scene.memory(memory)), at: time.now())
  }

  mutating func run(_ seconds: Int) {
    for _ in 0..<seconds { step() }
  }

  mutating func step() {
    time.advance(by: .seconds(1))
    second += 1
    nature(&self)
    past.append(values)
    var snapshot = snapshot()
    events += frozen.mark(&snapshot).map { (second, $0) }
    view = SiteView(snapshot, &tracks)
    consumers.observe(view)
    let input = RuleInput(
      view: view, forecast: nil, orders: StandingOrders(), switches: SwitchHistory([], saved: SavedMemory(), at: now),
      consumers: consumers, zone: .utc)
    let statements = (rules.evaluate(input) + tests()).sorted { $0.precedence < $1.precedence }
    resolutions = arbitration.resolve(statements)
    consumers.settle(&resolutions, at: now)
    isBlind = statements.contains { $0.contribution.isBlind }
    wanted.append(WantedLease.all(resolutions, view, hybrids: site.hybrids, chargers: site.chargers))
    let told = notices.events(statements, resolutions, safeState: nil, view, isMonitor: false)
    events += told.map { (second, $0) }
    sentence =
      Explanation(site: site, view: view, resolutions: resolutions, isSafeState: isBlind, isStarting: false).sentence
    take()
  }

  private var now: MonotonicInstant { time.now().monotonic }

  private func tests() -> [Statement] {
    limits.filter { $0.seconds.contains(second) }.map {
      let limit = Limit(quantity: $0.quantity, interval: $0.interval, cause: "test", reason: "the test asks for it")
      return Statement(rule: "test", precedence: $0.precedence, contribution: Contribution(limits: [limit]))
    }
  }

  private mutating func snapshot() -> SiteSnapshot {
    let present = time.now()
    var snapshot = SiteSnapshot(now: present)
    for device in values.keys {
      let age = late[device] ?? 0
      guard past.count > age, let told = past[past.count - 1 - age][device] else { continue }
      if !silent.contains(device) {
        heard[device] = Moment(wall: present.wall - .seconds(age), monotonic: present.monotonic - .seconds(age))
      }
      let quality: Quality = silent.contains(device) ? .timeout : .good
      snapshot.observations[device] = PointMap(
        told.mapValues { Observation(value: $0, quality: quality, measured: heard[device]) })
    }
    return snapshot
  }

  /// The devices take what they are told.
  private mutating func take() {
    for lease in wanted.last ?? [] where !silent.contains(lease.key.device) {
      for value in lease.values {
        switch value.kind {
        case .chargingCurrent: values[lease.key.device]?[.chargingCurrentLimit] = value.value
        case .chargingPhases: values[lease.key.device]?[.chargingPhases] = value.value
        case .heatPumpState: values[lease.key.device]?[.heatPumpState] = value.value
        default: break
        }
      }
    }
  }

  func told(_ name: String) -> [Int] { events.filter { $0.event.name == name }.map(\.second) }

  func setpoint(_ device: DeviceID, _ kind: SetpointKind, at second: Int? = nil) -> Double? {
    let index = (second ?? self.second) - 1
    guard wanted.indices.contains(index) else { return nil }
    return wanted[index].first { $0.key.device == device && $0.values.contains { $0.kind == kind } }?.values
      .first { $0.kind == kind }?.value
  }

  /// The first second after `after` in which `value` was wanted.
  func first(_ device: DeviceID, _ kind: SetpointKind, _ value: Double, after: Int = 0) -> Int? {
    (after + 1..<second + 1).first { setpoint(device, kind, at: $0) == value }
  }

  /// The seconds in which something else was wanted than before.
  func changes(_ device: DeviceID, _ kind: SetpointKind) -> [Int] {
    (2..<second + 1).filter { setpoint(device, kind, at: $0) != setpoint(device, kind, at: $0 - 1) }
  }
}

/// A failure tells what was decided, not all that was.
extension ConsumerScene: CustomTestStringConvertible {
  var testDescription: String { "second \(second): \(sentence)" }
}
