import Commissioning
import DeviceProfile
import EnergyDispatch
import EnergyModel
import SiteConfig

/// A battery is moved by a known power, which shows whether it follows and whether the meter looks the right way.
extension SiteVisit {
  func tryBattery(_ hybrid: VisitedDevice) throws(Interrupted) {
    guard hybrid.bounds.battery != nil, let command = hybrid.command(.dischargeLimit) else {
      if hybrid.bounds.battery != nil, let reason = hybrid.onlyRead {
        note(Finding(hybrid.id, "effect of battery", .open, "not tried: \(reason)"))
      }
      return
    }
    let minutes = command.reversion.map { " and then for up to \($0.components.seconds * 5 / 4 + 10) s" } ?? ""
    guard
      try mayTry(
        hybrid, "effect of battery",
        "its battery will rest, charge or discharge with up to \(JSONText.decimal(StepChoice.usual, 0)) W for about half "
          + "a minute\(minutes); nothing else is switched.")
    else { return }
    let now = try look(at: hybrid)
    let grid = try meter.flatMap { meter throws(Interrupted) in try look(at: meter)?.good(.power) }
    guard let now else { return note(Finding(hybrid.id, "effect of battery", .failed, "no longer answers")) }
    let choice: StepChoice
    do {
      choice = try StepChoice.choose(
        hybrid.bounds, inverter: now, grid: grid, cap: configuration.control.feedIn?.limit.value)
    } catch {
      return note(Finding(hybrid.id, "effect of battery", .open, "not tried: \(error)"))
    }
    let hand = Hand(talk: hybrid.talk, command: command, bounds: hybrid.bounds)
    let trial = BatteryTrial(visit: self, hybrid: hybrid, hand: hand, power: choice.power)
    guard try trial.step(before: now) else { return }
    if let timer = command.reversion, command.onExpiry != .hold {
      try trial.reversion(timer: timer)
    } else {
      note(
        Finding(
          hybrid.id, "reversion of \(command.name)", .passed,
          "has no timer, and without_timer: confirmed says that this was agreed to"))
    }
  }
}

struct BatteryTrial {
  let visit: SiteVisit
  let hybrid: VisitedDevice
  let hand: Hand
  /// Discharge is positive, W.
  let power: Double

  private var witnesses: [VisitedDevice] { [hybrid] + (visit.meter.map { [$0] } ?? []) }
  private var name: String { hand.command.name }

  /// At rest, moved, at rest again. False where the device did not take it.
  func step(before now: Sample) throws(Interrupted) -> Bool {
    guard let before = try state(0, now), let during = try state(power, now), let after = try state(0, now) else {
      return false
    }
    visit.note(Finding(hybrid.id, "write of \(name)", .passed, "every value was read back as it was written"))
    let inverter = Step(
      before: before.samples[hybrid.id] ?? [], during: during.samples[hybrid.id] ?? [],
      after: after.samples[hybrid.id] ?? [])
    let findings = Effects.battery(
      hybrid.id, inverter, power: power, after: during.reached, lag: hybrid.profile.lag)
    visit.note(findings)
    guard !findings.contains(where: { $0.outcome == .failed }) else { return true }
    guard let meter = visit.meter else { return true }
    let signs = MeterSigns(
      meter: meter.id,
      step: Step(
        before: before.samples[meter.id] ?? [], during: during.samples[meter.id] ?? [],
        after: after.samples[meter.id] ?? []), expected: -(inverter.change(.power) ?? power),
      cause: "\(hybrid.id) \(power > 0 ? "discharged" : "charged") with \(JSONText.decimal(abs(power), 0)) W")
    visit.note(signs.findings)
    return true
  }

  private typealias State = (samples: [DeviceID: [Sample]], reached: Duration?)

  /// Tells the battery a power, waits until it is there, and measures. Nil where the device does not take it.
  private func state(_ power: Double, _ now: Sample) throws(Interrupted) -> State? {
    let values = StepChoice.values(power)
    if let problem = visit.tell(hand, values, before: now) {
      visit.note(Finding(hybrid.id, "write of \(name)", .failed, problem))
      return nil
    }
    let begin = ContinuousClock.now
    var written = begin
    var reached: Duration?
    var isNear = false
    while reached == nil, ContinuousClock.now - begin < hybrid.profile.lag + .seconds(15) {
      try visit.pause(.milliseconds(700))
      if let timer = hand.command.reversion, .now - written >= timer / 2 {
        guard keptUp(values) else { return nil }
        written = .now
      }
      let value = try visit.look(at: hybrid)?.good(.batteryPower)
      let wasNear = isNear
      isNear = value.map { Effects.near($0, power) } ?? false
      if isNear, wasNear { reached = .now - begin }
    }
    if let timer = hand.command.reversion, .now - written >= timer / 4 {
      guard keptUp(values) else { return nil }
    }
    let samples = try visit.samples(of: witnesses)
    return stands(values) ? (samples, reached) : nil
  }

  private func keptUp(_ values: [SetpointKind: Double]) -> Bool {
    guard stands(values) else { return false }
    guard let problem = hand.carryOut(values, [], isTold: false) else { return true }
    visit.note(Finding(hybrid.id, "write of \(name)", .failed, problem))
    return false
  }

  /// Whether the registers still say what was written a while ago.
  private func stands(_ values: [SetpointKind: Double]) -> Bool {
    guard let difference = hand.difference(values, mustBeRead: true) else { return true }
    visit.note(
      Finding(
        hybrid.id, "write of \(name)", .failed,
        "\(difference) a moment after it was read back: another controller writes, or the device takes it back"))
    return false
  }

  /// Nobody writes any more: the battery has to be let go.
  func reversion(timer: Duration) throws(Interrupted) {
    // One with a safe value of its own falls back to rest, whatever it did before.
    let free = hand.command.onExpiry == .safe ? 0 : hybrid.mean(.batteryPower)
    let told = free.map { abs($0) >= abs($0 - power) ? 0 : power } ?? power
    guard let now = try visit.look(at: hybrid) else { return }
    visit.say("\(hybrid.id): nothing is written for \(timer.components.seconds) s and a little more.")
    if let problem = visit.tell(hand, StepChoice.values(told), before: now) {
      return visit.note(Finding(hybrid.id, "reversion of \(name)", .failed, problem))
    }
    try ReversionWatch(visit: visit, device: hybrid, hand: hand, point: .batteryPower, told: told, free: free)
      .watch(values: StepChoice.values(told), timer: timer)
  }
}
