extension Page {
  /// Draws the last hour as lines in an inline SVG. Where nothing was known the line has a gap.
  static let scriptOfChart = #"""
    const svg = (tag, attributes, text) => {
      const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
      for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
      if (text !== undefined) e.textContent = text;
      return e;
    };

    // Steps of 1, 2 or 5 times a power of ten, about four of them.
    function step(span) {
      const rough = span / 4, base = 10 ** Math.floor(Math.log10(rough));
      return [1, 2, 5, 10].map(f => f * base).find(s => s >= rough);
    }

    function drawChart(h) {
      const chart = id('chart'), width = chart.clientWidth, height = chart.clientHeight;
      const names = ['grid', 'load', 'battery', 'pv'], column = name => h[name + '_power_w'];
      const known = names.flatMap(column).filter(v => v !== null);
      if (!known.length || !width) return;
      const left = 52, right = width - 6, top = 10, bottom = height - 22;
      const by = step(Math.max(400, Math.max(0, ...known) - Math.min(0, ...known)));
      const low = Math.floor(Math.min(0, ...known) / by) * by, high = Math.max(by, Math.ceil(Math.max(0, ...known) / by) * by);
      const end = h.t.at(-1), start = end - 3600e3;
      const x = t => left + (t - start) / 3600e3 * (right - left), y = w => bottom - (w - low) / (high - low) * (bottom - top);
      const parts = [];
      for (let w = low; w <= high + by / 2; w += by) {
        parts.push(svg('line', { x1: left, x2: right, y1: y(w), y2: y(w), class: Math.abs(w) < by / 2 ? 'zero' : 'rule' }));
        parts.push(svg('text', { x: left - 8, y: y(w) + 4, 'text-anchor': 'end' }, (w < 0 ? '−' : '') + Math.abs(w / 1000) + ' kW'));
      }
      for (let t = Math.ceil(start / 900e3) * 900e3; t <= end; t += 900e3) {
        const anchor = x(t) > right - 20 ? 'end' : x(t) < left + 20 ? 'start' : 'middle';
        parts.push(svg('text', { x: x(t), y: height - 5, 'text-anchor': anchor }, new Date(t).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })));
      }
      for (const name of names) {
        let path = '', isDown = false, before = 0;
        column(name).forEach((w, i) => {
          if (w === null || h.t[i] < start) { isDown = false; return; }
          if (h.t[i] - before > 120e3) isDown = false;
          before = h.t[i];
          path += (isDown ? 'L' : 'M') + x(h.t[i]).toFixed(1) + ' ' + y(w).toFixed(1);
          isDown = true;
        });
        if (path) parts.push(svg('path', { d: path, class: name }));
      }
      chart.setAttribute('viewBox', '0 0 ' + width + ' ' + height);
      chart.replaceChildren(...parts);
      const range = name => { const v = column(name).filter(w => w !== null); return v.length ? powerText(Math.min(...v)) + ' to ' + powerText(Math.max(...v)) : 'unknown'; };
      put('chart-text', 'Solar ' + range('pv') + ' · house ' + range('load') + ' · battery ' + range('battery') + ' (discharging is positive) · grid ' + range('grid') + ' (drawing is positive)');
    }
    """#
}
