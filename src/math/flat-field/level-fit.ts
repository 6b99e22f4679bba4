import { choleskySolve } from "../least-squares.js";
import { legendre, type Term } from "./polynomials.js";
import type { TileSamples } from "./tile-samples.js";
import { LEVELS, type ZoneLevels } from "./zone-quantiles.js";

/** How each level changes over the tile, as polynomials. */
export interface LevelFits {
  readonly terms: readonly Term[];
  /** Term t at zone z at `z * terms.length + t`. */
  readonly atZones: Float64Array;
  /** Mean over the tile (first) and the terms' factors of level l, group g left out, at `(g * LEVELS + l) * (terms.length + 1)`. */
  readonly factors: Float64Array;
}

/** Least squares over the zones; every group left out has a fit of its own. @returns `undefined` where zones do not determine it */
export function fitLevels(
  { zones, groups, levels }: ZoneLevels,
  { x, y }: TileSamples,
  size: { readonly width: number; readonly height: number },
  terms: readonly Term[],
): LevelFits | undefined {
  const degree = terms.reduce((most, { i, j }) => Math.max(most, i + j), 0);
  const px = legendre(x, size.width, degree);
  const py = legendre(y, size.height, degree);
  const mean = (of: Float64Array, count: number, order: number, from: number, to: number) => {
    let sum = 0;
    for (let k = from; k < to; k++) sum += of[order * count + k]!;
    return sum / (to - from);
  };
  const n = terms.length + 1;
  const design = new Float64Array(zones.length * n);
  zones.forEach((zone, z) => {
    design[z * n] = 1;
    terms.forEach(({ i, j }, t) => {
      const u = mean(px, x.length, i, zone.left, zone.right);
      design[z * n + t + 1] = u * mean(py, y.length, j, zone.top, zone.bottom);
    });
  });
  const normal = new Float64Array(n * n);
  for (let z = 0; z < zones.length; z++)
    for (let a = 0; a < n; a++)
      for (let b = a; b < n; b++) normal[a * n + b] = normal[a * n + b]! + design[z * n + a]! * design[z * n + b]!;
  const factors = new Float64Array((groups + 1) * LEVELS * n);
  const right = new Float64Array(n);
  for (let g = 0; g <= groups; g++) {
    for (let l = 0; l < LEVELS; l++) {
      right.fill(0);
      for (let z = 0; z < zones.length; z++) {
        const v = levels[(g * zones.length + z) * LEVELS + l]!;
        for (let a = 0; a < n; a++) right[a] = right[a]! + design[z * n + a]! * v;
      }
      const solved = choleskySolve(normal, right, n);
      if (!solved) return undefined;
      factors.set(solved, (g * LEVELS + l) * n);
    }
  }
  const atZones = new Float64Array(zones.length * terms.length);
  for (let z = 0; z < zones.length; z++) atZones.set(design.subarray(z * n + 1, (z + 1) * n), z * terms.length);
  return { terms, atZones, factors };
}
