import type { Plane } from "../plane.js";

/** Two planes of float32 in kernel memory, NaN where nothing was observed, that may show the same place. */
export interface PairJob {
  readonly a: Plane;
  readonly b: Plane;
  /** Where b's first pixel is expected in a's pixels, pixels. */
  readonly expected: readonly [x: number, y: number];
  /** How far off that may be to either side, pixels. */
  readonly reach: readonly [x: number, y: number];
}

/** What a search found for one job. */
export interface PairCapture {
  /** Place of b's first pixel in a's pixels, to about a quarter of a pixel; `expected` where nothing was found. */
  readonly x: number;
  readonly y: number;
  /**
   * Whitened correlation of the overlap there, −1 to 1, times the root of the overlap as a share of the largest one within
   * reach: chance then reaches the same at every place. 0 where there is nothing to compare.
   */
  readonly score: number;
  /** The same of the best place that is not this peak; −1 when there is none. */
  readonly rival: number;
  /** Pixels that both show there. */
  readonly overlap: number;
}

/** What the refinement found for one job. */
export interface PairFit {
  /** Place of b's first pixel in a's pixels. */
  readonly x: number;
  readonly y: number;
  /** Covariance of (x, y), pixels²; Infinity where undetermined. */
  readonly xx: number;
  readonly xy: number;
  readonly yy: number;
  /** Correlation of the overlap, after gain and offset and their slopes, −1 to 1. */
  readonly ncc: number;
  /** Correlation of both images' slopes, −1 to 1: what the shift rests on, without shading. */
  readonly slopes: number;
  /** Geometric mean of both images' summed squared slopes, intensity²: how much there was to go by, noise included. */
  readonly texture: number;
  /** a ≈ gain · b + offset in the middle of the overlap. */
  readonly gain: number;
  readonly offset: number;
  /** Pixels that both show. */
  readonly overlap: number;
  /** Whether it came to rest near its start. */
  readonly converged: boolean;
}
