import type { Points } from "../../core/points.js";
import type { Transform } from "../../core/transform.js";
import { mapPoints } from "../map-points.js";
import { stretchOf } from "../plausibility.js";
import { convexHull, isInHull } from "./hull.js";

/** What a bending map does to the plane over some places. */
export interface BendingShape {
  /** Share of the places where the map turns the plane over although it does not elsewhere: it folds. */
  readonly folded: number;
  /** The same for the places inside of the hull of the tie points. */
  readonly foldedInside: number;
  /** Share of the places outside of the hull, where the map is extrapolated. */
  readonly outside: number;
  /** Least and largest change of area inside of the hull, as a share of the median. */
  readonly area: readonly [least: number, largest: number];
  /** Median scale, the anisotropy that one place in twenty exceeds, and largest over least scale, inside of the hull. */
  readonly scale: number;
  readonly anisotropy: number;
  readonly scaleSpread: number;
}

/**
 * Looks at the derivatives of a map, by differences over a step.
 *
 * @param places  interleaved fixed points, spread evenly
 * @param ties  interleaved fixed points of the tie points
 * @param mirrored  whether the map as a whole turns the plane over
 */
export function bendingShape(
  transform: Transform,
  places: Float64Array,
  ties: Float64Array,
  step: number,
  mirrored: boolean,
): BendingShape {
  const hull = convexHull(ties);
  const n = places.length / 2;
  const probes = new Float64Array(8 * n);
  for (let i = 0; i < n; i++) {
    const x = places[2 * i]!;
    const y = places[2 * i + 1]!;
    probes.set([x - step, y, x + step, y, x, y - step, x, y + step], 8 * i);
  }
  const p = mapPoints(transform, probes as Points<"world">);
  let [folded, foldedInside, inside, seen] = [0, 0, 0, 0];
  const scales: number[] = [];
  const anisotropies: number[] = [];
  for (let i = 0; i < n; i++) {
    const at = 8 * i;
    const slope = (k: number) => (p[at + k + 2]! - p[at + k]!) / (2 * step);
    const [a, d, b, e] = [slope(0), slope(1), slope(4), slope(5)];
    if (Number.isNaN(a + b + d + e)) continue;
    seen++;
    const isFold = a * e - b * d > 0 === mirrored;
    const isInside = isInHull(hull, places[2 * i]!, places[2 * i + 1]!);
    if (isFold) folded++;
    if (!isInside) continue;
    inside++;
    if (isFold) foldedInside++;
    const stretch = stretchOf(a, b, d, e);
    scales.push(stretch.scale);
    anisotropies.push(stretch.anisotropy);
  }
  scales.sort((a, b) => a - b);
  anisotropies.sort((a, b) => a - b);
  const median = scales[scales.length >> 1] ?? Number.NaN;
  const ratio = (scale: number | undefined) => ((scale ?? Number.NaN) / median) ** 2;
  return {
    folded: folded / Math.max(1, seen),
    foldedInside: foldedInside / Math.max(1, inside),
    outside: 1 - inside / Math.max(1, seen),
    area: [ratio(scales[0]), ratio(scales.at(-1))],
    scale: median,
    anisotropy: anisotropies[Math.floor(0.95 * (anisotropies.length - 1))] ?? Number.NaN,
    scaleSpread: (scales.at(-1) ?? Number.NaN) / (scales[0] ?? Number.NaN),
  };
}
