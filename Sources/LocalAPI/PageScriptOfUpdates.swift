extension Page {
  /// Listens to the state each second and asks for the chart now and then.
  static let scriptOfUpdates = #"""
    function show(s) {
      put('site', s.site);
      document.title = s.site + ' · Holdfast';
      put('mode', s.mode === 'control' ? 'in control' : s.mode === 'monitor' ? 'monitoring only, nothing is written' : s.mode);
      put('version', s.version);
      showBalance(s.balance);
      showDecision(s.decision);
      if (s.devices.length) id('devices').replaceChildren(...s.devices.map(showDevice));
      const title = { load: 'House', pv: 'Solar' };
      rows('forecast', s.forecast.map(f => [title[f.quantity] ?? f.quantity, f.power_w === null ? f.remark ?? 'unknown'
        : powerText(f.power_w) + (f.lower_w === null || f.upper_w === null ? '' : ' (' + powerText(f.lower_w) + ' to ' + powerText(f.upper_w) + ')')]));
      const j = s.journal, megabytes = b => number(b / 1e6, 1) + ' MB';
      rows('journal', [['Records committed', number(j.committed_records, 0)], ['Size', megabytes(j.size_bytes) + ' of ' + megabytes(j.budget_bytes)],
        ['Lost: refused, purged', number(j.dropped_samples + j.dropped_events, 0) + ', ' + number(j.purged_records, 0), j.dropped_samples + j.dropped_events + j.purged_records > 0],
        ...(j.thinned_records ? [['Made coarser', number(j.thinned_records, 0), true]] : []),
        ['State', j.fault ?? 'working', j.fault !== null]]);
      if (s.uplinks.length) id('uplinks').replaceChildren(...s.uplinks.map(u => {
        const list = make('dl'), key = 'uplink-' + u.destination;
        list.id = key;
        return list;
      }));
      for (const u of s.uplinks) rows('uplink-' + u.destination, [[u.destination, u.connected ? '● connected' : '▲ not connected', !u.connected],
        ['Records sent, acknowledged', number(u.sent_records, 0) + ', ' + number(u.acknowledged_records, 0)], ['Waiting', number(u.backlog_records, 0)],
        ...(u.data_budget_bytes === null ? [] : [['Data this month', megabytes(u.data_bytes) + ' of ' + megabytes(u.data_budget_bytes), u.data_bytes >= 0.9 * u.data_budget_bytes]]),
        ...(u.refused_messages ? [['Refused messages', number(u.refused_messages, 0), true]] : []),
        ...(u.last_error ? [['Last error', u.last_error, true]] : [])]);
      rows('control', [['Setpoints written, confirmed', number(s.setpoints.written, 0) + ', ' + number(s.setpoints.confirmed, 0)],
        ['Failed', number(s.setpoints.failed, 0), s.setpoints.failed > 0], ['Cycles', number(s.cycle.count, 0)],
        ['Latest start of a cycle', number(s.cycle.worst_lateness_ms, 1) + ' ms'], ['Clock', s.clock_trusted ? 'trusted' : 'not synchronised', !s.clock_trusted]]);
    }

    let heard = 0, hour = null;
    const line = (state, text) => { id('line').dataset.state = state; put('line-text', text); };
    const events = new EventSource('/api/v1/events');
    events.addEventListener('site', e => { heard = performance.now(); line('live', 'live'); show(JSON.parse(e.data)); });
    events.onerror = () => line('lost', 'no connection to the agent, trying again');
    setInterval(() => { if (heard && performance.now() - heard > 5000) line('lost', 'silent for ' + Math.round((performance.now() - heard) / 1000) + ' s'); }, 1000);
    const refresh = () => fetch('/api/v1/history/hour').then(r => r.json()).then(h => { hour = h; drawChart(h); }).catch(() => {});
    refresh();
    setInterval(refresh, 10000);
    addEventListener('resize', () => { if (hour) drawChart(hour); });
    """#
}
