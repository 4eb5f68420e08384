/** The HTML report's own style sheet: nothing is loaded from anywhere. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #ffffff; --ink: #1d2126; --soft: #5b6470; --line: #e3e0d8; --wash: #f3f1ea;
  --good: #1c7a4d; --good-wash: #e4f3ea; --bad: #b3261e; --bad-wash: #fbe9e7; --warn: #8a5a00; --warn-wash: #fdf1d7;
  --accent: #2f5d8a; --bar: #3d74a8; --bar-soft: #c9d8e6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1c2024; --ink: #e6e8ea; --soft: #9aa4af; --line: #30363d; --wash: #23282d;
    --good: #6fd3a0; --good-wash: #16352a; --bad: #ff9d94; --bad-wash: #42201d; --warn: #f0c36a; --warn-wash: #3a2e12;
    --accent: #8fbce6; --bar: #6ea6d8; --bar-soft: #33475a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
}
main { max-width: 68rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
header p.kicker { margin: 0; color: var(--soft); font-size: .875rem; letter-spacing: .02em; }
h1 { margin: .2rem 0 .9rem; font-size: clamp(1.35rem, 4vw, 2rem); line-height: 1.2; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { margin: 2.75rem 0 .75rem; font-size: 1.2rem; line-height: 1.3; letter-spacing: -.005em; }
p { margin: .5rem 0; max-width: 46rem; overflow-wrap: anywhere; }
.chips { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0 0 1.5rem; padding: 0; list-style: none; }
.chip { padding: .15rem .65rem; border-radius: 999px; background: var(--wash); color: var(--soft); font-size: .85rem; font-weight: 600; white-space: nowrap; }
.chip.good { background: var(--good-wash); color: var(--good); }
.chip.bad { background: var(--bad-wash); color: var(--bad); }
.chip.warn { background: var(--warn-wash); color: var(--warn); }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: 1px; margin: 0; border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; background: var(--line); }
dl.facts > div { padding: .65rem .9rem; background: var(--card); min-width: 0; }
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.callout { margin: 1.25rem 0; padding: .9rem 1.1rem; border: 1px solid var(--line); border-left: .3rem solid var(--accent); border-radius: .5rem; background: var(--card); }
.callout.bad { border-left-color: var(--bad); }
.callout.good { border-left-color: var(--good); }
.callout.warn { border-left-color: var(--warn); }
.callout > :first-child { margin-top: 0; } .callout > :last-child { margin-bottom: 0; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
th, td { padding: .5rem .9rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-size: .8rem; font-weight: 600; white-space: nowrap; background: var(--wash); }
tbody tr:last-child > * { border-bottom: 0; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.wide { min-width: 16rem; overflow-wrap: anywhere; } td.nowrap { white-space: nowrap; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .87em; }
pre { margin: .75rem 0; padding: .8rem 1rem; overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; background: var(--wash); line-height: 1.5; tab-size: 2; }
details { margin: .75rem 0; } .more { display: flex; flex-wrap: wrap; gap: 0 1.5rem; margin-top: .35rem; font-size: .9rem; }
.more details { margin: .15rem 0; min-width: 0; max-width: 100%; } .more details[open] { flex-basis: 100%; } summary { cursor: pointer; color: var(--accent); }
summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: .2rem; }
ol.timeline { margin: 0; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); }
ol.timeline > li { padding: .8rem 1rem; border-bottom: 1px solid var(--line); }
ol.timeline > li:last-child { border-bottom: 0; }
.step { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem .7rem; }
.step b { font-variant-numeric: tabular-nums; } .step .title { flex: 1 1 14rem; min-width: 0; overflow-wrap: anywhere; }
.bars { display: grid; grid-template-columns: 5.5rem minmax(0, 1fr) 5.5rem; align-items: center; gap: .15rem .7rem; margin-top: .45rem; color: var(--soft); font-size: .82rem; }
.bars span.ms { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.track { height: .55rem; border-radius: .3rem; background: var(--wash); overflow: hidden; }
.track i { display: block; height: 100%; min-width: 2px; border-radius: .3rem; background: var(--bar-soft); }
.track i.actual { background: var(--bar); } .track i.failed { background: var(--bad); }
.mark { font-weight: 600; white-space: nowrap; } .mark.good { color: var(--good); } .mark.bad { color: var(--bad); } .mark.warn { color: var(--warn); }
.soft { color: var(--soft); }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .85rem; overflow-wrap: anywhere; }
@media (max-width: 34rem) {
  main { padding: 1.5rem 1rem 3rem; }
  .bars { grid-template-columns: 4.6rem minmax(0, 1fr) 4.4rem; gap: .15rem .5rem; }
  th, td { padding: .45rem .7rem; }
  dl.facts { grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); }
}
@media print { body { background: #fff; } .scroll { overflow: visible; } details { display: block; } }
`;
