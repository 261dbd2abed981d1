import EnergyModel
import Forecasting
import TestKit

@testable import EnergyDispatch

/// A site under a manual clock: each second all devices that are not silent tell their values, control
/// takes a step, and what it writes is answered in the next second.
struct Scene {
  static let meter: DeviceID = "meter"
  static let hybrid: DeviceID = "hybrid"
  static let boiler: DeviceID = "boiler"
  static let pool: DeviceID = "pool"

  var parameters: SiteParameters
  var core: ControlCore
  let time = ManualTime()
  var values: [DeviceID: [Point: Double]]
  var silent: Set<DeviceID> = []
  /// How devices answer commands; nil means never.
  var answer: WriteReport.Outcome? = .confirmed
  var isGuarded = false
  /// Devices whose values are this old when they are told.
  var late: [DeviceID: Duration] = [:]
  var orders = StandingOrders()
  var forecast: Forecast?
  private var measured: [DeviceID: Moment] = [:]
  private var reports: [WriteReport] = []
  private(set) var second = 0
  private(set) var commands: [(second: Int, command: SetpointCommand)] = []
  private(set) var events: [(second: Int, event: Event)] = []
  private(set) var newDecisions: [Int] = []
  private(set) var outcome: ControlOutcome?

  init(
    _ parameters: SiteParameters = Scene.parameters(), savedMemory: [UInt8]? = Scene.quietMemory,
    zone: TimeZoneTable = .utc
  ) {
    self.parameters = parameters
    core = ControlCore(parameters: parameters, zone: zone, savedMemory: savedMemory)
    values = [
      Self.meter: [.power: 0, .currentL1: 0, .currentL2: 0, .currentL3: 0],
      Self.hybrid: [
        .power: 500, .pvPower: 0, .batteryPower: 500, .soc: 50, .batteryTemperature: 20, .chargePowerMax: 5000,
        .dischargePowerMax: 5000, .alarms: 0,
      ],
    ]
    for load in parameters.loads { values[load.device] = [.relayOn: 1] }
    addConsumers()
  }

  /// Idle chargers with a car, heat pumps that run as they like, inactive contacts.
  private mutating func addConsumers() {
    for charger in parameters.chargers {
      values[charger.device] = [.power: 0, .chargingState: 1, .chargingCurrentLimit: charger.current.upperBound]
    }
    for pump in parameters.heatPumps { values[pump.device] = [.heatPumpState: 2] }
    for case .contact(let device, _) in parameters.channels.map(\.kind) { values[device] = [.contact: 0] }
  }

  /// The agent dies and starts anew with what it had saved.
  mutating func restart() {
    core = ControlCore(parameters: parameters, zone: .utc, savedMemory: core.savedMemory)
    reports = []
  }

  /// 10 kW hybrid with a 5 kW battery, window 10...95 %, reserve 20 %, fuse 3 × 35 A, one boiler.
  static func parameters(
    _ change: (inout SiteParameters) -> Void = { _ in }
  ) -> SiteParameters {
    let battery = SiteParameters.Battery(
      usable: WattHours(10_000), socWindow: 10...95, gridCharging: .allowed, maximumCharge: Watts(5000),
      maximumDischarge: Watts(5000))
    let hybrid = SiteParameters.Hybrid(
      device: hybrid, acLimit: Watts(10_000), pvPeak: Watts(9800), battery: battery,
      batteryReversion: .seconds(60), productionReversion: .seconds(60))
    var parameters = SiteParameters(
      mode: .control, gridMeter: .init(device: meter), hybrids: [hybrid], loads: [load(boiler, 3000, 1)],
      fuse: .init(phases: 3, rating: Amperes(35)), baseLoad: Watts(1500), feedIn: nil, reserve: Percent(20),
      economics: ["self-consumption"])
    change(&parameters)
    return parameters
  }

  static func load(_ device: DeviceID, _ rated: Double, _ priority: Int) -> SiteParameters.SheddableLoad {
    SiteParameters.SheddableLoad(device: device, rated: Watts(rated), priority: priority)
  }

  /// Nothing was shed, nothing reached, all loads on for an hour.
  static let quietMemory = memory([
    "returns\tplain", "device protection hybrid\tinside", "backup reserve hybrid\tfree", "fuse\tshed",
    "switch boiler\ton 60 starts",
    "switch pool\ton 60 starts", "charger car\ton 60 phases 60", "heat pump pump\t2 60 blocked 0 starts free",
    "heat pump heat-pump\t2 60 blocked 0 starts free", "heat pump small-pump\t2 60 blocked 0 starts free",
  ])

  static func memory(_ lines: [String]) -> [UInt8] {
    Array((["holdfast control memory 1"] + lines).joined(separator: "\n").utf8)
  }

  mutating func run(_ seconds: Int) {
    for _ in 0..<seconds { step() }
  }

  mutating func step() {
    time.advance(by: .seconds(1))
    second += 1
    let result = core.step(
      snapshot: snapshot(), forecast: forecast, reports: reports, orders: orders, isGuarded: isGuarded)
    reports = []
    for command in result.commands {
      commands.append((second, command))
      answerTo(command)
    }
    events += result.events.map { (second, $0) }
    if result.isDecisionNew { newDecisions.append(second) }
    outcome = result
  }

  /// What the devices tell now, without a step.
  func present() -> SiteSnapshot {
    var copy = self
    return copy.snapshot()
  }

  private mutating func snapshot() -> SiteSnapshot {
    let now = time.now()
    var snapshot = SiteSnapshot(now: now)
    for (device, points) in values {
      let age = late[device] ?? .zero
      let at = Moment(wall: now.wall - age, monotonic: now.monotonic - age, isClockTrusted: now.isClockTrusted)
      if !silent.contains(device) { measured[device] = at }
      let quality: Quality = silent.contains(device) ? .timeout : .good
      snapshot.observations[device] = PointMap(
        points.mapValues { Observation(value: $0, quality: quality, measured: measured[device]) })
    }
    return snapshot
  }

  private mutating func answerTo(_ command: SetpointCommand) {
    guard let answer else { return }
    reports.append(WriteReport(command: command, outcome: answer, at: time.now()))
    guard answer == .confirmed, let setpoint = command.setpoints.first else { return }
    switch setpoint.kind {
    case .relayOn: values[command.device] = [.relayOn: setpoint.value]
    case .chargingCurrent: values[command.device]?[.chargingCurrentLimit] = setpoint.value
    case .heatPumpState: values[command.device]?[.heatPumpState] = setpoint.value
    default: break
    }
  }

  /// The same import on each phase, with the meter's power as it follows.
  mutating func importCurrent(_ amperes: Double) {
    let signed: [Point: Double] = [.currentL1: amperes, .currentL2: amperes, .currentL3: amperes]
    values[Self.meter] = signed.merging([.power: amperes * 690]) { $1 }
  }

  /// The newest value that is wanted, whether or not it was written.
  func setpoint(_ device: DeviceID, _ kind: SetpointKind) -> Double? {
    outcome?.decision.setpoints.first { $0.device == device && $0.kind == kind }?.value
  }

  /// The seconds in which something was written.
  func writes(_ device: DeviceID, _ kind: SetpointKind) -> [Int] {
    commands.filter { $0.command.device == device && $0.command.setpoints.contains { $0.kind == kind } }.map(\.second)
  }

  func told(_ name: String) -> [Int] { events.filter { $0.event.name == name }.map(\.second) }

  var sentence: String { outcome?.decision.sentence ?? "" }
  var chargeLimit: Double? { setpoint(Self.hybrid, .chargeLimit) }
  var dischargeLimit: Double? { setpoint(Self.hybrid, .dischargeLimit) }
  var productionLimit: Double? { setpoint(Self.hybrid, .productionLimit) }
}
