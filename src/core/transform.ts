import { bend, isBend, unbend } from "./bending/bend.js";
import { unreachable } from "./diagnostic.js";
import { type Affine2, applyAffine, type Grid, invertAffine } from "./grid.js";
import type { Points } from "./points.js";

/**
 * Nine numbers, row-major homogeneous matrix, the last scaled to 1; to -1 where the origin lies behind the horizon. Points
 * before the horizon have a positive third coordinate, so the matrix may be scaled by positive factors only.
 */
export type Matrix3 = readonly [number, number, number, number, number, number, number, number, number];

/**
 * A map of world points: from the fixed image's world to the moving image's world.
 *
 * Plain data: it hashes, diffs, crosses threads and is its own JSON form.
 */
export type Transform =
  | { readonly type: "affine"; readonly matrix: Affine2 }
  | { readonly type: "projective"; readonly matrix: Matrix3 }
  | { readonly type: "tps"; readonly affine: Affine2; readonly knots: Points<"world">; readonly weights: Float64Array }
  | { readonly type: "bspline"; readonly lattice: Grid; readonly coefficients: Float64Array }
  | { readonly type: "displacement"; readonly grid: Grid; readonly offsets: Float32Array }
  | { readonly type: "sequence"; readonly steps: readonly Transform[] }
  | { readonly type: "inverse"; readonly of: Transform };

export const identity: Transform = { type: "affine", matrix: [1, 0, 0, 0, 1, 0] };

/** The map that applies the given maps from first to last. */
export const sequence = (...steps: readonly Transform[]): Transform => ({ type: "sequence", steps });

/** The reverse map. Closed form where there is one; otherwise marked, and solved when applied. */
export function invert(t: Transform): Transform {
  switch (t.type) {
    case "affine":
      return { type: "affine", matrix: invertAffine(t.matrix) };
    case "projective":
      return { type: "projective", matrix: invertMatrix3(t.matrix) };
    case "inverse":
      return t.of;
    case "sequence":
      return { type: "sequence", steps: t.steps.map(invert).reverse() };
    case "tps":
    case "bspline":
    case "displacement":
      return { type: "inverse", of: t };
    default:
      return unreachable(t);
  }
}

/**
 * Maps points; a point outside the map's domain comes back as NaN, NaN.
 *
 * Where the pixels of an image are mapped, `mapPoints` of src/math/map-points.ts does the same on all lanes.
 */
export function apply(t: Transform, points: Points<"world">): Points<"world"> {
  switch (t.type) {
    case "affine":
      return applyAffine(t.matrix, points) as Points<"world">;
    case "projective":
      return applyMatrix3(t.matrix, points) as Points<"world">;
    case "sequence":
      return t.steps.reduce((p, step) => apply(step, p), points);
    case "inverse":
      return isBend(t.of) ? (unbend(t.of, points) as Points<"world">) : apply(invert(t.of), points);
    case "tps":
    case "bspline":
    case "displacement":
      return bend(t, points, false) as Points<"world">;
    default:
      return unreachable(t);
  }
}

/** A point that a projective map sends to or behind the horizon comes back as NaN, NaN. */
export function applyMatrix3(m: Matrix3, p: Float64Array): Float64Array {
  const out = new Float64Array(p.length);
  for (let i = 0; i < p.length; i += 2) {
    const x = p[i]!;
    const y = p[i + 1]!;
    const w = m[6] * x + m[7] * y + m[8];
    const q = w > 1e-12 ? 1 / w : Number.NaN;
    out[i] = (m[0] * x + m[1] * y + m[2]) * q;
    out[i + 1] = (m[3] * x + m[4] * y + m[5]) * q;
  }
  return out;
}

/** The product `a · b`, scaled as `Matrix3` says. */
export function multiplyMatrix3(a: Matrix3, b: Matrix3): Matrix3 {
  const out = new Array<number>(9);
  for (let r = 0; r < 3; r++) {
    for (let c = 0; c < 3; c++)
      out[3 * r + c] = a[3 * r]! * b[c]! + a[3 * r + 1]! * b[3 + c]! + a[3 * r + 2]! * b[6 + c]!;
  }
  return normalise(out as unknown as Matrix3);
}

/** The inverse, scaled as `Matrix3` says; its elements are not finite when `m` is singular. */
export function invertMatrix3(m: Matrix3): Matrix3 {
  const [a, b, c, d, e, f, g, h, i] = m;
  const A = e * i - f * h;
  const B = f * g - d * i;
  const C = d * h - e * g;
  const det = a * A + b * B + c * C;
  const adjugate = [A, c * h - b * i, b * f - c * e, B, a * i - c * g, c * d - a * f, C, b * g - a * h, a * e - b * d];
  return normalise(adjugate.map((v) => v / det) as unknown as Matrix3);
}

function normalise(m: Matrix3): Matrix3 {
  const scale = Math.abs(m[8]);
  return m.map((v) => v / scale) as unknown as Matrix3;
}

export const matrix3FromAffine = ([a, b, c, d, e, f]: Affine2): Matrix3 => [a, b, c, d, e, f, 0, 0, 1];

/**
 * One matrix that does the whole map, or `undefined` where the map bends.
 *
 * Lets a warp of any chain of linear maps resample once, and closed forms stay closed.
 */
export function asMatrix3(t: Transform): Matrix3 | undefined {
  switch (t.type) {
    case "affine":
      return matrix3FromAffine(t.matrix);
    case "projective":
      return t.matrix;
    case "inverse": {
      const of = asMatrix3(t.of);
      return of && invertMatrix3(of);
    }
    case "sequence": {
      let product: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];
      for (const step of t.steps) {
        const m = asMatrix3(step);
        if (!m) return undefined;
        product = multiplyMatrix3(m, product);
      }
      return product;
    }
    case "tps":
    case "bspline":
    case "displacement":
      return undefined;
    default:
      return unreachable(t);
  }
}
