import EnergyModel

/// `GET /metrics` in the text format of Prometheus, version 0.0.4. Names carry base units (watts, seconds,
/// bytes); what is unknown is left out, because a metric that says zero would be a measurement.
enum MetricsText {
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  static func text(_ status: SiteStatus) -> String {
    var page = MetricsPage()
    balance(status, &page)
    devices(status.devices, &page)
    control(status, &page)
    journal(status.journal, &page)
    uplinks(status.uplinks, &page)
    return page.text
  }

  private static func balance(_ status: SiteStatus, _ page: inout MetricsPage) {
    page.family("info", .gauge, "The agent and the site it runs.")
    page.sample(["site": status.site, "version": status.version, "mode": status.mode], 1)
    page.family("uptime_seconds", .gauge, "Since the start of the agent.")
    page.sample([:], status.uptime.seconds)
    page.family(
      "power_watts", .gauge, "At the busbar: grid import, production, discharge and consumption are positive.")
    let balance = status.balance
    page.sample(["quantity": "grid"], balance.grid)
    page.sample(["quantity": "pv"], balance.pv)
    page.sample(["quantity": "battery"], balance.battery)
    page.sample(["quantity": "inverter"], balance.inverter)
    page.sample(["quantity": "load"], balance.load)
    page.family("state_of_charge_percent", .gauge, "Of the battery.")
    page.sample([:], balance.soc)
  }

  private static func devices(_ devices: [SiteStatus.Device], _ page: inout MetricsPage) {
    page.family("device_samples_total", .counter, "Samples a device has told.")
    for device in devices { page.sample(["device": device.id.name], Double(device.samples)) }
    page.family("device_age_seconds", .gauge, "Of the newest good value.")
    for device in devices { page.sample(["device": device.id.name], device.age?.seconds) }
    page.family("device_points_bad", .gauge, "Points whose newest reading is not good.")
    for device in devices {
      page.sample(["device": device.id.name], Double(device.points.count { $0.quality != .good }))
    }
  }

  private static func control(_ status: SiteStatus, _ page: inout MetricsPage) {
    page.family("safe_state", .gauge, "1 while something needed is unknown and the failsafe values hold.")
    page.sample([:], status.decision.map { $0.isSafeState ? 1 : 0 })
    page.family("cycles_total", .counter, "Control cycles.")
    page.sample([:], Double(status.cycle.count))
    page.family("cycle_lateness_seconds_max", .gauge, "The longest a control cycle began late.")
    page.sample([:], status.cycle.worstLateness.seconds)
    page.family("cycle_duration_seconds_max", .gauge, "The longest a control cycle took.")
    page.sample([:], status.cycle.worstDuration.seconds)
    page.family("setpoints_total", .counter, "Setpoints written, and what became of them.")
    page.sample(["outcome": "written"], Double(status.setpoints.written))
    page.sample(["outcome": "confirmed"], Double(status.setpoints.confirmed))
    page.sample(["outcome": "failed"], Double(status.setpoints.failed))
  }

  private static func journal(_ journal: SiteStatus.Journal, _ page: inout MetricsPage) {
    page.family("journal_committed_records_total", .counter, "Records on the disk since the start.")
    page.sample([:], Double(journal.committedRecords))
    page.family("journal_commits_total", .counter, "Commits since the start.")
    page.sample([:], Double(journal.commits))
    page.family("journal_dropped_total", .counter, "Refused because the queue was full.")
    page.sample(["kind": "sample"], Double(journal.droppedSamples))
    page.sample(["kind": "event"], Double(journal.droppedEvents))
    page.family("journal_purged_records_total", .counter, "Deleted to stay within the budget.")
    page.sample([:], Double(journal.purgedRecords))
    page.family("journal_thinned_records_total", .counter, "Made coarser to stay within the budget.")
    page.sample([:], Double(journal.thinnedRecords))
    page.family("journal_size_bytes", .gauge, "Database, log and reserve.")
    page.sample([:], Double(journal.bytes))
    page.family("journal_budget_bytes", .gauge, "What the journal may take.")
    page.sample([:], Double(journal.budget))
    page.family("journal_up", .gauge, "1 while the journal works.")
    page.sample([:], journal.fault == nil ? 1 : 0)
  }

  private static func uplinks(_ uplinks: [SiteStatus.Uplink], _ page: inout MetricsPage) {
    page.family("uplink_connected", .gauge, "1 while the broker of the destination is connected.")
    for uplink in uplinks { page.sample(["destination": uplink.destination.name], uplink.isConnected ? 1 : 0) }
    page.family("uplink_sent_records_total", .counter, "Handed to the broker, repetitions included.")
    for uplink in uplinks { page.sample(["destination": uplink.destination.name], Double(uplink.sentRecords)) }
    page.family("uplink_acknowledged_records_total", .counter, "Acknowledged by the broker.")
    for uplink in uplinks {
      page.sample(["destination": uplink.destination.name], Double(uplink.acknowledgedRecords))
    }
    page.family("uplink_backlog_records", .gauge, "Committed and not yet acknowledged.")
    for uplink in uplinks { page.sample(["destination": uplink.destination.name], Double(uplink.backlogRecords)) }
    page.family("uplink_refused_messages_total", .counter, "Messages of the receiver that were not taken.")
    for uplink in uplinks { page.sample(["destination": uplink.destination.name], Double(uplink.refusedMessages)) }
    let counted = uplinks.filter { $0.dataBudgetBytes != nil }
    page.family("uplink_data_bytes", .gauge, "Both ways in this month, as estimated.")
    for uplink in counted { page.sample(["destination": uplink.destination.name], Double(uplink.dataBytes)) }
    page.family("uplink_data_budget_bytes", .gauge, "What a month may cost.")
    for uplink in counted {
      page.sample(["destination": uplink.destination.name], uplink.dataBudgetBytes.map { Double($0) })
    }
  }
}
