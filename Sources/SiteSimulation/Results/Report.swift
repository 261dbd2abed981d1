import EnergyModel

/// Two or more runs on the same weather and demand, side by side.
public struct Report: Sendable {
  public var runs: [(name: String, account: Account)]

  public init(_ runs: [(name: String, account: Account)]) { self.runs = runs }

  private typealias Row = (label: String, name: String, decimals: Int, value: @Sendable (Account) -> Double?)

  private static let rows: [Row] = [
    ("days", "days", 1, { $0.seconds / 86_400 }),
    ("consumption kWh", "consumption_kwh", 1, { $0.consumption / 1000 }),
    ("production kWh", "production_kwh", 1, { $0.production / 1000 }),
    ("curtailed kWh", "curtailed_kwh", 1, { $0.curtailed / 1000 }),
    ("import kWh", "import_kwh", 1, { $0.imported / 1000 }),
    ("export kWh", "export_kwh", 1, { $0.exported / 1000 }),
    ("self-consumption %", "self_consumption_percent", 1, { $0.selfConsumption }),
    ("autarky %", "autarky_percent", 1, { $0.autarky }),
    ("cost", "cost", 2, { $0.cost.map { $0 / 100 } }),
    ("peak quarter hour kW", "peak_kw", 2, { $0.peak / 1000 }),
    ("cost of the peak", "peak_cost", 2, { $0.peakCost.map { $0 / 100 } }),
    ("battery cycles", "battery_cycles", 2, { $0.cycles }),
    ("over the fuse s", "over_fuse_s", 0, { $0.overFuse }),
    ("over the feed-in cap s", "over_feed_in_s", 0, { $0.overFeedIn }),
    ("over the legal limit s", "over_legal_s", 0, { $0.overLegal }),
    ("blackout s", "blackout_s", 0, { $0.blackout }),
    ("held back times", "sheds", 0, { Double($0.sheds) }),
    ("cold or hot hours", "uncomfortable_h", 1, { $0.uncomfortable }),
    ("cars left without kWh", "unserved_cars_kwh", 1, { $0.unservedCars / 1000 }),
    ("writes", "writes", 0, { Double($0.writes) }),
  ]

  /// A table; what a site does not have is a dash.
  public var text: String {
    let width = max(12, (runs.map(\.name.count).max() ?? 0) + 2)
    func pad(_ text: String, _ length: Int) -> String {
      String(repeating: " ", count: max(1, length - text.count)) + text
    }
    var lines = [String(repeating: " ", count: 24) + runs.map { pad($0.name, width) }.joined()]
    for row in Self.rows {
      let cells = runs.map { run in
        pad(row.value(run.account).map { JSONText.decimal($0, row.decimals) } ?? "–", width)
      }
      lines.append(row.label + String(repeating: " ", count: 24 - row.label.count) + cells.joined())
    }
    return lines.joined(separator: "\n")
  }

  /// `{"runs":[{"name":…,"import_kwh":…}]}`; every name carries its unit, `cost` and `peak_cost` are in the
  /// tariff's currency.
  public var json: String {
    var json = JSONText()
    json.object { json in
      json.key("runs")
      json.array { json in
        for run in runs { Self.write(run.name, run.account, to: &json) }
      }
    }
    return json.text
  }

  private static func write(_ name: String, _ account: Account, to json: inout JSONText) {
    json.object { json in
      json.member("name", name)
      for row in rows {
        if let value = row.value(account) { json.member(row.name, value, decimals: row.decimals) }
      }
    }
  }
}
