import DeviceProfile
import EnergyDispatch
import EnergyModel
import SiteConfig

/// Control of a site whose devices say whatever the bytes say.
struct ControlledSite {
  private let site: SiteConfiguration
  private let parameters: SiteParameters
  /// What each device may tell.
  private var points: [(device: DeviceID, points: [Point])] = []
  private var core: ControlCore
  private var now = Moment(
    wall: Timestamp(milliseconds: 1_780_000_000_000), monotonic: MonotonicInstant(nanoseconds: 1_000_000_000_000_000))
  private var observations: FlatMap<DeviceID, PointMap<Observation>> = [:]
  private var reports: [WriteReport] = []

  init(_ site: SiteConfiguration) {
    self.site = site
    parameters = site.control
    for device in site.modbusBuses.flatMap(\.devices) { points.append((device.id, device.profile.points.map(\.point))) }
    for sensor in site.mqttBuses.flatMap(\.sensors) { points.append((sensor.device, sensor.points)) }
    core = ControlCore(parameters: parameters, zone: site.site.timeZone, savedMemory: nil)
  }

  /// A cycle of control, with some devices read anew. What it asks for, the device can do and is allowed to.
  mutating func step(_ bytes: inout FuzzBytes) throws(FuzzFinding) {
    let flags = bytes.byte()
    let pause: Duration = [.seconds(1), .seconds(1), .seconds(15), .seconds(3600)][Int(flags & 3)]
    now.wall = now.wall + pause
    now.monotonic = now.monotonic + pause
    now.isClockTrusted = flags & 4 == 0
    for (device, points) in points where bytes.byte() % 4 != 1 {
      for point in points { observe(device, point, &bytes) }
    }
    let outcome = core.step(
      snapshot: SiteSnapshot(now: now, observations: observations), forecast: nil, reports: reports,
      isGuarded: flags & 8 != 0)
    try check(outcome.commands)
    reports = outcome.commands.map { command in
      WriteReport(command: command, outcome: bytes.byte() % 4 == 1 ? .failed("no answer") : .confirmed, at: now)
    }
    for event in outcome.events { try FuzzFinding.require(!event.text.isEmpty, "\(event.name) says nothing") }
    try FuzzFinding.require(!outcome.decision.sentence.isEmpty, "a decision says nothing")
  }

  /// What devices are told on a clean stop.
  mutating func stop() throws(FuzzFinding) { try check(core.fallback(at: now)) }

  private mutating func observe(_ device: DeviceID, _ point: Point, _ bytes: inout FuzzBytes) {
    let range = point.plausibleRange
    let told = bytes.byte()
    var observation = observations[device]?[point] ?? Observation(value: nil, quality: .timeout, measured: nil)
    switch told % 8 {
    case 1: observation.quality = .timeout
    case 2: observation.quality = .notImplemented
    case 3: observation = Observation(value: range.lowerBound, quality: .good, measured: now)
    case 4: observation = Observation(value: range.upperBound, quality: .good, measured: now)
    case 5:
      let share = Double(bytes.word()) / 65_535
      let value = range.lowerBound + (range.upperBound - range.lowerBound) * share
      observation = Observation(value: value, quality: .good, measured: now)
    case 6:
      let value = min(max(Double(Int(bytes.word()) - 32_768), range.lowerBound), range.upperBound)
      observation = Observation(value: value, quality: .good, measured: now)
    default:
      let value = min(max(Double(told / 8), range.lowerBound), range.upperBound)
      observation = Observation(value: value, quality: .good, measured: now)
    }
    observations[device, default: [:]][point] = observation
  }

  private func check(_ commands: [SetpointCommand]) throws(FuzzFinding) {
    try FuzzFinding.require(parameters.mode == .control || commands.isEmpty, "a site that is only watched is written")
    for command in commands {
      try FuzzFinding.require(!command.setpoints.isEmpty, "\(command.device) is asked for nothing")
      for setpoint in command.setpoints {
        let rest = setpoint.expires - now.monotonic
        try FuzzFinding.require(
          setpoint.device == command.device && isPermitted(setpoint) && rest > .zero && rest <= .seconds(65_535)
            && !setpoint.owner.isEmpty, "\(setpoint) is asked for")
      }
      try FuzzFinding.require(
        isPossible(command),
        "\(command.device) cannot do \(command.setpoints.map { "\($0.kind.rawValue) \($0.value)" })")
    }
  }

  private func isPermitted(_ setpoint: Setpoint) -> Bool {
    let value = setpoint.value
    let hybrid = parameters.hybrids.first { $0.device == setpoint.device }
    let charger = parameters.chargers.first { $0.device == setpoint.device }
    switch setpoint.kind {
    case .chargeLimit, .dischargeLimit:
      guard let battery = hybrid?.battery else { return false }
      let ends = (battery.maximumCharge.value, battery.maximumDischarge.value)
      return setpoint.kind == .chargeLimit ? -ends.1...ends.0 ~= value : -ends.0...ends.1 ~= value
    case .productionLimit: return hybrid.map { 0...$0.acLimit.value ~= value } ?? false
    case .relayOn: return [0, 1].contains(value) && parameters.loads.contains { $0.device == setpoint.device }
    case .chargingCurrent: return charger.map { value == 0 || $0.current.contains(value) } ?? false
    case .chargingPhases: return charger.map { value == 1 || value == Double($0.phases.count) } ?? false
    case .heatPumpState:
      let pump = parameters.heatPumps.first { $0.device == setpoint.device }
      return pump.map { [1, 2, 3, 4].prefix($0.canBoost ? 4 : 2).contains(value) } ?? false
    }
  }

  private func isPossible(_ command: SetpointCommand) -> Bool {
    if site.mqttBuses.contains(where: { $0.switches[command.device] != nil }) {
      return command.setpoints.map(\.kind) == [.relayOn]
    }
    let kinds = Set(command.setpoints.map(\.kind))
    guard kinds.count == command.setpoints.count,
      let device = site.modbusBuses.flatMap(\.devices).first(where: { $0.id == command.device })
    else { return false }
    return device.profile.commands.contains { Set($0.parameters) == kinds }
  }
}
