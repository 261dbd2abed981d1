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
    self.key = R.Memory.self is any FleetingMemory.Type ? nil : key
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
  /// Of the last cycle: its room is used again.
  private var statements: [Statement] = []

  /// Within a class the order in which rules are added decides whose wish counts.
  init(_ site: SiteParameters, saved: SavedMemory, at now: MonotonicInstant) {
    var chapters: [Chapter] = []
    func add(_ rule: some Rule) { chapters.append(Chapter(rule, saved: saved, at: now)) }
    for rule in Self.batteries(site) + Self.loads(site) + Self.consumers(site) + Self.wholeSite(site) { add(rule) }
    rules = RuleClass.allCases.flatMap { precedence in chapters.filter { $0.precedence == precedence } }
  }

  private static func batteries(_ site: SiteParameters) -> [any Rule] {
    let pool = BatteryPool(site)
    guard !pool.members.isEmpty else { return [] }
    var rules: [any Rule] = [OwnersOverrideRule(pool: pool)]
    if !site.plan.isEmpty { rules.append(OwnersPlanRule(pool: pool, plan: site.plan)) }
    for hybrid in site.hybrids {
      guard let battery = hybrid.battery else { continue }
      rules += [
        DeviceProtectionRule(hybrid: hybrid.device, battery: battery),
        HybridRatingRule(hybrid: hybrid, battery: battery),
        BackupReserveRule(hybrid: hybrid.device, battery: battery, reserve: site.reserve, pool: pool),
      ]
      rules += economics(hybrid, battery, site, pool)
    }
    return rules + [IslandRule(site: site)]
  }

  private static func economics(
    _ hybrid: SiteParameters.Hybrid, _ battery: SiteParameters.Battery, _ site: SiteParameters, _ pool: BatteryPool
  ) -> [any Rule] {
    var rules: [any Rule] = []
    let subject = pool.subject(hybrid.device)
    if let tariff = site.tariff, site.economics.contains(TariffRule.name) {
      let share = battery.usable.value / max(1, pool.members.reduce(0) { $0 + $1.battery.usable.value })
      rules.append(
        TariffRule(
          hybrid: hybrid.device, battery: battery, tariff: tariff, share: share, baseLoad: site.baseLoad.value,
          subjectName: subject, plan: site.plan))
    }
    guard site.economics.contains(SelfConsumptionRule.name) else { return rules }
    if hybrid.regulatesItself {
      let sharing = pool.members.count > 1 ? site : nil
      rules.append(SelfConsumptionRule(hybrid: hybrid.device, battery: battery, sharing: sharing))
    } else {
      let others = pool.members.map(\.device).filter { $0 != hybrid.device }
      rules.append(OwnLoopRule(hybrid: hybrid.device, battery: battery, subjectName: subject, others: others))
    }
    return rules
  }

  private static func loads(_ site: SiteParameters) -> [any Rule] {
    site.loads.flatMap { [MinimumOffRule(load: $0), SupplyRule(load: $0)] as [any Rule] }
  }

  /// Chargers and heat pumps.
  private static func consumers(_ site: SiteParameters) -> [any Rule] {
    var rules: [any Rule] = []
    let fromSurplus = site.economics.contains(SurplusChargingRule.name)
    for charger in site.chargers {
      rules += [ChargerRule(charger: charger), CarSupplyRule(charger: charger, fromSurplus: fromSurplus)]
    }
    if fromSurplus, !site.chargers.isEmpty { rules.append(SurplusChargingRule(site: site)) }
    for pump in site.heatPumps {
      rules += [HeatPumpRule(pump: pump), HeatPumpRunRule(pump: pump)]
      // Before what would have it as it is.
      if pump.canBoost, site.economics.contains(HeatPumpBoostRule.name) { rules.append(HeatPumpBoostRule(pump: pump)) }
      rules.append(HeatPumpSupplyRule(pump: pump))
    }
    return rules
  }

  private static func wholeSite(_ site: SiteParameters) -> [any Rule] {
    var rules: [any Rule] = []
    if let cap = site.feedIn, site.economics.contains(DelayedChargingRule.name) {
      rules.append(DelayedChargingRule(cap: cap, pool: BatteryPool(site), plan: site.plan))
    }
    if let tariff = site.tariff, site.economics.contains(CurtailmentRule.name) {
      rules.append(CurtailmentRule(site: site, tariff: tariff))
    }
    if let demand = site.demand, site.economics.contains(PeakShavingRule.name) {
      rules.append(PeakShavingRule(site: site, demand: demand))
    }
    if let fuse = site.fuse {
      rules.append(FuseRule(site: site, fuse: fuse))
      if !site.hybrids.isEmpty { rules.append(FuseExportRule(site: site, fuse: fuse)) }
    }
    if let cap = site.feedIn { rules.append(FeedInRule(site: site, cap: cap)) }
    for channels in SiteParameters.Channel.Class.allCases {
      if site.mayBeLimited([.exportPower, .exportPercent], channels) {
        rules.append(FeedInRule(site: site, channels: channels))
      }
      if site.mayBeLimited([.importPower], channels) { rules.append(ImportLimitRule(site: site, channels: channels)) }
      guard let controllable = site.controllable, site.mayBeLimited([.controllablePower], channels) else { continue }
      rules.append(ControllableRule(site: site, controllable: controllable, channels: channels))
    }
    return rules + [BatteryPowerRule(site: site), ContractShedRule(site: site), CrashGuardRule(site: site)]
  }

  /// What the rules have to say; silent ones are left out.
  mutating func evaluate(_ input: RuleInput) -> [Statement] {
    statements.removeAll(keepingCapacity: true)
    for index in rules.indices where !input.isGuarded || rules[index].precedence.isProtective {
      let contribution = rules[index].rule.evaluate(input)
      guard !contribution.isSilent else { continue }
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
