/** Styles of deformation grids and of maps of bending. */
export const bendingStyle = `.bends{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,310px),1fr));gap:18px;margin:1em 0}.bends figure{margin:0}
.bend{background:var(--plate);max-height:620px}.bend image{opacity:.85}.bend .cells{opacity:1}.bend .dim{opacity:.5}
.bend .before{fill:none;stroke:#fff;stroke-width:1;opacity:.45;vector-effect:non-scaling-stroke}
.bend .after{fill:none;stroke:#ffd43b;stroke-width:1.5;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.bend .halo{fill:none;stroke:#0b0d12;stroke-width:3;opacity:.55;stroke-linecap:round;stroke-linejoin:round}
.bend .arrow{fill:none;stroke:#fff;stroke-width:1.3;stroke-linecap:round;stroke-linejoin:round}
.scale{max-width:360px;margin-top:6px}.scale .tick{stroke:var(--soft)}
.fold{display:inline-block;width:.9em;height:.9em;border-radius:2px;vertical-align:-.08em}
`;
