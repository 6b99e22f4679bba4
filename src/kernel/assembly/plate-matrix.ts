// The linear algebra of thin-plate smoothing splines, in double precision: a symmetric matrix to tridiagonal form, and what
// every smoothing asks of it. Rows of matrices are `stride` numbers apart, an even count.
import { logarithms } from "./thin-plate";

/** Rows [lo, hi) of the kernel matrix: rᵢ rⱼ U(|pᵢ − pⱼ|), U(d) = d² log d. @param x, y, root  f64, `n` each and one to spare */
export function plateMatrix(lo: i32, hi: i32, x: usize, y: usize, root: usize, out: usize, n: i32, stride: i32): void {
  const tiny = f64x2.splat(1e-300);
  for (let i = lo; i < hi; i++) {
    const at = <usize>i << 3;
    const xi = f64x2.splat(load<f64>(x + at));
    const yi = f64x2.splat(load<f64>(y + at));
    const half = f64x2.splat(0.5 * load<f64>(root + at));
    const row = out + <usize>i * (<usize>stride << 3);
    for (let j: usize = 0; j < <usize>n << 3; j += 16) {
      const dx = f64x2.sub(v128.load(x + j), xi);
      const dy = f64x2.sub(v128.load(y + j), yi);
      const square = f64x2.add(f64x2.mul(dx, dx), f64x2.mul(dy, dy));
      const bend = f64x2.mul(f64x2.mul(square, logarithms(square)), f64x2.mul(half, v128.load(root + j)));
      v128.store(row + j, v128.and(bend, f64x2.gt(square, tiny)));
    }
  }
}

/** p = A v over the first `m` rows and columns; the lower triangle of A counts. */
function times(A: usize, pitch: usize, m: i32, v: usize, p: usize): void {
  for (let j = 0; j < m; j++) store<f64>(p + (<usize>j << 3), 0);
  for (let j = 0; j < m; j++) {
    const row = A + <usize>j * pitch;
    const vj = load<f64>(v + (<usize>j << 3));
    let sum: f64 = 0;
    for (let k: usize = 0; k < <usize>j << 3; k += 8) {
      const a = load<f64>(row + k);
      sum += a * load<f64>(v + k);
      store<f64>(p + k, load<f64>(p + k) + a * vj);
    }
    const o = <usize>j << 3;
    store<f64>(p + o, load<f64>(p + o) + sum + load<f64>(row + o) * vj);
  }
}

/** A becomes H A H with H = I − v vᵀ, its lower triangle; `p` is scratch for `m` numbers. */
export function reflectSymmetric(A: usize, stride: i32, m: i32, v: usize, p: usize): void {
  const pitch = <usize>stride << 3;
  times(A, pitch, m, v, p);
  let dot: f64 = 0;
  for (let j: usize = 0; j < <usize>m << 3; j += 8) dot += load<f64>(p + j) * load<f64>(v + j);
  for (let j: usize = 0; j < <usize>m << 3; j += 8) store<f64>(p + j, load<f64>(p + j) - 0.5 * dot * load<f64>(v + j));
  for (let j = 0; j < m; j++) {
    const row = A + <usize>j * pitch;
    const o = <usize>j << 3;
    const vj = load<f64>(v + o), qj = load<f64>(p + o);
    for (let k: usize = 0; k <= o; k += 8) {
      store<f64>(row + k, load<f64>(row + k) - vj * load<f64>(p + k) - qj * load<f64>(v + k));
    }
  }
}

@inline function sumOf(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** One row's part of a step: a ← a − v' q − q' v (what the step before left to do), then a · u into `p` both ways. */
function stepRow(row: usize, j: i32, v: usize, q: usize, u: usize, p: usize): void {
  const o = <usize>j << 3;
  const uj = load<f64>(u + o);
  const uu = f64x2.splat(uj);
  const vj = load<f64>(v + o);
  const qj = load<f64>(q + o);
  const vv = f64x2.splat(vj), qq = f64x2.splat(qj);
  let sums = f64x2.splat(0);
  let k: usize = 0;
  for (; k + 16 <= o; k += 16) {
    const a = f64x2.sub(f64x2.sub(v128.load(row + k), f64x2.mul(vv, v128.load(q + k))), f64x2.mul(qq, v128.load(v + k)));
    v128.store(row + k, a);
    sums = f64x2.add(sums, f64x2.mul(a, v128.load(u + k)));
    v128.store(p + k, f64x2.add(v128.load(p + k), f64x2.mul(a, uu)));
  }
  let sum = sumOf(sums);
  for (; k < o; k += 8) {
    const a = load<f64>(row + k) - vj * load<f64>(q + k) - qj * load<f64>(v + k);
    store<f64>(row + k, a);
    sum += a * load<f64>(u + k);
    store<f64>(p + k, load<f64>(p + k) + a * uj);
  }
  const a = load<f64>(row + o) - vj * load<f64>(q + o) - qj * load<f64>(v + o);
  store<f64>(row + o, a);
  store<f64>(p + o, load<f64>(p + o) + sum + a * uj);
}

/** Two rows at a time, j and j + 1, which halves what is loaded; j is even. */
function stepRows(row: usize, pitch: usize, j: i32, v: usize, q: usize, u: usize, p: usize): void {
  const o = <usize>j << 3;
  const next = row + pitch;
  const u0 = load<f64>(u + o), u1 = load<f64>(u + o, 8);
  const v0 = load<f64>(v + o), v1 = load<f64>(v + o, 8);
  const q0 = load<f64>(q + o), q1 = load<f64>(q + o, 8);
  const uu0 = f64x2.splat(u0), uu1 = f64x2.splat(u1);
  const vv0 = f64x2.splat(v0), vv1 = f64x2.splat(v1);
  const qq0 = f64x2.splat(q0), qq1 = f64x2.splat(q1);
  let sums0 = f64x2.splat(0), sums1 = f64x2.splat(0);
  for (let k: usize = 0; k < o; k += 16) {
    const vk = v128.load(v + k), qk = v128.load(q + k), uk = v128.load(u + k);
    const a = f64x2.sub(f64x2.sub(v128.load(row + k), f64x2.mul(vv0, qk)), f64x2.mul(qq0, vk));
    const b = f64x2.sub(f64x2.sub(v128.load(next + k), f64x2.mul(vv1, qk)), f64x2.mul(qq1, vk));
    v128.store(row + k, a);
    v128.store(next + k, b);
    sums0 = f64x2.add(sums0, f64x2.mul(a, uk));
    sums1 = f64x2.add(sums1, f64x2.mul(b, uk));
    v128.store(p + k, f64x2.add(v128.load(p + k), f64x2.add(f64x2.mul(a, uu0), f64x2.mul(b, uu1))));
  }
  const a = load<f64>(row + o) - 2 * v0 * q0;
  const b = load<f64>(next + o) - v1 * q0 - q1 * v0;
  const c = load<f64>(next + o, 8) - 2 * v1 * q1;
  store<f64>(row + o, a);
  store<f64>(next + o, b);
  store<f64>(next + o, c, 8);
  store<f64>(p + o, load<f64>(p + o) + sumOf(sums0) + a * u0 + b * u1);
  store<f64>(p + o, load<f64>(p + o, 8) + sumOf(sums1) + b * u0 + c * u1, 8);
}

/**
 * Householder's tridiagonal form of the leading `m` rows and columns, from the last row up: A = Q T Qᵀ. Each step's update of
 * the matrix waits for the next step's product, so that the matrix passes by once a step.
 *
 * @param A  lower triangle; row i is left with the i numbers of its Householder vector
 * @param d, e  diagonal of T, and below it from 1 on
 * @param beta  reflection i is I − beta v vᵀ over the first i coordinates
 * @param work  scratch for 3 * (m + 2) numbers
 */
export function tridiagonal(A: usize, stride: i32, m: i32, d: usize, e: usize, beta: usize, work: usize): void {
  const pitch = <usize>stride << 3;
  const bytes = <usize>(m + 2) << 3;
  let q = work, p = work + bytes, v = work + 2 * bytes;
  memory.fill(work, 0, 3 * bytes); // nothing waits for the first step
  for (let i = m - 1; i > 0; i--) {
    const row = A + <usize>i * pitch;
    const o = <usize>i << 3;
    // The row's own part of what waits.
    const vi = load<f64>(v + o), qi = load<f64>(q + o);
    for (let k: usize = 0; k <= o; k += 8) {
      store<f64>(row + k, load<f64>(row + k) - vi * load<f64>(q + k) - qi * load<f64>(v + k));
    }
    let norm: f64 = 0;
    for (let k: usize = 0; k < o; k += 8) norm += load<f64>(row + k) * load<f64>(row + k);
    norm = Math.sqrt(norm);
    store<f64>(d + o, load<f64>(row + o));
    const f = load<f64>(row + o - 8);
    const alpha = f > 0 ? -norm : norm;
    store<f64>(e + o, alpha);
    const size = norm * norm - alpha * f;
    const b = size > 0 ? 1 / size : 0;
    store<f64>(beta + o, b);
    if (b != 0) store<f64>(row + o - 8, f - alpha);
    for (let k: usize = 0; k < o; k += 8) store<f64>(p + k, 0);
    let j = 0;
    for (; j + 2 <= i; j += 2) stepRows(A + <usize>j * pitch, pitch, j, v, q, row, p);
    if (j < i) stepRow(A + <usize>j * pitch, j, v, q, row, p);
    let dot: f64 = 0;
    for (let k: usize = 0; k < o; k += 8) {
      const value = load<f64>(p + k) * b;
      store<f64>(p + k, value);
      dot += value * load<f64>(row + k);
    }
    const half = 0.5 * b * dot;
    for (let k: usize = 0; k < o; k += 8) store<f64>(p + k, load<f64>(p + k) - half * load<f64>(row + k));
    const spare = q;
    q = p;
    p = spare;
    v = row;
  }
  // The last update: of the one number that is left.
  if (m > 0) {
    store<f64>(d, load<f64>(A) - 2 * load<f64>(v) * load<f64>(q));
    store<f64>(e, 0);
  }
}

/** Rows [lo, hi) of Qᵀ, of which row k is basis vector k. @param out  `m` rows; columns from `m` to the stride are set to 0 */
export function tridiagonalBasis(lo: i32, hi: i32, A: usize, stride: i32, m: i32, beta: usize, out: usize): void {
  const pitch = <usize>stride << 3;
  for (let k = lo; k < hi; k += 2) {
    const two = k + 1 < hi;
    const first = out + <usize>k * pitch;
    const second = two ? first + pitch : first;
    memory.fill(first, 0, pitch);
    if (two) memory.fill(second, 0, pitch);
    store<f64>(first + (<usize>k << 3), 1);
    if (two) store<f64>(second + (<usize>(k + 1) << 3), 1);
    for (let i = k + 1; i < m; i++) {
      const v = A + <usize>i * pitch;
      const b = load<f64>(beta + (<usize>i << 3));
      const end = <usize>i << 3;
      let s = f64x2.splat(0), t = f64x2.splat(0);
      let at: usize = 0;
      for (; at + 16 <= end; at += 16) {
        const vk = v128.load(v + at);
        s = f64x2.add(s, f64x2.mul(v128.load(first + at), vk));
        t = f64x2.add(t, f64x2.mul(v128.load(second + at), vk));
      }
      let x = sumOf(s), y = sumOf(t);
      if (at < end) {
        x += load<f64>(first + at) * load<f64>(v + at);
        y += load<f64>(second + at) * load<f64>(v + at);
      }
      x *= b;
      y *= b;
      const xx = f64x2.splat(x), yy = f64x2.splat(y);
      for (at = 0; at + 16 <= end; at += 16) {
        const vk = v128.load(v + at);
        v128.store(first + at, f64x2.sub(v128.load(first + at), f64x2.mul(xx, vk)));
        if (two) v128.store(second + at, f64x2.sub(v128.load(second + at), f64x2.mul(yy, vk)));
      }
      if (at < end) {
        store<f64>(first + at, load<f64>(first + at) - x * load<f64>(v + at));
        if (two) store<f64>(second + at, load<f64>(second + at) - y * load<f64>(v + at));
      }
    }
  }
}

/** Rows [lo, hi) of a matrix times I − v vᵀ. */
export function reflectRows(lo: i32, hi: i32, A: usize, stride: i32, v: usize, n: i32): void {
  for (let i = lo; i < hi; i++) {
    const row = A + <usize>i * (<usize>stride << 3);
    let dot: f64 = 0;
    for (let k: usize = 0; k < <usize>n << 3; k += 8) dot += load<f64>(row + k) * load<f64>(v + k);
    for (let k: usize = 0; k < <usize>n << 3; k += 8) store<f64>(row + k, load<f64>(row + k) - dot * load<f64>(v + k));
  }
}

/** Rows [lo, hi) of a matrix times two columns of numbers. @param values, out  f64 pairs */
export function rowProducts(lo: i32, hi: i32, A: usize, stride: i32, n: i32, values: usize, out: usize): void {
  for (let i = lo; i < hi; i++) {
    const row = A + <usize>i * (<usize>stride << 3);
    let sum = f64x2.splat(0);
    for (let k: usize = 0; k < <usize>n; k++) {
      sum = f64x2.add(sum, f64x2.mul(f64x2.splat(load<f64>(row + (k << 3))), v128.load(values + (k << 4))));
    }
    v128.store(out + (<usize>i << 4), sum);
  }
}

/**
 * For columns [2 lo, 2 hi) of a basis B (`m` rows) and a tridiagonal matrix L D Lᵀ: the diagonal of Bᵀ (L D Lᵀ)⁻¹ B, and
 * Bᵀ s for two vectors.
 *
 * @param under  of L, below its diagonal; the first counts for nothing
 * @param inverse  1 / D
 * @param s  f64 pairs, `m` of them
 * @param outU, outV, diagonal  f64, one for each column
 * @param half  0, or a matrix like B that receives D^(−1/2) L⁻¹ B
 * @param work  scratch for each lane: 4 * stride numbers
 */
export function plateDiagonal(
  lo: i32, hi: i32, B: usize, stride: i32, m: i32, under: usize, inverse: usize, s: usize,
  outU: usize, outV: usize, diagonal: usize, half: usize, work: usize,
): void {
  const pitch = <usize>stride << 3;
  const from = <usize>lo << 4;
  const end = <usize>hi << 4;
  for (let x = from; x < end; x += 16) {
    v128.store(work + x, f64x2.splat(0));
    v128.store(outU + x, f64x2.splat(0));
    v128.store(outV + x, f64x2.splat(0));
    v128.store(diagonal + x, f64x2.splat(0));
  }
  for (let k = 0; k < m; k++) {
    const row = B + <usize>k * pitch;
    const l = f64x2.splat(load<f64>(under + (<usize>k << 3)));
    const r = load<f64>(inverse + (<usize>k << 3));
    const rr = f64x2.splat(r);
    const su = f64x2.splat(load<f64>(s + (<usize>k << 4)));
    const sv = f64x2.splat(load<f64>(s + (<usize>k << 4), 8));
    const root = f64x2.splat(Math.sqrt(r));
    for (let x = from; x < end; x += 16) {
      const b = v128.load(row + x);
      const y = f64x2.sub(b, f64x2.mul(l, v128.load(work + x)));
      v128.store(work + x, y);
      v128.store(diagonal + x, f64x2.add(v128.load(diagonal + x), f64x2.mul(f64x2.mul(y, y), rr)));
      v128.store(outU + x, f64x2.add(v128.load(outU + x), f64x2.mul(su, b)));
      v128.store(outV + x, f64x2.add(v128.load(outV + x), f64x2.mul(sv, b)));
      if (half != 0) v128.store(half + <usize>k * pitch + x, f64x2.mul(root, y));
    }
  }
}
