import type { Affine2 } from "./grid.js";

/**
 * Least-squares affine map over the pairs that are finite; `undefined` for fewer than three or for points on a line.
 *
 * @param from, to  points, interleaved x, y
 * @param middle    a place amid `from`: sums of products about it keep their digits
 */
export function fitAffine(
  from: Float64Array,
  to: Float64Array,
  [cx, cy]: readonly [x: number, y: number],
): Affine2 | undefined {
  const s = { n: 0, x: 0, y: 0, xx: 0, xy: 0, yy: 0 };
  const u = [0, 0, 0];
  const v = [0, 0, 0];
  for (let i = 0; i < from.length; i += 2) {
    if (!Number.isFinite(to[i]!) || !Number.isFinite(to[i + 1]!)) continue;
    const x = from[i]! - cx;
    const y = from[i + 1]! - cy;
    s.n += 1;
    s.x += x;
    s.y += y;
    s.xx += x * x;
    s.xy += x * y;
    s.yy += y * y;
    for (const [sum, value] of [
      [u, to[i]!],
      [v, to[i + 1]!],
    ] as const) {
      sum[0]! += value * x;
      sum[1]! += value * y;
      sum[2]! += value;
    }
  }
  // Cramer's rule on [xx xy x; xy yy y; x y n] · (a, b, c) = u
  const A = s.yy * s.n - s.y * s.y;
  const B = s.x * s.y - s.xy * s.n;
  const C = s.xy * s.y - s.yy * s.x;
  const determinant = s.xx * A + s.xy * B + s.x * C;
  if (s.n < 3 || !(Math.abs(determinant) > 0)) return undefined;
  const E = s.xx * s.n - s.x * s.x;
  const F = s.x * s.xy - s.xx * s.y;
  const I = s.xx * s.yy - s.xy * s.xy;
  const solve = ([p, q, r]: readonly number[]) =>
    [A * p! + B * q! + C * r!, B * p! + E * q! + F * r!, C * p! + F * q! + I * r!].map((t) => t / determinant);
  const [a, b, c] = solve(u) as [number, number, number];
  const [d, e, f] = solve(v) as [number, number, number];
  return [a, b, c - a * cx - b * cy, d, e, f - d * cx - e * cy];
}
