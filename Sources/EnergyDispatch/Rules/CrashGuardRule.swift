import EnergyModel

/// While the crash guard is up, what remains in force takes its failsafe values: chargers get at most their failsafe current,
/// heat pumps are not boosted, and no battery within its window is charged from the grid (`charge ≤ its own strings`). Class: site
/// protection. The classes below it are silent meanwhile, see ``RuleBook``; loads stay as they are unless something stronger
/// sheds them. On an island cars are paused and batteries handed back to their inverters, as ``IslandRule`` would do it.
struct CrashGuardRule: Rule {
  let site: SiteParameters
  let name = "crash guard"
  let subject = ""
  var precedence: RuleClass { .siteProtection }

  func evaluate(_ input: RuleInput, _ memory: inout NoMemory) -> Contribution {
    guard input.isGuarded else { return Contribution() }
    let reason: Reason = "the agent crashed several times in a row"
    func limit(_ quantity: ControlledQuantity, _ interval: Interval) -> Limit {
      Limit(quantity: quantity, interval: interval, cause: "crash guard", reason: reason)
    }
    var limits: [Limit] = []
    let isIslanded = input.view.isIslanded
    for charger in site.chargers {
      let most =
        isIslanded ? 0 : SiteParameters.Charger.power(charger.failsafeCurrent, phases: charger.phases.count)
      limits.append(limit(.charging(charger.device), .atMost(most)))
    }
    for pump in site.heatPumps { limits.append(limit(.heatPump(pump.device), .atMost(2))) }
    for hybrid in site.hybrids where !isIslanded {
      let seen = input.view.hybrid(hybrid.device)
      // Below its window the management unit may ask for charge.
      guard let battery = hybrid.battery, let soc = seen?.soc.value, soc > battery.socWindow.lowerBound else {
        continue
      }
      // Of strings that nobody can tell there may be nothing.
      let sun = max(0, seen?.pvPower ?? 0)
      limits.append(limit(.battery(hybrid.device), .atLeast(-sun)))
    }
    let text: Reason =
      "the agent crashed several times in a row: only device protection, legal limits and site protection act until it has run well for a while"
    let handsOff = site.hybrids.filter { isIslanded && $0.battery != nil }.map {
      HandsOff(quantity: .battery($0.device), reason: "the site runs as an island", isUrgent: true)
    }
    return Contribution(
      limits: limits, handsOff: handsOff,
      alarms: [.init(name: "crash-guard", severity: .alarm, device: nil, text: text)])
  }
}
