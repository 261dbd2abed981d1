import EnergyModel

/// `GET /api/v1/site`: one object; a name carries its unit, and null means unknown.
///
/// - `site`, `version`, `mode` (`monitor` or `control`), `t` (UTC milliseconds), `clock_trusted`, `uptime_s`
/// - `balance`: `grid_power_w` (import +), `pv_power_w`, `battery_power_w` (discharge +), `inverter_power_w`,
///   `load_power_w`, `soc_percent`
/// - `energy` since the start, integrated from measured powers: `grid_wh` (import minus export), `inverter_wh`,
///   `from_ms`, `until_ms` (UTC milliseconds; null before two readings)
/// - `decision`: null before the first, else `t`, `since_ms` (of the first like it), `sentence`, `wish`, `rule`, `safe_state`,
///   `bounds` [`rule`, `quantity`, `text`, `holds`], `setpoints` [`device`, `kind` (with the unit), `value`, `owner`]
/// - `devices` [`id`, `profile`, `state`, `samples`, `age_ms`, `if_agent_dies` (`on` or `off` for a load behind a relay,
///   which latches; otherwise null), `values` {point: value}, `quality` {point: word}, for points that are not good]
/// - `forecast` [`quantity`, `power_w`, `lower_w`, `upper_w`, `remark`]
/// - `cycle`: `count`, `worst_lateness_ms`, `worst_duration_ms`
/// - `journal`: `boot`, `committed_records`, `commits`, `dropped_samples`, `dropped_events`, `purged_records`,
///   `thinned_records`, `size_bytes`, `budget_bytes`, `fault`
/// - `uplinks` [`destination`, `connected`, `sent_records`, `acknowledged_records`, `sent_segments`,
///   `acknowledged_segments`, `backlog_records`, `refused_messages`, `data_bytes` (this month, estimated) and
///   `data_budget_bytes` (null where nobody counts), `last_error`]
/// - `setpoints`: `written`, `confirmed`, `failed`
enum SiteJSON {
  static func text(_ status: SiteStatus) -> String {
    var json = JSONText()
    json.object { json in
      json.member("site", status.site)
      json.member("version", status.version)
      json.member("mode", status.mode)
      json.member("t", status.at.wall.milliseconds)
      json.member("clock_trusted", status.at.isClockTrusted)
      json.member("uptime_s", status.uptime.components.seconds)
      json.key("balance")
      balance(status.balance, &json)
      json.key("energy")
      energy(status.energy, &json)
      json.key("decision")
      decision(status.decision, since: status.decisionSince, &json)
      list("devices", status.devices, &json, device)
      list("forecast", status.forecast, &json, forecast)
      json.key("cycle")
      cycle(status.cycle, &json)
      json.key("journal")
      journal(status.journal, &json)
      list("uplinks", status.uplinks, &json, uplink)
      json.key("setpoints")
      json.object { json in
        json.member("written", status.setpoints.written)
        json.member("confirmed", status.setpoints.confirmed)
        json.member("failed", status.setpoints.failed)
      }
    }
    return json.text
  }

  private static func list<Element>(
    _ name: String, _ elements: [Element], _ json: inout JSONText, _ write: (Element, inout JSONText) -> Void
  ) {
    json.key(name)
    json.array { json in
      for element in elements { write(element, &json) }
    }
  }

  private static func balance(_ balance: SiteStatus.Balance, _ json: inout JSONText) {
    json.object { json in
      json.member("grid_power_w", orNull: balance.grid, decimals: 0)
      json.member("pv_power_w", orNull: balance.pv, decimals: 0)
      json.member("battery_power_w", orNull: balance.battery, decimals: 0)
      json.member("inverter_power_w", orNull: balance.inverter, decimals: 0)
      json.member("load_power_w", orNull: balance.load, decimals: 0)
      json.member("soc_percent", orNull: balance.soc, decimals: 1)
    }
  }

  private static func energy(_ energy: SiteStatus.Energy, _ json: inout JSONText) {
    json.object { json in
      json.member("grid_wh", energy.grid, decimals: 4)
      json.member("inverter_wh", energy.inverter, decimals: 4)
      json.member("from_ms", orNull: energy.from.map { Double($0.milliseconds) }, decimals: 0)
      json.member("until_ms", orNull: energy.until.map { Double($0.milliseconds) }, decimals: 0)
    }
  }

  private static func decision(_ decision: Decision?, since: Timestamp?, _ json: inout JSONText) {
    guard let decision else { return json.null() }
    json.object { json in
      json.member("t", decision.at.wall.milliseconds)
      json.member("since_ms", orNull: since.map { Double($0.milliseconds) }, decimals: 0)
      json.member("sentence", decision.sentence)
      json.member("wish", orNull: decision.wish)
      json.member("rule", orNull: decision.rule)
      json.member("safe_state", decision.isSafeState)
      list("bounds", decision.bounds, &json) { bound, json in
        json.object { json in
          json.member("rule", bound.rule)
          json.member("quantity", bound.quantity)
          json.member("text", bound.text)
          json.member("holds", bound.holds)
        }
      }
      list("setpoints", decision.setpoints, &json) { setpoint, json in
        json.object { json in
          json.member("device", setpoint.device.name)
          json.member("kind", setpoint.kind.rawValue)
          json.member("value", setpoint.value, decimals: 1)
          json.member("owner", setpoint.owner)
        }
      }
    }
  }

  private static func device(_ device: SiteStatus.Device, _ json: inout JSONText) {
    json.object { json in
      json.member("id", device.id.name)
      json.member("profile", device.profile)
      json.member("state", device.state)
      json.member("samples", device.samples)
      json.member("age_ms", orNull: device.age.map { Double($0.milliseconds) }, decimals: 0)
      json.member("if_agent_dies", orNull: device.isLeftOn.map { $0 ? "on" : "off" })
      json.key("values")
      json.object { json in
        for state in device.points {
          json.member(state.point.rawValue, orNull: state.value, decimals: state.point.decimals)
        }
      }
      json.key("quality")
      json.object { json in
        for state in device.points where state.quality != .good {
          json.member(state.point.rawValue, state.quality.rawValue)
        }
      }
    }
  }

  private static func forecast(_ forecast: SiteStatus.Forecast, _ json: inout JSONText) {
    json.object { json in
      json.member("quantity", forecast.quantity)
      json.member("power_w", orNull: forecast.power, decimals: 0)
      json.member("lower_w", orNull: forecast.lower, decimals: 0)
      json.member("upper_w", orNull: forecast.upper, decimals: 0)
      json.member("remark", orNull: forecast.remark)
    }
  }

  private static func cycle(_ cycle: SiteStatus.Cycle, _ json: inout JSONText) {
    json.object { json in
      json.member("count", cycle.count)
      json.member("worst_lateness_ms", cycle.worstLateness.seconds * 1000, decimals: 3)
      json.member("worst_duration_ms", cycle.worstDuration.seconds * 1000, decimals: 3)
    }
  }

  private static func journal(_ journal: SiteStatus.Journal, _ json: inout JSONText) {
    json.object { json in
      json.member("boot", journal.boot)
      json.member("committed_records", journal.committedRecords)
      json.member("commits", journal.commits)
      json.member("dropped_samples", journal.droppedSamples)
      json.member("dropped_events", journal.droppedEvents)
      json.member("purged_records", journal.purgedRecords)
      json.member("thinned_records", journal.thinnedRecords)
      json.member("size_bytes", journal.bytes)
      json.member("budget_bytes", journal.budget)
      json.member("fault", orNull: journal.fault)
    }
  }

  private static func uplink(_ uplink: SiteStatus.Uplink, _ json: inout JSONText) {
    json.object { json in
      json.member("destination", uplink.destination.name)
      json.member("connected", uplink.isConnected)
      json.member("sent_records", uplink.sentRecords)
      json.member("acknowledged_records", uplink.acknowledgedRecords)
      json.member("sent_segments", uplink.sentSegments)
      json.member("acknowledged_segments", uplink.acknowledgedSegments)
      json.member("backlog_records", uplink.backlogRecords)
      json.member("refused_messages", uplink.refusedMessages)
      json.key("data_bytes")
      if uplink.dataBudgetBytes != nil { json.value(uplink.dataBytes) } else { json.null() }
      json.key("data_budget_bytes")
      if let budget = uplink.dataBudgetBytes { json.value(budget) } else { json.null() }
      json.member("last_error", orNull: uplink.lastError)
    }
  }
}

extension JSONText {
  mutating func member(_ name: String, orNull number: Double?, decimals: Int) {
    key(name)
    if let number { value(number, decimals: decimals) } else { null() }
  }

  mutating func member(_ name: String, orNull text: String?) {
    key(name)
    if let text { value(text) } else { null() }
  }
}
