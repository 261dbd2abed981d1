import DeviceProfile
import EnergyDispatch
import EnergyModel

extension SiteReader {
  static let chargerKeys = [
    "phases", "current", "failsafe", "switches_phases", "shed", "on_at_least", "off_at_least",
  ]

  /// A device with `current` or another of a charger's words is one.
  func readCharger(
    _ section: ConfigSection, into entry: inout DeviceEntry, profile: DeviceProfile?, maximumAge: Duration
  ) {
    guard Self.chargerKeys.contains(where: section.has) else { return }
    let alone = profile?.commands.first { $0.parameters == [.chargingCurrent] }
    let command = alone ?? profile?.commands.first { $0.parameters.contains(.chargingCurrent) }
    let isConfirmed = section.has("current") && isConfirmedWithoutTimer(section, profile)
    if profile != nil, command == nil {
      section["profile"]?.refuse("takes no charging_current_a, so it is no profile for a charger")
    } else if let profile, command?.reversion == nil, !isConfirmed, entry.onlyRead == nil {
      section["profile"]?.refuse(
        "\(profile.name) has no timer of its own: a car would go on charging without the agent")
    }
    var charger = SiteParameters.Charger(device: DeviceID(entry.name), maximumAge: maximumAge)
    let lease = profile.flatMap {
      SetpointLease(.chargingCurrent, in: $0, isConfirmed: isConfirmed, mayWrite: entry.onlyRead == nil)
    }
    if let lease {
      (charger.reversion, charger.terms) = (lease.reversion, lease.terms)
    }
    let current = section.required("current", "what a car may draw on each phase, such as 6..16 A")?
      .measureRange(.current, within: 6...80)
    let failsafe = section.required("failsafe", "what the charger falls back to by itself, such as 6 A")?
      .measure(.current, in: 0...80)
    let times = Duration.zero...(.seconds(86_400))
    if let phases = section["phases"].flatMap(chargerPhases) { charger.phases = phases }
    charger.switchesPhases = section["switches_phases"].map { $0.yesOrNo() ?? false } ?? false
    if let priority = section["shed"]?.integer(in: 1...1000, what: "a place in the order of shedding") {
      charger.priority = priority
    }
    if let on = section["on_at_least"]?.duration(in: times) { charger.minimumOn = on }
    if let off = section["off_at_least"]?.duration(in: times) { charger.minimumOff = off }
    guard let current, let failsafe else { return }
    if failsafe != 0, !current.contains(failsafe) {
      section["failsafe"]?.refuse(
        "neither 0 A, a pause, nor within \(Measure.text(of: current.lowerBound))"
          + "..\(Measure.text(of: current.upperBound)) A, which the charger takes")
      return
    }
    let kinds: Set<SetpointKind> = [.chargingCurrent, .chargingPhases]
    if let profile, command != nil, alone == nil, !charger.switchesPhases {
      let text = "profile \(profile.name) takes a current and phases together: write yes"
      if let written = section["switches_phases"] {
        written.refuse(text)
      } else {
        section.refuse(missing: "switches_phases", text)
      }
    }
    if charger.switchesPhases, let profile, !profile.commands.contains(where: { Set($0.parameters) == kinds }) {
      section["switches_phases"]?.refuse("profile \(profile.name) takes no charging_phases beside the current")
    } else if charger.switchesPhases, charger.phases.count == 1 {
      section["switches_phases"]?.refuse("a charger on one phase has none to switch")
    }
    charger.current = current
    charger.failsafeCurrent = failsafe
    entry.charger = charger
  }

  /// `[L2, L3, L1]`: the grid's phase that each of the charger's own hangs on.
  private func chargerPhases(_ value: ConfigValue) -> [Int]? {
    guard let list = value.list("the grid's phases of its own, such as [L1, L2, L3]") else { return nil }
    let names = ["L1", "L2", "L3"]
    let phases = list.compactMap { $0.choice(names, what: "phase").flatMap(names.firstIndex).map { $0 + 1 } }
    guard phases.count == list.count else { return nil }
    if phases.isEmpty || phases.count == 2 { value.refuse("a charger has one phase or three") }
    if Set(phases).count != phases.count { value.refuse("a phase is listed twice") }
    return phases
  }

  /// What chargers fall back to by themselves and what the house takes besides have to stay below the fuse on every
  /// phase: nothing protects it while the agent is away.
  func checkFailsafe(devices: [DeviceEntry], limits: Limits) {
    guard let fuse = limits.fuse else { return }
    let base = limits.baseLoad.value / SiteParameters.Charger.nominalVoltage / Double(fuse.phases)
    for phase in 1...3 {
      let there = devices.filter { $0.charger?.phases.contains(phase) == true }
      guard let last = there.last, let failsafe = last.section?["failsafe"] else { continue }
      guard phase <= fuse.phases else {
        (last.section?["phases"] ?? last.value).refuse("hangs on L\(phase), and the fuse has one phase")
        return
      }
      let total = there.reduce(base) { $0 + ($1.charger?.failsafeCurrent ?? 0) }
      guard total >= fuse.rating.value else { continue }
      let names = there.map(\.name).joined(separator: ", ")
      failsafe.refuse(
        "without the agent \(names) and the base load take \(Measure.text(of: (total * 10).rounded() / 10)) A on L\(phase),"
          + " the fuse carries \(Measure.text(of: fuse.rating.value)) A")
      return
    }
  }
}
