/** A product of Legendre polynomials over a tile: of order `i` along x and `j` along y, each of mean square 1. */
export interface Term {
  readonly i: number;
  readonly j: number;
}

/** All products of a degree of 1 to `degree`; their mean over the tile is 0. */
export const termsUpTo = (degree: number): readonly Term[] =>
  Array.from({ length: degree }, (_, d) => Array.from({ length: d + 2 }, (__, i) => ({ i, j: d + 1 - i }))).flat();

/**
 * Legendre polynomials of order 0 to `degree` at pixel positions of an axis, scaled to mean square 1.
 *
 * @param size  pixels along the axis: −0.5 and size − 0.5 are the ends of the polynomials' interval
 * @returns order k at position p at `k * positions.length + p`
 */
export function legendre(positions: ArrayLike<number>, size: number, degree: number): Float64Array {
  const count = positions.length;
  const out = new Float64Array((degree + 1) * count);
  for (let p = 0; p < count; p++) {
    const u = (2 * (positions[p]! + 0.5)) / size - 1;
    let [before, now] = [0, 1];
    for (let k = 0; k <= degree; k++) {
      out[k * count + p] = now * Math.sqrt(2 * k + 1);
      [before, now] = [now, ((2 * k + 1) * u * now - k * before) / (k + 1)];
    }
  }
  return out;
}
