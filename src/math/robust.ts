import { failed, ok, problem, type Result } from "../core/diagnostic.js";
import type { Matrix3 } from "../core/transform.js";
import { exp, log } from "./elementary.js";
import { type Family, fitMap, minimalSample } from "./fit.js";
import { squaredResiduals } from "./residual.js";

export interface RobustOptions {
  /** Longest residual of an inlier, in units of the moving plane. */
  readonly threshold: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Chance that the best map is found, given the inlier share seen; default 0.9999. */
  readonly confidence?: number;
  /** Samples at most; default 20000. */
  readonly maxSamples?: number;
  readonly signal?: AbortSignal;
}

export interface RobustFit {
  readonly matrix: Matrix3;
  readonly inlier: Uint8Array;
  readonly inlierCount: number;
  /** Sum of the weights of all tie points: what was maximised. */
  readonly score: number;
  /** The best score of a map that differs from the winner by more than the threshold at most tie points; 0 when none. */
  readonly rivalScore: number;
  readonly samples: number;
}

/**
 * Weight of a tie point by its squared residual, marginalised over the noise scale up to a largest one (MAGSAC++ [1], with
 * the degree of freedom for which the incomplete gamma function is an exponential): smooth, and zero beyond the threshold.
 *
 * The threshold is taken as the 3.03-sigma bound of the largest noise scale, the 99 % quantile of the two-dimensional error.
 *
 * [1] D. Baráth et al., "MAGSAC++, a fast, reliable and accurate robust estimator", CVPR 2020, doi:10.1109/CVPR42600.2020.00138
 */
export class RobustWeight {
  readonly #table: Float64Array;
  readonly #scale: number;
  readonly limit: number;

  constructor(threshold: number) {
    const bins = 2048;
    this.limit = threshold * threshold;
    this.#scale = bins / this.limit;
    this.#table = new Float64Array(bins + 1);
    const k2 = 9.21; // 99 % quantile of chi-square with 2 degrees of freedom
    const edge = exp(-k2 / 2);
    for (let i = 0; i <= bins; i++) this.#table[i] = (exp((-k2 / 2) * (i / bins)) - edge) / (1 - edge);
  }

  of(squaredResidual: number): number {
    return squaredResidual < this.limit ? this.#table[Math.trunc(squaredResidual * this.#scale)]! : 0;
  }
}

/**
 * Finds the map of a family that most tie points agree with.
 *
 * Samples are drawn in PROSAC's order [2] (the most trusted tie points first; `fixed` and `moving` must be sorted so).
 * Each sample is checked for orientation and spread before it is scored; each new best is polished by reweighted least
 * squares (local optimisation [3]); the winner is refitted until it no longer moves.
 *
 * @returns the fit, or `too-few-matches`, or `no-consensus` when no sample gives a map that more than itself agree with
 *
 * [2] O. Chum, J. Matas, "Matching with PROSAC", CVPR 2005, doi:10.1109/CVPR.2005.221
 * [3] O. Chum, J. Matas, J. Kittler, "Locally optimized RANSAC", DAGM 2003, doi:10.1007/978-3-540-45243-0_31
 */
export function robustFit(
  family: Family,
  fixed: Float64Array,
  moving: Float64Array,
  options: RobustOptions,
): Result<RobustFit> {
  const n = fixed.length / 2;
  const size = minimalSample[family];
  if (n < size) {
    return failed(
      problem(
        "too-few-matches",
        `A ${family} map needs at least ${size} tie points, but there are ${n}`,
        "Lower the matcher's ratio test or contrast threshold, or use another matcher.",
      ),
    );
  }
  const weigh = new RobustWeight(options.threshold);
  const residuals = new Float64Array(n);
  const score = (m: Matrix3, atLeast: number): number => {
    squaredResiduals(m, fixed, moving, residuals);
    let sum = 0;
    for (let i = 0; i < n; i++) {
      sum += weigh.of(residuals[i]!);
      if ((i & 255) === 255 && sum + (n - 1 - i) < atLeast) return 0;
    }
    return sum;
  };
  const weights = new Float64Array(n);
  /** Reweighted least squares from a map: fits, weighs, fits again; keeps the best on the way. */
  const polish = (start: Matrix3, startScore: number, rounds: number): { matrix: Matrix3; score: number } => {
    let best = { matrix: start, score: startScore };
    let matrix = start;
    for (let round = 0; round < rounds; round++) {
      squaredResiduals(matrix, fixed, moving, residuals);
      let used = 0;
      for (let i = 0; i < n; i++) {
        weights[i] = weigh.of(residuals[i]!);
        if (weights[i]! > 0) used++;
      }
      if (used <= size) break;
      const indices = new Int32Array(used);
      for (let i = 0, k = 0; i < n; i++) if (weights[i]! > 0) indices[k++] = i;
      const fit = fitMap(family, fixed, moving, indices, weights);
      if (!fit.ok) break;
      const found = score(fit.value, 0);
      matrix = fit.value;
      if (found > best.score) best = { matrix, score: found };
      else if (found <= best.score * (1 + 1e-9)) break;
    }
    return best;
  };

  const maxSamples = options.maxSamples ?? 20000;
  const logFail = log(1 - (options.confidence ?? 0.9999));
  let best: { matrix: Matrix3; score: number } | undefined;
  const candidates: { matrix: Matrix3; score: number }[] = [];
  let needed = maxSamples;
  let drawn = 0;
  const order = new ProsacSampler(n, size, maxSamples, options.random);
  const sample = new Int32Array(size);
  for (; drawn < needed && drawn < maxSamples; drawn++) {
    if ((drawn & 255) === 0) options.signal?.throwIfAborted();
    order.next(sample);
    if (!isSane(family, fixed, moving, sample)) continue;
    const fit = fitMap(family, fixed, moving, sample);
    if (!fit.ok) continue;
    const found = score(fit.value, best ? best.score * 0.5 : 0);
    if (found <= size * 0.5) continue;
    if (candidates.length < 64 || found > candidates[candidates.length - 1]!.score)
      remember(candidates, { matrix: fit.value, score: found });
    if (best && found <= best.score * 0.9) continue;
    const polished = polish(fit.value, found, 6);
    if (!best || polished.score > best.score) {
      best = polished;
      squaredResiduals(best.matrix, fixed, moving, residuals);
      let inside = 0;
      for (let i = 0; i < n; i++) if (residuals[i]! < weigh.limit) inside++;
      const share = inside / n;
      let clean = 1;
      for (let k = 0; k < size; k++) clean *= share;
      needed = clean >= 1 ? drawn + 1 : Math.max(64, Math.ceil(logFail / log(1 - Math.max(clean, 1e-12))));
    }
  }
  if (!best) {
    return failed(
      problem(
        "no-consensus",
        `No ${family} map agrees with more than ${size} of ${n} tie points`,
        "The images may not show the same place, or differ too much for this matcher: try another matcher or a stiffer model.",
      ),
    );
  }
  const final = polish(best.matrix, best.score, 20);
  squaredResiduals(final.matrix, fixed, moving, residuals);
  const inlier = new Uint8Array(n);
  let inlierCount = 0;
  for (let i = 0; i < n; i++) if (residuals[i]! < weigh.limit) inlierCount += inlier[i] = 1;
  const rivalScore = bestRival(candidates, final.matrix, fixed, moving, weigh, inlier);
  return ok({ matrix: final.matrix, inlier, inlierCount, score: final.score, rivalScore, samples: drawn });
}

/** Keeps the list sorted by falling score, 64 entries at most. */
function remember(candidates: { matrix: Matrix3; score: number }[], entry: { matrix: Matrix3; score: number }): void {
  let at = candidates.length;
  while (at > 0 && candidates[at - 1]!.score < entry.score) at--;
  candidates.splice(at, 0, entry);
  if (candidates.length > 64) candidates.pop();
}

/** The best score that a remembered map gets from tie points which the winner rejects: a second consensus, if there is one. */
function bestRival(
  candidates: readonly { matrix: Matrix3; score: number }[],
  winner: Matrix3,
  fixed: Float64Array,
  moving: Float64Array,
  weigh: RobustWeight,
  inlier: Uint8Array,
): number {
  const residuals = new Float64Array(inlier.length);
  let rival = 0;
  for (const { matrix } of candidates) {
    if (matrix === winner) continue;
    squaredResiduals(matrix, fixed, moving, residuals);
    let sum = 0;
    for (let i = 0; i < inlier.length; i++) if (!inlier[i]) sum += weigh.of(residuals[i]!);
    rival = Math.max(rival, sum);
  }
  return rival;
}

/** Rejects samples that cannot come from a camera or a section: points too close, on a line, or turned over. */
function isSane(family: Family, fixed: Float64Array, moving: Float64Array, sample: Int32Array): boolean {
  if (family === "translation") return true;
  if (family === "rigid" || family === "similarity") {
    const [i, j] = sample as unknown as [number, number];
    const x = fixed[2 * i]! - fixed[2 * j]!;
    const y = fixed[2 * i + 1]! - fixed[2 * j + 1]!;
    const u = moving[2 * i]! - moving[2 * j]!;
    const v = moving[2 * i + 1]! - moving[2 * j + 1]!;
    const ratio = (u * u + v * v) / (x * x + y * y);
    return family === "rigid" ? ratio > 0.8 && ratio < 1.25 : ratio > 1 / 400 && ratio < 400;
  }
  const triples =
    family === "affine"
      ? [[0, 1, 2]]
      : [
          [0, 1, 2],
          [0, 1, 3],
          [0, 2, 3],
          [1, 2, 3],
        ];
  for (const triple of triples as [number, number, number][]) {
    const a = doubleArea(fixed, sample, triple);
    const b = doubleArea(moving, sample, triple);
    if (!(a * b > 0) || Math.abs(a) < 1e-9 || Math.abs(b) < 1e-9) return false;
  }
  return true;
}

function doubleArea(p: Float64Array, sample: Int32Array, [r, s, t]: [number, number, number]): number {
  const i = 2 * sample[r]!;
  const j = 2 * sample[s]!;
  const k = 2 * sample[t]!;
  return (p[j]! - p[i]!) * (p[k + 1]! - p[i + 1]!) - (p[k]! - p[i]!) * (p[j + 1]! - p[i + 1]!);
}

/** PROSAC's growing pool: sample t draws from the n(t) most trusted, and always takes the newest of them. */
class ProsacSampler {
  #pool: number;
  #drawn = 0;
  #growth: number;
  #nextGrowth = 1;

  constructor(
    readonly count: number,
    readonly size: number,
    maxSamples: number,
    readonly random: () => number,
  ) {
    this.#pool = size;
    // T_size: samples among the first `size` that uniform sampling of maxSamples would have drawn on average.
    let growth = maxSamples;
    for (let i = 0; i < size; i++) growth *= (size - i) / (count - i);
    this.#growth = growth;
  }

  next(sample: Int32Array): void {
    this.#drawn++;
    while (this.#drawn > this.#nextGrowth && this.#pool < this.count) {
      const next = (this.#growth * (this.#pool + 1)) / (this.#pool + 1 - this.size);
      this.#nextGrowth += Math.ceil(next - this.#growth);
      this.#growth = next;
      this.#pool++;
    }
    const fresh = this.#drawn <= this.#nextGrowth && this.#pool < this.count + 1;
    const among = fresh ? this.#pool - 1 : this.#pool;
    const drawn = fresh ? this.size - 1 : this.size;
    for (let k = 0; k < drawn; k++) {
      let pick: number;
      do pick = Math.trunc(this.random() * among);
      while (sample.subarray(0, k).includes(pick));
      sample[k] = pick;
    }
    if (fresh) sample[this.size - 1] = this.#pool - 1;
  }
}
