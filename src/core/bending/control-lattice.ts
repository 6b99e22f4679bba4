import { type Grid, invertAffine } from "../grid.js";
import { jetSize } from "./jets.js";

/**
 * A cubic B-spline displacement: p + Σ cᵢⱼ B(s − i) B(t − j), where (s, t) is p in pixels of the lattice and B the centred
 * cubic B-spline.
 *
 * Coefficients beyond the lattice are 0: the displacement is smooth everywhere and fades to 0 within two lattice steps
 * outside. Inside of the outermost ring of cells it is what ITK and elastix mean.
 */
export interface ControlLattice {
  /** Places of the coefficients: the pixel centres of a grid. */
  readonly lattice: Grid;
  /** Interleaved, row by row: displacement in x and in y, world units. */
  readonly coefficients: Float64Array;
}

/** See `JetMap`. */
export function controlLatticeAt(
  { lattice, coefficients }: ControlLattice,
  points: Float64Array,
  derivatives: boolean,
): Float64Array {
  const { width, height } = lattice;
  const [a, b, c, d, e, f] = invertAffine(lattice.worldFromPixel);
  const size = jetSize(derivatives);
  const count = points.length / 2;
  const out = new Float64Array(size * count);
  const across = new Float64Array(8);
  const down = new Float64Array(8);
  for (let i = 0; i < count; i++) {
    const x = points[2 * i]!;
    const y = points[2 * i + 1]!;
    const s = a * x + b * y + c;
    const t = d * x + e * y + f;
    const column = Math.floor(s);
    const row = Math.floor(t);
    let [u, v, us, ut, vs, vt] = [0, 0, 0, 0, 0, 0];
    if (column >= -2 && row >= -2 && column <= width && row <= height) {
      cubicBasis(s - column, across);
      cubicBasis(t - row, down);
      for (let j = 0; j < 4; j++) {
        const cy = row - 1 + j;
        if (cy < 0 || cy >= height) continue;
        for (let k = 0; k < 4; k++) {
          const cx = column - 1 + k;
          if (cx < 0 || cx >= width) continue;
          const at = 2 * (cy * width + cx);
          const cu = coefficients[at]!;
          const cv = coefficients[at + 1]!;
          const w = across[k]! * down[j]!;
          u += w * cu;
          v += w * cv;
          if (!derivatives) continue;
          const ws = across[4 + k]! * down[j]!;
          const wt = across[k]! * down[4 + j]!;
          us += ws * cu;
          ut += wt * cu;
          vs += ws * cv;
          vt += wt * cv;
        }
      }
    }
    const at = size * i;
    out[at] = x + u;
    out[at + 1] = y + v;
    if (derivatives) out.set([1 + us * a + ut * d, us * b + ut * e, vs * a + vt * d, 1 + vs * b + vt * e], at + 2);
  }
  return out;
}

/** Weights of the taps -1, 0, 1, 2 at a fraction, then their derivatives. */
export function cubicBasis(t: number, out: Float64Array): void {
  const r = 1 - t;
  out[0] = (r * r * r) / 6;
  out[1] = (t * t * (3 * t - 6) + 4) / 6;
  out[2] = (r * r * (3 * r - 6) + 4) / 6;
  out[3] = (t * t * t) / 6;
  out[4] = (-r * r) / 2;
  out[5] = (t * (3 * t - 4)) / 2;
  out[6] = (-r * (3 * r - 4)) / 2;
  out[7] = (t * t) / 2;
}
