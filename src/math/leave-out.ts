import type { Result } from "../core/diagnostic.js";

/** A map of interleaved points, fixed to moving. */
export type PointMap = (fixed: Float64Array) => Float64Array;

/** Fits a map to some of the tie points, by index. */
export type PointFit = (use: Int32Array) => Result<PointMap>;

export interface LeftOut {
  /** Length of the miss at each used tie point of a map that was fitted without it, in units of the moving plane. */
  readonly residual: Float64Array;
  /** Their weighted root mean square; NaN where too few are left to fit. */
  readonly rms: number;
  /** The maps, one for each group that was left out. */
  readonly maps: readonly PointMap[];
}

/** Groups at most: beyond that many tie points, several are left out at a time. */
const mostGroups = 60;

/**
 * Leaves out one tie point after the other, fits the rest and looks how far off the map is where it was left out.
 *
 * @param use  tie points that count, by index
 * @param weight  weight of each tie point (of the whole set)
 */
export function leaveOneOut(
  fitTo: PointFit,
  fixed: Float64Array,
  moving: Float64Array,
  use: Int32Array,
  weight: Float64Array,
): LeftOut {
  const groups = Math.min(mostGroups, use.length);
  const residual = new Float64Array(use.length).fill(Number.NaN);
  const maps: PointMap[] = [];
  let sum = 0;
  let total = 0;
  for (let group = 0; group < groups; group++) {
    const map = fitTo(use.filter((_, k) => k % groups !== group));
    if (!map.ok) continue;
    maps.push(map.value);
    for (let k = group; k < use.length; k += groups) {
      const i = use[k]!;
      residual[k] = missAt(map.value, fixed, moving, i);
      sum += weight[i]! * residual[k]! ** 2;
      total += weight[i]!;
    }
  }
  return { residual, rms: total > 0 ? Math.sqrt(sum / total) : Number.NaN, maps };
}

/** Distance of a mapped tie point from where it should be. */
export function missAt(map: PointMap, fixed: Float64Array, moving: Float64Array, i: number): number {
  const at = map(fixed.subarray(2 * i, 2 * i + 2));
  const [x, y] = [at[0]! - moving[2 * i]!, at[1]! - moving[2 * i + 1]!];
  return Math.sqrt(x * x + y * y);
}

/**
 * How much a map varies with its tie points: the jackknife's standard error, root mean square over places, in units of the
 * moving plane. It grows where the map is extrapolated, whatever the model.
 *
 * B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979), doi:10.1214/aos/1176344552
 */
export function jackknife(maps: readonly PointMap[], places: Float64Array): number {
  const g = maps.length;
  if (g < 2 || places.length === 0) return Number.NaN;
  const mean = new Float64Array(places.length);
  const mapped = maps.map((map) => map(places));
  for (const points of mapped) for (let k = 0; k < mean.length; k++) mean[k]! += points[k]! / g;
  let sum = 0;
  for (const points of mapped) for (let k = 0; k < mean.length; k++) sum += (points[k]! - mean[k]!) ** 2;
  return Math.sqrt(((g - 1) / g) * (sum / (places.length / 2)));
}

/** What does not fit among tie points that someone set: single ones, and two that were taken for each other. */
export interface Misfits {
  readonly odd: readonly number[];
  readonly swapped: readonly (readonly [number, number])[];
}

/** A tie point is told to be odd when the others agree so many times better without it. */
const better = 3;

/**
 * Looks for tie points that a slip of the hand or of a model has set wrong.
 *
 * A point is odd when the rest agree at least three times better without it, and it lies at least six times as far off as
 * they do; two are swapped when all agree three times better once they are exchanged. Looked for are a quarter of the points
 * at most, and only while enough are left to tell.
 *
 * @param least  tie points that determine a map
 * @returns indices into the whole set
 */
export function findMisfits(
  fitOf: (fixed: Float64Array, moving: Float64Array) => PointFit,
  fixed: Float64Array,
  moving: Float64Array,
  weight: Float64Array,
  least: number,
): Misfits {
  const n = fixed.length / 2;
  const odd: number[] = [];
  const swapped: [number, number][] = [];
  let use = Int32Array.from({ length: n }, (_, i) => i);
  let rms = leaveOneOut(fitOf(fixed, moving), fixed, moving, use, weight).rms;
  while (use.length - 1 >= least + 2 && odd.length + 2 * swapped.length + 1 <= Math.max(1, n / 4)) {
    const without = Array.from(use, (i) => {
      const rest = use.filter((k) => k !== i);
      return { i, rest, left: leaveOneOut(fitOf(fixed, moving), fixed, moving, rest, weight).rms };
    }).reduce((a, b) => (b.left < a.left ? b : a));
    const pair = bestSwap(fitOf, fixed, moving, use, weight);
    if (pair && pair.rms * better < rms && pair.rms < 1.5 * without.left) {
      swapped.push([pair.i, pair.j]);
      use = use.filter((k) => k !== pair.i && k !== pair.j);
      rms = pair.rms;
      continue;
    }
    const map = fitOf(fixed, moving)(without.rest);
    if (!map.ok || !(without.left * better < rms)) break;
    if (missAt(map.value, fixed, moving, without.i) < 2 * better * without.left) break;
    odd.push(without.i);
    use = without.rest;
    rms = without.left;
  }
  return { odd, swapped };
}

/** The exchange of two moving points that makes all agree best; looked for among few points only. */
function bestSwap(
  fitOf: (fixed: Float64Array, moving: Float64Array) => PointFit,
  fixed: Float64Array,
  moving: Float64Array,
  use: Int32Array,
  weight: Float64Array,
): { readonly i: number; readonly j: number; readonly rms: number } | undefined {
  if (use.length > 24) return undefined;
  let best: { i: number; j: number; rms: number } | undefined;
  for (let a = 0; a < use.length; a++) {
    for (let b = a + 1; b < use.length; b++) {
      const [i, j] = [use[a]!, use[b]!];
      const exchanged = moving.slice();
      exchanged.set(moving.subarray(2 * j, 2 * j + 2), 2 * i);
      exchanged.set(moving.subarray(2 * i, 2 * i + 2), 2 * j);
      const { rms } = leaveOneOut(fitOf(fixed, exchanged), fixed, exchanged, use, weight);
      if (!best || rms < best.rms) best = { i, j, rms };
    }
  }
  return best;
}
