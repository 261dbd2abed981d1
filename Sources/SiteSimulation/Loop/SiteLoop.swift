public import EnergyDispatch
public import EnergyModel
import Forecasting
import SiteSimulator

/// Control and plant in a closed loop: what control writes in one step acts in the next, and is answered then. Without
/// control only the hybrids' own loops run.
public struct SiteLoop: Sendable {
  public enum Control: Sendable { case none, core }

  /// What one step brought.
  public struct Step: Sendable {
    public var now: Moment
    /// Since the start, s.
    public var second: Double
    public var seconds: Double
    public var outcome: ControlOutcome?
    public var evidence: Evidence
    public var circumstances: Circumstances
    /// What control took for it, where somebody looks at a clock.
    public var controlTime: Duration?
  }

  /// Looked at before and after control; whoever measures gives it.
  public var clock: (@Sendable () -> MonotonicInstant)?

  public private(set) var plant: Plant
  public private(set) var writes = 0
  public private(set) var second = 0.0
  public var faults: [Fault]
  public var meterLag: Double {
    get { sensors.meterLag }
    set { sensors.meterLag = newValue }
  }
  private var core: ControlCore?
  private let control: Control
  /// What control knows.
  private let parameters: SiteParameters
  private let zone: TimeZoneTable
  private var sensors = Sensors()
  private var uplinks: Uplinks
  private var outlook: Outlook
  private var pending: [(due: Double, command: SetpointCommand)] = []
  private var reports: [WriteReport] = []
  private var savedMemory: [UInt8]?
  /// What is to be saved before a restart is another than ``savedMemory``.
  private var isMemoryChanged = false
  private var wallOffset = Duration.zero
  private let start: Timestamp
  private var random: Random
  private let fixed: [Fault]
  private let step: Double

  /// - Parameters:
  ///   - step: the length of the steps to come, s. Timers of devices shorter than three steps are taken to be
  ///     three steps: within one the agent would have refreshed them.
  ///   - savedMemory: of an earlier run.
  ///   - told: what control is told of the site, where that is not the truth.
  public init(
    _ description: SiteDescription, seed: UInt64, start: Timestamp, step: Double, control: Control = .core,
    faults: [Fault] = [], savedMemory: [UInt8]? = nil, told: (inout SiteParameters) -> Void = { _ in }
  ) {
    var description = description
    description.parameters = description.parameters.stretched(to: 3 * step)
    self.start = start
    self.control = control
    self.step = step
    self.faults = faults
    fixed = faults
    self.savedMemory = savedMemory
    var known = description.parameters
    told(&known)
    parameters = known
    zone = description.zone
    plant = Plant(description, seed: seed, start: start)
    uplinks = Uplinks(description.parameters)
    outlook = Outlook(zone: description.zone)
    random = Random(seed: seed, stream: 13)
    if control == .core { core = ControlCore(parameters: parameters, zone: zone, savedMemory: savedMemory) }
  }

  /// Time passes by one step. `circumstances` is what the outside does besides the faults.
  public mutating func advance(_ given: Circumstances = Circumstances()) -> Step {
    second += step
    var circumstances = given
    var evidence = Evidence()
    var inputs: [DeviceID: InputFault] = [:]
    var outputs: [DeviceID: OutputFault] = [:]
    var isTrusted = true
    var forecastFactor = 1.0
    var fate: MemoryFate?
    for fault in faults where fault.from < second && fault.holds(at: second) {
      switch fault.kind {
      case .input(let device, let kind):
        inputs[device] = kind
        if let hidden = kind.undetected, second - fault.from < hidden + 2 * step {
          evidence.lying.insert(device)
        } else {
          evidence.missing.insert(device)
        }
      case .output(let device, let kind):
        outputs[device] = kind
        evidence.deaf.insert(device)
      case .clock(let jump): if second - fault.from <= step { wallOffset += jump }
      case .untrustedClock: isTrusted = false
      case .restart(let memory): fate = memory
      case .gridLost: circumstances.isGridPresent = false
      case .contact(let device): circumstances.activeContacts.insert(device)
      case .alarm(let device): circumstances.alarms[device] = 1
      case .limit, .silence: break
      case .forecast(let factor): forecastFactor = factor
      case .everythingAsks: circumstances.isEverythingAsking = true
      }
    }
    followRestart(fate)
    evidence.isAgentUp = core != nil || control == .none
    evidence.isMemoryLost = fate.map { $0 != .kept } ?? false
    deliver(outputs)
    plant.step(step, circumstances)
    let now = moment(isTrusted)
    sensors.measure(plant, circumstances, seconds: step, second: second, at: now, inputs)
    addOrders(to: &circumstances, &evidence)
    var result = Step(
      now: now, second: second, seconds: step, outcome: nil, evidence: evidence, circumstances: circumstances)
    guard core != nil else { return result }
    outlook.observe(plant, at: now, step: step)
    let snapshot = SiteSnapshot(now: now, observations: sensors.observations)
    let answers = reports
    reports = []
    let forecast = outlook.forecast(at: now, factor: forecastFactor)
    let began = clock?()
    let outcome = core?.step(
      snapshot: snapshot, forecast: forecast, reports: answers, orders: circumstances.orders)
    if let began, let ended = clock?() { result.controlTime = ended - began }
    if outcome?.isMemoryChanged == true { isMemoryChanged = true }
    for command in outcome?.commands ?? [] {
      writes += 1
      let delay = outputs[command.device] == .slow ? 90.0 : 0
      pending.append((second + delay, command))
    }
    result.outcome = outcome
    return result
  }

  /// Somebody else writes to a device.
  mutating func tell(_ setpoint: Setpoint) { _ = plant.take(setpoint) }

  private func moment(_ isTrusted: Bool) -> Moment {
    let passed = Duration.milliseconds(Int64((second * 1000).rounded()))
    return Moment(
      wall: start + passed + wallOffset, monotonic: MonotonicInstant(nanoseconds: 3_600_000_000_000) + passed,
      isClockTrusted: isTrusted)
  }

  /// The agent goes away, with what it had on its way; and comes back with what memory it has.
  private mutating func followRestart(_ fate: MemoryFate?) {
    if let fate {
      if let core {
        if isMemoryChanged { savedMemory = core.savedMemory }
        isMemoryChanged = false
        self.core = nil
        reports = []
        switch fate {
        case .kept: break
        case .lost: savedMemory = nil
        case .corrupted: savedMemory = savedMemory.map { Self.corrupted($0, &random) }
        }
      }
    } else if core == nil, control == .core {
      core = ControlCore(parameters: parameters, zone: zone, savedMemory: savedMemory)
    }
  }

  private static func corrupted(_ bytes: [UInt8], _ random: inout Random) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<max(1, bytes.count / 40) where !bytes.isEmpty {
      bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
    }
    return bytes
  }

  /// Commands that are due reach their devices; each is answered in the step after it was given, as its fault says.
  private mutating func deliver(_ outputs: [DeviceID: OutputFault]) {
    var later: [(due: Double, command: SetpointCommand)] = []
    for (due, command) in pending {
      if due >= second {
        later.append((due, command))
        continue
      }
      let at = moment(true)
      if let expires = command.setpoints.map(\.expires).min(), expires < moment(true).monotonic - .seconds(Int64(step))
      {
        report(command, .refused("expired"), at)
        continue
      }
      switch outputs[command.device] {
      case nil, .slow?:
        let isTaken = command.setpoints.allSatisfy { plant.take($0) }
        report(command, isTaken ? .confirmed : .refused("no such command"), at)
      case .fails?: report(command, .failed("no answer"), at)
      case .failsThoughTaken?:
        for setpoint in command.setpoints { _ = plant.take(setpoint) }
        report(command, .failed("the answer got lost"), at)
      case .ignored?: report(command, .notTaken("it holds something else"), at)
      case .lost?: break
      }
    }
    pending = later
  }

  private mutating func report(_ command: SetpointCommand, _ outcome: WriteReport.Outcome, _ at: Moment) {
    guard core != nil else { return }
    reports.append(WriteReport(command: command, outcome: outcome, at: at))
  }

  /// What uplinks brought; what `circumstances` say themselves of a channel stays.
  private mutating func addOrders(to circumstances: inout Circumstances, _ evidence: inout Evidence) {
    let epoch = moment(true).monotonic - .milliseconds(Int64((second * 1000).rounded()))
    let orders = uplinks.step(
      faults, second: second, epoch: epoch, isAgentUp: evidence.isAgentUp, &evidence)
    if !orders.isEmpty { circumstances.orders.channels.merge(orders) { given, _ in given } }
  }
}

extension SiteParameters {
  /// The same site with timers of devices of at least `seconds`.
  func stretched(to seconds: Double) -> SiteParameters {
    var site = self
    let least = Duration.milliseconds(Int64(seconds * 1000))
    for index in site.hybrids.indices {
      site.hybrids[index].batteryReversion = site.hybrids[index].batteryReversion.map { max($0, least) }
      site.hybrids[index].productionReversion = site.hybrids[index].productionReversion.map { max($0, least) }
    }
    for index in site.chargers.indices {
      site.chargers[index].reversion = site.chargers[index].reversion.map { max($0, least) }
    }
    return site
  }
}
