import { applyMatrix3, type Matrix3 } from "../../core/transform.js";
import { type Family, fitMap } from "../fit.js";
import type { PointIndex } from "./point-index.js";
import { partnersOf } from "./point-support.js";

/** Least share of the points of a circle that must find a partner for the circle to grow. */
const LEAST_SHARE = 0.1;

/**
 * Follows a map that holds around an anchor over the whole set: what agrees within a circle fits the map anew, and the
 * circle grows. A map from three points is off by several distances between points at the far end; fitted on the way, it is
 * never off by more than the next ring forgives.
 *
 * @param spacing  typical distance between fixed points
 * @param reach  how far a point may lie from where it belongs, fixed units
 */
export function grow(
  family: Family,
  start: Matrix3,
  fixed: Float64Array,
  moving: PointIndex,
  anchor: number,
  spacing: number,
  reach: number,
): Matrix3 {
  const n = fixed.length / 2;
  const distance = new Float64Array(n);
  let farthest = 0;
  for (let i = 0; i < n; i++) {
    const dx = fixed[2 * i]! - fixed[2 * anchor]!;
    const dy = fixed[2 * i + 1]! - fixed[2 * anchor + 1]!;
    distance[i] = Math.sqrt(dx * dx + dy * dy);
    farthest = Math.max(farthest, distance[i]!);
  }
  let matrix = start;
  let last = 0;
  for (let radius = 2.5 * spacing; last < 3; radius *= 1.5) {
    if (radius >= farthest) last++;
    const at = applyMatrix3(matrix, fixed);
    let within = 0;
    for (let i = 0; i < n; i++) {
      if (distance[i]! > radius) at[2 * i] = Number.NaN;
      else within++;
    }
    // On the way the circle's edge is put less exactly than it will be; in the end all must be exact.
    const allowed = (last > 1 ? 1 : 1.5) * reach * Math.sqrt(Math.abs(matrix[0] * matrix[4] - matrix[1] * matrix[3]));
    const partner = partnersOf(at, moving, allowed);
    const use: number[] = [];
    const to = new Float64Array(2 * n);
    for (let i = 0; i < n; i++) {
      const j = partner[i]!;
      if (j < 0) continue;
      use.push(i);
      to[2 * i] = moving.points[2 * j]!;
      to[2 * i + 1] = moving.points[2 * j + 1]!;
    }
    // A map that goes on to find few partners is wrong, or has come to the end of what the sets share.
    if (use.length < 4 || (radius > 6 * spacing && use.length < LEAST_SHARE * within)) return matrix;
    if (family === "affine" && use.length < 8) continue; // too few to do better than the start
    const fit = fitMap(family, fixed, to, use);
    if (!fit.ok) return matrix;
    const scale = Math.sqrt(Math.abs(fit.value[0] * fit.value[4] - fit.value[1] * fit.value[3]));
    const before = Math.sqrt(Math.abs(matrix[0] * matrix[4] - matrix[1] * matrix[3]));
    // A map that runs away to a point or to the whole plane gathers partners everywhere.
    if (!(scale > 0.7 * before && scale < before / 0.7)) return matrix;
    matrix = fit.value;
  }
  return matrix;
}
