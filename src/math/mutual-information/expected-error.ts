import type { Plane } from "../plane.js";
import { clusteredCovariance } from "../sandwich.js";
import { type CentredMap, directions, type InformationFamily } from "./families.js";
import type { Slopes } from "./joint-histogram.js";
import { alongEach, equationsOf } from "./level.js";

/**
 * How far the map may be off by what strips of the fixed plane disagree about: root mean square over the plane, pixels of the
 * moving plane. Infinite where the information has no curvature along some unknown.
 */
export function expectedError(slopes: Slopes, family: InformationFamily, map: CentredMap, plane: Plane): number {
  const along = directions(family, map);
  const { normal, size } = equationsOf(slopes, family, map);
  const scores = slopes.strips.map((strip) => alongEach(along, strip)).filter((score) => score.some((v) => v !== 0));
  const away = motions(along, plane);
  const square = (covariance: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < size * size; i++) sum += covariance[i]! * away[i]!;
    return sum;
  };
  const covariance = clusteredCovariance(normal, scores, size, square);
  if (!covariance) return Number.POSITIVE_INFINITY;
  const mean = square(covariance);
  return Number.isFinite(mean) ? Math.sqrt(Math.max(0, mean)) : Number.POSITIVE_INFINITY;
}

/** Mean over a lattice of places of the product of how they move with two unknowns each. */
function motions(along: readonly CentredMap[], { width, height }: Plane): Float64Array {
  const n = along.length;
  const out = new Float64Array(n * n);
  for (let j = -2; j <= 2; j++) {
    for (let i = -2; i <= 2; i++) {
      const [X, Y] = [(i / 4) * width, (j / 4) * height];
      const x = along.map((d) => d[0] * X + d[1] * Y + d[2]);
      const y = along.map((d) => d[3] * X + d[4] * Y + d[5]);
      for (let a = 0; a < n; a++)
        for (let b = 0; b < n; b++) out[n * a + b] = out[n * a + b]! + (x[a]! * x[b]! + y[a]! * y[b]!) / 25;
    }
  }
  return out;
}
