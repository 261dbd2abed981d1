public import EnergyModel

extension ShedPlan {
  /// As people read it: what is done, in order, and what comes of it.
  public var lines: [String] {
    let assumed = isAssumed ? " (assumed: the meter is silent)" : ""
    var lines = ["Limit \(Words.power(limit)) for \(Self.minutes(duration)), import \(Words.power(before))\(assumed)"]
    if steps.isEmpty { lines.append("  nobody is held back") }
    for (index, step) in steps.enumerated() { lines.append("  \(index + 1). \(step.line)") }
    let result =
      isMet ? "within the limit" : "\(Words.power(after - limit)) above it: nothing further can be switched"
    lines.append("Import \(Words.power(after)), \(result). Not supplied: \(Self.energy(notSupplied)).")
    return lines
  }

  /// One line for each limit.
  public static func table(_ plans: [ShedPlan]) -> [String] {
    let title = ["limit", "import", "chargers", "batteries", "not supplied", "off"]
    let rows = plans.map { plan in
      let off = plan.steps.filter { $0.kind == .shed || $0.kind == .block }.map { $0.notices ?? $0.device.name }
      let chargers = plan.steps.filter { $0.kind == .throttle || $0.kind == .pause }
      let batteries = plan.steps.filter { $0.kind == .discharge }
      return [
        Words.power(plan.limit), Words.power(plan.after) + (plan.isMet ? "" : " (!)"),
        chargers.isEmpty ? "-" : "-" + Words.power(chargers.reduce(0) { $0 + ($1.relief ?? 0) }),
        batteries.isEmpty ? "-" : "+" + Words.power(batteries.reduce(0) { $0 + ($1.relief ?? 0) }),
        energy(plan.notSupplied), off.isEmpty ? "nobody" : off.joined(separator: ", "),
      ]
    }
    let widths = title.indices.map { column in ([title] + rows).map { $0[column].count }.max() ?? 0 }
    return ([title] + rows).map { row in
      row.enumerated().map { index, cell in
        index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
      }.joined(separator: "  ")
    }
  }

  /// One object: the plan with all its steps.
  public func write(to json: inout JSONText) {
    json.object { json in
      json.member("limit_w", limit, decimals: 0)
      json.member("duration_s", duration.seconds, decimals: 0)
      json.member("import_before_w", before, decimals: 0)
      json.member("import_after_w", after, decimals: 0)
      json.member("met", isMet)
      json.member("assumed", isAssumed)
      json.member("not_supplied_wh", notSupplied, decimals: 0)
      json.key("steps")
      json.array { json in
        for step in steps {
          json.object { json in
            json.member("kind", step.kind.rawValue)
            json.member("device", step.device.name)
            if let relief = step.relief { json.member("relief_w", relief, decimals: 0) }
            if let left = step.left { json.member("left_w", left, decimals: 0) }
            if let energy = step.energy { json.member("energy_wh", energy, decimals: 0) }
            if let lasts = step.lasts { json.member("lasts_s", lasts.seconds, decimals: 0) }
            if let notices = step.notices { json.member("notices", notices) }
          }
        }
      }
    }
  }

  fileprivate static func energy(_ wattHours: Double) -> String { "\(JSONText.decimal(wattHours / 1000, 2)) kWh" }

  fileprivate static func minutes(_ duration: Duration) -> String {
    "\(JSONText.decimal(duration.seconds / 60, 1)) min"
  }
}

extension ShedPlan.Step {
  fileprivate var line: String {
    let power = Words.power(relief ?? 0)
    let spent = energy.map { ", \(ShedPlan.energy($0))" } ?? ""
    let who = notices.map { ", noticed by: \($0)" } ?? ""
    switch kind {
    case .gridCharging: return "the \(device) takes \(power) less from the grid\(spent)"
    case .throttle: return "the \(device) charges with at most \(Words.power(left ?? 0)), \(power) less\(spent)\(who)"
    case .pause: return "the \(device) is paused, \(power) less\(spent)\(who)"
    case .endBoost: return "the \(device) is not boosted any more\(who)"
    case .discharge: return "the \(device)'s battery gives \(power) more\(spent)"
    case .shed: return "the \(device) is switched off, \(power) less\(spent)\(who)"
    case .block:
      let most = lasts.map { " for \(ShedPlan.minutes($0)) at most" } ?? ""
      return "the \(device) is blocked\(most), \(power) less\(spent)\(who)"
    }
  }
}
