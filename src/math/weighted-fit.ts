import type { Matrix3 } from "../core/transform.js";
import { boundingSide } from "./bounds.js";
import { type Family, fitMap, minimalSample } from "./fit.js";
import { localMisfit } from "./held-out.js";
import { squaredResiduals } from "./residual.js";
import { RobustWeight } from "./robust.js";

/** Tie points with what weighs them, in world coordinates. */
export interface Ties {
  readonly fixed: Float64Array;
  readonly moving: Float64Array;
  /** Standard deviation of each moving point, world units; undefined when alike. */
  readonly sigma?: Float64Array;
}

export interface WeightedFit {
  readonly matrix: Matrix3;
  /** Inliers, by index. */
  readonly use: Int32Array;
  /** Weight of every tie point; 0 for outliers. */
  readonly weight: Float64Array;
}

/**
 * The last fit: weighted least squares.
 *
 * Weights fall smoothly to 0 at six standard deviations of the residuals themselves, never beyond `threshold`: a scene that
 * is not quite plane is then met in the mean and not on whichever of its planes has most texture. Tie points of one
 * neighbourhood share what the model cannot follow (the misfit τ), so each counts as 1 / (σ² + n τ²), n being how many there
 * are in its cell: with no misfit all count alike, with much every neighbourhood counts alike.
 */
export function weightedFit(
  family: Family,
  ties: Ties,
  start: Matrix3,
  threshold: number,
  movingSpacing: number,
): WeightedFit {
  const n = ties.fixed.length / 2;
  const residuals = new Float64Array(n);
  let weight = new Float64Array(n);
  let matrix = start;
  let use = new Int32Array(0);
  const cell = boundingSide(ties.fixed) / 10;
  const cellOf = (i: number) =>
    Math.floor(ties.fixed[2 * i]! / cell) * 65536 + Math.floor(ties.fixed[2 * i + 1]! / cell);
  const floor = 0.05 * movingSpacing; // no tie point is held to be better than this
  for (let round = 0; round < 12; round++) {
    squaredResiduals(matrix, ties.fixed, ties.moving, residuals);
    const inside = residuals.filter((r) => r < threshold * threshold).sort();
    if (inside.length <= minimalSample[family]) break;
    // Median of a Rayleigh distribution is 1.1774 sigma.
    const spread = Math.sqrt(inside[inside.length >> 1]!) / 1.1774;
    const weigh = new RobustWeight(Math.min(threshold, Math.max(6 * spread, movingSpacing)));
    const robust = residuals.map((r) => weigh.of(r));
    const kept = Int32Array.from({ length: n }, (_, i) => i).filter((i) => robust[i]! > 0);
    if (kept.length <= minimalSample[family]) break;
    const misfit = localMisfit(matrix, ties.fixed, ties.moving, kept, robust, cell);
    const crowd = new Map<number, number>();
    for (const i of kept) crowd.set(cellOf(i), (crowd.get(cellOf(i)) ?? 0) + robust[i]!);
    const next = new Float64Array(n);
    for (const i of kept) {
      const own = (ties.sigma ? ties.sigma[i]! ** 2 : spread * spread) + floor * floor;
      next[i] = robust[i]! / (own + crowd.get(cellOf(i))! * misfit * misfit);
    }
    const fit = fitMap(family, ties.fixed, ties.moving, kept, next);
    if (!fit.ok) break;
    use = kept;
    weight = next;
    const change = fit.value.reduce((most, v, i) => Math.max(most, Math.abs(v - matrix[i]!) / (1 + Math.abs(v))), 0);
    matrix = fit.value;
    if (change < 1e-12) break;
  }
  if (use.length === 0) {
    squaredResiduals(matrix, ties.fixed, ties.moving, residuals);
    use = Int32Array.from({ length: n }, (_, i) => i).filter((i) => residuals[i]! < threshold * threshold);
    for (const i of use) weight[i] = 1;
  }
  return { matrix, use, weight };
}
