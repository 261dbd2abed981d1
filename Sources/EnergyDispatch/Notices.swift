import EnergyModel

/// Tells what begins and what ends, each once and not every second.
struct Notices: Sendable {
  private struct Key: Hashable {
    var name: String
    var subject: String
  }

  /// A conflict that is back sooner than this is still the same.
  private static let calm: Duration = .seconds(600)

  private var active: Set<Key> = []
  /// When each conflict was last there.
  private var conflicts: [Key: MonotonicInstant] = [:]
  private var isSafeState = false
  private var shed: Set<DeviceID> = []
  /// Cars that are paused and heat pumps that are blocked by a bound.
  private var stopped: Set<DeviceID> = []

  init() {}

  mutating func events(
    _ statements: [Statement], _ resolutions: [Resolution], safeState: Deliberation?, _ view: SiteView,
    isMonitor: Bool
  ) -> [Event] {
    var events = lasting(statements, resolutions, view.now)
    if isSafeState != (safeState != nil) {
      isSafeState = safeState != nil
      let text = safeState?.sentence ?? "safe state left: everything needed is known again"
      events.append(
        Event(
          at: view.now, name: "safe-state", severity: isSafeState ? .warning : .info, text: text,
          data: ["entered": .flag(isSafeState)]))
    }
    guard !isMonitor else { return events }
    sheddings(resolutions, view, &events)
    stops(resolutions, view, &events)
    return events
  }

  /// Alarms of rules and conflicts between them, told when they begin.
  private mutating func lasting(_ statements: [Statement], _ resolutions: [Resolution], _ now: Moment) -> [Event] {
    guard Self.hasAlarms(statements) || Self.haveConflicts(resolutions) else {
      if !active.isEmpty { active = [] }
      return []
    }
    var events: [(key: Key, event: Event)] = []
    var seen: Set<Key> = []
    func tell(_ key: Key, _ event: () -> Event) {
      guard seen.insert(key).inserted, !active.contains(key) else { return }
      events.append((key, event()))
    }
    for alarm in statements.lazy.flatMap(\.contribution.alarms) {
      tell(Key(name: alarm.name, subject: alarm.device?.name ?? "")) {
        Event(
          at: now, name: alarm.name, severity: alarm.severity, device: alarm.device, text: alarm.text.description)
      }
    }
    for resolution in resolutions where Self.conflicts(resolution) {
      for bound in resolution.bounds {
        guard let stronger = bound.yieldedTo else { continue }
        let key = Key(name: "conflict", subject: "\(resolution.quantity.name)/\(bound.rule)/\(stronger)")
        let last = conflicts.updateValue(now.monotonic, forKey: key)
        if let last, now.monotonic - last < Self.calm { continue }
        let text = "\(resolution.quantity.name): \(bound.rule) (\(bound.limit.reason)) yields to \(stronger)"
        events.append(
          (key, Event(at: now, name: "conflict", severity: .warning, device: resolution.quantity.device, text: text)))
      }
    }
    active = seen
    return events.sorted { ($0.key.name, $0.key.subject) < ($1.key.name, $1.key.subject) }.map(\.event)
  }

  private static func hasAlarms(_ statements: [Statement]) -> Bool {
    let span = statements.span
    for index in span.indices where !span[index].contribution.alarms.isEmpty { return true }
    return false
  }

  private static func haveConflicts(_ resolutions: [Resolution]) -> Bool {
    let span = resolutions.span
    for index in span.indices where conflicts(span[index]) { return true }
    return false
  }

  private static func conflicts(_ resolution: Resolution) -> Bool {
    guard resolution.handsOff == nil else { return false }
    let bounds = resolution.bounds.span
    for index in bounds.indices where bounds[index].yieldedTo != nil { return true }
    return false
  }

  private mutating func sheddings(_ resolutions: [Resolution], _ view: SiteView, _ events: inout [Event]) {
    let span = resolutions.span
    for index in span.indices {
      if case .supply = span[index].quantity, let event = shedding(span[index], view) { events.append(event) }
    }
  }

  private mutating func shedding(_ resolution: Resolution, _ view: SiteView) -> Event? {
    guard case .supply(let device) = resolution.quantity, let target = resolution.target else { return nil }
    if target == 0, let bound = resolution.bounds.first(where: { $0.limit.cause == "shed" && $0.holds }) {
      guard shed.insert(device).inserted, view.relay(device)?.isOn == true else { return nil }
      return Event(
        at: view.now, name: "load-shed", severity: .warning, device: device,
        text: "the \(device) is switched off because \(bound.limit.reason)")
    }
    guard target == 1, !shed.isEmpty, shed.remove(device) != nil else { return nil }
    return Event(
      at: view.now, name: "load-restored", severity: .info, device: device, text: "the \(device) is supplied again")
  }
}

extension Notices {
  /// Cars paused and heat pumps blocked by something stronger than a preference, and let go again.
  private mutating func stops(_ resolutions: [Resolution], _ view: SiteView, _ events: inout [Event]) {
    let span = resolutions.span
    for index in span.indices where span[index].handsOff == nil {
      switch span[index].quantity {
      case .battery, .production, .supply: continue
      case .charging(let device): stop(device, span[index], view, &events)
      case .heatPump(let device): block(device, span[index], view, &events)
      }
    }
  }

  private mutating func stop(
    _ device: DeviceID, _ resolution: Resolution, _ view: SiteView, _ events: inout [Event]
  ) {
    let bound = resolution.isPaused ? resolution.least.flatMap { resolution.stopping(below: $0) } : nil
    guard view.charger(device)?.isConnected != false else { return }
    tell(
      device, bound, isOver: !resolution.isPaused, ("charging-paused", "charging-resumed"),
      ("is paused", "may charge again"), view.now, &events)
  }

  private mutating func block(
    _ device: DeviceID, _ resolution: Resolution, _ view: SiteView, _ events: inout [Event]
  ) {
    let bound = resolution.stopping(below: 2)
    tell(
      device, bound, isOver: bound == nil, ("heat-pump-blocked", "heat-pump-released"),
      ("is blocked", "is let run again"), view.now, &events)
  }

  private mutating func tell(
    _ device: DeviceID, _ bound: Bound?, isOver: Bool, _ names: (String, String), _ verbs: (String, String),
    _ now: Moment, _ events: inout [Event]
  ) {
    if let bound, bound.precedence != .deviceProtection {
      guard stopped.insert(device).inserted else { return }
      events.append(
        Event(
          at: now, name: names.0, severity: .warning, device: device,
          text: "the \(device) \(verbs.0) because \(bound.limit.reason)"))
    } else if isOver, !stopped.isEmpty, stopped.remove(device) != nil {
      events.append(
        Event(at: now, name: names.1, severity: .info, device: device, text: "the \(device) \(verbs.1)"))
    }
  }
}
