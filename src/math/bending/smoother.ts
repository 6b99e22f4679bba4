import type { Transform } from "../../core/transform.js";

/** A smooth map through or near given values. */
export interface SmoothFit {
  readonly transform: Transform;
  /** For each place: value that the fit without it, or without its part, would give there, less its own; interleaved, units of the values. */
  readonly heldOut: Float64Array;
  /** Effective number of free parameters per coordinate: 3 for an affine map, one per place for interpolation. */
  readonly freedom: number;
}

/** A family of smooth maps over fixed places, from interpolation to an affine map. */
export interface Smoother {
  /**
   * The map of least mean square distance to the values, plus `smoothing` times its bending.
   *
   * @param values  interleaved, one per place
   * @param smoothing  0 goes through every value, infinity is the affine map of least squares
   */
  solve(values: Float64Array, smoothing: number): SmoothFit;
  /** Square of `heldOut` for each place, or part, times its share of the weight: their sum is what the choice of smoothing goes by. */
  heldOutSquares(values: Float64Array, smoothing: number): Float64Array;
}

/** Smoothings that are tried, two in each decade: the error hardly changes over a factor of 3. */
const [LEAST, MOST] = [1e-9, 100];
/** The least where there are fewer than 20 places: closer to them is for whoever asks for it. */
const LEAST_OF_FEW = 1e-3;

/** So many places are few: with 12, a looser map must be better by half a standard error. */
const FEW = 6;

/**
 * The stiffest smoothing whose held-out error is not clearly above the least one, by the standard error of their
 * difference, place by place, times 6 over the number of places: few of them say little about the best smoothing, and then
 * stiffer is safer.
 */
export function chooseSmoothing(smoother: Smoother, values: Float64Array): number {
  const tried: { smoothing: number; squares: Float64Array; sum: number }[] = [];
  const look = (smoothing: number) => {
    const squares = smoother.heldOutSquares(values, smoothing);
    const sum = squares.reduce((s, v) => s + v, 0);
    tried.push({ smoothing, squares, sum: Number.isNaN(sum) ? Number.POSITIVE_INFINITY : sum });
  };
  const least = values.length < 40 ? LEAST_OF_FEW : LEAST;
  for (let smoothing = least; smoothing < 1.1 * MOST; smoothing *= Math.sqrt(10)) look(smoothing);
  look(Number.POSITIVE_INFINITY);
  const best = tried.reduce((a, b) => (b.sum <= a.sum ? b : a));
  if (best.sum === Number.POSITIVE_INFINITY) return best.sum; // too few places to leave one out
  const n = best.squares.length;
  const isAsGood = ({ squares, sum }: (typeof tried)[number]) => {
    const excess = sum - best.sum;
    let variance = 0;
    for (let i = 0; i < n; i++) variance += (squares[i]! - best.squares[i]! - excess / n) ** 2;
    return excess <= Math.min(1, FEW / n) * Math.sqrt(variance);
  };
  return tried.findLast(isAsGood)!.smoothing;
}
