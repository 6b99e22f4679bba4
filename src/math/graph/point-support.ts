import { applyMatrix3, type Matrix3 } from "../../core/transform.js";
import { exp, log } from "../elementary.js";
import type { Consensus } from "../null-test.js";
import { PointIndex } from "./point-index.js";

/** Neighbours by which the density of points around a place is told. */
const AROUND = 12;

/** Points of the moving image, with what chance needs to know of them. */
export class PointField {
  readonly index: PointIndex;
  readonly #extent: readonly [number, number, number, number];

  constructor(readonly points: Float64Array) {
    this.index = new PointIndex(points);
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < points.length; i += 2) {
      x0 = Math.min(x0, points[i]!);
      x1 = Math.max(x1, points[i]!);
      y0 = Math.min(y0, points[i + 1]!);
      y1 = Math.max(y1, points[i + 1]!);
    }
    this.#extent = [x0, y0, x1, y1];
  }

  /** Points for each unit of area around a place, as its nearest dozen tells; 0 away from all. */
  densityAt(x: number, y: number): number {
    const [x0, y0, x1, y1] = this.#extent;
    const margin = 0.25 * (x1 - x0 + (y1 - y0));
    if (!(x >= x0 - margin && x <= x1 + margin && y >= y0 - margin && y <= y1 + margin)) return 0;
    const near = this.index.nearestFew(x, y, AROUND);
    const farthest = near[near.length - 1]!.squared;
    return farthest > 0 ? near.length / (Math.PI * farthest) : Number.POSITIVE_INFINITY;
  }
}

export interface PointSupport extends Consensus {
  /** Moving point of each fixed point under the map, -1 for none; no moving point is taken twice. */
  readonly partner: Int32Array;
}

/**
 * How much two sets of points support a map, where the tie points were found by the very geometry that is now to be judged.
 *
 * Such tie points agree by selection, so it is not them that are counted. Every fixed point is a trial: the map puts it
 * somewhere, and a moving point lies within the threshold or not. If the sets had nothing to do with each other, it would
 * with the chance α = 1 − exp(−π t² · density), with the density of moving points around that place, so that clusters and
 * empty ground give no evidence. The tail of such trials is bounded by Chernoff and Hoeffding [1]; as many maps could have
 * been tried as there are ways to lay s fixed on s moving points, and all of them are paid for: the number of false alarms
 * is the product.
 *
 * Points on a lattice are not at random: they agree under many maps. That is for the best rival to tell.
 *
 * @param sample  how many pairs of points determined the hypotheses: 2 for similarities, 3 for affine maps
 * @param threshold  longest residual, units of the moving plane; half and twice that are tried too
 *
 * [1] W. Hoeffding, Ann. Math. Statist. 27 (1956), doi:10.1214/aoms/1177728178
 */
export function pointSupport(
  matrix: Matrix3,
  fixed: Float64Array,
  field: PointField,
  threshold: number,
  sample: number,
): PointSupport {
  const n = fixed.length / 2;
  const m = field.index.count;
  const at = applyMatrix3(matrix, fixed);
  const density = new Float64Array(n);
  for (let i = 0; i < n; i++) density[i] = field.densityAt(at[2 * i]!, at[2 * i + 1]!);
  let tests = log(3);
  for (let k = 0; k < sample; k++) tests += log(Math.max(1, ((n - k) * (m - k)) / (k + 1)));
  let best: PointSupport | undefined;
  for (const t of [0.5 * threshold, threshold, 2 * threshold]) {
    let expected = 0;
    for (let i = 0; i < n; i++) expected += 1 - exp(-Math.min(700, Math.PI * t * t * density[i]!));
    const partner = partnersOf(at, field.index, t);
    const inliers = partner.reduce((sum, j) => sum + (j >= 0 ? 1 : 0), 0);
    const log10Nfa = (tests + logTail(inliers - sample, n - sample, expected)) / Math.LN10;
    if (!best || log10Nfa < best.log10Nfa) best = { inliers, log10Nfa, partner };
  }
  return best!;
}

/** The natural logarithm of a bound for the chance of `k` or more successes in `n` trials of which `mean` are expected. */
function logTail(k: number, n: number, mean: number): number {
  if (n <= 0 || k <= mean) return 0;
  const p = mean / n;
  const share = Math.min(1, k / n);
  if (p <= 0) return Number.NEGATIVE_INFINITY;
  return -n * (share * log(share / p) + (share < 1 ? (1 - share) * log((1 - share) / (1 - p)) : 0));
}

/** Pairs mapped fixed points with moving points nearer than `radius`, the nearest pairs first, each point once. */
export function partnersOf(at: Float64Array, index: PointIndex, radius: number): Int32Array {
  const n = at.length / 2;
  const partner = new Int32Array(n).fill(-1);
  const owner = new Int32Array(index.count).fill(-1);
  const squared = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const [x, y] = [at[2 * i]!, at[2 * i + 1]!];
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    const j = index.nearest(x, y, radius);
    if (j < 0) continue;
    squared[i] = (index.points[2 * j]! - x) ** 2 + (index.points[2 * j + 1]! - y) ** 2;
    const other = owner[j]!;
    if (other >= 0 && squared[other]! <= squared[i]!) continue;
    if (other >= 0) partner[other] = -1;
    owner[j] = i;
    partner[i] = j;
  }
  return partner;
}
