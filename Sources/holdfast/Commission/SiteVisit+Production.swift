import Commissioning
import DeviceProfile
import EnergyDispatch
import EnergyModel
import SiteConfig

/// An inverter's production is held down, and its own cap is tried.
extension SiteVisit {
  func tryProduction(_ hybrid: VisitedDevice) throws(Interrupted) {
    guard let command = hybrid.command(.productionLimit) else { return }
    let check = "effect of \(command.name)"
    guard let ac = hybrid.mean(.power), ac >= 800 else {
      return note(
        Finding(hybrid.id, check, .open, "not tried: it feeds in less than 800 W, which shows no limit"))
    }
    let wait = command.reversion.map { ", then nobody writes for \($0.components.seconds) s" } ?? ""
    guard try mayTry(hybrid, check, "its production will be held at half of that for some seconds\(wait)."),
      let (now, before) = try current(hybrid, .power, for: check)
    else { return }
    // The sun and the battery have moved on since.
    guard before >= 800 else {
      return note(Finding(hybrid.id, check, .open, "not tried: it feeds in less than 800 W, which shows no limit"))
    }
    let told = (before / 2).rounded()
    let hand = Hand(talk: hybrid.talk, command: command, bounds: hybrid.bounds)
    let values = hybrid.bounds.completed([.productionLimit: told], for: command)
    if let problem = tell(hand, values, before: now) {
      return note(Finding(hybrid.id, "write of \(command.name)", .failed, problem))
    }
    let under = try watch(hybrid, for: min(hybrid.profile.lag + .seconds(15), half(command))) {
      $0 <= told + max(150, 0.1 * told)
    }
    let difference = hand.difference(values, mustBeRead: true)
    note(
      Finding(
        hybrid.id, "write of \(command.name)", difference == nil ? .passed : .failed,
        difference.map { "\($0) a moment after it was read back" } ?? "was read back as it was written"))
    releaseAll()
    let isRegulated = under.after != nil
    let free =
      isRegulated
      ? try watch(hybrid, for: hybrid.profile.lag * 2 + .seconds(20)) { $0 >= told + 0.6 * (before - told) } : nil
    note(
      Effects.production(
        hybrid.id, check: check, told: told, before: before, during: under.last, after: under.after, free: free?.last))
    guard isRegulated, difference == nil, let timer = command.reversion, command.onExpiry != .hold else { return }
    if let problem = tell(hand, values, before: now) {
      return note(Finding(hybrid.id, "write of \(command.name)", .failed, problem))
    }
    say("\(hybrid.id): nothing is written for \(timer.components.seconds) s and a little more.")
    try ReversionWatch(
      visit: self, device: hybrid, hand: hand, point: .power, told: told, free: before, isUpperBound: true
    ).watch(values: values, timer: timer)
  }

  /// Watches an inverter's power until it is where it should be: when that was, and the last that it told.
  private func watch(
    _ hybrid: VisitedDevice, for patience: Duration, until isThere: (Double) -> Bool
  ) throws(Interrupted) -> (after: Duration?, last: Double?) {
    let begin = ContinuousClock.now
    var last: Double?
    while ContinuousClock.now - begin < patience {
      try pause(.milliseconds(700))
      last = try look(at: hybrid)?.good(.power) ?? last
      if let last, isThere(last) { return (.now - begin, last) }
    }
    return (nil, last)
  }

  private func half(_ command: CommandDefinition) -> Duration { command.reversion.map { $0 / 2 } ?? .seconds(3600) }

  /// The permanent cap lives inside the inverter: with more on offer than is permitted, and nobody limiting it, the export
  /// stays below. What is on offer beyond the cap is kept small.
  func tryCap() throws(Interrupted) {
    guard let cap = configuration.control.feedIn else { return }
    guard let inverter = cap.storedIn else {
      return note(
        Finding(nil, "feed-in cap", .failed, "no inverter keeps it when the agent is away: stored_in names none"))
    }
    guard isWanted(inverter), let hybrid = devices.first(where: { $0.id == inverter }) else { return }
    let limit = cap.limit.value
    guard let meter, let command = hybrid.command(.dischargeLimit), let battery = hybrid.bounds.battery else {
      return note(
        Finding(inverter, "feed-in cap", .open, "without a battery to move nobody can tell: look at its settings"))
    }
    let question =
      "its battery will rest, then discharge until 400 W more than the feed-in cap of \(JSONText.decimal(limit, 0)) W are on offer, "
      + "for some seconds."
    guard try mayTry(hybrid, "feed-in cap", question) else { return }
    defer { releaseAll() }
    func open(_ reason: String) { note(Finding(inverter, "feed-in cap", .open, "not tried: \(reason)")) }
    let hand = Hand(talk: hybrid.talk, command: command, bounds: hybrid.bounds)
    let settling = min(hybrid.profile.lag * 2 + .seconds(6), half(command))
    // What an earlier trial left behind, or the inverter's own regulation, must not move between the readings.
    guard let before = try look(at: hybrid) else { return open("it does not answer") }
    if let problem = tell(hand, StepChoice.values(0), before: before) { return open(problem) }
    try pause(settling)
    guard let now = try look(at: hybrid), let grid = try look(at: meter)?.good(.power),
      let own = now.good(.batteryPower)
    else { return open("a device does not answer") }
    // What the battery has to give so that 400 W too much are on offer.
    let power = limit + 400 + grid + own
    let room = (hybrid.bounds.acLimit ?? .infinity) - (now.good(.power) ?? 0) + own
    let soc = now.good(.soc) ?? 0
    guard power > 0, power <= min(battery.maximumDischarge, room), soc > battery.socWindow.lowerBound + 2 else {
      return open(
        "its battery would have to give \(JSONText.decimal(power, 0)) W now for \(JSONText.decimal(limit, 0)) W to be exceeded"
      )
    }
    if let problem = tell(hand, StepChoice.values(power), before: now) { return open(problem) }
    try pause(settling)
    let seen = try samples(of: [meter, hybrid])
    let exports = (seen[meter.id] ?? []).compactMap { $0.good(.power) }.map { -$0 }
    let fed = (seen[hybrid.id] ?? []).compactMap { $0.good(.power) }
    let expected = now.good(.power).map { $0 + power - own }
    let heldBack = fed.isEmpty ? nil : expected.map { $0 - fed.reduce(0, +) / Double(fed.count) }
    note(Effects.cap(inverter, cap: limit, exports: exports, offered: limit + 400, heldBack: heldBack))
  }
}
