public import DeviceProfile
public import EnergyModel

/// Commands for relays on MQTT on their way: published, and confirmed by what the device itself says afterwards.
/// Pure: it is told the time, and says what to publish and to report.
public struct SwitchDesk: Sendable {
  /// Published with QoS 0 and not retained: a command that a broker keeps for a device that is away would act when
  /// nobody wants it any more.
  public struct Publication: Hashable, Sendable {
    public var topic: String
    public var payload: String
  }

  public struct Step: Hashable, Sendable {
    public var publications: [Publication] = []
    public var reports: [WriteReport] = []
  }

  private struct Switch: Sendable {
    var definition: SwitchDefinition
    /// How often the device is asked for its state, so that it never gets too old.
    var askEvery: Duration
    var lastAsked: MonotonicInstant?
    var pending: Pending?
  }

  private struct Pending: Sendable {
    var command: SetpointCommand
    var isOn: Bool
    var published: MonotonicInstant
    /// The device said something else since.
    var saidOtherwise = false
    /// What commands before it asked for that nothing was heard of, oldest first: the device may still be about to say
    /// that it followed them, and until it has, its word is not about this command.
    var earlier: [Earlier] = []
  }

  private struct Earlier: Sendable {
    var isOn: Bool
    /// Then it is not waited for any more.
    var until: MonotonicInstant
  }

  private var switches: [DeviceID: Switch] = [:]
  /// Without a connection every command fails at once.
  public private(set) var isConnected = false

  public init(_ switches: [(device: DeviceID, definition: SwitchDefinition, maximumAge: Duration)]) {
    for entry in switches {
      self.switches[entry.device] = Switch(
        definition: entry.definition, askEvery: max(.seconds(1), entry.maximumAge / 3))
    }
  }

  public var devices: [DeviceID] { switches.keys.sorted() }

  /// Always ends in exactly one report, now or later.
  public mutating func submit(_ command: SetpointCommand, at now: Moment) -> Step {
    var step = Step()
    guard var entry = switches[command.device] else {
      return refusing(command, .refused("\(command.device) is no relay on MQTT"), now)
    }
    guard command.setpoints.count == 1, let setpoint = command.setpoints.first, setpoint.kind == .relayOn else {
      return refusing(command, .refused("a relay takes relay_on and nothing else"), now)
    }
    guard setpoint.expires > now.monotonic else {
      let age = (now.monotonic - setpoint.expires).milliseconds
      return refusing(command, .refused("expired \(age) ms ago: relay_on of \(setpoint.owner)"), now)
    }
    guard isConnected else { return refusing(command, .failed("no connection to the broker"), now) }
    if let old = entry.pending {
      step.reports.append(
        WriteReport(command: old.command, outcome: .failed("a newer command took its place"), at: now))
    }
    let isOn = setpoint.value >= 0.5
    let definition = entry.definition
    var pending = Pending(command: command, isOn: isOn, published: now.monotonic)
    if let old = entry.pending {
      pending.earlier = old.earlier + [Earlier(isOn: old.isOn, until: old.published + definition.timeout)]
    }
    entry.pending = pending
    step.publications.append(
      Publication(topic: definition.topic.filter, payload: isOn ? definition.on : definition.off))
    ask(&entry, &step, now)
    switches[command.device] = entry
    return step
  }

  /// What a device told. Only what is fresh says anything about a command.
  public mutating func saw(_ sample: Sample, at now: Moment) -> Step {
    var step = Step()
    guard var entry = switches[sample.device], var pending = entry.pending, let reading = sample[.relayOn],
      reading.quality == .good, let value = reading.value, sample.measured.monotonic >= pending.published
    else { return step }
    let isOn = value >= 0.5
    pending.earlier.removeAll { now.monotonic >= $0.until }
    if let earlier = pending.earlier.first {
      if earlier.isOn == isOn { pending.earlier.removeFirst() }
      // A command that asks for the same as one before it: only what comes after the last of them says something.
      if isOn != pending.isOn { pending.saidOtherwise = true }
      entry.pending = pending
    } else if isOn == pending.isOn {
      step.reports.append(WriteReport(command: pending.command, outcome: .confirmed, at: now))
      entry.pending = nil
    } else {
      // It may have said so before the command reached it.
      pending.saidOtherwise = true
      entry.pending = pending
    }
    switches[sample.device] = entry
    return step
  }

  /// Ends what waited too long, and asks for states that are getting old.
  public mutating func lookAtClock(_ now: Moment) -> Step {
    var step = Step()
    for (device, entry) in switches.sorted(by: { $0.key < $1.key }) {
      var entry = entry
      if let pending = entry.pending, now.monotonic - pending.published >= entry.definition.timeout {
        let state = pending.isOn ? "off" : "on"
        let outcome: WriteReport.Outcome =
          pending.saidOtherwise
          ? .notTaken("the device says that it is \(state)") : .failed("the device does not say what became of it")
        step.reports.append(WriteReport(command: pending.command, outcome: outcome, at: now))
        entry.pending = nil
      }
      // What the device said meanwhile may have been of a command that is not waited for any more.
      if isConnected, let over = entry.pending?.earlier.last, now.monotonic >= over.until {
        entry.pending?.earlier = []
        ask(&entry, &step, now)
      }
      if isConnected, entry.lastAsked.map({ now.monotonic - $0 >= entry.askEvery }) ?? true {
        ask(&entry, &step, now)
      }
      switches[device] = entry
    }
    return step
  }

  public mutating func connected(at now: Moment) -> Step {
    isConnected = true
    for device in switches.keys { switches[device]?.lastAsked = nil }
    return lookAtClock(now)
  }

  /// Whether a command under way arrived is not known: it failed, and is repeated by whom it matters to.
  public mutating func disconnected(at now: Moment) -> Step {
    giveUp("the connection to the broker was lost", now)
  }

  /// The end, unless it is connected again: nothing stays without a report, and nothing new is published.
  public mutating func giveUp(_ reason: String, _ now: Moment) -> Step {
    isConnected = false
    var step = Step()
    for (device, entry) in switches.sorted(by: { $0.key < $1.key }) {
      guard let pending = entry.pending else { continue }
      step.reports.append(WriteReport(command: pending.command, outcome: .failed(reason), at: now))
      switches[device]?.pending = nil
    }
    return step
  }

  private func ask(_ entry: inout Switch, _ step: inout Step, _ now: Moment) {
    entry.lastAsked = now.monotonic
    guard let ask = entry.definition.ask else { return }
    step.publications.append(Publication(topic: ask.topic.filter, payload: ask.payload))
  }

  private func refusing(_ command: SetpointCommand, _ outcome: WriteReport.Outcome, _ now: Moment) -> Step {
    Step(reports: [WriteReport(command: command, outcome: outcome, at: now)])
  }
}
