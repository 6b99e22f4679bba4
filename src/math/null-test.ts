import type { Matrix3 } from "../core/transform.js";
import { log } from "./elementary.js";
import { type Family, minimalSample } from "./fit.js";
import { squaredResiduals } from "./residual.js";
import { robustFit } from "./robust.js";

/**
 * How many maps with as many inliers are expected among tie points that have nothing to do with each other, as log10.
 *
 * The a-contrario number of false alarms [1]: (n − s) C(n, k) C(k, s) α^(k−s), with n tie points, k of them inliers,
 * s in a minimal sample, and α the chance that a random point falls within the threshold of where the map puts it.
 * Below about −15 chance is out of the question; near 0 chance explains all.
 *
 * @param threshold  inlier distance, in units of the moving plane
 * @param area  area of the moving image, in squared units of the moving plane
 *
 * [1] L. Moisan, B. Stival, IJCV 57 (2004), doi:10.1023/B:VISI.0000013094.38752.54
 */
export function log10FalseAlarms(
  family: Family,
  inliers: number,
  matches: number,
  threshold: number,
  area: number,
): number {
  const s = minimalSample[family];
  const n = matches;
  const k = inliers;
  if (k <= s || n <= s) return Math.max(0, log(Math.max(n, 1)) / Math.LN10);
  const alpha = Math.min(1, (Math.PI * threshold * threshold) / area);
  const value = log(n - s) + logChoose(n, k) + logChoose(k, s) + (k - s) * log(alpha);
  return value / Math.LN10;
}

function logChoose(n: number, k: number): number {
  let sum = 0;
  const least = Math.min(k, n - k);
  for (let i = 1; i <= least; i++) sum += log((n - least + i) / i);
  return sum;
}

export interface Consensus {
  /** Tie points near the map that are places of their own, at the threshold where they say most. */
  readonly inliers: number;
  /** Log10 of the false alarms, at half, once or twice the threshold, whichever says most; the three tests are paid for. */
  readonly log10Nfa: number;
}

/**
 * How much tie points support a map, wherever the map comes from: false alarms are counted over all maps.
 *
 * Three thresholds are tried, since how exact tie points are is not known beforehand.
 *
 * @param fixedCell, movingCell  tie points nearer than that in either plane are one place
 */
export function consensusOf(
  family: Family,
  matrix: Matrix3,
  fixed: Float64Array,
  moving: Float64Array,
  threshold: number,
  area: number,
  fixedCell: number,
  movingCell: number,
): Consensus {
  const n = fixed.length / 2;
  const residuals = new Float64Array(n);
  squaredResiduals(matrix, fixed, moving, residuals);
  let best: Consensus = { inliers: 0, log10Nfa: Number.POSITIVE_INFINITY };
  for (const t of [0.5 * threshold, threshold, 2 * threshold]) {
    const near = Uint8Array.from(residuals, (r) => (r < t * t ? 1 : 0));
    const inliers = uniqueInlierCount(fixed, moving, near, fixedCell, movingCell);
    const log10Nfa = log10FalseAlarms(family, inliers, n, t, area) + log(3) / Math.LN10;
    if (log10Nfa < best.log10Nfa) best = { inliers, log10Nfa };
  }
  return best;
}

/**
 * Inliers that the same estimator finds when fixed and moving points are paired at random: what chance gives on these very
 * point sets, with their clusters and repetitions. The most of three shuffles, on at most 1000 tie points, as a share.
 */
export function shuffledInlierShare(
  family: Family,
  fixed: Float64Array,
  moving: Float64Array,
  threshold: number,
  random: () => number,
): number {
  const n = fixed.length / 2;
  const count = Math.min(n, 1000);
  if (count <= minimalSample[family]) return 1;
  const f = fixed.subarray(0, 2 * count);
  let most = 0;
  for (let round = 0; round < 3; round++) {
    const order = Int32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = Math.trunc(random() * (i + 1));
      const swap = order[i]!;
      order[i] = order[j]!;
      order[j] = swap;
    }
    const m = new Float64Array(2 * count);
    for (let i = 0; i < count; i++) {
      m[2 * i] = moving[2 * order[i]!]!;
      m[2 * i + 1] = moving[2 * order[i]! + 1]!;
    }
    const fit = robustFit(family, f, m, { threshold, random, maxSamples: 400 });
    if (fit.ok) most = Math.max(most, fit.value.inlierCount);
  }
  return most / count;
}

/**
 * Inliers that are places of their own: one per cell of `cell` in either plane. A repeated key point is no new evidence.
 */
function uniqueInlierCount(
  fixed: Float64Array,
  moving: Float64Array,
  inlier: Uint8Array,
  fixedCell: number,
  movingCell: number,
): number {
  const seen = new Set<string>();
  let count = 0;
  for (let i = 0; i < inlier.length; i++) {
    if (!inlier[i]) continue;
    const f = `f${Math.floor(fixed[2 * i]! / fixedCell)},${Math.floor(fixed[2 * i + 1]! / fixedCell)}`;
    const m = `m${Math.floor(moving[2 * i]! / movingCell)},${Math.floor(moving[2 * i + 1]! / movingCell)}`;
    if (seen.has(f) || seen.has(m)) continue;
    seen.add(f).add(m);
    count++;
  }
  return count;
}
