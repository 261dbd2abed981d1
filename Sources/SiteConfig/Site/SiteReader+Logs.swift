import EnergyModel

extension SiteReader {
  /// The telemetry logs of an uplink: `log`, or several under names in `logs`; every reading unless written.
  func readLogs(_ section: ConfigSection) -> [LogPlan]? {
    guard let several = section["logs"] else {
      return section["log"].map { log in LogReader().choice(log).map { [LogPlan(choice: $0)] } } ?? [LogPlan()]
    }
    section["log"]?.refuse("write log or logs, not both")
    let entries = several.namedEntries("a mapping of logs")
    if entries.isEmpty { several.refuse("no log is written here: expected at least one") }
    let plans = entries.map { name, value -> LogPlan? in
      guard name != "events" else {
        value.problems.add(line: value.line, path: value.path, "the event log has this name")
        return nil
      }
      return LogReader().choice(value).map { LogPlan(name: name, choice: $0) }
    }
    let good = plans.compactMap { $0 }
    return good.count == plans.count && !good.isEmpty ? good : nil
  }
}

/// Reads what a log records: `raw`, one rule, or a list of rules of which the first that names a point decides.
struct LogReader {
  static let manners = ["raw", "average", "on_change"]
  static let longestInterval = Duration.seconds(900)

  func choice(_ value: ConfigValue) -> ReportingChoice? {
    guard value.isList else { return rule(value, open: Set(Point.allCases)).map { ReportingChoice([$0]) } }
    let items = value.list("a list of rules") ?? []
    if items.isEmpty { value.refuse("no rule is written here: nothing would be recorded") }
    var rules: [ReportingChoice.Rule] = []
    var open = Set(Point.allCases)
    for item in items {
      guard let rule = rule(item, open: open) else { continue }
      rules.append(rule)
      open.subtract(rule.points)
    }
    return rules.count == items.count && !rules.isEmpty ? ReportingChoice(rules) : nil
  }

  /// - Parameter open: points that no rule before this one names.
  private func rule(_ value: ConfigValue, open: Set<Point>) -> ReportingChoice.Rule? {
    if value.written != nil {
      guard value.choice(["raw"], what: "raw or a mapping with average or on_change") != nil,
        hasOpenPoints(value, Set(Point.allCases), open)
      else { return nil }
      return .init(.raw)
    }
    guard let section = ConfigSection(value, keys: Self.manners + ["at_least_every", "only"]) else { return nil }
    let points = section["only"].map(points) ?? Set(Point.allCases)
    let named = Self.manners.filter(section.has)
    guard named.count == 1 else {
      value.problems.add(
        line: value.line, path: value.path, "expected one of \(ConfigSection.listed(Self.manners))")
      return nil
    }
    if !section.has("on_change") { section["at_least_every"]?.refuse("belongs to on_change") }
    guard let points, hasOpenPoints(value, points, open) else { return nil }
    return manner(section, points.intersection(open)).map { .init($0, points: points) }
  }

  private func hasOpenPoints(_ value: ConfigValue, _ points: Set<Point>, _ open: Set<Point>) -> Bool {
    guard points.isDisjoint(with: open) else { return true }
    value.problems.add(
      line: value.line, path: value.path, "the rules before this one name all of its points already")
    return false
  }

  /// - Parameter points: those that the rule decides on.
  private func manner(_ section: ConfigSection, _ points: Set<Point>) -> ReportingChoice.Manner? {
    if let raw = section["raw"] {
      guard raw.yesOrNo() == true else {
        if raw.written == "no" || raw.written == "false" { raw.refuse("write raw: yes, average or on_change") }
        return nil
      }
      return .raw
    }
    if let average = section["average"] { return interval(average).map { .average(over: $0) } }
    let longest = section["at_least_every"].map { $0.duration(in: .seconds(1)...(.seconds(86_400))) } ?? .seconds(900)
    guard let written = section["on_change"], let band = deadBand(written, points), let longest else { return nil }
    return .onChange(deadBand: band, atLeastEvery: longest)
  }

  private func interval(_ value: ConfigValue) -> Duration? {
    guard let interval = value.duration(in: .seconds(1)...Self.longestInterval) else { return nil }
    guard 3_600_000 % interval.milliseconds == 0 else {
      value.refuse("intervals have to fill an hour: 1 s, 10 s, 1 min, 5 min, 15 min and the like")
      return nil
    }
    return interval
  }

  /// In the unit of all points that it applies to.
  private func deadBand(_ value: ConfigValue, _ points: Set<Point>) -> Double? {
    guard let text = value.text("any or a dead band such as 50 W") else { return nil }
    guard text != "any" else { return 0 }
    guard let dimension = Dimension.allCases.first(where: { $0.isUnit(of: text) }) else {
      value.refuse("expected any or a dead band with a unit such as 50 W")
      return nil
    }
    let others = points.filter { $0.dimension != dimension }.map(\.rawValue).sorted()
    guard others.isEmpty else {
      let some = others.prefix(3).joined(separator: ", ") + (others.count > 3 ? " and others" : "")
      value.refuse("\(dimension.name) is no dead band for \(some): write only:, or on_change: any")
      return nil
    }
    return value.measure(dimension, in: 0...1e6)
  }

  /// Names and patterns such as `energy_*` of the closed vocabulary.
  private func points(_ value: ConfigValue) -> Set<Point>? {
    let items = value.list("a list of points such as [power_w, energy_*]") ?? []
    if value.isList && items.isEmpty { value.refuse("no point is written here: nothing would be recorded") }
    var points: Set<Point> = []
    var isGood = !items.isEmpty
    for item in items {
      let pattern = item.text("a point such as power_w") ?? ""
      let found = Point.allCases.filter { Self.matches($0.rawValue[...], pattern[...]) }
      points.formUnion(found)
      guard found.isEmpty else { continue }
      isGood = false
      if !pattern.isEmpty {
        item.refuse((pattern.contains("*") ? "matches no point" : "unknown point") + Self.hint(pattern))
      }
    }
    return isGood ? points : nil
  }

  /// For a pattern such as `energi_*` the beginnings of names are what it is compared with.
  private static func hint(_ pattern: String) -> String {
    let names = Point.allCases.map(\.rawValue)
    guard pattern.hasSuffix("*") else { return NearestName.hint(pattern, among: names) }
    let length = pattern.count - 1
    return NearestName.hint(pattern, among: Set(names.map { $0.prefix(length) + "*" }).sorted())
  }

  /// `*` stands for any letters, none included.
  private static func matches(_ name: Substring, _ pattern: Substring) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    if first == "*" {
      return matches(name, pattern.dropFirst()) || !name.isEmpty && matches(name.dropFirst(), pattern)
    }
    return name.first == first && matches(name.dropFirst(), pattern.dropFirst())
  }
}

extension Point {
  /// Nil where a value has no unit.
  fileprivate var dimension: Dimension? {
    let units: [(suffix: String, dimension: Dimension)] = [
      ("_w_m2", .irradiance), ("_wh", .energy), ("_w", .power), ("_var", .reactivePower), ("_va", .apparentPower),
      ("_v", .voltage), ("_a", .current), ("_hz", .frequency), ("_percent", .percent), ("_c", .temperature),
    ]
    return units.first { rawValue.hasSuffix($0.suffix) }?.dimension
  }
}

extension Dimension {
  /// Whether what follows the number is one of its units.
  fileprivate func isUnit(of text: String) -> Bool { factor(of: Measure.unit(of: text)) != nil }
}
