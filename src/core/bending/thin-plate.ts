import type { Affine2 } from "../grid.js";
import { logarithm } from "../logarithm.js";
import type { Points } from "../points.js";
import { jetSize } from "./jets.js";

/**
 * A thin-plate spline: A p + Σ wᵢ U(|p − kᵢ|), U(r) = r² log r [1]. In world units; far from the knots it tends to an affine
 * map, as long as Σ wᵢ and Σ wᵢ kᵢ are 0.
 *
 * [1] F. Bookstein, "Principal warps", IEEE TPAMI 11 (1989), doi:10.1109/34.24792
 */
export interface ThinPlate {
  readonly affine: Affine2;
  readonly knots: Points<"world">;
  /** Interleaved: the weight of each knot in x and in y. */
  readonly weights: Float64Array;
}

/** See `JetMap`. Costs one logarithm for each point and knot. */
export function thinPlateAt(
  { affine: [a, b, c, d, e, f], knots, weights }: ThinPlate,
  points: Float64Array,
  derivatives: boolean,
): Float64Array {
  const size = jetSize(derivatives);
  const count = points.length / 2;
  const out = new Float64Array(size * count);
  for (let i = 0; i < count; i++) {
    const x = points[2 * i]!;
    const y = points[2 * i + 1]!;
    let [u, v, ux, uy, vx, vy] = [0, 0, 0, 0, 0, 0];
    for (let k = 0; k < knots.length; k += 2) {
      const dx = x - knots[k]!;
      const dy = y - knots[k + 1]!;
      const square = dx * dx + dy * dy;
      if (!(square > 1e-300)) continue; // U and its derivatives are 0 at the knot
      const log = logarithm(square);
      const bend = 0.5 * square * log;
      const wu = weights[k]!;
      const wv = weights[k + 1]!;
      u += wu * bend;
      v += wv * bend;
      if (!derivatives) continue;
      const slopeX = dx * (log + 1);
      const slopeY = dy * (log + 1);
      ux += wu * slopeX;
      uy += wu * slopeY;
      vx += wv * slopeX;
      vy += wv * slopeY;
    }
    const at = size * i;
    // A point that is NaN, or so far away that the sum overflows, has no place.
    out[at] = finite(a * x + b * y + c + u);
    out[at + 1] = finite(d * x + e * y + f + v);
    if (derivatives) out.set([a + ux, b + uy, d + vx, e + vy], at + 2);
  }
  return out;
}

const finite = (value: number): number => (Math.abs(value) < Number.POSITIVE_INFINITY ? value : Number.NaN);
