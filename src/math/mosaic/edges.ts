/** What was seen of pairs of tiles, in the order of the pairs. Lengths in pixels of the tiles. */
export interface EdgeObservations {
  /** Numbers of the tiles. */
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** Place of b's first pixel in a's pixels; NaN where nothing was found. */
  readonly dx: Float64Array;
  readonly dy: Float64Array;
  /** Covariance of (dx, dy), from the pixels alone, px². */
  readonly xx: Float64Array;
  readonly xy: Float64Array;
  readonly yy: Float64Array;
  /** Whitened correlation at the place found, and of the best other place. */
  readonly score: Float64Array;
  readonly rival: Float64Array;
  /** Correlation of the overlap there. */
  readonly ncc: Float64Array;
}

const fields = ["dx", "dy", "xx", "xy", "yy", "score", "rival", "ncc"] as const;

/** Observations of pairs of which nothing was seen yet: NaN everywhere. */
export function noObservations(a: Int32Array, b: Int32Array): EdgeObservations {
  const empty = () => new Float64Array(a.length).fill(Number.NaN);
  return {
    ...{ a, b, dx: empty(), dy: empty(), xx: empty(), xy: empty(), yy: empty() },
    ...{ score: empty(), rival: empty(), ncc: empty() },
  };
}

/** The observations of some of the edges. */
export function pickEdges(from: EdgeObservations, which: readonly number[]): EdgeObservations {
  const out = noObservations(
    Int32Array.from(which, (e) => from.a[e]!),
    Int32Array.from(which, (e) => from.b[e]!),
  );
  for (const field of fields) {
    which.forEach((e, k) => {
      out[field][k] = from[field][e]!;
    });
  }
  return out;
}
