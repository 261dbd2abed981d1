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
    let told = (ac / 2).rounded()
    let wait = command.reversion.map { ", then nobody writes for \($0.components.seconds) s" } ?? ""
    guard
      mayTry(hybrid, check, "its production will be held at \(JSONText.decimal(told, 0)) W for some seconds\(wait).")
    else { return }
    guard let now = try look(at: hybrid) else { return }
    let hand = Hand(talk: hybrid.talk, command: command, bounds: hybrid.bounds)
    let values: [SetpointKind: Double] = [.productionLimit: told]
    if let problem = tell(hand, values, before: now) {
      return note(Finding(hybrid.id, "write of \(command.name)", .failed, problem))
    }
    note(Finding(hybrid.id, "write of \(command.name)", .passed, "was read back as it was written"))
    let begin = ContinuousClock.now
    var last: Double?
    var reached: Duration?
    while reached == nil, ContinuousClock.now - begin < min(hybrid.profile.lag + .seconds(15), half(command)) {
      try pause(.milliseconds(700))
      last = try look(at: hybrid)?.good(.power) ?? last
      if let last, last <= told + max(150, 0.1 * told) { reached = .now - begin }
    }
    let text =
      "held at \(JSONText.decimal(told, 0)) W, it fed in \(last.map { JSONText.decimal($0, 0) } ?? "an unknown number of") W"
    note(
      Finding(
        hybrid.id, check, reached == nil ? .failed : .passed,
        reached.map { "\(text) after \(JSONText.decimal($0.seconds, 1)) s" } ?? "\(text): it does not follow"))
    guard reached != nil, let timer = command.reversion, command.onExpiry != .hold else { return }
    if let problem = tell(hand, values, before: now) {
      return note(Finding(hybrid.id, "write of \(command.name)", .failed, problem))
    }
    say("\(hybrid.id): nothing is written for \(timer.components.seconds) s and a little more.")
    try ReversionWatch(visit: self, device: hybrid, hand: hand, point: .power, told: told, free: ac)
      .watch(values: values, timer: timer)
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
    guard let now = try look(at: hybrid), let grid = try look(at: meter)?.good(.power),
      let own = now.good(.batteryPower)
    else { return note(Finding(inverter, "feed-in cap", .open, "not tried: a device does not answer")) }
    // What the battery has to give so that 400 W too much are on offer.
    let power = limit + 400 + grid + own
    let room = (hybrid.bounds.acLimit ?? .infinity) - (now.good(.power) ?? 0) + own
    let soc = now.good(.soc) ?? 0
    guard power > 0, power <= min(battery.maximumDischarge, room), soc > battery.socWindow.lowerBound + 2 else {
      return note(
        Finding(
          inverter, "feed-in cap", .open,
          "not tried: its battery would have to give \(JSONText.decimal(power, 0)) W now for \(JSONText.decimal(limit, 0)) W to be exceeded"
        ))
    }
    let question =
      "its battery will discharge with \(JSONText.decimal(power, 0)) W, so that 400 W more than the feed-in cap of "
      + "\(JSONText.decimal(limit, 0)) W are on offer for some seconds."
    guard mayTry(hybrid, "feed-in cap", question) else { return }
    let hand = Hand(talk: hybrid.talk, command: command, bounds: hybrid.bounds)
    if let problem = tell(hand, StepChoice.values(power), before: now) {
      return note(Finding(inverter, "feed-in cap", .open, "not tried: \(problem)"))
    }
    try pause(min(hybrid.profile.lag * 2 + .seconds(6), half(command)))
    let exports = try samples(of: [meter]).values.flatMap { $0 }.compactMap { $0.good(.power) }.map { -$0 }
    note(Effects.cap(inverter, cap: limit, exports: exports, offered: limit + 400))
    releaseAll()
  }
}
