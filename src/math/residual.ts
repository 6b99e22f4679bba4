import type { Matrix3 } from "../core/transform.js";

/**
 * Squared residuals of tie points under a map, balanced between the two planes.
 *
 * The transfer error in the moving plane, divided by (1 + s²) / 2 where s² is how much the map magnifies area there: the
 * first-order distance to the nearest pair of points that agrees with the map (Sampson error for an isotropic map), so that
 * a threshold in pixels means the same whichever image is the larger. Points at or behind the horizon get infinity.
 *
 * @param fixed, moving  interleaved points
 * @param out  one squared residual per point, in squared units of the moving plane
 */
export function squaredResiduals(m: Matrix3, fixed: Float64Array, moving: Float64Array, out: Float64Array): void {
  const [a, b, c, d, e, f, g, h, i] = m;
  const linear = g === 0 && h === 0;
  const area = Math.abs(a * e - b * d) / (i * i);
  const flat = 2 / (1 + area);
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  for (let k = 0; k < out.length; k++) {
    const x = fixed[2 * k]!;
    const y = fixed[2 * k + 1]!;
    const w = g * x + h * y + i;
    if (!(w > 1e-12)) {
      out[k] = Number.POSITIVE_INFINITY;
      continue;
    }
    const q = 1 / w;
    const u = (a * x + b * y + c) * q - moving[2 * k]!;
    const v = (d * x + e * y + f) * q - moving[2 * k + 1]!;
    out[k] = (u * u + v * v) * (linear ? flat : 2 / (1 + Math.abs(det * q * q * q)));
  }
}
