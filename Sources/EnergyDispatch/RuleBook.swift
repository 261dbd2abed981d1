import EnergyModel

/// A rule together with what it remembers.
private struct RememberingRule<R: Rule>: AnyRememberingRule {
  let rule: R
  private var memory: R.Memory
  /// What the text was last made of, and when.
  private var told: R.Memory
  private var toldAt: MonotonicInstant?

  init(_ rule: R, saved: Substring?, at now: MonotonicInstant) {
    self.rule = rule
    memory = saved.flatMap { R.Memory(saved: $0, at: now) } ?? .lost(at: now)
    told = memory
  }

  mutating func evaluate(_ input: RuleInput) -> Contribution { rule.evaluate(input, &memory) }

  mutating func changed(at now: MonotonicInstant) -> String? {
    if let toldAt, told == memory, !R.Memory.hasAges || now - toldAt < SavedMemory.unit { return nil }
    told = memory
    toldAt = now
    return memory.saved(at: now)
  }
}

private protocol AnyRememberingRule: Sendable {
  mutating func evaluate(_ input: RuleInput) -> Contribution
  /// The text that stands for the memory; nil while it cannot be another one than the last time.
  mutating func changed(at now: MonotonicInstant) -> String?
}

/// A rule and what does not change about it: that is looked at beside the rule, whose memory is then never shared and changes
/// in place.
private struct Chapter: Sendable {
  let name: String
  let precedence: RuleClass
  /// Of its line in the saved memory; nil where nothing is remembered.
  let key: String?
  var rule: any AnyRememberingRule

  init<R: Rule>(_ rule: R, saved: SavedMemory, at now: MonotonicInstant) {
    name = rule.name
    precedence = rule.precedence
    let key = SavedMemory.key(rule.name, rule.subject)
    self.key = R.Memory.self == NoMemory.self ? nil : key
    self.rule = RememberingRule(rule, saved: saved[key], at: now)
  }
}

/// What one rule said, with its name and class.
struct Statement: Sendable {
  var rule: String
  var precedence: RuleClass
  var contribution: Contribution
}

/// All rules of a site in the order of their classes. While the crash guard is up, those that do not protect are
/// silent and keep what they remember.
struct RuleBook: Sendable {
  private var rules: [Chapter] = []

  init(_ site: SiteParameters, saved: SavedMemory, at now: MonotonicInstant) {
    func add(_ rule: some Rule) {
      rules.append(Chapter(rule, saved: saved, at: now))
    }
    let pool = BatteryPool(site)
    if !pool.members.isEmpty { add(OwnersOverrideRule(pool: pool)) }
    if !site.plan.isEmpty { add(OwnersPlanRule(pool: pool, plan: site.plan)) }
    for hybrid in site.hybrids {
      guard let battery = hybrid.battery else { continue }
      add(DeviceProtectionRule(hybrid: hybrid.device, battery: battery))
      add(HybridRatingRule(hybrid: hybrid, battery: battery))
      add(
        BackupReserveRule(
          hybrid: hybrid.device, battery: battery, reserve: site.reserve, outages: site.outages, pool: pool))
      let subject = pool.subject(hybrid.device)
      if let tariff = site.tariff, site.economics.contains(TariffRule.name) {
        let share = battery.usable.value / max(1, pool.members.reduce(0) { $0 + $1.battery.usable.value })
        add(
          TariffRule(
            hybrid: hybrid.device, battery: battery, tariff: tariff, share: share, baseLoad: site.baseLoad.value,
            subjectName: subject, plan: site.plan))
      }
      guard site.economics.contains(SelfConsumptionRule.name) else { continue }
      if hybrid.regulatesItself {
        add(
          SelfConsumptionRule(
            hybrid: hybrid.device, battery: battery, sharing: pool.members.count > 1 ? site : nil))
      } else {
        add(OwnLoopRule(hybrid: hybrid.device, battery: battery, subjectName: subject))
      }
    }
    for load in site.loads {
      add(MinimumOffRule(load: load))
      add(SupplyRule(load: load))
    }
    addConsumers(site, saved, now)
    if site.hybrids.contains(where: { $0.battery != nil }) { add(IslandRule(site: site)) }
    if let cap = site.feedIn, site.economics.contains(DelayedChargingRule.name) {
      add(DelayedChargingRule(cap: cap, pool: pool, plan: site.plan))
    }
    if let tariff = site.tariff, site.economics.contains(CurtailmentRule.name) {
      add(CurtailmentRule(site: site, tariff: tariff))
    }
    if let demand = site.demand, site.economics.contains(PeakShavingRule.name) {
      add(PeakShavingRule(site: site, demand: demand))
    }
    if let fuse = site.fuse { add(FuseRule(site: site, fuse: fuse)) }
    if let cap = site.feedIn { add(FeedInRule(site: site, cap: cap)) }
    for channels in SiteParameters.Channel.Class.allCases {
      if site.mayBeLimited([.exportPower, .exportPercent], channels) {
        add(FeedInRule(site: site, channels: channels))
      }
      if site.mayBeLimited([.importPower], channels) { add(ImportLimitRule(site: site, channels: channels)) }
      guard let controllable = site.controllable, site.mayBeLimited([.controllablePower], channels) else { continue }
      add(ControllableRule(site: site, controllable: controllable, channels: channels))
    }
    add(BatteryPowerRule(site: site))
    add(ContractShedRule(site: site))
    add(CrashGuardRule(site: site))
    // Within a class the order above decides whose wish counts.
    rules = RuleClass.allCases.flatMap { precedence in rules.filter { $0.precedence == precedence } }
  }

  /// Chargers and heat pumps.
  private mutating func addConsumers(_ site: SiteParameters, _ saved: SavedMemory, _ now: MonotonicInstant) {
    func add(_ rule: some Rule) { rules.append(Chapter(rule, saved: saved, at: now)) }
    let fromSurplus = site.economics.contains(SurplusChargingRule.name)
    for charger in site.chargers {
      add(ChargerRule(charger: charger))
      add(CarSupplyRule(charger: charger, fromSurplus: fromSurplus))
    }
    if fromSurplus, !site.chargers.isEmpty { add(SurplusChargingRule(site: site)) }
    for pump in site.heatPumps {
      add(HeatPumpRule(pump: pump))
      add(HeatPumpRunRule(pump: pump))
      // Before what would have it as it is.
      if pump.canBoost, site.economics.contains(HeatPumpBoostRule.name) { add(HeatPumpBoostRule(pump: pump)) }
      add(HeatPumpSupplyRule(pump: pump))
    }
  }

  mutating func evaluate(_ input: RuleInput) -> [Statement] {
    var statements: [Statement] = []
    statements.reserveCapacity(rules.count)
    for index in rules.indices where !input.isGuarded || rules[index].precedence.isProtective {
      let contribution = rules[index].rule.evaluate(input)
      statements.append(
        Statement(rule: rules[index].name, precedence: rules[index].precedence, contribution: contribution))
    }
    return statements
  }

  /// True when something in it is another than before.
  mutating func save(into memory: inout SavedMemory, at now: MonotonicInstant) -> Bool {
    var isChanged = false
    for index in rules.indices {
      guard let key = rules[index].key, let text = rules[index].rule.changed(at: now) else { continue }
      if memory.replace(key, with: text) { isChanged = true }
    }
    return isChanged
  }
}
