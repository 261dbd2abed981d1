extension Page {
  /// Calm in both schemes; every text has a contrast of at least 4.5 to 1, and no meaning is in a colour alone.
  static let style = #"""
    :root { color-scheme: light dark; --back: #f5f6f4; --panel: #fff; --ink: #17211f; --quiet: #5a6763; --edge: #e1e5e2;
      --pv: #b45309; --battery: #0f766e; --load: #6d4fc4; --grid: #1d5fbf; --good: #15803d; --bad: #b42318; --tint: #eef5f3; }
    @media (prefers-color-scheme: dark) { :root { --back: #0f1514; --panel: #182120; --ink: #e8eeec; --quiet: #9dada8;
      --edge: #293533; --pv: #f0b04e; --battery: #4fc4b4; --load: #b3a1f2; --grid: #7fb2f5; --good: #5fcf87; --bad: #ff8f80; --tint: #1a2a28; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; padding: 1.5rem clamp(.9rem, 3vw, 2rem) 2rem; max-width: 76rem; background: var(--back); color: var(--ink);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Inter", "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; }
    h1, h2, h3, p, ul, dl, dd { margin: 0; }
    h1 { font-size: 1.45rem; letter-spacing: -.01em; line-height: 1.25; }
    h2 { font-size: .85rem; font-weight: 600; color: var(--quiet); }
    a { color: inherit; } a:focus-visible { outline: 2px solid var(--grid); outline-offset: 3px; border-radius: 3px; }
    .skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--panel); padding: .3rem .6rem; }
    .quiet { color: var(--quiet); } .small { font-size: .82rem; }
    header, .row { display: flex; justify-content: space-between; align-items: center; gap: 1rem; flex-wrap: wrap; }
    .line { display: flex; align-items: center; gap: .5rem; font-size: .85rem; padding: .3rem .8rem; border-radius: 2rem; background: var(--panel); border: 1px solid var(--edge); }
    .dot { width: .6rem; height: .6rem; border-radius: 50%; background: var(--quiet); }
    .line[data-state=live] .dot { background: var(--good); } .line[data-state=lost] .dot { background: var(--bad); }
    .decision, .panel, .card { background: var(--panel); border: 1px solid var(--edge); border-radius: 14px; }
    .decision { margin: 1.1rem 0 .9rem; padding: 1.1rem 1.3rem; background: var(--tint); border-left: 4px solid var(--battery); }
    .decision.safe { border-left-color: var(--bad); }
    .sentence { font-size: clamp(1.1rem, 2.2vw, 1.3rem); line-height: 1.4; margin-top: .25rem; text-wrap: pretty; }
    .bounds { list-style: none; padding: 0; margin-top: .6rem; font-size: .9rem; display: grid; gap: .25rem; }
    .bounds:empty { display: none; } .bounds b { font-weight: 600; } .bounds .yields { color: var(--quiet); text-decoration: line-through; }
    .flows { display: grid; grid-template-columns: repeat(4, 1fr); gap: .9rem; }
    .card { padding: 1rem 1.2rem 1.1rem; border-top: 4px solid var(--tone); }
    .pv { --tone: var(--pv); } .battery { --tone: var(--battery); } .load { --tone: var(--load); } .grid { --tone: var(--grid); }
    .value { font-size: clamp(1.6rem, 3.4vw, 2.2rem); font-weight: 650; letter-spacing: -.02em; line-height: 1.2; }
    .value small { font-size: .5em; font-weight: 500; color: var(--quiet); letter-spacing: 0; }
    .way { font-size: .92rem; color: var(--tone); font-weight: 550; }
    .soc { display: flex; align-items: center; gap: .6rem; margin-top: .5rem; font-size: .9rem; }
    .bar { flex: 1; height: .5rem; border-radius: 1rem; background: var(--edge); overflow: hidden; }
    .bar span { display: block; height: 100%; width: 0; background: var(--battery); transition: width .6s; }
    .panel { padding: 1rem 1.2rem; margin-top: .9rem; min-width: 0; }
    .legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; list-style: none; padding: 0; font-size: .82rem; }
    .legend li::before { content: ""; display: inline-block; width: .9rem; height: .2rem; border-radius: 1rem; background: var(--tone); margin-right: .4rem; vertical-align: middle; }
    #chart { display: block; width: 100%; height: 260px; margin: .5rem 0 .2rem; }
    #chart text { fill: var(--quiet); font-size: 12px; } #chart .rule { stroke: var(--edge); } #chart .zero { stroke: var(--quiet); stroke-opacity: .6; }
    #chart path { fill: none; stroke: var(--tone); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
    .columns { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 0 .9rem; align-items: start; }
    .device { padding: .7rem 0; border-top: 1px solid var(--edge); } .device:first-child { border-top: 0; padding-top: .4rem; }
    .device h3 { font-size: 1rem; font-weight: 600; } .state { font-size: .82rem; }
    .state.ok { color: var(--good); } .state.bad { color: var(--bad); font-weight: 600; }
    .points { display: grid; grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); gap: .1rem 1.4rem; margin-top: .35rem; font-size: .86rem; }
    .points div, dl div { display: flex; justify-content: space-between; gap: .8rem; }
    .points dt, dl dt { color: var(--quiet); } .points dd, dl dd { text-align: right; overflow-wrap: anywhere; }
    .points dd { overflow-wrap: normal; } .mark { color: var(--bad); font-size: .78rem; } .points .mark { white-space: nowrap; } dl { font-size: .9rem; margin-top: .35rem; } dl div { padding: .12rem 0; }
    dd.wide { max-width: 70%; } footer { margin-top: 1.4rem; }
    @media (max-width: 60rem) { .columns { grid-template-columns: 1fr; } }
    @media (max-width: 46rem) { .flows { grid-template-columns: 1fr 1fr; gap: .6rem; } .card { padding: .8rem .9rem; } body { padding-top: 1rem; } .panel { padding: .9rem; } #chart { height: 210px; } }
    @media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
    """#
}
