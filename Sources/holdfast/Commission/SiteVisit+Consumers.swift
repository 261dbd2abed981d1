import Commissioning
import DeviceProfile
import EnergyDispatch
import EnergyModel

/// Relays, chargers, and loads that a person carries.
extension SiteVisit {
  static let relayQuestion = "its relay will be switched over for some seconds, and back."

  func tryLoad(_ load: SiteParameters.SheddableLoad) throws(Interrupted) {
    guard isWanted(load.device) else { return }
    let broker = brokers.first { $0.relays.contains(load.device) }
    guard !load.isCritical else {
      let check = "write of \(Self.relayCommand)"
      return note(Finding(load.device, check, .passed, "not tried: it is critical, and never switched"))
    }
    if let broker { return try trySwitch(load, on: broker) }
    guard let (device, command) = tried(load.device, .relayOn) else { return }
    let check = "write of \(command.name)"
    guard try mayTry(device, check, Self.relayQuestion), let (now, isOn) = try current(device, .relayOn, for: check)
    else {
      return
    }
    let hand = Hand(talk: device.talk, command: command, bounds: device.bounds)
    try switchOver(
      load, check, isOn: isOn == 1, tell: { tell(hand, [.relayOn: $0 ? 1 : 0], before: now) },
      difference: { hand.difference([.relayOn: $0 ? 1 : 0], mustBeRead: true) })
  }

  /// A load's relay goes over and back, and what the house takes goes with it.
  /// - Parameters:
  ///   - tell: switches it; why not, in words.
  ///   - difference: what it says else than it was told, in words.
  func switchOver(
    _ load: SiteParameters.SheddableLoad, _ check: String, isOn: Bool, tell: (Bool) -> String?,
    difference: (Bool) -> String?
  ) throws(Interrupted) {
    let witnesses = hybrids + (meter.map { [$0] } ?? [])
    let before = try samples(of: witnesses)
    if let problem = tell(!isOn) { return note(Finding(load.device, check, .failed, problem)) }
    try pause(.seconds(4))
    let during = try samples(of: witnesses)
    let difference = difference(!isOn)
    releaseAll()
    try pause(.seconds(4))
    let after = try samples(of: witnesses)
    note(
      difference.map { Finding(load.device, check, .failed, "\($0) a moment after it was confirmed") }
        ?? Finding(load.device, check, .passed, "the relay went over and back, and said so"))
    func step(_ id: DeviceID) -> Step {
      Step(before: before[id] ?? [], during: during[id] ?? [], after: after[id] ?? [])
    }
    // What the house takes is what comes from the grid and from the inverters.
    let changes = witnesses.map { step($0.id).change(.power) }
    let house = meter == nil || changes.contains(nil) ? nil : changes.compactMap(\.self).reduce(0, +)
    note(Effects.load(load.device, rated: load.rated.value, change: house.map { isOn ? $0 : -$0 }))
    guard hybrids.isEmpty, let meter else { return }
    note(
      MeterSigns(
        meter: meter.id, step: step(meter.id), expected: (isOn ? -1 : 1) * load.rated.value, isRating: true,
        cause: "\(load.device) was switched \(isOn ? "off" : "on")"
      ).findings)
  }

  func tryCharger(_ charger: SiteParameters.Charger) throws(Interrupted) {
    guard let (device, command) = tried(charger.device, .chargingCurrent) else { return }
    let check = "write of \(command.name)"
    let least = charger.current.lowerBound
    let wait = command.reversion.map { ", then nobody writes for \($0.components.seconds) s" } ?? ""
    guard try mayTry(device, check, "it will be told \(JSONText.decimal(least, 0)) A for some seconds\(wait).") else {
      return
    }
    guard let now = try look(at: device) else {
      return note(Finding(charger.device, check, .failed, "no longer answers"))
    }
    let hand = Hand(talk: device.talk, command: command, bounds: device.bounds)
    let values = device.bounds.completed([.chargingCurrent: least], for: command)
    if let problem = tell(hand, values, before: now) { return note(Finding(charger.device, check, .failed, problem)) }
    try pause(device.profile.lag + .seconds(3))
    let during = try look(at: device)
    if let difference = hand.difference(values, mustBeRead: true) {
      return note(Finding(charger.device, check, .failed, "\(difference) a moment after it was read back"))
    }
    note(Finding(charger.device, check, .passed, "was read back as it was written"))
    note(
      Effects.charger(
        charger.device, before: now.good(.power), during: during?.good(.power), current: least,
        most: SiteParameters.Charger.power(least, phases: charger.phases.count)))
    if let timer = command.reversion, command.onExpiry != .hold {
      try watchCharger(charger, device, hand, timer: timer, before: now)
    }
  }

  /// Told another current than the one that it falls back to.
  private func watchCharger(
    _ charger: SiteParameters.Charger, _ device: VisitedDevice, _ hand: Hand, timer: Duration, before: Sample
  ) throws(Interrupted) {
    let check = "reversion of \(hand.command.name)"
    guard before.good(.chargingCurrentLimit) != nil else {
      return note(Finding(charger.device, check, .open, "it does not tell the current that is in force"))
    }
    let middle = ((charger.current.lowerBound + charger.current.upperBound) / 2).rounded()
    let told = abs(charger.failsafeCurrent - middle) < 1 ? charger.current.upperBound : middle
    let values = device.bounds.completed([.chargingCurrent: told], for: hand.command)
    say("\(charger.device): \(JSONText.decimal(told, 0)) A, then nothing is written for \(timer.components.seconds) s.")
    if let problem = tell(hand, values, before: before) {
      return note(Finding(charger.device, check, .failed, problem))
    }
    try ReversionWatch(
      visit: self, device: device, hand: hand, point: .chargingCurrentLimit, told: told,
      free: charger.failsafeCurrent, least: 1, noise: 0.4
    ).watch(values: values, timer: timer)
  }

  /// Each phase that nothing else has shown, with a load that a person carries there.
  func askForKettles() throws(Interrupted) {
    guard consent.canAsk, let meter, isWanted(meter.id), !meter.survey.isEmpty else { return }
    for phase in [Point.powerL1, .powerL2, .powerL3] where meter.mean(phase) != nil {
      let name = "L\(phase.rawValue.dropFirst(7).prefix(1))"
      guard findings.outcome(meter.id, "transformer \(name)") ?? .open == .open else { continue }
      let before = try samples(of: [meter])
      guard consent.isDone("Switch on a kettle or a heater (1 kW or more) on \(name)") else {
        guard !Interrupt.hasCome else { throw Interrupted() }
        continue
      }
      try pause(.seconds(3))
      let during = try samples(of: [meter])
      guard consent.isDone("Switch it off again") else {
        guard !Interrupt.hasCome else { throw Interrupted() }
        continue
      }
      try pause(.seconds(3))
      let after = try samples(of: [meter])
      func part(_ all: [DeviceID: [Sample]]) -> [Sample] { all[meter.id] ?? [] }
      note(Effects.kettle(meter.id, phase: phase, Step(before: part(before), during: part(during), after: part(after))))
    }
  }
}
