import EnergyModel

/// All leases of the site. Writes what changed or is due at half of the device's reversion time, repeats
/// what failed after a growing pause, and leaves alone what nobody wants any more: it runs out by itself. Registers that
/// wear are written on change only and within their budget.
struct LeaseBook: Sendable {
  private static let notTakenBeforeAlarm = 3
  static let budgetLines = "writes"

  private(set) var leases: FlatMap<LeaseKey, Lease> = [:]
  private var complaints: [LeaseKey: Set<String>] = [:]
  private var lastID: UInt64 = 0
  private let kept: SavedMemory
  private var budgets: [LeaseKey: WriteBudget] = [:]
  private var isBudgetChanged = true
  private var spent: Set<LeaseKey> = []

  init(saved: SavedMemory = SavedMemory()) { kept = saved }

  /// What has to be written now.
  mutating func plan(_ wanted: [WantedLease], at now: MonotonicInstant) -> [SetpointCommand] {
    var commands: [SetpointCommand] = []
    let span = wanted.span
    for index in span.indices {
      if let command = plan(span[index], at: now) { commands.append(command) }
    }
    // Every wanted one has a lease now: more than those are left alone.
    if leases.count > wanted.count {
      let keys = Set(wanted.map(\.key))
      for place in leases.indices where !keys.contains(leases[place].key) {
        leases[leases[place].key, default: Lease()].forget()
      }
    }
    return commands
  }

  private mutating func plan(_ want: WantedLease, at now: MonotonicInstant) -> SetpointCommand? {
    guard Self.asks(&leases[want.key, default: Lease()], want, at: now), affords(want, at: now) else { return nil }
    lastID += 1
    leases[want.key, default: Lease()].submitted(lastID, want.values, at: now)
    return SetpointCommand(id: lastID, device: want.key.device, setpoints: want.setpoints(at: now))
  }

  /// Looked at in its place: a lease that was copied out for each look cost more than the look.
  private static func asks(_ lease: inout Lease, _ want: WantedLease, at now: MonotonicInstant) -> Bool {
    lease.needsWrite(want, at: now)
  }

  /// The device does not hold any more what it was confirmed to: it is written anew.
  mutating func contradicted(_ key: LeaseKey) { leases[key]?.contradicted() }

  /// Whether the registers bear one more write; a write that is refused here is asked for again in the next step.
  private mutating func affords(_ want: WantedLease, at now: MonotonicInstant) -> Bool {
    guard let aDay = want.writesADay else { return true }
    let name = SavedMemory.key(Self.budgetLines, "\(want.key.device) \(want.key.part)")
    var budget = budgets[want.key] ?? WriteBudget(aDay: aDay, saved: kept[name], at: now)
    let tightens = leases[want.key]?.newest.map { want.tightens($0) } ?? false
    guard budget.hasLeft(at: now) || tightens else {
      budgets[want.key] = budget
      spent.insert(want.key)
      return false
    }
    budget.spend(at: now)
    budgets[want.key] = budget
    isBudgetChanged = true
    return true
  }

  /// What was confirmed last.
  func confirmed(_ key: LeaseKey) -> Lease.Confirmed? {
    leases.index(forKey: key).flatMap { leases[$0].value.confirmed }
  }

  /// When the last command was confirmed; nil while none is, or another is on its way.
  func settled(_ key: LeaseKey) -> MonotonicInstant? {
    leases.index(forKey: key).flatMap { leases[$0].value.outstanding.isEmpty ? leases[$0].value.confirmed?.at : nil }
  }

  /// What is left of the budgets. True when something in it is another than before.
  mutating func save(into memory: inout SavedMemory) -> Bool {
    guard isBudgetChanged else { return false }
    isBudgetChanged = false
    var isChanged = false
    for (key, budget) in budgets {
      let name = SavedMemory.key(Self.budgetLines, "\(key.device) \(key.part)")
      if memory.replace(name, with: budget.saved) { isChanged = true }
    }
    return isChanged
  }

  /// Those whose budget was found empty since the last time, each told once.
  private mutating func wornOut(_ now: Moment) -> [Event] {
    defer { spent = [] }
    return spent.compactMap { key in
      let text =
        "the registers of \(key.device) have been written as often as they bear a day: only what tightens is written"
      return complain(key, now, "write-budget-spent", .warning, text)
    }
  }

  /// Learns what became of commands. Tells once what needs a person.
  mutating func accept(_ reports: [WriteReport], at now: Moment) -> [Event] {
    var events = spent.isEmpty ? [] : wornOut(now)
    for report in reports {
      if let event = accept(report, at: now) { events.append(event) }
    }
    return events
  }

  private mutating func accept(_ report: WriteReport, at now: Moment) -> Event? {
    guard let key = Self.key(report.command), leases.index(forKey: key) != nil,
      leases[key, default: Lease()].accept(report)
    else { return nil }
    switch report.outcome {
    case .confirmed:
      if !complaints.isEmpty { complaints[key]?.subtract(["setpoint-refused", "setpoint-not-taken"]) }
      return nil
    case .failed: return nil
    case .refused(let reason):
      return complain(key, now, "setpoint-refused", .warning, "a setpoint for \(key.device) was refused: \(reason)")
    case .notTaken(let found):
      let notTaken = leases[key]?.notTaken ?? 0
      guard notTaken >= Self.notTakenBeforeAlarm else { return nil }
      let text =
        "\(key.device) did not take a setpoint \(notTaken) times: \(found); another controller may be writing"
      return complain(key, now, "setpoint-not-taken", .alarm, text)
    }
  }

  /// Identifiers for commands that follow the last one.
  var nextID: UInt64 { lastID + 1 }

  private mutating func complain(
    _ key: LeaseKey, _ now: Moment, _ name: String, _ severity: Event.Severity, _ text: String
  ) -> Event? {
    guard complaints[key, default: []].insert(name).inserted else { return nil }
    return Event(at: now, name: name, severity: severity, device: key.device, text: text)
  }

  private static func key(_ command: SetpointCommand) -> LeaseKey? {
    switch command.setpoints.first?.kind {
    case .chargeLimit?, .dischargeLimit?: LeaseKey(device: command.device, part: .battery)
    case .productionLimit?: LeaseKey(device: command.device, part: .production)
    case .relayOn?: LeaseKey(device: command.device, part: .relay)
    case .chargingCurrent?, .chargingPhases?: LeaseKey(device: command.device, part: .charger)
    case .heatPumpState?: LeaseKey(device: command.device, part: .heatPump)
    case nil: nil
    }
  }
}
