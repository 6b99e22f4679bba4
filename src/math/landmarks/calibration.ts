import { exp, log } from "../elementary.js";
import { quantile } from "../sample-image.js";
import type { Located } from "./locate.js";

/** Turns how starts scattered and what is seen into the chance that a point is right, as held-out images showed. */
export interface Calibration {
  /** Squared error of each point along one axis that no scatter tells of, in squared radii. */
  readonly base: Float64Array;
  /** How much the squared scatter adds to that. */
  readonly slope: number;
  /** Likeness and votes of held-out images. */
  readonly likeness: Usual;
  readonly votes: Usual;
  /** What chances are multiplied by, so that they are right on average: blunders follow no variance. */
  readonly ceiling: number;
}

/** Mean and deviation of what is usual. */
export interface Usual {
  readonly mean: number;
  readonly deviation: number;
}

/** A prediction on an image that was held out. */
export interface HeldOut {
  readonly found: Located;
  /** Error of each point in radii of the shape; NaN where the truth is missing. */
  readonly error: Float64Array;
}

const SLOPES = [0, 0.25, 0.5, 1, 2, 4, 8, 16];
const LEAST_BASE = 1e-6;
/** Likeness varies by so much at least. */
const LEAST_DEVIATION = 0.06;
/** So does the logarithm of votes. */
const LEAST_VOTES = 0.2;

/** Fits by maximum likelihood, each point's error along x and y being normal with variance `base + slope * scatter²`. */
export function calibrate(heldOut: readonly HeldOut[], points: number, tolerance: number): Calibration {
  let best: { readonly base: Float64Array; readonly slope: number; readonly fit: number } | undefined;
  for (const slope of SLOPES) {
    const base = Float64Array.from({ length: points }, (_, k) => baseOf(heldOut, slope, k));
    let fit = 0;
    for (const { found, error } of heldOut) {
      for (let k = 0; k < points; k++) {
        if (Number.isNaN(error[k]!)) continue;
        const variance = base[k]! + slope * found.scatter[k]! ** 2;
        // Errors far out are blunders: they must not make all the others look worse.
        fit -= log(variance) + Math.min(8, error[k]! ** 2 / (2 * variance));
      }
    }
    if (!best || fit > best.fit) best = { base, slope, fit };
  }
  const calibration: Calibration = {
    ...{ base: best!.base, slope: best!.slope, ceiling: 1 },
    likeness: usual(
      heldOut.map((h) => h.found.likeness),
      LEAST_DEVIATION,
    ),
    votes: usual(
      heldOut.map((h) => h.found.votes),
      LEAST_VOTES,
    ),
  };
  // Of the points of held-out images, as many should be right as the chances promise.
  let [right, known, promised] = [1, 2, 1];
  for (const { found, error } of heldOut) {
    confidenceOf(calibration, found, tolerance).forEach((chance, k) => {
      if (Number.isNaN(error[k]!)) return;
      known++;
      right += error[k]! <= tolerance ? 1 : 0;
      promised += chance;
    });
  }
  return { ...calibration, ceiling: Math.min(1, right / known / (promised / known)) };
}

function usual(values: readonly number[], least: number): Usual {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const square = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { mean, deviation: Math.max(least, Math.sqrt(square)) };
}

/** Half the mean square that scatter leaves unexplained; the worst tenth does not count. */
function baseOf(heldOut: readonly HeldOut[], slope: number, k: number): number {
  const rest = heldOut.flatMap(({ found, error }) =>
    Number.isNaN(error[k]!) ? [] : [error[k]! ** 2 / 2 - slope * found.scatter[k]! ** 2],
  );
  const sorted = Float64Array.from(rest).sort();
  const most = quantile(sorted, 0.9);
  const mean = sorted.reduce((sum, v) => sum + Math.min(v, most), 0) / Math.max(1, sorted.length);
  return Math.max(LEAST_BASE, mean);
}

/**
 * Chance of each point to lie within `tolerance` (radii of the shape) of where it belongs: from the scatter of starts,
 * and lowered where the image does not look as held-out images did (by three deviations: to a half).
 */
export function confidenceOf(calibration: Calibration, found: Located, tolerance: number): Float64Array {
  const { base, slope, likeness, votes, ceiling } = calibration;
  const odd = Math.min(
    (found.likeness - likeness.mean) / likeness.deviation,
    (found.votes - votes.mean) / votes.deviation,
  );
  const isOfTheKind = 1 / (1 + exp(-2 * (odd + 3)));
  return Float64Array.from(found.scatter, (s, k) => {
    const variance = base[k]! + slope * s * s;
    return ceiling * isOfTheKind * (1 - exp(-(tolerance * tolerance) / (2 * variance)));
  });
}
