import { bendingStyle } from "./bending-style.js";
import { courseStyle, jointStyle } from "./course-style.js";
import { mosaicStyle } from "./mosaic-style.js";
import { graphStyle } from "./plan-svg.js";

/** Styles of the report: system fonts, light and dark, narrow screens, paper. */
export const reportStyle = `:root{color-scheme:light dark;--paper:#fff;--panel:#f6f7f9;--ink:#1d2330;--soft:#5b6475;--line:#dde1e8;--good:#1a7f4b;--good-back:#eaf6ef;--warn:#9a5700;--warn-back:#fdf3e2;--bad:#b3261e;--bad-back:#fdeeec;--accent:#3457a6;--inlier:#00a6c8;--outlier:#e8590c;--bar:#5b7fc7;--plate:#282c34}
@media (prefers-color-scheme:dark){:root{--paper:#14171d;--panel:#1c2129;--ink:#e6e9ef;--soft:#9aa4b5;--line:#343c49;--good:#58c48a;--good-back:#16291f;--warn:#e0a34a;--warn-back:#2e2413;--bad:#f2837b;--bad-back:#331a19;--accent:#8fb0f5;--bar:#7396dd;--plate:#0c0f14}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
.page{max-width:1080px;margin:0 auto;padding:28px 24px 80px}
h1{font-size:1.9rem;line-height:1.2;margin:.1em 0 .2em;font-weight:650;letter-spacing:-.01em}
h2{font-size:1.35rem;margin:2.6em 0 .6em;font-weight:650;letter-spacing:-.005em}
h3{font-size:1.06rem;margin:2em 0 .5em;font-weight:650}
p{margin:.5em 0}
.kicker,.note,figcaption,.lede{color:var(--soft)}
.kicker{font-size:.85rem;letter-spacing:.02em;margin:0}
.lede{font-size:1.08rem;max-width:70ch}
.note,figcaption{font-size:.9rem}
figcaption{margin-top:.5em;max-width:75ch}
a{color:var(--accent);text-underline-offset:2px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
code,pre,.mono{font:.88em/1.5 ui-monospace,SFMono-Regular,Consolas,"Liberation Mono",monospace}
pre{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:12px 14px;white-space:pre-wrap}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;margin:18px 0 0;font-size:.92rem}
nav a{text-decoration:none}
nav a:hover{text-decoration:underline}
.banner{border-radius:12px;padding:20px 24px;margin:22px 0 0;border:1px solid var(--line);border-left:6px solid var(--soft);background:var(--panel)}
.banner.accepted{border-left-color:var(--good);background:var(--good-back)}
.banner.suspect{border-left-color:var(--warn);background:var(--warn-back)}
.banner.rejected,.banner.failed{border-left-color:var(--bad);background:var(--bad-back)}
.banner .word{font-size:1.5rem;font-weight:700;line-height:1.25;margin:0 0 .2em}
.accepted .word,.good{color:var(--good)}
.suspect .word,.warn{color:var(--warn)}
.rejected .word,.failed .word,.bad{color:var(--bad)}
.banner p{max-width:75ch}
.badge{display:inline-block;border-radius:99px;padding:.05em .7em;font-size:.85rem;font-weight:600;border:1px solid currentColor;white-space:nowrap}
.reasons{padding:0;margin:14px 0 0;list-style:none;display:grid;gap:10px}
.reasons li{border-left:3px solid var(--line);padding:2px 0 2px 12px}
.reasons li.error{border-color:var(--bad)}.reasons li.warning{border-color:var(--warn)}
.reasons .next{display:block;color:var(--ink)}
.reasons .code{color:var(--soft);font-size:.82rem}
.key{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:18px 0 0;padding:0}
.key div{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:10px 14px}
.banner .key div{background:var(--paper)}
.key dt{font-size:.83rem;color:var(--soft)}
.key dd{margin:0;font-size:1.25rem;font-weight:620;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.93rem;margin:.6em 0}
th,td{text-align:left;vertical-align:top;padding:7px 12px 7px 0;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft);font-size:.85rem}
th button{all:unset;cursor:pointer;color:inherit;font:inherit}
th button:focus-visible{outline:2px solid var(--accent)}
th button::after{content:" ↕";opacity:.45}
th[aria-sort=ascending] button::after{content:" ↑";opacity:1}
th[aria-sort=descending] button::after{content:" ↓";opacity:1}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.n:not(:last-child),th.n:not(:last-child){padding-right:22px}
td.meaning{color:var(--soft);max-width:52ch;overflow-wrap:break-word}
td,th{overflow-wrap:break-word}
td.reason{min-width:16em}
td.mono,td code{overflow-wrap:anywhere}
tr.group th{padding-top:16px;color:var(--ink);font-size:.93rem}
tr:target,section:target h2{background:var(--panel)}
figure{margin:1em 0}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:18px}
.still img{display:block;width:100%;border-radius:8px;background:var(--plate)}
.aside{align-items:center;margin:1em 0}
.still figure,.pair figure{margin:0}
.close{grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr))}
.close img{display:block;width:100%;border-radius:8px;image-rendering:auto}
.viewer{display:none}
.js .viewer:not([hidden]){display:block}
.js .still:not(.shown){display:none}
.viewer .bar,.viewer .under{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;margin:10px 0}
.viewer .under{font-size:.9rem;color:var(--soft);min-height:2.2em;align-items:flex-start}
.viewer .under label{display:flex;gap:8px;align-items:center;white-space:nowrap}
.viewer .under input{width:130px;accent-color:var(--accent)}
.viewer [data-legend]{flex:1 1 300px}
.viewer [data-where]{font-variant-numeric:tabular-nums;min-width:11em;text-align:right}
.choice{display:flex;flex-wrap:wrap;border:1px solid var(--line);border-radius:9px;overflow:hidden;background:var(--panel)}
.choice button,[data-copy]{font:inherit;font-size:.9rem;border:0;background:none;color:var(--ink);padding:6px 12px;cursor:pointer;min-height:34px;white-space:nowrap}
.choice button+button{border-left:1px solid var(--line)}
.choice button[aria-pressed=true]{background:var(--accent);color:var(--paper)}
.choice button:focus-visible{outline-offset:-3px}
.choice kbd{font:inherit;font-size:.78em;opacity:.65;margin-left:.35em}
[data-copy]{border:1px solid var(--line);border-radius:8px;background:var(--panel)}
.js [data-copy]{display:inline-block}[data-copy]{display:none}
canvas{display:block;width:100%;max-height:78vh;border-radius:10px;background:var(--plate);cursor:grab;touch-action:pan-y pinch-zoom}
canvas:focus{touch-action:none}
canvas:active{cursor:grabbing}
.chart{display:block;width:100%;height:auto;border-radius:8px}
.curve{max-width:680px}.curve .grid{fill:none;stroke:var(--line);stroke-width:1}.curve .line{fill:none;stroke:var(--ink);stroke-width:1.8}.curve circle{fill:var(--ink)}.chart.curve .name{text-anchor:start;fill:var(--ink)}
.chart text{font:12.5px system-ui,sans-serif;fill:var(--soft);text-anchor:middle}
.tie-points{background:none}
.tie-points .link{fill:none;stroke:var(--inlier);stroke-width:1;opacity:.42}
.tie-points .inlier{fill:none;stroke:var(--inlier);stroke-width:1.6}
.tie-points .outlier{fill:none;stroke:var(--outlier);stroke-width:1.5}
.swatch{display:inline-block;width:.8em;height:.8em;border-radius:50%;border:2px solid var(--inlier);vertical-align:-.05em;margin-right:.3em}
.swatch.cross{border:0;border-radius:0;color:var(--outlier);font-weight:700;width:auto;height:auto;line-height:1}
.vectors,.coverage{background:var(--plate)}
.vectors .halo{fill:none;stroke:#0b0d12;stroke-width:2.6;opacity:.5;stroke-linecap:round}
.vectors .vector{fill:none;stroke:#ffd43b;stroke-width:1.1;stroke-linecap:round;stroke-linejoin:round}
.coverage image,.frame image{opacity:.75}
.coverage rect{stroke:#fff;stroke-opacity:.35;stroke-width:.8;fill:none}
.coverage .filled{fill:#00a6c8;fill-opacity:.42}
.coverage .empty{fill:#0b0d12;fill-opacity:.35}
.coverage .hatch{stroke:#ff8f5a;stroke-width:1.6}
.coverage text{fill:#fff;font-weight:600;paint-order:stroke;stroke:#0b0d12;stroke-opacity:.6;stroke-width:3px}
.histogram{background:var(--panel);max-width:560px}
.histogram .rule{stroke:var(--line);stroke-width:1}
.histogram .bar{fill:var(--bar)}
.histogram .y{text-anchor:end}
.histogram .mark{stroke:var(--ink);stroke-width:1.4;stroke-dasharray:4 3;fill:none}
.histogram .mark-name{text-anchor:start;fill:var(--ink);font-weight:600;paint-order:stroke;stroke:var(--panel);stroke-width:4px}
.frame{background:var(--panel)}
.frame .lattice{fill:none;stroke:#d6249f;stroke-width:1;opacity:.75}
.frame .edge{fill:none;stroke:#d6249f;stroke-width:2.4}
.frame,.vectors,.coverage{max-height:560px}
.matrix{border-collapse:separate;width:auto;font-variant-numeric:tabular-nums;border-left:2px solid var(--soft);border-right:2px solid var(--soft);border-radius:6px;padding:2px 10px}
.matrix td{border:0;padding:2px 10px;text-align:right;white-space:nowrap}
.graph{max-width:100%;height:auto;display:block;margin:0 auto}
.graph-scroll{overflow-x:auto;padding:6px 0}
.words li{margin:.2em 0}
.words{padding-left:1.2em;margin:.4em 0}
details{border:1px solid var(--line);border-radius:12px;padding:0 18px;margin:14px 0}
summary{cursor:pointer;padding:12px 0;font-weight:600}
details[open]>summary{border-bottom:1px solid var(--line)}
details.plain{border:0;padding:0}details.plain>summary{border:0;color:var(--accent);font-weight:500;padding:6px 0}
.timebar{display:inline-block;height:.55em;border-radius:3px;background:var(--bar);min-width:1px;vertical-align:.05em}
.paper{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:14px 18px;max-width:80ch}
.thumbs{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:14px}
.thumbs img{width:100%;display:block;border-radius:8px;background:var(--plate)}
.thumbs figure{margin:0}
footer{margin-top:60px;border-top:1px solid var(--line);padding-top:14px;font-size:.88rem;color:var(--soft)}
@media (max-width:640px){.page{padding:18px 14px 60px}h1{font-size:1.5rem}.banner{padding:16px}.choice button{padding:6px 9px}.choice kbd{display:none}td.meaning{min-width:15em}}
@media print{:root{color-scheme:light;--paper:#fff;--panel:#fff;--ink:#000;--soft:#444;--line:#bbb}body{font-size:10.5pt}.page{max-width:none;padding:0}nav,.screen,.viewer,.js .viewer:not([hidden]),[data-copy]{display:none!important}.still,.js .still:not(.shown){display:grid!important}figure,tr,.banner,.key div,.reasons li{break-inside:avoid}h2,h3{break-after:avoid}a{color:inherit}.banner,.choice,.chart rect,img{print-color-adjust:exact;-webkit-print-color-adjust:exact}details:not(.long)::details-content{content-visibility:visible;height:auto}}
${bendingStyle}${courseStyle}${jointStyle}${mosaicStyle}${graphStyle}`;
