import { html, type Markup, type Part } from "./html.js";
import { count, niceStep, number, quantile } from "./numbers.js";

/** A picture as a chart draws upon it: its address, and its size in pixels of the chart. */
export interface Backdrop {
  readonly href: string;
  readonly width: number;
  readonly height: number;
}

/** Tie points for drawing: positions in pixels of the two backdrops, interleaved x, y; residuals in pixels of the full moving image. */
export interface TiePoints {
  readonly fixed: Float64Array;
  readonly moving: Float64Array;
  /** Where the transform puts each fixed point, in pixels of the moving backdrop; NaN where it puts it nowhere. */
  readonly predicted: Float64Array;
  /** Whether the estimator kept it; absent when no estimator has said. */
  readonly inlier?: Uint8Array;
  /** Length of each residual, pixels of the full moving image; NaN where not defined. */
  readonly residual: Float64Array;
}

const svg = (className: string, label: string, width: number, height: number, body: Part): Markup =>
  html`<svg xmlns="http://www.w3.org/2000/svg" class="chart ${className}" role="img" aria-label="${label}" viewBox="0 0 ${round(width)} ${round(height)}">${body}</svg>`;

/** A number of an axis: no more digits than it needs. */
export const tick = (v: number): string => number(Number(v.toPrecision(6)), 1 + decimalsOf(v));
const decimalsOf = (v: number): number => (String(Number(v.toPrecision(6))).split(".")[1] ?? "").length;

const round = (v: number): number => Math.round(v * 10) / 10;

const finite = (a: Float64Array, i: number): boolean => Number.isFinite(a[2 * i]!) && Number.isFinite(a[2 * i + 1]!);

/** Indices of at most `most` of the given ones, evenly spread, always the same. */
export function thin(indices: readonly number[], most: number): readonly number[] {
  if (indices.length <= most) return indices;
  return Array.from({ length: most }, (_, k) => indices[Math.floor((k * indices.length) / most)]!);
}

/** Tie points that were kept, then those that were not. */
export function split(points: Pick<TiePoints, "inlier" | "residual">): { kept: number[]; rejected: number[] } {
  const kept: number[] = [];
  const rejected: number[] = [];
  for (let i = 0; i < points.residual.length; i++) (points.inlier && !points.inlier[i] ? rejected : kept).push(i);
  return { kept, rejected };
}

const mostDots = 700;
const mostLines = 36;

/** Both pictures side by side, with the tie points on each and lines between some of them. */
export function tiePointFigure(points: TiePoints, fixed: Backdrop, moving: Backdrop): Markup {
  const height = Math.max(fixed.height, moving.height);
  const [zoomFixed, zoomMoving] = [height / fixed.height, height / moving.height];
  const widths = [fixed.width * zoomFixed, moving.width * zoomMoving] as const;
  const shift = widths[0] + Math.round(widths[0] * 0.03);
  const width = shift + widths[1];
  const left = points.fixed.map((v) => (v + 0.5) * zoomFixed);
  const right = points.moving.map((v, k) => (v + 0.5) * zoomMoving + (k % 2 === 0 ? shift : 0));
  const { kept, rejected } = split(points);
  const size = Math.max(2.2, width / 320);
  const shown = { kept: thin(kept, mostDots), rejected: thin(rejected, mostDots / 2) };
  const line = (i: number) =>
    finite(left, i) && finite(right, i)
      ? `M${round(left[2 * i]!)} ${round(left[2 * i + 1]!)}L${round(right[2 * i]!)} ${round(right[2 * i + 1]!)}`
      : "";
  const dots = (at: Float64Array, indices: readonly number[], form: (x: number, y: number) => string) =>
    indices.map((i) => (finite(at, i) ? form(at[2 * i]!, at[2 * i + 1]!) : "")).join("");
  const ring = (x: number, y: number) =>
    `M${round(x - size)} ${round(y)}a${round(size)} ${round(size)} 0 1 0 ${round(2 * size)} 0a${round(size)} ${round(size)} 0 1 0 ${round(-2 * size)} 0`;
  const cross = (x: number, y: number) =>
    `M${round(x - size)} ${round(y - size)}l${round(2 * size)} ${round(2 * size)}m0 ${round(-2 * size)}l${round(-2 * size)} ${round(2 * size)}`;
  return svg(
    "tie-points",
    `Tie points on both images: ${kept.length} kept, ${rejected.length} rejected`,
    width,
    height,
    html`<image href="${fixed.href}" width="${round(widths[0])}" height="${height}"/><image href="${moving.href}" x="${round(shift)}" width="${round(widths[1])}" height="${height}"/>
<path class="link" d="${thin(kept, mostLines).map(line).join("")}"/>
<path class="outlier" d="${dots(left, shown.rejected, cross)}${dots(right, shown.rejected, cross)}"/>
<path class="inlier" d="${dots(left, shown.kept, ring)}${dots(right, shown.kept, ring)}"/>`,
  );
}

/** How many times longer than life the arrows of `vectorFigure` are: the typical one becomes about a thirtieth of the picture. */
export function exaggeration(points: TiePoints, backdrop: Backdrop): number {
  const { kept } = split(points);
  const lengths = kept
    .map((i) => lengthOf(points, i))
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const typical = quantile(lengths, 0.75);
  if (!(typical > 0)) return 1;
  const factor = backdrop.width / 30 / typical;
  return factor <= 1 ? 1 : niceStep(factor / 2);
}

function lengthOf(points: TiePoints, i: number): number {
  const dx = points.predicted[2 * i]! - points.moving[2 * i]!;
  const dy = points.predicted[2 * i + 1]! - points.moving[2 * i + 1]!;
  return Math.sqrt(dx * dx + dy * dy);
}

/** Residuals of the kept tie points as arrows on the moving picture, from where the matcher saw the point to where the transform puts it. */
export function vectorFigure(points: TiePoints, moving: Backdrop, factor: number): Markup {
  const { kept } = split(points);
  const arrows = thin(kept, 400)
    .map((i) => {
      if (!finite(points.moving, i) || !finite(points.predicted, i)) return "";
      const x = points.moving[2 * i]!;
      const y = points.moving[2 * i + 1]!;
      const u = (points.predicted[2 * i]! - x) * factor;
      const v = (points.predicted[2 * i + 1]! - y) * factor;
      const length = Math.sqrt(u * u + v * v);
      if (length < 0.5) return `M${round(x)} ${round(y)}h0.1`;
      const head = Math.min(3.6, length / 3) / length;
      const side = (s: number) =>
        `${round(x + u - head * (u * 0.9 - s * v * 0.5))} ${round(y + v - head * (v * 0.9 + s * u * 0.5))}`;
      return `M${round(x)} ${round(y)}L${round(x + u)} ${round(y + v)}M${side(1)}L${round(x + u)} ${round(y + v)}L${side(-1)}`;
    })
    .join("");
  return svg(
    "vectors",
    `Residuals of ${kept.length} tie points as arrows, drawn ${number(factor)} times as long as they are`,
    moving.width,
    moving.height,
    html`<image href="${moving.href}" width="${moving.width}" height="${moving.height}"/><path class="halo" d="${arrows}"/><path class="vector" d="${arrows}"/>`,
  );
}

/** How many of the kept tie points miss by how much, with marks at the median and at the root mean square. */
export function residualHistogram(points: TiePoints): Markup {
  return histogram(
    split(points).kept.map((i) => points.residual[i]!),
    { what: "residual", unit: "px", axis: "residual in pixels" },
  );
}

/**
 * How many values are how large, from 0 on, with marks at the median and at the root mean square.
 *
 * @param of  what a value is, its unit for the marks, and the words below the axis
 */
export function histogram(
  values: readonly number[],
  of: { readonly what: string; readonly unit: string; readonly axis: string },
): Markup {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const width = 520;
  const height = 250;
  const [left, right, top, bottom] = [46, 16, 26, 44];
  if (sorted.length === 0) {
    return svg(
      "histogram",
      `No ${of.what}s`,
      width,
      60,
      html`<text x="${width / 2}" y="34">No ${of.what}s to show</text>`,
    );
  }
  const median = quantile(sorted, 0.5);
  const rms = Math.sqrt(sorted.reduce((s, r) => s + r * r, 0) / sorted.length);
  const most = Math.max(quantile(sorted, 0.99) * 1.05, 1e-6);
  const step = niceStep(most / Math.min(24, Math.max(6, Math.sqrt(sorted.length) * 1.5)));
  const bins = Math.max(1, Math.ceil(most / step));
  const tallies = new Array<number>(bins).fill(0);
  let beyond = 0;
  for (const r of sorted) {
    const bin = Math.floor(r / step);
    if (bin < bins) tallies[bin]!++;
    else beyond++;
  }
  const peak = Math.max(1, ...tallies);
  const tickY = Math.max(1, niceStep(peak / 4));
  const x = (v: number) => left + (v / (bins * step)) * (width - left - right);
  const y = (n: number) => height - bottom - (n / peak) * (height - top - bottom);
  const tickX = niceStep((bins * step) / 6);
  const ticksX = Array.from({ length: Math.floor((bins * step) / tickX + 1e-6) + 1 }, (_, i) => i * tickX);
  const ticksY = Array.from({ length: Math.floor(peak / tickY) + 1 }, (_, i) => i * tickY);
  const mark = (v: number, name: string, line: number) =>
    v <= bins * step &&
    html`<path class="mark" d="M${round(x(v))} ${top - 2}V${height - bottom}"/><text class="mark-name" x="${round(Math.min(x(v) + 5, width - 150))}" y="${top + 8 + 15 * line}">${name} ${number(v)} ${of.unit}</text>`;
  return svg(
    "histogram",
    `Histogram of ${sorted.length} ${of.what}s: median ${number(median)} ${of.unit}, root mean square ${number(rms)} ${of.unit}`,
    width,
    height,
    html`${ticksY.map((n) => html`<path class="rule" d="M${left} ${round(y(n))}H${width - right}"/><text class="y" x="${left - 6}" y="${round(y(n) + 4)}">${tick(n)}</text>`)}
${tallies.map((n, i) => n > 0 && html`<rect class="bar" x="${round(x(i * step) + 0.5)}" y="${round(y(n))}" width="${round(Math.max(1, x(step) - left - 1))}" height="${round(height - bottom - y(n))}"/>`)}
${ticksX.map((v) => html`<text x="${round(x(v))}" y="${height - bottom + 17}">${tick(v)}</text>`)}
<text x="${(left + width - right) / 2}" y="${height - 6}">${of.axis}${beyond > 0 && ` (${beyond} beyond the right edge)`}</text>
${mark(median, "median", 0)}${mark(rms, "RMS", 1)}`,
  );
}

/** Tie points per cell of a grid of `cells` × `cells` over the fixed picture. */
export function coverageCounts(
  points: TiePoints,
  fixed: Pick<Backdrop, "width" | "height">,
  cells: number,
): Int32Array {
  const counts = new Int32Array(cells * cells);
  for (const i of split(points).kept) {
    if (!finite(points.fixed, i)) continue;
    const u = Math.floor(((points.fixed[2 * i]! + 0.5) / fixed.width) * cells);
    const v = Math.floor(((points.fixed[2 * i + 1]! + 0.5) / fixed.height) * cells);
    if (u >= 0 && v >= 0 && u < cells && v < cells) counts[v * cells + u]!++;
  }
  return counts;
}

/** Which parts of the fixed picture the kept tie points vouch for: each cell with its count, empty cells hatched. */
export function coverageFigure(points: TiePoints, fixed: Backdrop, cells: number): { figure: Markup; filled: number } {
  const counts = coverageCounts(points, fixed, cells);
  const filled = counts.reduce((n, c) => n + (c > 0 ? 1 : 0), 0);
  const w = fixed.width / cells;
  const h = fixed.height / cells;
  const figure = svg(
    "coverage",
    `${filled} of ${cells * cells} cells of the fixed image hold tie points`,
    fixed.width,
    fixed.height,
    html`<image href="${fixed.href}" width="${fixed.width}" height="${fixed.height}"/>${Array.from(counts, (n, i) => {
      const x = (i % cells) * w;
      const y = Math.floor(i / cells) * h;
      return html`<rect class="${n > 0 ? "filled" : "empty"}" x="${round(x)}" y="${round(y)}" width="${round(w)}" height="${round(h)}"/>${n === 0 ? html`<path class="hatch" d="M${round(x + w * 0.25)} ${round(y + h * 0.75)}L${round(x + w * 0.75)} ${round(y + h * 0.25)}"/>` : html`<text x="${round(x + w / 2)}" y="${round(y + h / 2 + 5)}">${n}</text>`}`;
    })}`,
  );
  return { figure, filled };
}

/**
 * The moving picture with the fixed image's frame and a lattice of it drawn where the transform puts them.
 *
 * @param nodes  `(count + 1)²` lattice points of the fixed image, row by row, in pixels of the moving backdrop
 */
export function frameFigure(nodes: Float64Array, lines: number, moving: Backdrop): Markup {
  const side = lines + 1;
  const path = (indices: readonly number[]) => {
    let d = "";
    let pen = false;
    for (const i of indices) {
      const ok = finite(nodes, i) && Math.abs(nodes[2 * i]!) < 1e6 && Math.abs(nodes[2 * i + 1]!) < 1e6;
      if (ok) d += `${pen ? "L" : "M"}${round(nodes[2 * i]!)} ${round(nodes[2 * i + 1]!)}`;
      pen = ok;
    }
    return d;
  };
  const step = Math.max(1, Math.round(lines / 8));
  const range = Array.from({ length: side }, (_, i) => i);
  const rows = range.filter((v) => v % step === 0 || v === lines).map((v) => path(range.map((u) => v * side + u)));
  const columns = range.filter((u) => u % step === 0 || u === lines).map((u) => path(range.map((v) => v * side + u)));
  const edge = [0, lines].map((k) => path(range.map((i) => k * side + i)) + path(range.map((i) => i * side + k)));
  let [x0, y0, x1, y1] = [0, 0, moving.width, moving.height];
  for (let i = 0; i < side * side; i++) {
    if (!finite(nodes, i)) continue;
    x0 = Math.min(x0, Math.max(nodes[2 * i]!, -moving.width * 0.6));
    y0 = Math.min(y0, Math.max(nodes[2 * i + 1]!, -moving.height * 0.6));
    x1 = Math.max(x1, Math.min(nodes[2 * i]!, moving.width * 1.6));
    y1 = Math.max(y1, Math.min(nodes[2 * i + 1]!, moving.height * 1.6));
  }
  const margin = 6;
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="chart frame" role="img" aria-label="${`Where the fixed image falls on the moving one, with a lattice of ${count(rows.length - 1, "row")}`}" viewBox="${round(x0 - margin)} ${round(y0 - margin)} ${round(x1 - x0 + 2 * margin)} ${round(y1 - y0 + 2 * margin)}"><image href="${moving.href}" width="${moving.width}" height="${moving.height}"/><path class="lattice" d="${rows.join("")}${columns.join("")}"/><path class="edge" d="${edge.join("")}"/></svg>`;
}
