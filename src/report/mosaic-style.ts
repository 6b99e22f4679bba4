/** Styles of maps and seams of mosaics, and of drift and cuts of stacks. */
export const mosaicStyle = `.mosaic-map{background:var(--panel);max-height:720px}
.mosaic-map .tile{fill:var(--soft);fill-opacity:.13;stroke:var(--soft);stroke-opacity:.55;stroke-width:.8}
.mosaic-map .apart{fill:url(#apart);fill-opacity:1;stroke:var(--warn)}
.mosaic-map .tile:hover{fill-opacity:.4;stroke-width:2.4}
.mosaic-map .hatching{stroke:var(--warn);stroke-width:2;stroke-opacity:.45;fill:none}
.mosaic-map .number{fill:var(--ink);font-weight:650;paint-order:stroke;stroke:var(--panel);stroke-width:5px;pointer-events:none}
.edge{fill:none;stroke-linecap:round;pointer-events:none}
.edge.r0{stroke:#2b7bba}.edge.r1{stroke:#35a89a}.edge.r2{stroke:#d8b012}.edge.r3{stroke:#e8720c}.edge.r4{stroke:#c2185b}
.edge.weak{stroke:var(--soft);stroke-dasharray:2 5;opacity:.85}.edge.empty{stroke:var(--soft);opacity:.35;stroke-dasharray:1 7}
.edge.outlier{stroke:var(--bad)}.edge.unreadable{stroke:var(--bad);stroke-dasharray:5 5}
.legend{display:flex;flex-wrap:wrap;gap:2px 20px;margin:0 0 .4em;color:var(--ink)}.legend span{white-space:nowrap}.legend svg{vertical-align:.05em}
.seams{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:20px 28px}
.seam .views{display:flex;flex-wrap:wrap;gap:14px}.seam figure{margin:0}.seam img{display:block;max-width:100%;border-radius:6px;image-rendering:pixelated;background:var(--plate)}
.drift{background:var(--panel);margin-bottom:8px}.drift .grid{fill:none;stroke:var(--line);stroke-width:1}.drift .line{fill:none;stroke-width:1.7;stroke-linejoin:round}.drift .line.first{stroke:var(--accent)}.drift .line.second{stroke:var(--outlier)}.drift .fault{fill:none;stroke:var(--bad);stroke-width:2.4}
.chart.drift .y{text-anchor:end}.chart.drift .name{text-anchor:start;font-weight:600}.chart.drift .name.first{fill:var(--accent)}.chart.drift .name.second{fill:var(--outlier)}
.cuts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:16px}.cuts figure{margin:0}.cuts img{display:block;width:100%;border-radius:8px;background:var(--plate)}
.seam p{margin:0 0 .5em;font-size:.93rem}
`;
