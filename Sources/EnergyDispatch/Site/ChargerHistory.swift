import EnergyModel

/// Since when a charger lets a car charge or pauses it, and since when it uses as many phases as it does.
///
/// Lost memory counts as changed just now. A car that has only just been connected has waited for nothing: both minimum
/// times are over for it.
struct ChargerHistory: Hashable, Sendable {
  private static let longAgo: Duration = .seconds(86_400)
  /// A car that draws less is not charging, W.
  private static let little = 200.0

  let charger: SiteParameters.Charger
  /// As it reads back what it was told, or else by what it draws and was told last; nil while that is unknown and while no
  /// car is there.
  private(set) var isOn: Bool?
  private(set) var since: MonotonicInstant
  /// Nil while nobody knows: nothing was told yet, or the charger has been silent.
  private(set) var phases: Int?
  private(set) var phasesSince: MonotonicInstant
  /// What it was told last, A.
  private var told: Double?

  init(_ charger: SiteParameters.Charger, saved: Substring?, at now: MonotonicInstant) {
    self.charger = charger
    since = now
    phasesSince = now
    guard let words = saved?.split(separator: " "), words.count == 4, words[2] == "phases",
      let state = ["on": true, "off": false][words[0]], let age = Int64(words[1]), let phasesAge = Int64(words[3]),
      (0...100_000).contains(age), (0...100_000).contains(phasesAge)
    else { return }
    isOn = state
    since = now - .seconds(age * 60)
    phasesSince = now - .seconds(phasesAge * 60)
  }

  mutating func observe(_ seen: SiteView.Charger, at now: MonotonicInstant) {
    guard seen.isHeard else {
      phases = nil
      return
    }
    if phases == nil { phases = seen.phases ?? charger.phases.count }
    guard seen.isConnected != false else {
      isOn = nil
      since = now - Self.longAgo
      return
    }
    guard let found = seen.currentLimit.map({ $0 >= charger.current.lowerBound - 0.05 }) ?? guessed(seen),
      found != isOn
    else { return }
    // The first word after a start tells a state, not that it has changed.
    if isOn != nil { since = now }
    isOn = found
  }

  /// A car that draws nothing may be full: only what it was told says that it is paused.
  private func guessed(_ seen: SiteView.Charger) -> Bool? {
    if let power = seen.power, power >= Self.little { return true }
    return told == 0 ? false : nil
  }

  /// What is left of the minimum time of charging, or of pausing; zero when it is over.
  func remaining(at now: MonotonicInstant) -> Duration {
    guard let isOn else { return .zero }
    return max(.zero, (isOn ? charger.minimumOn : charger.minimumOff) - (now - since))
  }

  func canSwitchPhases(at now: MonotonicInstant) -> Bool {
    charger.switchesPhases && now - phasesSince >= charger.minimumPhaseTime
  }

  /// The least that the car can be let charge with now, W.
  func minimumPower(at now: MonotonicInstant) -> Double {
    charger.minimumPower(phases: phases ?? charger.phases.count, canSwitch: canSwitchPhases(at: now))
  }

  /// Current and phases that keep `power` (W); a change of the phases begins their minimum time.
  mutating func setting(for power: Double, at now: MonotonicInstant) -> SiteParameters.Charger.Setting {
    let held = phases ?? charger.phases.count
    let setting = charger.setting(for: power, phases: held, canSwitch: canSwitchPhases(at: now))
    told = setting.current
    if setting.phases != held {
      phases = setting.phases
      phasesSince = now
    }
    return setting
  }

  /// What the saved text is made of: the state, minutes since it changed, minutes since the phases changed.
  struct Line: Hashable, Sendable {
    var isOn: Bool
    var age: Int64
    var phasesAge: Int64

    /// `on 12 phases 5`
    var text: String { "\(isOn ? "on" : "off") \(age) phases \(phasesAge)" }
  }

  func line(at now: MonotonicInstant) -> Line? {
    guard let isOn else { return nil }
    func minutes(_ instant: MonotonicInstant, _ time: Duration) -> Int64 {
      SavedMemory.minutes(since: instant, at: now, cap: Int64((time.seconds / 60).rounded(.up)))
    }
    let age = minutes(since, max(charger.minimumOn, charger.minimumOff))
    return Line(isOn: isOn, age: age, phasesAge: minutes(phasesSince, charger.minimumPhaseTime))
  }
}
