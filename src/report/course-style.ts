/** Styles of the course of a descent and of its capture range. */
export const courseStyle = `h4{font-size:1rem;margin:1.6em 0 .4em;font-weight:620}
.course,.capture{background:var(--panel);max-width:760px}
.course .band{fill:var(--accent);fill-opacity:.05}.course .band.even{fill-opacity:.13}
.course .rule{stroke:var(--line);stroke-width:1}
.course .line{fill:none;stroke:var(--accent);stroke-width:1.8;stroke-linejoin:round}.course circle{fill:var(--accent)}
.course .mark{stroke:var(--good);stroke-width:1.4;stroke-dasharray:5 4;fill:none}
.chart.course .y,.chart.capture .y{text-anchor:end}
.chart.course .mark-name{text-anchor:start;fill:var(--good);font-weight:600;paint-order:stroke;stroke:var(--panel);stroke-width:4px}
.chart.capture .title,.chart.capture .far{text-anchor:start}
.chart.course .title,.chart.capture .title{fill:var(--ink);font-weight:600}

.capture .range{stroke:var(--accent);stroke-opacity:.4;stroke-width:9;stroke-linecap:round}
.capture .start{stroke:var(--ink);stroke-width:1.6}
.capture circle{fill:var(--good);stroke:var(--panel);stroke-width:2}.capture .rim,.capture .outside{fill:var(--warn)}
.chart.capture .found{fill:var(--ink);font-weight:600}
`;

/** Styles of joint histograms. */
export const jointStyle = `.joints{display:flex;flex-wrap:wrap;gap:10px 24px;margin:1em 0}.joints figure{margin:0;flex:0 1 340px;min-width:min(100%,260px)}
.joint{background:var(--panel)}.joint .plate{fill:var(--plate)}.joint image{image-rendering:pixelated}
.chart.joint .title{fill:var(--ink);font-weight:600}.chart.joint .low{text-anchor:start}.chart.joint .high{text-anchor:end}
.how{max-width:75ch}
`;
