extension Page {
  /// The empty page; scripts fill in what `data-…` and ids name. It reads sensibly without any value.
  static let markup = #"""
    <body>
    <a class="skip" href="#now">Skip to the values</a>
    <header>
      <div>
        <h1 id="site">Holdfast</h1>
        <p class="quiet"><span id="mode">–</span> · version <span id="version">–</span></p>
      </div>
      <p id="line" class="line" role="status" data-state="waiting"><span class="dot" aria-hidden="true"></span><span id="line-text">connecting</span></p>
    </header>
    <main id="now">
      <section class="decision" aria-labelledby="decision-title">
        <h2 id="decision-title">What the agent decides, and why</h2>
        <p id="sentence" class="sentence">No decision yet.</p>
        <ul id="bounds" class="bounds"></ul>
      </section>
      <section class="flows" aria-label="Power now">
        <article class="card pv"><h2>Solar</h2><p class="value" id="pv">–</p><p class="way" id="pv-way">&nbsp;</p></article>
        <article class="card battery"><h2>Battery</h2><p class="value" id="battery">–</p><p class="way" id="battery-way">&nbsp;</p>
          <div class="soc"><div class="bar" role="meter" id="soc-bar" aria-label="State of charge" aria-valuemin="0" aria-valuemax="100"><span id="soc-fill"></span></div><span id="soc">–</span></div></article>
        <article class="card load"><h2>House</h2><p class="value" id="load">–</p><p class="way" id="load-way">&nbsp;</p></article>
        <article class="card grid"><h2>Grid</h2><p class="value" id="grid">–</p><p class="way" id="grid-way">&nbsp;</p></article>
      </section>
      <section class="panel" aria-labelledby="chart-title">
        <div class="row"><h2 id="chart-title">The last hour</h2>
          <ul class="legend" aria-hidden="true"><li class="pv">Solar</li><li class="battery">Battery</li><li class="load">House</li><li class="grid">Grid</li></ul></div>
        <svg id="chart" role="img" aria-labelledby="chart-text" preserveAspectRatio="none"></svg>
        <p id="chart-text" class="quiet small">Nothing recorded yet.</p>
      </section>
      <div class="columns">
        <section class="panel" aria-labelledby="devices-title"><h2 id="devices-title">Devices</h2><div id="devices"><p class="quiet">None yet.</p></div></section>
        <div>
          <section class="panel" aria-labelledby="forecast-title"><h2 id="forecast-title">The coming quarter hour</h2><dl id="forecast"></dl></section>
          <section class="panel" aria-labelledby="journal-title"><h2 id="journal-title">Journal</h2><dl id="journal"></dl></section>
          <section class="panel" aria-labelledby="uplinks-title"><h2 id="uplinks-title">Uplinks</h2><div id="uplinks"><p class="quiet">None configured.</p></div></section>
          <section class="panel" aria-labelledby="control-title"><h2 id="control-title">Control</h2><dl id="control"></dl></section>
        </div>
      </div>
    </main>
    <footer class="quiet small"><a href="/api/v1/site">JSON</a> · <a href="/api/v1/history/hour">last hour</a> · <a href="/metrics">metrics</a></footer>
    </body>
    """#
}
