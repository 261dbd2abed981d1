import EnergyDispatch
import EnergyModel

/// What the owner wants.
struct Strategy {
  var reserve: Percent?
  var rules: [String] = []
  var plan: [SiteParameters.PlanWindow] = []
  var outages: [SiteParameters.Outage] = []
  var island = SiteParameters.IslandParameters()
  var reserveValue: ConfigValue?
  /// Where each of ``rules`` is written.
  var ruleValues: [ConfigValue] = []
  var section: ConfigSection?
}

extension SiteReader {
  static let knownRules = [
    "self-consumption", "surplus-car", "heat-pump-boost", "delayed-charging", "tariff", "peak-shaving",
    "curtail-negative",
  ]

  /// - Parameter zone: nil while the site has none; then outages cannot be read.
  func readStrategy(_ value: ConfigValue, zone: TimeZoneTable?) -> Strategy {
    let keys = ["reserve", "rules", "plan", "outages", "island"]
    guard let section = ConfigSection(value, keys: keys, later: ["tariff", "peak"]) else { return Strategy() }
    var strategy = Strategy(reserveValue: section["reserve"], section: section)
    strategy.reserve = section["reserve"]?.measure(.percent, in: 0...100).map { Percent($0) }
    for item in section["rules"]?.list("a list of rules such as [self-consumption]") ?? [] {
      guard let rule = item.choice(Self.knownRules, what: "rule") else { continue }
      if strategy.rules.contains(rule) {
        item.refuse("listed twice")
      } else {
        strategy.rules.append(rule)
        strategy.ruleValues.append(item)
      }
    }
    strategy.plan = section["plan"].map(readPlan) ?? []
    if let zone { strategy.outages = section["outages"].map { readOutages($0, zone) } ?? [] }
    if let island = section["island"] { strategy.island = readIsland(island) }
    return strategy
  }

  private func readPlan(_ value: ConfigValue) -> [SiteParameters.PlanWindow] {
    var cover = DayCover()
    let items = value.list("a list such as [{from: \"22:00\", until: \"06:00\", battery: charge 3 kW}]") ?? []
    return items.compactMap { item in
      guard let section = ConfigSection(item, keys: ["from", "until", "battery"]) else { return nil }
      let from = section.required("from", "a time such as 22:00")?.dayMinute()
      let until = section.required("until", "a time such as 06:00")?.dayMinute()
      let battery = section.required("battery", "charge 3 kW, discharge 2 kW or hold").flatMap(order)
      guard let from, let until else { return nil }
      guard let window = DayTime.window(from: from, until: until) else {
        section["until"]?.refuse("a window needs a length: until has to differ from from")
        return nil
      }
      if let other = cover.add(window, item.path) {
        item.problems.add(line: item.line, path: item.path, "overlaps with \(other)")
      }
      return battery.map { .init(time: window, battery: $0) }
    }
  }

  /// `hold`, `charge 3 kW`, `discharge 2 kW`.
  private func order(_ value: ConfigValue) -> StandingOrders.Override? {
    let expected = "charge 3 kW, discharge 2 kW or hold"
    guard let text = value.text(expected) else { return nil }
    if text == "hold" { return .hold }
    let words = text.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0] == "charge" || words[0] == "discharge" else {
      value.refuse("expected \(expected)")
      return nil
    }
    guard let power = value.accepted(Measure.value(String(words[1]), .power)) else { return nil }
    guard power > 0, power <= 10e6 else {
      value.refuse("out of range: has to be above zero and at most 10 MW")
      return nil
    }
    return words[0] == "charge" ? .charge(power) : .discharge(power)
  }

  private func readOutages(_ value: ConfigValue, _ zone: TimeZoneTable) -> [SiteParameters.Outage] {
    let items = value.list("a list such as [{from: 2026-11-28 08:00, until: 2026-11-28 12:00, reserve: 80 %}]") ?? []
    return items.compactMap { item in
      guard let section = ConfigSection(item, keys: ["from", "until", "reserve"]) else { return nil }
      let from = section.required("from", "a day and a time such as 2026-11-28 08:00")?.instant(zone)
      let until = section.required("until", "a day and a time such as 2026-11-28 12:00")?.instant(zone)
      let reserve = section.required("reserve", "a percentage such as 80 %")?.measure(.percent, in: 0...100)
      guard let from, let until else { return nil }
      guard from < until else {
        section["until"]?.refuse("an outage ends after it begins")
        return nil
      }
      return reserve.map { .init(start: from, end: until, reserve: Percent($0)) }
    }
  }

  private func readIsland(_ value: ConfigValue) -> SiteParameters.IslandParameters {
    var island = SiteParameters.IslandParameters()
    guard let section = ConfigSection(value, keys: ["shed_below"]) else { return island }
    for (key, entry) in section["shed_below"]?.pairs("percentages by priority such as {1: 50 %, 2: 30 %}") ?? [] {
      guard let priority = Int(key), (1...1000).contains(priority) else {
        entry.problems.add(
          line: entry.line, path: entry.path, "\"\(key)\" is no place in the order of shedding: 1 to 1000")
        continue
      }
      island.shedBelow[priority] = entry.measure(.percent, in: 0...100)
    }
    return island
  }

  // MARK: what belongs together

  func crossCheck(strategy: Strategy, limits: Limits, devices: [DeviceEntry], pumps: [HeatPumpEntry]) {
    func needs(_ rule: String, _ isThere: Bool, _ what: String) {
      guard let index = strategy.rules.firstIndex(of: rule), !isThere else { return }
      strategy.ruleValues[index].refuse("needs \(what)")
    }
    needs("tariff", root.has("tariff"), "a tariff with buy prices")
    needs("curtail-negative", root.has("tariff"), "a tariff with sell prices")
    needs("delayed-charging", limits.section?.has("feed_in") ?? false, "limits.feed_in")
    needs("peak-shaving", limits.section?.has("demand") ?? false, "limits.demand")
    // A charger or a heat pump that is written and wrong has been told about already.
    needs("surplus-car", devices.contains { $0.section?.has("current") ?? false }, "a charger")
    let written = (root["loads"]?.pairs() ?? []).count { $0.value.hasKey("sg_ready") }
    needs(
      "heat-pump-boost", pumps.contains(where: \.pump.canBoost) || pumps.count < written,
      "a heat pump with both contacts")
    if let demand = limits.section?["demand"], !strategy.rules.contains("peak-shaving") {
      demand.problems.add(line: demand.line, path: demand.path, "nothing keeps it: add peak-shaving to strategy.rules")
    }
    guard !devices.contains(where: \.isHybrid) else { return }
    for key in ["plan", "outages"] {
      guard let value = strategy.section?[key] else { continue }
      value.problems.add(line: value.line, path: value.path, "no device has a battery")
    }
  }

  func readDemand(_ value: ConfigValue) -> SiteParameters.Demand? {
    guard let section = ConfigSection(value, keys: ["target", "price"]) else { return nil }
    let target = section.required("target", "the mean of a quarter hour, such as 8 kW")?.power()
    let price = section["price"].map { $0.measure(.demandPrice, in: 0...1_000_000) }
    guard let target, let price = price ?? .some(.none) else { return nil }
    return .init(target: target, price: price)
  }
}
