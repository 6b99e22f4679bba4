import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import { brightness } from "./plane-tools.js";

/** Which nodes of a lattice the pixels around them place. */
export interface Determined {
  /** 1 for each node about whose displacement the pixels say something, row by row. */
  readonly nodes: Uint8Array;
  /** Share of the nodes inside of the plane that are not. */
  readonly undetermined: number;
}

/** A node counts as placed where the pixels of its cell alone tell its displacement to this, pixels. */
const TOLD = 0.5;

/** Standard deviations of what chance makes of two images' noise by which the products stand out. */
const OUT_OF_NOISE = 4;

const SUMS = 9;

/**
 * Where a lattice rests on pixels and where it is carried on. The pixels of a node's cell tell a shift of theirs to a variance
 * of about s² / λ, where λ is the smaller eigenvalue of the sum of outer products of the gradient, and s² the mean square
 * of what is left between the images in that cell, a gain and an offset aside. In a flat cell that is far more than a pixel,
 * along an edge in one direction. The products are those of the gradients of both images: noise, which they do not share, is
 * not in them but for chance, and what the bend has not brought together is not either.
 *
 * @param bent  the moving plane, bent; NaN where nothing is compared
 * @param spacing, origin  of the lattice, pixels of the planes
 */
export function determinedNodes(
  arena: Arena,
  fixed: Plane,
  bent: Plane,
  lattice: {
    readonly columns: number;
    readonly rows: number;
    readonly spacing: number;
    readonly origin: readonly [number, number];
  },
): Determined {
  const { columns, rows, spacing, origin } = lattice;
  const { width, height } = fixed;
  // Of each cell: products of gradients xx, xy, yy, pixels, f, m, f f, m m, f m.
  const sums = new Float64Array(SUMS * columns * rows);
  const { gain } = brightness(arena, fixed, bent);
  const [f, m] = [arena.f32(fixed.at, fixed.stride * height), arena.f32(bent.at, bent.stride * height)];
  for (let y = 1; y < height - 1; y++) {
    const row = Math.min(rows - 1, Math.max(0, Math.round((y - origin[1]) / spacing)));
    for (let x = 1; x < width - 1; x++) {
      const i = y * fixed.stride + x;
      const [v, w] = [f[i]!, m[y * bent.stride + x]!];
      const j = y * bent.stride + x;
      const fx = (f[i + 1]! - f[i - 1]!) / 2;
      const fy = (f[i + fixed.stride]! - f[i - fixed.stride]!) / 2;
      const mx = (gain * (m[j + 1]! - m[j - 1]!)) / 2;
      const my = (gain * (m[j + bent.stride]! - m[j - bent.stride]!)) / 2;
      if (Number.isNaN(v + w + fx + fy + mx + my)) continue;
      const column = Math.min(columns - 1, Math.max(0, Math.round((x - origin[0]) / spacing)));
      const at = SUMS * (row * columns + column);
      sums[at] = sums[at]! + fx * mx;
      sums[at + 1] = sums[at + 1]! + (fx * my + fy * mx) / 2;
      sums[at + 2] = sums[at + 2]! + fy * my;
      sums[at + 3] = sums[at + 3]! + 1;
      sums[at + 4] = sums[at + 4]! + v;
      sums[at + 5] = sums[at + 5]! + w;
      sums[at + 6] = sums[at + 6]! + v * v;
      sums[at + 7] = sums[at + 7]! + w * w;
      sums[at + 8] = sums[at + 8]! + v * w;
    }
  }
  const nodes = new Uint8Array(columns * rows);
  let [inside, open] = [0, 0];
  for (let k = 0; k < nodes.length; k++) {
    const x = origin[0] + (k % columns) * spacing;
    const y = origin[1] + Math.floor(k / columns) * spacing;
    const cell = sums.subarray(SUMS * k, SUMS * (k + 1));
    const [a, b, c, pixels] = [cell[0]!, cell[1]!, cell[2]!, cell[3]!];
    const left = whatIsLeft(cell);
    const least = (a + c) / 2 - Math.sqrt(((a - c) / 2) ** 2 + b * b);
    const chance = (Math.sqrt(pixels) * left) / 2;
    if (least > OUT_OF_NOISE * chance && left <= TOLD * TOLD * least) nodes[k] = 1;
    if (x < 0 || y < 0 || x > width - 1 || y > height - 1) continue;
    inside++;
    if (nodes[k] === 0) open++;
  }
  return { nodes, undetermined: inside > 0 ? open / inside : 1 };
}

/** Mean square of the fixed pixels of a cell that the moving ones do not explain. */
function whatIsLeft([, , , n = 0, f = 0, m = 0, ff = 0, mm = 0, fm = 0]: ArrayLike<number> & Iterable<number>): number {
  if (n < 2) return 0;
  const variance = Math.max(0, ff / n - (f / n) ** 2);
  const other = Math.max(0, mm / n - (m / n) ** 2);
  const both = Math.max(0, fm / n - (f / n) * (m / n));
  return other > 0 ? Math.max(0, variance - both ** 2 / other) : variance;
}
