import type { Matrix3 } from "../../core/transform.js";
import { log } from "../elementary.js";
import type { PointIndex } from "./point-index.js";
import type { ShapeHash, Triangles } from "./triangles.js";

/** A map that a pair of alike triangles gives, with the neighbours that agree with it. */
export interface Hypothesis {
  readonly matrix: Matrix3;
  /** How little chance explains the neighbours that agree with it: minus the natural logarithm, about. */
  readonly score: number;
  /** The fixed point around which it holds. */
  readonly anchor: number;
}

/** What hypotheses are held against. */
export interface HypothesisTest {
  readonly fixed: Float64Array;
  readonly moving: PointIndex;
  /** Neighbours of each fixed point, nearest first, `width` for each: those who are asked. */
  readonly lists: Int32Array;
  readonly width: number;
  /** Typical distance between moving points. */
  readonly spacing: number;
  /** How far a point may lie from where it belongs, fixed units. */
  readonly reach: number;
  readonly scale: readonly [number, number];
  /** How much one direction may be stretched against another; above 0 maps are affine, and 0 gives similarities. */
  readonly distortion: number;
}

/** Neighbours that are asked whether they agree with a pair of triangles, and how many must. */
export const WITNESSES = 12;
const LEAST_WITNESSES = 3;
const LEAST_SCORE = 5;
/** Largest chance that a place is within reach of a moving point. */
const CROWDED = 0.1;
/** Hypotheses that are kept at one time; on a lattice nearly all pass. */
const MOST_KEPT = 30_000;

/** Holds fixed triangles against all moving triangles of their shape. @returns how many pairs were looked at */
export function testTriangles(from: Triangles, hash: ShapeHash, test: HypothesisTest, kept: Hypothesis[]): number {
  const to = hash.triangles;
  const p = test.fixed;
  const q = test.moving.points;
  let tried = 0;
  for (let t = 0; t < from.count; t++) {
    const [a, b, c] = [from.corners[3 * t]!, from.corners[3 * t + 1]!, from.corners[3 * t + 2]!];
    const [cx, cy] = [(p[2 * a]! + p[2 * b]! + p[2 * c]!) / 3, (p[2 * a + 1]! + p[2 * b + 1]! + p[2 * c + 1]!) / 3];
    const [ax, ay] = [p[2 * a]! - cx, p[2 * a + 1]! - cy];
    const [bx, by] = [p[2 * b]! - cx, p[2 * b + 1]! - cy];
    const norm = 2 * (ax * ax + ay * ay + bx * bx + by * by + ax * bx + ay * by); // the third corner is minus the sum of the others
    const det = ax * by - ay * bx;
    const allowed = (1.2 * test.reach) / from.length[t]! + test.distortion;
    hash.each(from.code[2 * t]!, from.code[2 * t + 1]!, allowed, (u) => {
      tried++;
      const scale = to.length[u]! / from.length[t]!;
      if (scale < test.scale[0] || scale > test.scale[1]) return;
      const [d, e, f] = [to.corners[3 * u]!, to.corners[3 * u + 1]!, to.corners[3 * u + 2]!];
      const mx = (q[2 * d]! + q[2 * e]! + q[2 * f]!) / 3;
      const my = (q[2 * d + 1]! + q[2 * e + 1]! + q[2 * f + 1]!) / 3;
      const [dx, dy, ex, ey] = [q[2 * d]! - mx, q[2 * d + 1]! - my, q[2 * e]! - mx, q[2 * e + 1]! - my];
      let [m0, m1, m3, m4] = [0, 0, 0, 0];
      if (test.distortion > 0) {
        m0 = (dx * by - ex * ay) / det;
        m1 = (ex * ax - dx * bx) / det;
        m3 = (dy * by - ey * ay) / det;
        m4 = (ey * ax - dy * bx) / det;
      } else {
        // Least squares over the three corners, the sums of the third written out.
        const sx = ax + bx;
        const sy = ay + by;
        m0 = (ax * dx + ay * dy + bx * ex + by * ey + sx * (dx + ex) + sy * (dy + ey)) / norm;
        m3 = (ax * dy - ay * dx + bx * ey - by * ex + sx * (dy + ey) - sy * (dx + ex)) / norm;
        m1 = -m3;
        m4 = m0;
      }
      const m2 = mx - m0 * cx - m1 * cy;
      const m5 = my - m3 * cx - m4 * cy;
      // Where moving points are dense for this scale, a shorter reach is what still tells right from wrong.
      const squared = Math.min((1.5 * test.reach * scale) ** 2, (CROWDED * test.spacing ** 2) / Math.PI);
      const radius = Math.sqrt(squared);
      let asked = 0;
      let far = 0;
      let half = 0;
      let near = 0;
      const row = a * test.width;
      for (let n = row; n < row + test.width && asked < WITNESSES; n++) {
        const i = test.lists[n]!;
        if (i < 0) break;
        if (i === b || i === c) continue;
        asked++;
        const x = p[2 * i]!;
        const y = p[2 * i + 1]!;
        const distance = test.moving.squaredToNearest(m0 * x + m1 * y + m2, m3 * x + m4 * y + m5, radius);
        if (distance < squared) {
          far++;
          if (distance < 0.25 * squared) half++;
          if (distance < 0.0625 * squared) near++;
        } else if (far + WITNESSES - asked < LEAST_WITNESSES || (asked >= 6 && far === 0)) return;
      }
      const chance = (Math.PI * squared) / test.spacing ** 2;
      const score = Math.max(
        surprise(far, asked, chance),
        surprise(half, asked, 0.25 * chance),
        surprise(near, asked, 0.0625 * chance),
      );
      if (score > LEAST_SCORE && kept.length < MOST_KEPT)
        kept.push({ matrix: [m0, m1, m2, m3, m4, m5, 0, 0, 1], score, anchor: a });
    });
  }
  return tried;
}

/** Minus the logarithm of the bound for `found` or more of `asked` where each has the same chance [Chernoff]. */
function surprise(found: number, asked: number, chance: number): number {
  const share = found / asked;
  if (!(share > chance)) return 0;
  return asked * (share * log(share / chance) + (share < 1 ? (1 - share) * log((1 - share) / (1 - chance)) : 0));
}
