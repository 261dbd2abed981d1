import EnergyModel

/// `GET /api/v1/history/hour`: the last hour in columns of equal length, oldest first:
/// `{"t":[…],"grid_power_w":[…],"pv_power_w":[…],"battery_power_w":[…],"load_power_w":[…],"soc_percent":[…]}`,
/// `t` in UTC milliseconds, null where nothing was known.
enum HistoryJSON {
  static func text(_ samples: [ChartSample]) -> String {
    var json = JSONText()
    json.object { json in
      json.key("t")
      json.array { json in
        for sample in samples { json.value(sample.at.milliseconds) }
      }
      column("grid_power_w", samples.map(\.balance.grid), decimals: 0, &json)
      column("pv_power_w", samples.map(\.balance.pv), decimals: 0, &json)
      column("battery_power_w", samples.map(\.balance.battery), decimals: 0, &json)
      column("load_power_w", samples.map(\.balance.load), decimals: 0, &json)
      column("soc_percent", samples.map(\.balance.soc), decimals: 1, &json)
    }
    return json.text
  }

  private static func column(_ name: String, _ values: [Double?], decimals: Int, _ json: inout JSONText) {
    json.key(name)
    json.array { json in
      for value in values {
        if let value { json.value(value, decimals: decimals) } else { json.null() }
      }
    }
  }
}
