import type { Pixels } from "../core/image.js";
import { logarithm } from "../core/logarithm.js";
import type { Bending } from "./bending.js";
import type { Backdrop } from "./charts.js";
import { html, type Markup } from "./html.js";
import { niceStep, number } from "./numbers.js";

type Colour = readonly [red: number, green: number, blue: number];

/** Less area, the same, more. */
const areaRamp: readonly Colour[] = [
  [33, 86, 172],
  [103, 160, 216],
  [240, 240, 236],
  [240, 148, 104],
  [178, 24, 43],
];
const lengthRamp: readonly Colour[] = [
  [38, 42, 92],
  [44, 113, 142],
  [53, 183, 121],
  [253, 231, 37],
];
export const foldColour: Colour = [255, 0, 200];

function colourOf(ramp: readonly Colour[], share: number): Colour {
  const t = Math.min(1, Math.max(0, share)) * (ramp.length - 1);
  const low = Math.min(ramp.length - 2, Math.floor(t));
  const mix = (c: 0 | 1 | 2) => Math.round(ramp[low]![c] + (t - low) * (ramp[low + 1]![c] - ramp[low]![c]));
  return [mix(0), mix(1), mix(2)];
}

/** How opaque the colours lie on the gray picture. */
const alpha = 190;

function paint(width: number, height: number, colour: (k: number) => Colour | undefined): Pixels {
  const size = width * height;
  const data = new Uint8Array(4 * size);
  for (let k = 0; k < size; k++) {
    const c = colour(k);
    if (!c) continue;
    for (let b = 0; b < 3; b++) data[b * size + k] = c[b]!;
    data[3 * size + k] = c === foldColour ? 255 : alpha;
  }
  return { data, width, height, bands: 4 };
}

/** The factor whose colour is the last one, either way: the least of a few that holds what there is. */
export function areaLimit({ extremes: [least, most] }: Bending): number {
  const widest = Math.max(most, least > 0 ? 1 / least : Number.POSITIVE_INFINITY);
  return [1.02, 1.05, 1.1, 1.2, 1.5, 2, 3].find((limit) => widest <= limit) ?? 4;
}

/** One pixel for each cell: how its area changes; folded cells in a colour of their own. */
export function areaPicture(bending: Bending, limit: number): Pixels {
  const { columns, rows, area, folded } = bending;
  return paint(columns, rows, (k) => {
    if (Number.isNaN(area[k]!)) return undefined;
    if (folded[k]) return foldColour;
    return colourOf(areaRamp, 0.5 + logarithm(Math.max(area[k]!, 1e-6)) / (2 * logarithm(limit)));
  });
}

/** One pixel for each cell: the mean length of the offsets at its corners. */
export function lengthPicture({ columns, rows, offsets }: Bending, most: number): Pixels {
  const length = (i: number) => Math.sqrt(offsets[2 * i]! ** 2 + offsets[2 * i + 1]! ** 2);
  return paint(columns, rows, (k) => {
    const i = Math.floor(k / columns) * (columns + 1) + (k % columns);
    const mean = (length(i) + length(i + 1) + length(i + columns + 1) + length(i + columns + 2)) / 4;
    return Number.isNaN(mean) ? undefined : colourOf(lengthRamp, mean / most);
  });
}

/** Colours from one end to the other with what they mean. */
function legend(ramp: readonly Colour[], ticks: readonly (readonly [share: number, name: string])[]): Markup {
  const [width, left, bar] = [300, 24, 252];
  const swatches = Array.from({ length: 42 }, (_, i) => {
    const [r, g, b] = colourOf(ramp, i / 41);
    return html`<rect x="${left + 6 * i}" y="2" width="6.3" height="12" fill="rgb(${r} ${g} ${b})"/>`;
  });
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="chart scale" aria-hidden="true" viewBox="0 0 ${width} 32">${swatches}${ticks.map(([share, name]) => html`<path class="tick" d="M${round(left + bar * share)} 14v3"/><text x="${round(left + bar * share)}" y="29">${name}</text>`)}</svg>`;
}

export function areaLegend(limit: number): Markup {
  const root = limit ** 0.5;
  return legend(areaRamp, [
    [0, number(1 / limit)],
    [0.25, number(1 / root)],
    [0.5, "1"],
    [0.75, number(root)],
    [1, number(limit)],
  ]);
}

export const lengthLegend = (most: number): Markup =>
  legend(
    lengthRamp,
    [0, 0.5, 1].map((share) => [share, `${number(most * share)}${share === 1 ? " px" : ""}`]),
  );

/** A picture of cells over the gray picture. */
export const mapFigure = (href: string, under: Backdrop, label: string, over?: Markup): Markup =>
  html`<svg xmlns="http://www.w3.org/2000/svg" class="chart bend" role="img" aria-label="${label}" viewBox="0 0 ${under.width} ${under.height}"><image href="${under.href}" width="${under.width}" height="${under.height}"/><image class="cells" href="${href}" width="${under.width}" height="${under.height}" preserveAspectRatio="none"/>${over}</svg>`;

/** From nodes of the lattice to pixels of the backdrop. */
const zoomOf = ({ nodes }: Bending, { width }: Backdrop): number => width / (nodes[nodes.length - 2]! + 1);

/** How many times longer than life arrows are drawn so that the longest is about `length` pixels of the backdrop; at least 1. */
export const arrowFactor = (bending: Bending, under: Backdrop, length: number): number =>
  niceBelow(length / (bending.longest * zoomOf(bending, under)));

/**
 * How many times as far as it does the grid is drawn to bend: as much as shows its shape and makes no line cross another that
 * does not; 1 where it folds.
 */
export function gridFactor(bending: Bending, under: Backdrop): number {
  const { columns, rows, nodes, offsets, longest, foldedShare } = bending;
  if (foldedShare > 0) return 1;
  const cell = Math.min(nodes[2]! - nodes[0]!, nodes[2 * (columns + 1) + 1]! - nodes[1]!);
  let steepest = 0;
  for (let i = 0; i < (columns + 1) * (rows + 1); i++) {
    const next = [
      ...((i + 1) % (columns + 1) === 0 ? [] : [i + 1]),
      ...(i + columns + 1 < (columns + 1) * (rows + 1) ? [i + columns + 1] : []),
    ];
    for (const j of next) {
      for (const c of [0, 1]) {
        const change = Math.abs(offsets[2 * j + c]! - offsets[2 * i + c]!) / cell;
        if (change > steepest) steepest = change;
      }
    }
  }
  const reach = Math.max(under.width, under.height) / 10 / (longest * zoomOf(bending, under));
  return niceBelow(Math.min(0.6 / steepest, reach));
}

/** The largest of 1, 2, 5 × 10ⁿ that is not above the factor; at least 1, at most a million. */
function niceBelow(factor: number): number {
  if (!(factor > 1)) return 1;
  const most = Math.min(factor, 1e6);
  const above = niceStep(most);
  return [1, 0.5, 0.4].map((m) => above * m).find((v) => v <= most * 1.0001 && niceStep(v) < v * 1.001) ?? 1;
}

/** Arrows along the offsets, from each of a coarser lattice's places, with a light edge so that they show on any colour. */
export function arrows(bending: Bending, under: Backdrop, factor: number): Markup {
  const { columns, rows, nodes, offsets } = bending;
  const zoom = zoomOf(bending, under);
  const every = Math.max(1, Math.round(Math.max(columns, rows) / 16));
  let d = "";
  for (let v = Math.floor((rows % every) / 2); v <= rows; v += every) {
    for (let u = Math.floor((columns % every) / 2); u <= columns; u += every) {
      const i = 2 * (v * (columns + 1) + u);
      const [dx, dy] = [offsets[i]! * zoom * factor, offsets[i + 1]! * zoom * factor];
      const length = Math.sqrt(dx * dx + dy * dy);
      if (!(length < 1e5)) continue;
      const [x, y] = [(nodes[i]! + 0.5) * zoom, (nodes[i + 1]! + 0.5) * zoom];
      if (length < 0.7) {
        d += `M${round(x)} ${round(y)}h.1`;
        continue;
      }
      const head = Math.min(5, length / 2.5) / length;
      const barb = (s: number) =>
        `${round(x + dx - head * (dx - s * dy * 0.55))} ${round(y + dy - head * (dy + s * dx * 0.55))}`;
      d += `M${round(x)} ${round(y)}L${round(x + dx)} ${round(y + dy)}M${barb(1)}L${round(x + dx)} ${round(y + dy)}L${barb(-1)}`;
    }
  }
  return html`<path class="halo" d="${d}"/><path class="arrow" d="${d}"/>`;
}

/** Cells of the drawn grid along the longer side. */
const drawnCells = 16;

/** A regular grid of the fixed image, faint, and as the map bends it, bold. */
export function gridFigure(bending: Bending, under: Backdrop, factor: number): Markup {
  const { columns, rows, nodes, offsets } = bending;
  const zoom = zoomOf(bending, under);
  const every = Math.max(1, Math.round(Math.max(columns, rows) / drawnCells));
  const path = (indices: readonly number[], times: number) => {
    let [d, pen] = ["", false];
    for (const i of indices) {
      const x = (nodes[2 * i]! + 0.5 + (times === 0 ? 0 : times * offsets[2 * i]!)) * zoom;
      const y = (nodes[2 * i + 1]! + 0.5 + (times === 0 ? 0 : times * offsets[2 * i + 1]!)) * zoom;
      const drawable = Math.abs(x) < 1e5 && Math.abs(y) < 1e5;
      if (drawable) d += `${pen ? "L" : "M"}${round(x)} ${round(y)}`;
      pen = drawable;
    }
    return d;
  };
  const to = (last: number) => Array.from({ length: last + 1 }, (_, i) => i);
  const drawn = (last: number) => to(last).filter((i) => i % every === Math.floor((last % every) / 2));
  const across = drawn(rows).map((v) => to(columns).map((u) => v * (columns + 1) + u));
  const down = drawn(columns).map((u) => to(rows).map((v) => v * (columns + 1) + u));
  const lines = [...across, ...down];
  const straight = lines.map((line) => [line[0]!, line.at(-1)!]);
  const margin = Math.round(0.04 * Math.max(under.width, under.height));
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="chart bend" role="img" aria-label="${`A regular grid as the transform bends it, ${number(factor)} times as much as it does`}" viewBox="${-margin} ${-margin} ${under.width + 2 * margin} ${under.height + 2 * margin}"><image class="dim" href="${under.href}" width="${under.width}" height="${under.height}"/><path class="before" d="${straight.map((line) => path(line, 0)).join("")}"/><path class="after" d="${lines.map((line) => path(line, factor)).join("")}"/></svg>`;
}

const round = (v: number): number => Math.round(v * 10) / 10;
