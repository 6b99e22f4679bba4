// Sums of the normal equations of registration by intensity: the moving plane is warped a stretch of a row at a time into a
// line that stays in the cache, and nothing else is stored.
//
// Planes are f32, row-major, strides in elements; NaN is no observation. X and Y are pixels from the fixed plane's middle.
import { warpLinear } from "./intensity-warp";

/** Pixels of a stretch: sums are float32 within it, float64 beyond. */
const STRETCH: i32 = 256;

/**
 * Columns of a row: gx X X, gx X, gx, gy X, gy, F, 1, g being central differences of the fixed plane F. What an unknown of any
 * family does to the image is one of them, or two, times powers of Y; so sums over rows are taken for each power of Y.
 */
const COLUMNS: i32 = 7;
const PRODUCTS: i32 = 28;

/** Powers of Y: 0 to 4 for products of columns, 0 to 2 for columns times M. */
const RHS_AT: usize = 28 * 5 * 8;
const COUNT_AT: usize = RHS_AT + 7 * 3 * 8;
const STRIP_BYTES: usize = COUNT_AT + 16;

/** Within the scratch of a lane: the warped line, its weights, and the sums of one row. */
const WEIGHTS_AT: usize = 1088;
const ROW_AT: usize = 2176;

@inline function total(v: v128): f64 {
  return <f64>((f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3)));
}

@inline function bump(at: usize, v: v128): void {
  store<f64>(at, load<f64>(at) + total(v));
}

@inline function mul(a: v128, b: v128): v128 {
  return f32x4.mul(a, b);
}

@inline function plus(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

/** Columns times M over a stretch. `row` has 28 products, 7 of these sums, and the sum of M squared. */
@inline function rhs(f: usize, rowBytes: usize, m: usize, n: i32, x: f32, row: usize, projective: bool): void {
  const half = f32x4.splat(0.5), four = f32x4.splat(4);
  let X = f32x4.add(f32x4(0, 1, 2, 3), f32x4.splat(x));
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, mm = s0;
  for (let i: usize = 0; i < <usize>n << 2; i += 16) {
    const q = f + i, value = v128.load(m + i), hm = mul(half, value);
    const gx = mul(hm, f32x4.sub(v128.load(q, 4), v128.load(q - 4)));
    const gy = mul(hm, f32x4.sub(v128.load(q + rowBytes), v128.load(q - rowBytes)));
    const gxX = mul(gx, X);
    if (projective) s0 = plus(s0, gxX, X);
    s1 = f32x4.add(s1, gxX); s2 = f32x4.add(s2, gx);
    s3 = plus(s3, gy, X); s4 = f32x4.add(s4, gy);
    s5 = plus(s5, v128.load(q), value); s6 = f32x4.add(s6, value); mm = plus(mm, value, value);
    X = f32x4.add(X, four);
  }
  const r = row + (<usize>PRODUCTS << 3);
  if (projective) bump(r, s0);
  bump(r + 8, s1); bump(r + 16, s2); bump(r + 24, s3); bump(r + 32, s4); bump(r + 40, s5); bump(r + 48, s6); bump(r + 56, mm);
}

/** Products of columns, and columns times M, over a stretch. Where there are weights, what weighs nothing may be NaN. */
@inline function normal(f: usize, rowBytes: usize, m: usize, w: usize, n: i32, x: f32, row: usize, projective: bool, weighted: bool): void {
  const half = f32x4.splat(0.5), four = f32x4.splat(4), zero = f32x4.splat(0);
  let X = f32x4.add(f32x4(0, 1, 2, 3), f32x4.splat(x));
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero, s6 = zero, mm = zero;
  let p00 = zero, p01 = zero, p02 = zero, p03 = zero, p04 = zero, p05 = zero, p06 = zero;
  let p11 = zero, p12 = zero, p13 = zero, p14 = zero, p15 = zero, p16 = zero, p22 = zero, p23 = zero, p24 = zero, p25 = zero, p26 = zero;
  let p33 = zero, p34 = zero, p35 = zero, p36 = zero, p44 = zero, p45 = zero, p46 = zero, p55 = zero, p56 = zero, p66 = zero;
  for (let i: usize = 0; i < <usize>n << 2; i += 16) {
    const q = f + i;
    let c6 = f32x4.splat(1), value = v128.load(m + i), c5 = v128.load(q);
    let c2 = mul(half, f32x4.sub(v128.load(q, 4), v128.load(q - 4)));
    let c4 = mul(half, f32x4.sub(v128.load(q + rowBytes), v128.load(q - rowBytes)));
    let v6 = c6, v5 = c5, v4 = c4, v2 = c2;
    if (weighted) {
      v6 = v128.load(w + i);
      const seen = f32x4.gt(v6, zero);
      c2 = v128.and(c2, seen); c4 = v128.and(c4, seen); c5 = v128.and(c5, seen); value = v128.and(value, seen);
      v2 = mul(v6, c2); v4 = mul(v6, c4); v5 = mul(v6, c5);
    }
    const c1 = mul(c2, X), c3 = mul(c4, X), v1 = mul(v2, X), v3 = mul(v4, X);
    if (projective) {
      const c0 = mul(c1, X), v0 = mul(v1, X);
      p00 = plus(p00, v0, c0); p01 = plus(p01, v0, c1); p02 = plus(p02, v0, c2); p03 = plus(p03, v0, c3);
      p04 = plus(p04, v0, c4); p05 = plus(p05, v0, c5); p06 = f32x4.add(p06, v0); s0 = plus(s0, v0, value);
    }
    p11 = plus(p11, v1, c1); p12 = plus(p12, v1, c2); p13 = plus(p13, v1, c3); p14 = plus(p14, v1, c4); p15 = plus(p15, v1, c5); p16 = f32x4.add(p16, v1);
    p22 = plus(p22, v2, c2); p23 = plus(p23, v2, c3); p24 = plus(p24, v2, c4); p25 = plus(p25, v2, c5); p26 = f32x4.add(p26, v2);
    p33 = plus(p33, v3, c3); p34 = plus(p34, v3, c4); p35 = plus(p35, v3, c5); p36 = f32x4.add(p36, v3);
    p44 = plus(p44, v4, c4); p45 = plus(p45, v4, c5); p46 = f32x4.add(p46, v4);
    p55 = plus(p55, v5, c5); p56 = f32x4.add(p56, v5); p66 = f32x4.add(p66, v6);
    s1 = plus(s1, v1, value); s2 = plus(s2, v2, value); s3 = plus(s3, v3, value); s4 = plus(s4, v4, value);
    s5 = plus(s5, v5, value);
    const vm = weighted ? mul(v6, value) : value;
    s6 = f32x4.add(s6, vm); mm = plus(mm, vm, value);
    X = f32x4.add(X, four);
  }
  if (projective) {
    bump(row, p00); bump(row + 8, p01); bump(row + 16, p02); bump(row + 24, p03); bump(row + 32, p04); bump(row + 40, p05); bump(row + 48, p06);
  }
  const a = row + 56;
  bump(a, p11); bump(a + 8, p12); bump(a + 16, p13); bump(a + 24, p14); bump(a + 32, p15); bump(a + 40, p16);
  bump(a + 48, p22); bump(a + 56, p23); bump(a + 64, p24); bump(a + 72, p25); bump(a + 80, p26);
  bump(a + 88, p33); bump(a + 96, p34); bump(a + 104, p35); bump(a + 112, p36);
  bump(a + 120, p44); bump(a + 128, p45); bump(a + 136, p46); bump(a + 144, p55); bump(a + 152, p56); bump(a + 160, p66);
  const r = row + (<usize>PRODUCTS << 3);
  if (projective) bump(r, s0);
  bump(r + 8, s1); bump(r + 16, s2); bump(r + 24, s3); bump(r + 32, s4); bump(r + 40, s5); bump(r + 48, s6); bump(r + 56, mm);
}

/**
 * Weights of a stretch: 0 where anything is not observed; else 1, or Tukey's biweight of what gain and offset leave.
 *
 * @param cut  reciprocal of the residual that weighs nothing; 0: all weigh 1
 */
@inline function weigh(f: usize, rowBytes: usize, m: usize, n: i32, gain: v128, offset: v128, cut: v128, w: usize): void {
  const one = f32x4.splat(1), zero = f32x4.splat(0);
  for (let i: usize = 0; i < <usize>n << 2; i += 16) {
    const q = f + i, value = v128.load(q), moved = v128.load(m + i);
    const e = mul(cut, f32x4.sub(f32x4.sub(moved, offset), mul(gain, value)));
    const t = f32x4.sub(one, mul(e, e));
    // NaN of any of these is NaN of the sum.
    const all = f32x4.add(f32x4.add(t, f32x4.add(v128.load(q, 4), v128.load(q - 4))), f32x4.add(v128.load(q + rowBytes), v128.load(q - rowBytes)));
    v128.store(w + i, v128.and(mul(t, t), v128.and(f32x4.eq(all, all), f32x4.gt(t, zero))));
  }
}

/** Bits of `mode`. */
const WITH_PRODUCTS: i32 = 1, WEIGHTED: i32 = 2, PROJECTIVE: i32 = 4;

/**
 * For strips [lo, hi) of `stripRows` rows of the fixed plane: sums of products of the columns, and of columns times the moving
 * plane at matrix(x, y), over the pixels that `support` sends at least `keep` pixels inside of the moving plane.
 *
 * @param matrix  9 f64, pixels of fixed to pixels of moving
 * @param support  9 f64; the sums' pixels follow it and not `matrix`, so that they stay the same while the matrix moves
 * @param mode  1: products too; 2: weights (see `weigh`), which want products too; 4: the column gx X X too
 * @param out  per strip f64: 28 products x 5 powers of Y, 7 columns times M x 3 powers, the number of pixels, the sum of M squared
 * @param scratch  4096 bytes of each lane
 */
export function intensitySums(
  lo: i32, hi: i32,
  fixed: usize, fixedStride: i32, width: i32, height: i32,
  moving: usize, movingStride: i32, movingWidth: i32, movingHeight: i32,
  matrix: usize, support: usize, keep: f64, stripRows: i32, mode: i32,
  gain: f64, offset: f64, cut: f64, out: usize, scratch: usize): void {
  const rowBytes = <usize>fixedStride << 2, line = scratch, weights = scratch + WEIGHTS_AT, row = scratch + ROW_AT;
  const cx = 0.5 * <f64>(width - 1), cy = 0.5 * <f64>(height - 1);
  const G = f32x4.splat(<f32>gain), O = f32x4.splat(<f32>offset), C = f32x4.splat(<f32>cut);
  const products = (mode & WITH_PRODUCTS) != 0, weighted = (mode & WEIGHTED) != 0, projective = (mode & PROJECTIVE) != 0;
  const firstProduct = projective ? 0 : 7, firstColumn = projective ? 0 : 1, powers = projective ? 5 : 3;
  for (let s = lo; s < hi; s++) {
    const strip = out + <usize>s * STRIP_BYTES;
    memory.fill(strip, 0, STRIP_BYTES);
    for (let y = max(1, s * stripRows); y < min(height - 1, (s + 1) * stripRows); y++) {
      const x0 = firstInside(support, y, width, movingWidth, movingHeight, keep);
      const x1 = lastInside(support, y, width, movingWidth, movingHeight, keep, x0);
      if (x1 - x0 < 4) continue;
      const end = x0 + ((x1 - x0) & ~3);
      memory.fill(row, 0, 36 * 8);
      for (let x = x0; x < end; x += STRETCH) {
        const n = min(STRETCH, end - x), f = fixed + <usize>y * rowBytes + (<usize>x << 2), X = <f32>(<f64>x - cx);
        warpLinear(moving, movingStride, matrix, x, y, n, line);
        if (weighted) {
          weigh(f, rowBytes, line, n, G, O, C, weights);
          if (projective) normal(f, rowBytes, line, weights, n, X, row, true, true);
          else normal(f, rowBytes, line, weights, n, X, row, false, true);
        } else if (products) {
          if (projective) normal(f, rowBytes, line, weights, n, X, row, true, false);
          else normal(f, rowBytes, line, weights, n, X, row, false, false);
        } else if (projective) rhs(f, rowBytes, line, n, X, row, true);
        else rhs(f, rowBytes, line, n, X, row, false);
      }
      const Y = <f64>y - cy;
      if (products || weighted) {
        for (let k = firstProduct; k < PRODUCTS; k++) {
          let v = load<f64>(row + (<usize>k << 3));
          for (let p = 0; p < powers; p++, v *= Y) {
            const at = strip + (<usize>(5 * k + p) << 3);
            store<f64>(at, load<f64>(at) + v);
          }
        }
      }
      for (let k = firstColumn; k < COLUMNS; k++) {
        let v = load<f64>(row + (<usize>(PRODUCTS + k) << 3));
        for (let p = 0; p < 3; p++, v *= Y) {
          const at = strip + RHS_AT + (<usize>(3 * k + p) << 3);
          store<f64>(at, load<f64>(at) + v);
        }
      }
      store<f64>(strip + COUNT_AT, load<f64>(strip + COUNT_AT) + <f64>(end - x0));
      store<f64>(strip + COUNT_AT, load<f64>(strip + COUNT_AT, 8) + load<f64>(row + (<usize>(PRODUCTS + COLUMNS) << 3)), 8);
    }
  }
}

/** How far the point (x, y), sent by the matrix, lies within one of the five half-planes that must hold it; linear in x. */
@inline function inside(m: usize, side: i32, x: f64, y: f64, movingWidth: i32, movingHeight: i32, keep: f64): f64 {
  const w = load<f64>(m, 48) * x + load<f64>(m, 56) * y + load<f64>(m, 64);
  if (side == 0) return w - 1e-6;
  const u = load<f64>(m) * x + load<f64>(m, 8) * y + load<f64>(m, 16);
  if (side == 1) return u - keep * w;
  if (side == 2) return (<f64>(movingWidth - 1) - keep) * w - u;
  const v = load<f64>(m, 24) * x + load<f64>(m, 32) * y + load<f64>(m, 40);
  if (side == 3) return v - keep * w;
  return (<f64>(movingHeight - 1) - keep) * w - v;
}

/** The first pixel of row y, from 1 on, whose place is inside of the moving plane; width - 1 when there is none. */
export function firstInside(m: usize, y: i32, width: i32, movingWidth: i32, movingHeight: i32, keep: f64): i32 {
  let first: f64 = 1;
  for (let side = 0; side < 5; side++) {
    const at0 = inside(m, side, 0, y, movingWidth, movingHeight, keep);
    const slope = inside(m, side, 1, y, movingWidth, movingHeight, keep) - at0;
    if (slope > 1e-12) first = max(first, Math.ceil(-at0 / slope));
    else if (!(slope < -1e-12) && !(at0 >= 0)) return width - 1;
  }
  return first < <f64>(width - 1) ? <i32>first : width - 1;
}

/** The end, at most width - 1, of the pixels from `first` on whose place is inside of the moving plane. */
export function lastInside(m: usize, y: i32, width: i32, movingWidth: i32, movingHeight: i32, keep: f64, first: i32): i32 {
  let last: f64 = <f64>(width - 1);
  for (let side = 0; side < 5; side++) {
    const at0 = inside(m, side, 0, y, movingWidth, movingHeight, keep);
    const slope = inside(m, side, 1, y, movingWidth, movingHeight, keep) - at0;
    if (slope < -1e-12) last = min(last, Math.floor(-at0 / slope) + 1);
  }
  return last > <f64>first ? <i32>last : first;
}
