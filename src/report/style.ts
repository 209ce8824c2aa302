const light = `
  --page: #f6f7f9; --card: #fff; --text: #1a1f29; --muted: #5b6472; --line: #e2e5ea; --rail: #e8ebf0;
  --link: #1d4ed8; --select: rgb(37 99 235 / 18%);
  --good: #15803d; --good-back: #dcfce7; --busy: #1d4ed8; --busy-back: #dbeafe;
  --bad: #b91c1c; --bad-back: #fee2e2; --idle: #92400e; --idle-back: #fef3c7; --failed: #dc2626;
  --series-0: #3b6fd4; --series-1: #0d9488; --series-2: #8b5cf6; --series-3: #ca8a04;
  --series-4: #0284c7; --series-5: #c026a0; --series-6: #65a30d; --series-7: #78716c;`

const dark = `
  --page: #0f1218; --card: #181c25; --text: #e6e9ef; --muted: #9aa4b4; --line: #2a303c; --rail: #2a303c;
  --link: #93b4ff; --select: rgb(147 180 255 / 22%);
  --good: #86efac; --good-back: #12351f; --busy: #93c5fd; --busy-back: #172f55;
  --bad: #fca5a5; --bad-back: #451a1a; --idle: #fcd34d; --idle-back: #3f2d0c; --failed: #f87171;
  --series-0: #6f9bf2; --series-1: #2dd4bf; --series-2: #a78bfa; --series-3: #eab308;
  --series-4: #38bdf8; --series-5: #e879d0; --series-6: #a3d65c; --series-7: #a8a29e;`

const series = Array.from(
  { length: 8 },
  (_, index) =>
    `.swatch.series-${index} { background: var(--series-${index}); } path.series-${index} { fill: var(--series-${index}); }`,
).join('\n')

/** Everything that the report looks like; fonts are those of the system. */
export const style: string = `
:root { color-scheme: light dark; ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 3rem) 4rem; max-width: 82rem; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.25; letter-spacing: -0.015em; overflow-wrap: anywhere; }
h2 { margin: 0 0 0.75rem; font-size: 1.1rem; letter-spacing: -0.01em; }
p { margin: 0.5rem 0; }
small { color: var(--muted); font-size: 0.85em; font-weight: 400; }
code, pre { font: 0.875em/1.55 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre { margin: 0; padding: 0.9rem 1rem; overflow-x: auto; border-radius: 8px; background: var(--page); border: 1px solid var(--line); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.product { margin: 0 0 0.25rem; color: var(--muted); font-size: 0.8rem; letter-spacing: 0.06em; text-transform: uppercase; }
.about { color: var(--muted); overflow-wrap: anywhere; }
.state { display: inline-block; vertical-align: 0.2em; padding: 0.1rem 0.65rem; border-radius: 99px; font-size: 0.8rem; font-weight: 600;
  letter-spacing: 0; }
.state.done { color: var(--good); background: var(--good-back); }
.state.running { color: var(--busy); background: var(--busy-back); }
.state.failed { color: var(--bad); background: var(--bad-back); }
.state.cancelled { color: var(--idle); background: var(--idle-back); }
.error { padding: 0.7rem 1rem; border-radius: 8px; color: var(--bad); background: var(--bad-back); white-space: pre-wrap; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: 0.75rem; margin: 1.25rem 0 1.5rem; }
.tiles div { padding: 0.85rem 1rem; border: 1px solid var(--line); border-radius: 12px; background: var(--card); }
.tiles dt { color: var(--muted); font-size: 0.82rem; }
.tiles dd { margin: 0.1rem 0 0; font-size: 1.6rem; font-weight: 650; line-height: 1.25; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.tiles small { display: block; font-size: 0.8rem; letter-spacing: 0; }
section { margin: 0 0 1.25rem; padding: 1.1rem 1.25rem 1.25rem; border: 1px solid var(--line); border-radius: 12px; background: var(--card); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
th, td { padding: 0.45rem 0.75rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tr > :first-child { padding-left: 0; } tr > :last-child { padding-right: 0; }
thead th { color: var(--muted); font-size: 0.78rem; font-weight: 500; white-space: nowrap; }
tbody th { min-width: 11rem; font-weight: 600; }
pre + details { margin-top: 0.75rem; }
th small { white-space: nowrap; }
.scroll + p { margin-top: 1rem; }
tbody tr:last-child > * { border-bottom: 0; padding-bottom: 0; }
.figure { text-align: right; white-space: nowrap; }
abbr { text-decoration: underline dotted var(--muted) 1px; text-underline-offset: 3px; cursor: help; }
small.line { display: block; }
.message { display: block; max-width: 60ch; white-space: pre-wrap; overflow-wrap: anywhere; }
.unit { margin-right: 1rem; white-space: nowrap; }
.swatch { display: inline-block; width: 0.7em; height: 0.7em; margin-right: 0.5em; border-radius: 3px; }
.swatch.failed { background: var(--failed); }
${series}
.meter { display: inline-flex; align-items: center; gap: 0.5rem; white-space: nowrap; }
.meter svg { width: 5.5rem; height: 0.5rem; border-radius: 99px; }
.rail { fill: var(--rail); } .run { fill: var(--series-0); } .wait-batch { fill: var(--series-7); } .wait-rateLimit { fill: var(--series-3); }
.wait-concurrency { fill: var(--series-4); } .wait-retry { fill: var(--failed); }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0 0 0.75rem; padding: 0; list-style: none; font-size: 0.875rem; }
figure { margin: 0 0 1rem; }
figcaption { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0.25rem 1rem; margin-bottom: 0.4rem;
  color: var(--muted); font-size: 0.82rem; }
.in-flight { display: block; width: 100%; height: 7.5rem; border-bottom: 1px solid var(--line); }
.in-flight path { opacity: 0.85; }
canvas { display: block; width: 100%; cursor: crosshair; touch-action: pan-y; border-radius: 4px; }
.controls { display: inline-flex; gap: 0.3rem; }
button { padding: 0.2rem 0.6rem; border: 1px solid var(--line); border-radius: 6px; background: var(--page); color: var(--text); font: inherit; cursor: pointer; }
button:hover { border-color: var(--muted); }
.picked, .note { margin: 0.4rem 0 0; color: var(--muted); font-size: 0.85rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
summary { cursor: pointer; color: var(--link); font-size: 0.9rem; }
details > :not(summary) { margin-top: 0.75rem; }
.log { margin: 0; padding: 0; list-style: none; font: 0.85rem/1.6 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
.log li { overflow-wrap: anywhere; }
.log .warn { color: var(--idle); } .log .error-level { color: var(--bad); }
footer { color: var(--muted); font-size: 0.82rem; }
@media print { body { padding: 0; } .controls { display: none; } section { break-inside: avoid; } }
`
