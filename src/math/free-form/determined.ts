import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import { correlation } from "./plane-tools.js";

/** Which nodes of a lattice the pixels around them place. */
export interface Determined {
  /** 1 for each node about whose displacement the pixels say something, row by row. */
  readonly nodes: Uint8Array;
  /** Share of the nodes inside of the plane that are not. */
  readonly undetermined: number;
}

/** A node counts as placed where the pixels of its cell alone tell its displacement to this, pixels. */
const TOLD = 0.5;

/** What must stand out of the gradients that noise makes, as a share of those. */
const OUT_OF_NOISE = 0.4;

/**
 * Where a lattice rests on pixels and where it is carried on. The pixels of a node's cell tell a shift of theirs to a variance
 * of at most s² / λ, where λ is the smaller eigenvalue of the sum of outer products of the gradient, and s² the mean square
 * of what is left between the images. In a flat cell that is far more than a pixel, along an edge in one direction. Gradients
 * that noise alone would make do not count: s² / 4 for each pixel, as both images share in s².
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
  // Mean square of what is left, other brightness aside.
  const { ncc, variance } = correlation(arena, fixed, bent);
  const left = Number.isNaN(ncc) ? 0 : variance * (1 - Math.max(0, ncc) ** 2);
  const sums = new Float64Array(4 * columns * rows);
  const [f, m] = [arena.f32(fixed.at, fixed.stride * height), arena.f32(bent.at, bent.stride * height)];
  for (let y = 1; y < height - 1; y++) {
    const row = Math.min(rows - 1, Math.max(0, Math.round((y - origin[1]) / spacing)));
    for (let x = 1; x < width - 1; x++) {
      const i = y * fixed.stride + x;
      const [v, w] = [f[i]!, m[y * bent.stride + x]!];
      const gx = (f[i + 1]! - f[i - 1]!) / 2;
      const gy = (f[i + fixed.stride]! - f[i - fixed.stride]!) / 2;
      if (Number.isNaN(v + w + gx + gy)) continue;
      const column = Math.min(columns - 1, Math.max(0, Math.round((x - origin[0]) / spacing)));
      const at = 4 * (row * columns + column);
      sums[at] = sums[at]! + gx * gx;
      sums[at + 1] = sums[at + 1]! + gx * gy;
      sums[at + 2] = sums[at + 2]! + gy * gy;
      sums[at + 3] = sums[at + 3]! + 1;
    }
  }
  const nodes = new Uint8Array(columns * rows);
  let [inside, open] = [0, 0];
  for (let k = 0; k < nodes.length; k++) {
    const x = origin[0] + (k % columns) * spacing;
    const y = origin[1] + Math.floor(k / columns) * spacing;
    const [a, b, c, pixels] = [sums[4 * k]!, sums[4 * k + 1]!, sums[4 * k + 2]!, sums[4 * k + 3]!];
    const ofNoise = (pixels * left) / 4;
    const least = (a + c) / 2 - Math.sqrt(((a - c) / 2) ** 2 + b * b) - ofNoise;
    if (least > OUT_OF_NOISE * ofNoise && left <= TOLD * TOLD * least) nodes[k] = 1;
    if (x < 0 || y < 0 || x > width - 1 || y > height - 1) continue;
    inside++;
    if (nodes[k] === 0) open++;
  }
  return { nodes, undetermined: inside > 0 ? open / inside : 1 };
}
