import EnergyModel

/// The retained `forecast` payload. It goes every quarter hour for as long as the site lives, so the steps are
/// columns: 96 of them in objects of their own would be four times as long.
enum ForecastFrame {
  static func payload(_ report: ForecastReport, site: String) -> [UInt8] {
    var json = JSONText()
    json.object { json in
      json.member("v", 1)
      json.member("site", site)
      json.member("t", report.at.wall.milliseconds)
      guard report.at.isClockTrusted else { return json.member("clock", "unsynced") }
      json.member("valid_until", report.end.milliseconds)
      json.member("start", report.start.milliseconds)
      json.member("span_ms", ForecastReport.step.milliseconds)
      json.key("forecasts")
      json.array { json in
        for series in report.series { write(series, &json) }
      }
      json.key("flexibility")
      json.object { json in
        write("up", report.up, &json)
        write("down", report.down, &json)
      }
    }
    return json.bytes
  }

  /// Columns of the same length, up to the last step that anything is known of.
  private static func write(_ series: ForecastReport.Series, _ json: inout JSONText) {
    let known = series.steps[..<((series.steps.lastIndex { $0.power != nil } ?? -1) + 1)]
    json.object { json in
      json.member("quantity", series.quantity)
      json.member("interval_percent", ForecastReport.intervalPercent)
      column("power_w", known.map(\.power), &json)
      column("lower_w", known.map(\.interval?.lowerBound), &json)
      column("upper_w", known.map(\.interval?.upperBound), &json)
    }
  }

  private static func column(_ name: String, _ values: [Double?], _ json: inout JSONText) {
    json.key(name)
    json.array { json in
      for value in values {
        if let value { json.value(value, decimals: 0) } else { json.null() }
      }
    }
  }

  /// Up to the last step in which anything is on offer. Rounded down: a promise does not grow on the wire.
  private static func write(_ name: String, _ offers: [ForecastReport.Offer], _ json: inout JSONText) {
    let offered = offers[..<((offers.lastIndex { $0.power >= 1 } ?? -1) + 1)]
    json.key(name)
    json.object { json in
      column("power_w", offered.map { $0.power.rounded(.down) }, &json)
      column("energy_wh", offered.map { $0.energy.rounded(.down) }, &json)
    }
  }
}
