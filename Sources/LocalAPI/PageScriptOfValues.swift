extension Page {
  /// Writes the state into the page. Text only ever goes in as text, never as markup.
  static let scriptOfValues = #"""
    'use strict';
    const id = name => document.getElementById(name);
    const put = (name, text) => { const e = id(name); if (e.textContent !== text) e.textContent = text; };
    const make = (tag, text, cls) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (cls) e.className = cls; return e; };
    const number = (value, digits) => value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });
    const power = w => Math.abs(w) < 1000 ? [number(Math.abs(w), 0), 'W'] : [number(Math.abs(w) / 1000, 2), 'kW'];
    const powerText = w => w === null ? 'unknown' : (w < 0 ? '−' : '') + power(w).join(' ');
    const idle = 15;   // W: below this nothing worth a word flows

    function showPower(name, w, ways) {
      const e = id(name);
      if (w === null) { e.textContent = '–'; put(name + '-way', 'unknown'); return; }
      const [figure, unit] = power(w);
      e.replaceChildren(figure + ' ', make('small', unit));
      put(name + '-way', Math.abs(w) < idle ? ways[1] : w > 0 ? ways[2] : ways[0]);
    }

    function showBalance(b) {
      showPower('grid', b.grid_power_w, ['↑ feeding in', '· balanced', '↓ drawing']);
      showPower('pv', b.pv_power_w, ['· consuming', '· no sun', '↓ producing']);
      showPower('battery', b.battery_power_w, ['↑ charging', '· resting', '↓ discharging']);
      showPower('load', b.load_power_w, ['· feeding back', '· nothing', '↑ consuming']);
      const soc = b.soc_percent;
      put('soc', soc === null ? 'unknown' : number(soc, 1) + ' %');
      id('soc-fill').style.width = (soc ?? 0) + '%';
      if (soc === null) id('soc-bar').removeAttribute('aria-valuenow'); else id('soc-bar').setAttribute('aria-valuenow', soc);
    }

    function showDecision(d) {
      put('sentence', d ? d.sentence : 'No decision yet.');
      document.querySelector('.decision').classList.toggle('safe', !!d && d.safe_state);
      id('bounds').replaceChildren(...(d ? d.bounds : []).map(b => {
        const e = make('li', undefined, b.holds ? '' : 'yields');
        e.append(make('b', b.quantity), ': ' + b.text, make('span', ' (' + b.rule + (b.holds ? ')' : ', yields)'), 'quiet'));
        return e;
      }));
    }

    const units = { w: 'W', v: 'V', a: 'A', wh: 'Wh', hz: 'Hz', c: '°C', percent: '%', var: 'var', va: 'VA', m2: 'W/m²' };
    function pointName(name) {
      const parts = name.split('_'), unit = units[parts.at(-1)];
      if (unit) parts.pop();
      if (unit === 'W/m²') parts.pop();
      return [parts.join(' ').replace(/\bl([123])\b/, 'L$1').replace(/\bsoc\b/, 'state of charge').replace(/\bsoh\b/, 'state of health'), unit];
    }

    function showDevice(d) {
      const e = make('article', undefined, 'device'), head = make('div', undefined, 'row'), list = make('dl', undefined, 'points');
      const age = d.age_ms === null ? 'never answered well' : number(d.age_ms / 1000, 1) + ' s ago';
      head.append(make('h3', d.id), make('span', (d.state === 'ok' ? '● ' : '▲ ') + d.state + ' · ' + age, 'state ' + (d.state === 'ok' ? 'ok' : 'bad')));
      for (const [point, value] of Object.entries(d.values)) {
        const [name, unit] = pointName(point), row = make('div'), quality = d.quality[point];
        const shown = value === null ? '–' : unit === 'Wh' && Math.abs(value) >= 10000 ? number(value / 1000, 1) + '\u00a0kWh' : value.toLocaleString('en') + (unit ? '\u00a0' + unit : '');
        const cell = make('dd', shown.replace('-', '−'));
        if (quality) cell.append(' ', make('span', '▲ ' + quality.replace('_', ' '), 'mark'));
        row.append(make('dt', name), cell);
        list.append(row);
      }
      e.append(head, make('p', d.profile + ' · ' + number(d.samples, 0) + ' samples', 'quiet small'), list);
      if (d.if_agent_dies) e.append(make('p', 'If the agent stops it is left ' + d.if_agent_dies + '; if the agent is killed it stays as it is.', 'small'));
      return e;
    }

    const rows = (name, pairs) => id(name).replaceChildren(...pairs.map(([term, text, bad]) => {
      const e = make('div');
      e.append(make('dt', term), make('dd', text, bad ? 'wide mark' : 'wide'));
      return e;
    }));
    """#
}
