import Commissioning
import DeviceProfile
import EnergyDispatch
import EnergyModel
import SiteConfig

/// Contacts: those that ask a heat pump, and those that somebody outside operates.
extension SiteVisit {
  /// How long an input may take to tell what was done with it.
  private static let patienceWithInputs = Duration.seconds(5)

  /// Both contacts are switched, K1 alone and where there is K2 that as well, and read back. Whether the pump heeds them, a
  /// person sees.
  func tryHeatPump(_ pump: SiteParameters.HeatPump) throws(Interrupted) {
    guard let (device, command) = tried(pump.device, .heatPumpState) else { return }
    let check = "write of \(command.name)"
    var states: [(state: Double, name: String)] = [(1, "blocked")]
    if pump.canBoost {
      states.append((3, "asked to take more"))
    } else if device.survey.last?.good(.heatPumpState) == 1 {
      states = [(2, "let run")]
    }
    guard
      try mayTry(
        device, check,
        "its contacts will say \(states.map { "SG-Ready \(Int($0.state)) (\($0.name))" }.joined(separator: " and ")) "
          + "for some seconds each."),
      let (now, _) = try current(device, .heatPumpState, for: check)
    else { return }
    let hand = Hand(talk: device.talk, command: command, bounds: device.bounds)
    var heeded: [Bool] = []
    for (state, name) in states {
      let values = [SetpointKind.heatPumpState: state]
      let problem = tell(hand, values, before: now)
      try pause(.seconds(2))
      if let difference = problem ?? hand.difference(values, mustBeRead: true) {
        releaseAll()
        return note(Finding(pump.device, check, .failed, "SG-Ready \(Int(state)): \(difference)"))
      }
      if consent.canAsk { heeded.append(consent.agrees(to: "Does the heat pump's display say that it is \(name)?")) }
      guard !Interrupt.hasCome else { throw Interrupted() }
    }
    releaseAll()
    let told = states.map { "SG-Ready \(Int($0.state))" }.joined(separator: " and ")
    note(Finding(pump.device, check, .passed, "its contacts said \(told), and were read back"))
    note(heeding(pump.device, states.map(\.name), heeded))
  }

  private func heeding(_ pump: DeviceID, _ states: [String], _ heeded: [Bool]) -> Finding {
    guard !heeded.isEmpty else {
      return Finding(pump, "effect", .open, "nobody was there to look at its display")
    }
    let missed = zip(states, heeded).filter { !$1 }.map(\.0)
    return missed.isEmpty
      ? Finding(pump, "effect", .passed, "its display said \(states.joined(separator: " and "))")
      : Finding(pump, "effect", .failed, "its display did not say \(missed.joined(separator: " and "))")
  }

  /// A contact is operated by hand, and put back.
  func tryContact(_ device: VisitedDevice) throws(Interrupted) {
    guard isWanted(device.id), !device.survey.isEmpty,
      let (_, before) = try current(device, .contact, for: "contact")
    else { return }
    let contact = ContactCheck(device.id, device.profile, limit: limit(by: device.id))
    let state = contact.meaning(of: before)
    guard consent.canAsk else {
      return note(Finding(device.id, "contact", .open, "is \(state); nobody was there to operate it"))
    }
    guard consent.isDone("\(device.id) is \(state). \(contact.request(from: before))") else {
      guard !Interrupt.hasCome else { throw Interrupted() }
      return note(Finding(device.id, "contact", .open, "is \(state), and nobody operated it"))
    }
    let operated = try value(of: device, otherThan: before)
    var back: Double?
    if let operated, operated != before {
      guard consent.isDone("It is \(contact.meaning(of: operated)). \(contact.request(from: operated)) again") else {
        guard !Interrupt.hasCome else { throw Interrupted() }
        return note(Finding(device.id, "contact", .open, "was \(state), and nobody put it back"))
      }
      back = try value(of: device, otherThan: operated)
    }
    note(contact.finding(before: before, operated: operated, back: back))
  }

  /// What a contact tells once it tells something else, or at the end of patience.
  private func value(of device: VisitedDevice, otherThan last: Double) throws(Interrupted) -> Double? {
    let end = ContinuousClock.now + Self.patienceWithInputs
    while true {
      let value = try look(at: device)?.good(.contact)
      if value != nil && value != last || ContinuousClock.now >= end { return value }
      try pause(.milliseconds(200))
    }
  }

  /// What holds while a contact is active, in words; nil where it limits nobody.
  private func limit(by contact: DeviceID) -> String? {
    let channel = configuration.control.channels.first {
      if case .contact(contact, _) = $0.kind { true } else { false }
    }
    return channel.map { channel in
      let limits = channel.failsafe.sorted { $0.key.rawValue < $1.key.rawValue }
      return limits.map { quantity, value in
        "\(quantity.rawValue) \(JSONText.decimal(value, 0)) \(quantity == .exportPercent ? "%" : "W")"
      }.joined(separator: ", ")
    }
  }
}
