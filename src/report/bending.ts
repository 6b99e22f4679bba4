import { fitAffine } from "../core/affine-fit.js";
import { type Grid, toPixel, toWorld } from "../core/grid.js";
import { pixelPoints } from "../core/points.js";
import { apply, asMatrix3, type Transform } from "../core/transform.js";

/**
 * A bending map looked at on a lattice over the fixed image, without its affine part: what is left of it once the best affine map
 * has been undone. Only where the moving image is met; elsewhere all is NaN.
 */
export interface Bending {
  readonly columns: number;
  readonly rows: number;
  /** `(columns + 1) × (rows + 1)` nodes, row by row, interleaved x, y: pixels of the fixed image. */
  readonly nodes: Float64Array;
  /** What the map adds to its affine part at each node, brought back to the fixed image, pixels of it. */
  readonly offsets: Float64Array;
  /** Of each cell, row by row: its area in the moving image over what its affine part makes of it; below 0 it is turned over. */
  readonly area: Float64Array;
  /** 1 where a half of a cell is turned over or flat. */
  readonly folded: Uint8Array;
  /** Smallest and largest of the areas, NaN where there are none. */
  readonly extremes: readonly [smallest: number, largest: number];
  /** Share of the cells, 0 to 1. */
  readonly foldedShare: number;
  /** Length of the longest of the offsets and their root mean square, pixels of the fixed image. */
  readonly longest: number;
  readonly typical: number;
}

/** Cells along the longer side, and evaluations that a lattice may cost. */
const mostCells = 96;
const mostWork = 3e7;
/** Fewest nodes on the moving image of which anything can be said. */
const fewest = 24;

/** Whether a map bends: not straight, and no perspective either. */
export const bends = (transform: Transform): boolean => asMatrix3(transform) === undefined;

/** How much work a point is, about: knots count each, an inverse is sought in some rounds. */
function workOf(t: Transform): number {
  switch (t.type) {
    case "tps":
      return 10 + t.knots.length / 2;
    case "sequence":
      return t.steps.reduce((sum, step) => sum + workOf(step), 1);
    case "inverse":
      return 10 * workOf(t.of);
    default:
      return 20;
  }
}

/** @returns nothing where the map is hardly defined on the moving image, or too degenerate to have an affine part */
export function bendingOf(transform: Transform, fixed: Grid, moving: Grid): Bending | undefined {
  const long = Math.max(fixed.width, fixed.height, 2) - 1;
  const cells = Math.max(6, Math.min(mostCells, long, Math.floor(Math.sqrt(mostWork / workOf(transform)))));
  const along = (side: number) => Math.max(2, Math.round((cells * Math.max(1, side - 1)) / long));
  const [columns, rows] = [along(fixed.width), along(fixed.height)];
  const nodes = latticeOf(fixed, columns, rows);
  const there = toPixel(moving, apply(transform, toWorld(fixed, pixelPoints(nodes))));
  let met = 0;
  for (let i = 0; i < there.length; i += 2) {
    const [x, y] = [there[i]!, there[i + 1]!];
    const inside = x >= -0.5 && y >= -0.5 && x <= moving.width - 0.5 && y <= moving.height - 0.5;
    if (inside) met++;
    else there[i] = there[i + 1] = Number.NaN;
  }
  const affine = met < fewest ? undefined : fitAffine(nodes, there, [(fixed.width - 1) / 2, (fixed.height - 1) / 2]);
  if (!affine) return undefined;
  const [a, b, c, d, e, f] = affine;
  const determinant = a * e - b * d;
  const offsets = new Float64Array(nodes.length);
  let [longest, squares] = [0, 0];
  for (let i = 0; i < nodes.length; i += 2) {
    const [u, v] = [there[i]! - c, there[i + 1]! - f];
    const [x, y] = [(e * u - b * v) / determinant - nodes[i]!, (a * v - d * u) / determinant - nodes[i + 1]!];
    offsets[i] = x;
    offsets[i + 1] = y;
    if (!Number.isFinite(x + y)) continue;
    longest = Math.max(longest, Math.sqrt(x * x + y * y));
    squares += x * x + y * y;
  }
  const typical = Math.sqrt(squares / met);
  return { columns, rows, nodes, offsets, longest, typical, ...areasOf(columns, rows, nodes, offsets) };
}

function areasOf(columns: number, rows: number, nodes: Float64Array, offsets: Float64Array) {
  const area = new Float64Array(columns * rows);
  const folded = new Uint8Array(columns * rows);
  const at = (i: number): [number, number] => [
    nodes[2 * i]! + offsets[2 * i]!,
    nodes[2 * i + 1]! + offsets[2 * i + 1]!,
  ];
  const cell = (nodes[2]! - nodes[0]!) * (nodes[2 * (columns + 1) + 1]! - nodes[1]!);
  let [least, most, seen, over] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (let v = 0; v < rows; v++) {
    for (let u = 0; u < columns; u++) {
      const i = v * (columns + 1) + u;
      const [p, q, r, s] = [at(i), at(i + 1), at(i + columns + 1), at(i + columns + 2)];
      const [one, two] = [cross(p, q, r), cross(s, r, q)];
      const ratio = (one + two) / (2 * cell);
      const k = v * columns + u;
      area[k] = Number.isFinite(ratio) ? ratio : Number.NaN;
      if (Number.isNaN(area[k]!)) continue;
      seen++;
      if (one <= 0 || two <= 0) {
        folded[k] = 1;
        over++;
      }
      least = Math.min(least, ratio);
      most = Math.max(most, ratio);
    }
  }
  return {
    area,
    folded,
    extremes: seen > 0 ? ([least, most] as const) : ([Number.NaN, Number.NaN] as const),
    foldedShare: seen > 0 ? over / seen : 0,
  };
}

/** Twice the area of a triangle; positive where it turns as x does to y. */
const cross = (p: readonly [number, number], q: readonly [number, number], r: readonly [number, number]): number =>
  (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);

function latticeOf({ width, height }: Grid, columns: number, rows: number): Float64Array {
  const nodes = new Float64Array(2 * (columns + 1) * (rows + 1));
  let k = 0;
  for (let v = 0; v <= rows; v++) {
    for (let u = 0; u <= columns; u++) {
      nodes[k++] = (u / columns) * Math.max(1, width - 1);
      nodes[k++] = (v / rows) * Math.max(1, height - 1);
    }
  }
  return nodes;
}
