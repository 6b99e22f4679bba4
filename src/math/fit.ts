import { failed, ok, problem, type Result } from "../core/diagnostic.js";
import type { Matrix3 } from "../core/transform.js";
import { choleskySolve } from "./least-squares.js";

/** What an estimator may do with the plane, from stiffest to loosest. All but `projective` give an affine matrix. */
export type Family = "translation" | "rigid" | "similarity" | "affine" | "projective";

/** Tie points that determine a map of the family, and its number of free parameters. */
export const minimalSample: Readonly<Record<Family, number>> = {
  translation: 1,
  rigid: 2,
  similarity: 2,
  affine: 3,
  projective: 4,
};
export const freedom: Readonly<Record<Family, number>> = {
  translation: 2,
  rigid: 3,
  similarity: 4,
  affine: 6,
  projective: 8,
};

/**
 * Fits a map of a family to points by weighted least squares of the transfer error in the moving plane.
 *
 * Points are centred and scaled first; without that the normal equations can lose half their digits [1]. Rigid and
 * similarity maps are Umeyama's closed form [2], never a reflection. The projective map starts from the linear solution
 * and takes Gauss-Newton steps on the geometric error.
 *
 * @param fixed, moving  interleaved points, in any unit
 * @param use  which points, by index; all when absent
 * @param weight  weight of each point (of the whole set), at least 0; all 1 when absent
 * @returns row-major matrix, fixed to moving; `degenerate` where the points do not determine the map (too few, all in one
 *   place, on a line, or a fit that folds the plane)
 *
 * [1] R. Hartley, "In defense of the eight-point algorithm", IEEE TPAMI 19 (1997), doi:10.1109/34.601246
 * [2] S. Umeyama, IEEE TPAMI 13 (1991), doi:10.1109/34.88573
 */
export function fitMap(
  family: Family,
  fixed: Float64Array,
  moving: Float64Array,
  use?: ArrayLike<number>,
  weight?: ArrayLike<number>,
): Result<Matrix3> {
  const count = use ? use.length : fixed.length / 2;
  if (count < minimalSample[family]) return degenerate(family, `${count} tie points`);
  const f = normalisation(fixed, count, use, weight);
  const m = normalisation(moving, count, use, weight);
  if (!(f.total > 0)) return degenerate(family, "no weight");
  if (family !== "translation" && !(f.scale > 0 && m.scale > 0)) return degenerate(family, "all points in one place");
  switch (family) {
    case "translation":
      return ok([1, 0, m.x - f.x, 0, 1, m.y - f.y, 0, 0, 1]);
    case "rigid":
    case "similarity":
      return fitSimilarity(family, fixed, moving, count, use, weight, f, m);
    case "affine": {
      const linear = fitAffine(fixed, moving, count, use, weight, f, m);
      return linear ? ok(linear) : degenerate(family, "points on a line");
    }
    case "projective":
      return fitProjective(fixed, moving, count, use, weight, f, m);
  }
}

const degenerate = (family: Family, what: string) =>
  failed(
    problem(
      "degenerate",
      `The tie points do not determine a ${family} map: ${what}`,
      "Use more tie points, spread over the image, or a stiffer model.",
    ),
  );

interface Normalisation {
  readonly x: number;
  readonly y: number;
  /** Multiplies centred coordinates so that their mean distance is √2; 0 when all points coincide. */
  readonly scale: number;
  readonly total: number;
}

function normalisation(
  p: Float64Array,
  count: number,
  use?: ArrayLike<number>,
  weight?: ArrayLike<number>,
): Normalisation {
  let x = 0;
  let y = 0;
  let total = 0;
  for (let k = 0; k < count; k++) {
    const i = use ? use[k]! : k;
    const w = weight ? weight[i]! : 1;
    x += w * p[2 * i]!;
    y += w * p[2 * i + 1]!;
    total += w;
  }
  x /= total;
  y /= total;
  let distance = 0;
  for (let k = 0; k < count; k++) {
    const i = use ? use[k]! : k;
    const w = weight ? weight[i]! : 1;
    const dx = p[2 * i]! - x;
    const dy = p[2 * i + 1]! - y;
    distance += w * Math.sqrt(dx * dx + dy * dy);
  }
  return { x, y, scale: distance > 0 ? (Math.SQRT2 * total) / distance : 0, total };
}

function fitSimilarity(
  family: "rigid" | "similarity",
  fixed: Float64Array,
  moving: Float64Array,
  count: number,
  use: ArrayLike<number> | undefined,
  weight: ArrayLike<number> | undefined,
  f: Normalisation,
  m: Normalisation,
): Result<Matrix3> {
  let dot = 0;
  let cross = 0;
  let norm = 0;
  for (let k = 0; k < count; k++) {
    const i = use ? use[k]! : k;
    const w = weight ? weight[i]! : 1;
    const x = fixed[2 * i]! - f.x;
    const y = fixed[2 * i + 1]! - f.y;
    const u = moving[2 * i]! - m.x;
    const v = moving[2 * i + 1]! - m.y;
    dot += w * (x * u + y * v);
    cross += w * (x * v - y * u);
    norm += w * (x * x + y * y);
  }
  const length = Math.sqrt(dot * dot + cross * cross);
  if (!(length > 1e-12 * norm)) return degenerate(family, "no common orientation");
  const scale = family === "rigid" ? 1 : length / norm;
  const c = (scale * dot) / length;
  const s = (scale * cross) / length;
  return ok([c, -s, m.x - c * f.x + s * f.y, s, c, m.y - s * f.x - c * f.y, 0, 0, 1]);
}

function fitAffine(
  fixed: Float64Array,
  moving: Float64Array,
  count: number,
  use: ArrayLike<number> | undefined,
  weight: ArrayLike<number> | undefined,
  f: Normalisation,
  m: Normalisation,
): Matrix3 | undefined {
  // Centred normal equations: [Σxx Σxy; Σxy Σyy] for both rows, the translation follows from the means.
  let xx = 0;
  let xy = 0;
  let yy = 0;
  let xu = 0;
  let yu = 0;
  let xv = 0;
  let yv = 0;
  for (let k = 0; k < count; k++) {
    const i = use ? use[k]! : k;
    const w = weight ? weight[i]! : 1;
    const x = (fixed[2 * i]! - f.x) * f.scale;
    const y = (fixed[2 * i + 1]! - f.y) * f.scale;
    const u = (moving[2 * i]! - m.x) * f.scale;
    const v = (moving[2 * i + 1]! - m.y) * f.scale;
    xx += w * x * x;
    xy += w * x * y;
    yy += w * y * y;
    xu += w * x * u;
    yu += w * y * u;
    xv += w * x * v;
    yv += w * y * v;
  }
  const det = xx * yy - xy * xy;
  if (!(det > 1e-10 * (xx + yy) * (xx + yy))) return undefined;
  const a = (xu * yy - yu * xy) / det;
  const b = (yu * xx - xu * xy) / det;
  const d = (xv * yy - yv * xy) / det;
  const e = (yv * xx - xv * xy) / det;
  return [a, b, m.x - a * f.x - b * f.y, d, e, m.y - d * f.x - e * f.y, 0, 0, 1];
}

function fitProjective(
  fixed: Float64Array,
  moving: Float64Array,
  count: number,
  use: ArrayLike<number> | undefined,
  weight: ArrayLike<number> | undefined,
  f: Normalisation,
  m: Normalisation,
): Result<Matrix3> {
  const n = count;
  const x = new Float64Array(n);
  const y = new Float64Array(n);
  const u = new Float64Array(n);
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const i = use ? use[k]! : k;
    x[k] = (fixed[2 * i]! - f.x) * f.scale;
    y[k] = (fixed[2 * i + 1]! - f.y) * f.scale;
    u[k] = (moving[2 * i]! - m.x) * m.scale;
    v[k] = (moving[2 * i + 1]! - m.y) * m.scale;
    w[k] = weight ? weight[i]! : 1;
  }
  // Linear solution with h8 = 1 (the centred origin is never on the horizon of a map that keeps the points in sight).
  const ones = new Float64Array(n).fill(1);
  const h = solveProjective(x, y, ones, u, v, u, v, w);
  if (!h) return degenerate("projective", "three of four points on a line");
  if (n > 4) {
    const [X, Y, Q, pu, pv, du, dv] = Array.from({ length: 7 }, () => new Float64Array(n)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    for (let step = 0; step < 4; step++) {
      for (let k = 0; k < n; k++) {
        const q = h[6]! * x[k]! + h[7]! * y[k]! + 1;
        if (!(q > 1e-6)) return degenerate("projective", "the fit folds the plane");
        const iq = 1 / q;
        X[k] = x[k]! * iq;
        Y[k] = y[k]! * iq;
        Q[k] = iq;
        pu[k] = h[0]! * X[k]! + h[1]! * Y[k]! + h[2]! * iq;
        pv[k] = h[3]! * X[k]! + h[4]! * Y[k]! + h[5]! * iq;
        du[k] = u[k]! - pu[k]!;
        dv[k] = v[k]! - pv[k]!;
      }
      const delta = solveProjective(X, Y, Q, pu, pv, du, dv, w);
      if (!delta) break;
      let size = 0;
      for (let r = 0; r < 8; r++) {
        h[r] = h[r]! + delta[r]!;
        size += delta[r]! * delta[r]!;
      }
      if (size < 1e-18) break;
    }
  }
  for (let k = 0; k < n; k++) {
    if (!(h[6]! * x[k]! + h[7]! * y[k]! + 1 > 1e-6)) return degenerate("projective", "the fit folds the plane");
  }
  // Undo the normalisation: T_m⁻¹ · H · T_f.
  const s = f.scale;
  const H = [h[0]! * s, h[1]! * s, h[2]!, h[3]! * s, h[4]! * s, h[5]!, h[6]! * s, h[7]! * s, 1];
  for (let r = 0; r < 3; r++) H[3 * r + 2] = H[3 * r + 2]! - H[3 * r]! * f.x - H[3 * r + 1]! * f.y;
  const im = 1 / m.scale;
  const out = new Array<number>(9);
  for (let c = 0; c < 3; c++) {
    out[c] = H[c]! * im + m.x * H[6 + c]!;
    out[3 + c] = H[3 + c]! * im + m.y * H[6 + c]!;
    out[6 + c] = H[6 + c]!;
  }
  const last = out[8]!;
  if (!(Math.abs(last) > 1e-12)) return degenerate("projective", "the horizon passes through the origin");
  return ok(out.map((value) => value / Math.abs(last)) as unknown as Matrix3);
}

/**
 * Solves the normal equations of rows (p, 0, −u·p₂) · h = du and (0, p, −v·p₂) · h = dv, where p = (X, Y, Q) and p₂ = (X, Y):
 * the linear system of a projective map, and each Gauss-Newton step towards it.
 */
function solveProjective(
  X: Float64Array,
  Y: Float64Array,
  Q: Float64Array,
  u: Float64Array,
  v: Float64Array,
  du: Float64Array,
  dv: Float64Array,
  weight: Float64Array,
): Float64Array | undefined {
  // Sums over points of w · (second moments of p), bare and times u, v and u² + v².
  let [xx, xy, xq, yy, yq, qq] = [0, 0, 0, 0, 0, 0];
  let [uxx, uxy, uyy, uqx, uqy] = [0, 0, 0, 0, 0];
  let [vxx, vxy, vyy, vqx, vqy] = [0, 0, 0, 0, 0];
  let [exx, exy, eyy] = [0, 0, 0];
  let [r0, r1, r2, r3, r4, r5, r6, r7] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let k = 0; k < X.length; k++) {
    const x = X[k]!;
    const y = Y[k]!;
    const q = Q[k]!;
    const wx = weight[k]! * x;
    const wy = weight[k]! * y;
    const wq = weight[k]! * q;
    const a = u[k]!;
    const b = v[k]!;
    const da = du[k]!;
    const db = dv[k]!;
    const sxx = wx * x;
    const sxy = wx * y;
    const syy = wy * y;
    const sxq = wx * q;
    const syq = wy * q;
    xx += sxx;
    xy += sxy;
    xq += sxq;
    yy += syy;
    yq += syq;
    qq += wq * q;
    uxx += a * sxx;
    uxy += a * sxy;
    uyy += a * syy;
    uqx += a * sxq;
    uqy += a * syq;
    vxx += b * sxx;
    vxy += b * sxy;
    vyy += b * syy;
    vqx += b * sxq;
    vqy += b * syq;
    const e = a * a + b * b;
    exx += e * sxx;
    exy += e * sxy;
    eyy += e * syy;
    r0 += wx * da;
    r1 += wy * da;
    r2 += wq * da;
    r3 += wx * db;
    r4 += wy * db;
    r5 += wq * db;
    const d = a * da + b * db;
    r6 -= wx * d;
    r7 -= wy * d;
  }
  // biome-ignore format: the upper triangle of the 8 x 8 matrix, as one reads it
  const A = [
    xx, xy, xq, 0, 0, 0, -uxx, -uxy,
    0, yy, yq, 0, 0, 0, -uxy, -uyy,
    0, 0, qq, 0, 0, 0, -uqx, -uqy,
    0, 0, 0, xx, xy, xq, -vxx, -vxy,
    0, 0, 0, 0, yy, yq, -vxy, -vyy,
    0, 0, 0, 0, 0, qq, -vqx, -vqy,
    0, 0, 0, 0, 0, 0, exx, exy,
    0, 0, 0, 0, 0, 0, 0, eyy,
  ];
  return choleskySolve(A, [r0, r1, r2, r3, r4, r5, r6, r7], 8);
}
