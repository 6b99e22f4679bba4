// Sums of a Lucas-Kanade step over the whole overlap of two strips, and what each part of it says of the result.

/** Puts the whole part of the shift next to it. It stays while the rest is short, so that steps do not change their ground. */
export function settleWhole(state: usize): void {
  for (let axis: usize = 0; axis < 16; axis += 8) {
    const d = load<f64>(state + axis);
    if (Math.abs(d - load<f64>(state + axis, WHOLE)) > 0.7) store<f64>(state + axis, Math.floor(d + 0.5), WHOLE);
  }
}

@inline function sum4(v: v128): f64 {
  return (
    <f64>f32x4.extract_lane(v, 0) + <f64>f32x4.extract_lane(v, 1) +
    (<f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3))
  );
}

/** Cubic B-spline weights of four samples at fraction t, and those of the derivative, to eight float32. */
export function splineWeights(t: f64, out: usize): void {
  const u = 1 - t;
  store<f32>(out, <f32>((u * u * u) / 6));
  store<f32>(out, <f32>((3 * t * t * t - 6 * t * t + 4) / 6), 4);
  store<f32>(out, <f32>((3 * u * u * u - 6 * u * u + 4) / 6), 8);
  store<f32>(out, <f32>((t * t * t) / 6), 12);
  store<f32>(out, <f32>(-0.5 * u * u), 16);
  store<f32>(out, <f32>(0.5 * t * (3 * t - 4)), 20);
  store<f32>(out, <f32>(-0.5 * u * (3 * u - 4)), 24);
  store<f32>(out, <f32>(0.5 * t * t), 28);
}

/** One row between rows: `columns` values from the four rows at p, smoothed, and their slope downwards. */
@inline function blendRows(p: usize, bytes: usize, columns: i32, w: usize, value: usize, slope: usize): void {
  const w0 = v128.load32_splat(w), w1 = v128.load32_splat(w, 4), w2 = v128.load32_splat(w, 8), w3 = v128.load32_splat(w, 12);
  const d0 = v128.load32_splat(w, 16), d1 = v128.load32_splat(w, 20), d2 = v128.load32_splat(w, 24), d3 = v128.load32_splat(w, 28);
  const q = p + bytes, r = q + bytes, s = r + bytes;
  for (let x: usize = 0; x < <usize>columns << 2; x += 16) {
    const a = v128.load(p + x), b = v128.load(q + x), c = v128.load(r + x), d = v128.load(s + x);
    v128.store(value + x, f32x4.add(f32x4.add(f32x4.mul(a, w0), f32x4.mul(b, w1)), f32x4.add(f32x4.mul(c, w2), f32x4.mul(d, w3))));
    v128.store(slope + x, f32x4.add(f32x4.add(f32x4.mul(a, d0), f32x4.mul(b, d1)), f32x4.add(f32x4.mul(c, d2), f32x4.mul(d, d3))));
  }
}

@inline function across(p: usize, w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  return f32x4.add(
    f32x4.add(f32x4.mul(v128.load(p), w0), f32x4.mul(v128.load(p, 4), w1)),
    f32x4.add(f32x4.mul(v128.load(p, 8), w2), f32x4.mul(v128.load(p, 12), w3)),
  );
}

/** Where in the state what is; float64 each. See `refinePairs`. */
const WHOLE: usize = 936; // whole part of the shift, x and y
const GAIN: usize = 16; // gain, offset, gain along x, offset along x, gain along y, offset along y
const MATRIX: usize = 64; // 8 x 8, upper triangle
const RIGHT: usize = 576; // 8
const MORE: usize = 640; // n, sum of e e, of a, b, a a, b b, a b, |grad a|^2, |grad b|^2
const WEIGHTS: usize = 768; // influence on x of eight, on y of eight
const COVARIANCE: usize = 896; // xx, xy, yy; blocks; xx², …

/**
 * One pass over the overlap at the shift of the state. Both strips are sampled half way towards each other, so that both
 * are blurred alike; slopes of both enter, so that their noise does not count as texture.
 *
 * @param a, b  first pixels; strides in bytes; sizes in pixels
 * @param state  shift x, y at 0 and 8; gain at 16; the sums are written from 64 on
 * @param refA, refB  what is taken off all values before summing
 * @param scratch  8 rows of the width + 16 float32
 * @returns pixels that count
 */
export function stepSums(
  a: usize, aBytes: usize, wa: i32, ha: i32, b: usize, bBytes: usize, wb: i32, hb: i32, refA: f32, refB: f32,
  state: usize, scratch: usize,
): f64 {
  const dx = load<f64>(state), dy = load<f64>(state, 8);
  const ix = <i32>load<f64>(state, WHOLE), iy = <i32>load<f64>(state, WHOLE + 8);
  const hx = 0.5 * (dx - <f64>ix), hy = 0.5 * (dy - <f64>iy);
  // Taps reach two pixels to the side.
  const x0 = max(0, ix) + 2, x1 = min(wa, wb + ix) - 2, y0 = max(0, iy) + 2, y1 = min(ha, hb + iy) - 2;
  memory.fill(state + MATRIX, 0, 704);
  if (x1 - x0 < 4 || y1 - y0 < 4) return 0;
  const columns = x1 - x0;
  const weights = scratch;
  const line = scratch + 256;
  const lineBytes = (<usize>(columns + 16) << 2);
  const va = line, sa = va + lineBytes, vb = sa + lineBytes, sb = vb + lineBytes;
  // First taps: one before the sample, or two where the fraction is negative.
  const ax = hx < 0 ? -2 : -1, ay = hy < 0 ? -2 : -1, bx = hx > 0 ? -2 : -1, by = hy > 0 ? -2 : -1;
  splineWeights(hx < 0 ? hx + 1 : hx, weights);
  splineWeights(hy < 0 ? hy + 1 : hy, weights + 32);
  splineWeights(hx > 0 ? 1 - hx : -hx, weights + 64);
  splineWeights(hy > 0 ? 1 - hy : -hy, weights + 96);
  const wa0 = v128.load32_splat(weights), wa1 = v128.load32_splat(weights, 4), wa2 = v128.load32_splat(weights, 8), wa3 = v128.load32_splat(weights, 12);
  const da0 = v128.load32_splat(weights, 16), da1 = v128.load32_splat(weights, 20), da2 = v128.load32_splat(weights, 24), da3 = v128.load32_splat(weights, 28);
  const wb0 = v128.load32_splat(weights, 64), wb1 = v128.load32_splat(weights, 68), wb2 = v128.load32_splat(weights, 72), wb3 = v128.load32_splat(weights, 76);
  const db0 = v128.load32_splat(weights, 80), db1 = v128.load32_splat(weights, 84), db2 = v128.load32_splat(weights, 88), db3 = v128.load32_splat(weights, 92);
  const offA = f32x4.splat(refA), offB = f32x4.splat(refB);
  const half = f32x4.splat(0.5);
  const cx = 0.5 * <f64>(x0 + x1 - 1), cy = 0.5 * <f64>(y0 + y1 - 1);
  const sx = 2 / <f64>(x1 - x0), sy = 2 / <f64>(y1 - y0);
  const g0 = load<f64>(state, GAIN), o0 = load<f64>(state, GAIN + 8);
  const g1 = load<f64>(state, GAIN + 16), o1 = load<f64>(state, GAIN + 24);
  const g2 = load<f64>(state, GAIN + 32), o2 = load<f64>(state, GAIN + 40);
  const step = f32x4.splat(<f32>(4 * sx));
  const lanes = f32x4(0, 1, 2, 3);
  const last = f32x4.splat(<f32>columns);
  const m = state + MATRIX, r = state + RIGHT, more = state + MORE;
  const slopeGain = f32x4.splat(<f32>g1), slopeOffset = f32x4.splat(<f32>o1);
  for (let y = y0; y < y1; y++) {
    blendRows(a + <usize>(y + ay) * aBytes + (<usize>(x0 + ax) << 2), aBytes, columns + 4, weights + 32, va, sa);
    blendRows(b + <usize>(y - iy + by) * bBytes + (<usize>(x0 - ix + bx) << 2), bBytes, columns + 4, weights + 96, vb, sb);
    const v = (<f64>y - cy) * sy;
    const rowGain = f32x4.splat(<f32>(g0 + g2 * v)), rowOffset = f32x4.splat(<f32>(o0 + o2 * v));
    let u = f32x4.mul(f32x4.add(lanes, f32x4.splat(<f32>(<f64>x0 - cx))), f32x4.splat(<f32>sx));
    let index = lanes;
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0, s9 = s0, s10 = s0;
    let s11 = s0, s12 = s0, s13 = s0, s14 = s0, s15 = s0, s16 = s0, s17 = s0, s18 = s0, s19 = s0, s20 = s0, s21 = s0;
    let s22 = s0, s23 = s0, s24 = s0, s25 = s0, s26 = s0, ea = s0, eb = s0, tb = s0, tbb = s0, tab = s0;
    for (let x: usize = 0; x < <usize>columns << 2; x += 16) {
      let pa = f32x4.sub(across(va + x, wa0, wa1, wa2, wa3), offA);
      const pb = f32x4.sub(across(vb + x, wb0, wb1, wb2, wb3), offB);
      let ga = across(va + x, da0, da1, da2, da3), ha2 = across(sa + x, wa0, wa1, wa2, wa3);
      let gb = across(vb + x, db0, db1, db2, db3), hb2 = across(sb + x, wb0, wb1, wb2, wb3);
      const gain = f32x4.add(rowGain, f32x4.mul(slopeGain, u));
      let bb = f32x4.add(f32x4.mul(pb, gain), f32x4.add(rowOffset, f32x4.mul(slopeOffset, u)));
      gb = f32x4.mul(gb, gain);
      hb2 = f32x4.mul(hb2, gain);
      // What is not observed, or beyond the end, becomes 0 throughout.
      const all = f32x4.add(f32x4.add(pa, bb), f32x4.add(f32x4.add(ga, ha2), f32x4.add(gb, hb2)));
      const seen = v128.and(f32x4.eq(all, all), f32x4.lt(index, last));
      pa = v128.and(pa, seen);
      bb = v128.and(bb, seen);
      ga = v128.and(ga, seen);
      ha2 = v128.and(ha2, seen);
      gb = v128.and(gb, seen);
      hb2 = v128.and(hb2, seen);
      const one = v128.and(f32x4.splat(1), seen);
      const e = f32x4.sub(pa, bb);
      const gx = f32x4.mul(half, f32x4.add(ga, gb)), gy = f32x4.mul(half, f32x4.add(ha2, hb2));
      s0 = f32x4.add(s0, f32x4.mul(ga, gb));
      s1 = f32x4.add(s1, f32x4.mul(half, f32x4.add(f32x4.mul(ga, hb2), f32x4.mul(ha2, gb))));
      s2 = f32x4.add(s2, f32x4.mul(ha2, hb2));
      ea = f32x4.add(ea, f32x4.add(f32x4.mul(ga, ga), f32x4.mul(ha2, ha2)));
      eb = f32x4.add(eb, f32x4.add(f32x4.mul(gb, gb), f32x4.mul(hb2, hb2)));
      const xb = f32x4.mul(gx, bb), yb = f32x4.mul(gy, bb), b2 = f32x4.mul(bb, bb), be = f32x4.mul(bb, e);
      s3 = f32x4.add(s3, xb);
      s4 = f32x4.add(s4, yb);
      s5 = f32x4.add(s5, gx);
      s6 = f32x4.add(s6, gy);
      s7 = f32x4.add(s7, b2);
      s8 = f32x4.add(s8, bb);
      s9 = f32x4.add(s9, one);
      s10 = f32x4.add(s10, f32x4.mul(gx, e));
      s11 = f32x4.add(s11, f32x4.mul(gy, e));
      s12 = f32x4.add(s12, be);
      s13 = f32x4.add(s13, e);
      s14 = f32x4.add(s14, f32x4.mul(e, e));
      s15 = f32x4.add(s15, f32x4.mul(u, xb));
      s16 = f32x4.add(s16, f32x4.mul(u, yb));
      s17 = f32x4.add(s17, f32x4.mul(u, gx));
      s18 = f32x4.add(s18, f32x4.mul(u, gy));
      const ub2 = f32x4.mul(u, b2), ub = f32x4.mul(u, bb), u1 = f32x4.mul(u, one);
      s19 = f32x4.add(s19, ub2);
      s20 = f32x4.add(s20, ub);
      s21 = f32x4.add(s21, u1);
      s22 = f32x4.add(s22, f32x4.mul(u, be));
      s23 = f32x4.add(s23, f32x4.mul(u, e));
      s24 = f32x4.add(s24, f32x4.mul(u, ub2));
      s25 = f32x4.add(s25, f32x4.mul(u, ub));
      s26 = f32x4.add(s26, f32x4.mul(u, u1));
      u = f32x4.add(u, step);
      index = f32x4.add(index, f32x4.splat(4));
    }
    const q0 = sum4(s0), q1 = sum4(s1), q2 = sum4(s2), q3 = sum4(s3), q4 = sum4(s4), q5 = sum4(s5), q6 = sum4(s6);
    const q7 = sum4(s7), q8 = sum4(s8), q9 = sum4(s9), q12 = sum4(s12), q13 = sum4(s13);
    const q19 = sum4(s19), q20 = sum4(s20), q21 = sum4(s21);
    add(m, 0, q0); add(m, 1, q1); add(m, 2, q3); add(m, 3, q5); add(m, 4, sum4(s15)); add(m, 5, sum4(s17)); add(m, 6, v * q3); add(m, 7, v * q5);
    add(m, 9, q2); add(m, 10, q4); add(m, 11, q6); add(m, 12, sum4(s16)); add(m, 13, sum4(s18)); add(m, 14, v * q4); add(m, 15, v * q6);
    add(m, 18, q7); add(m, 19, q8); add(m, 20, q19); add(m, 21, q20); add(m, 22, v * q7); add(m, 23, v * q8);
    add(m, 27, q9); add(m, 28, q20); add(m, 29, q21); add(m, 30, v * q8); add(m, 31, v * q9);
    add(m, 36, sum4(s24)); add(m, 37, sum4(s25)); add(m, 38, v * q19); add(m, 39, v * q20);
    add(m, 45, sum4(s26)); add(m, 46, v * q20); add(m, 47, v * q21);
    add(m, 54, v * v * q7); add(m, 55, v * v * q8);
    add(m, 63, v * v * q9);
    add(r, 0, sum4(s10)); add(r, 1, sum4(s11)); add(r, 2, q12); add(r, 3, q13); add(r, 4, sum4(s22)); add(r, 5, sum4(s23)); add(r, 6, v * q12); add(r, 7, v * q13);
    add(more, 0, q9); add(more, 1, sum4(s14)); add(more, 2, sum4(ea)); add(more, 3, sum4(eb));
  }
  return load<f64>(more);
}

@inline function add(at: usize, n: usize, value: f64): void {
  store<f64>(at + (n << 3), load<f64>(at + (n << 3)) + value);
}

/**
 * What blocks of 16 by 16 pixels add to the error: the sum over blocks of the product of their influences, which is the
 * covariance of the shift however the noise of neighbouring pixels is correlated.
 *
 * @param state  as `stepSums` left it, with the influence of the eight terms on x and on y at 768
 */
export function blockCovariance(
  a: usize, aBytes: usize, wa: i32, ha: i32, b: usize, bBytes: usize, wb: i32, hb: i32, refA: f32, refB: f32,
  state: usize, scratch: usize,
): void {
  const dx = load<f64>(state), dy = load<f64>(state, 8);
  const ix = <i32>load<f64>(state, WHOLE), iy = <i32>load<f64>(state, WHOLE + 8);
  const hx = 0.5 * (dx - <f64>ix), hy = 0.5 * (dy - <f64>iy);
  const x0 = max(0, ix) + 2, x1 = min(wa, wb + ix) - 2, y0 = max(0, iy) + 2, y1 = min(ha, hb + iy) - 2;
  const columns = x1 - x0;
  const weights = scratch;
  const lineBytes = (<usize>(columns + 16) << 2);
  const va = scratch + 256, sa = va + lineBytes, vb = sa + lineBytes, sb = vb + lineBytes;
  const blockX = sb + lineBytes, blockY = blockX + lineBytes, spread = blockY + lineBytes;
  const ax = hx < 0 ? -2 : -1, ay = hy < 0 ? -2 : -1, bx = hx > 0 ? -2 : -1, by = hy > 0 ? -2 : -1;
  const wa0 = v128.load32_splat(weights), wa1 = v128.load32_splat(weights, 4), wa2 = v128.load32_splat(weights, 8), wa3 = v128.load32_splat(weights, 12);
  const da0 = v128.load32_splat(weights, 16), da1 = v128.load32_splat(weights, 20), da2 = v128.load32_splat(weights, 24), da3 = v128.load32_splat(weights, 28);
  const wb0 = v128.load32_splat(weights, 64), wb1 = v128.load32_splat(weights, 68), wb2 = v128.load32_splat(weights, 72), wb3 = v128.load32_splat(weights, 76);
  const db0 = v128.load32_splat(weights, 80), db1 = v128.load32_splat(weights, 84), db2 = v128.load32_splat(weights, 88), db3 = v128.load32_splat(weights, 92);
  const offA = f32x4.splat(refA), offB = f32x4.splat(refB);
  const half = f32x4.splat(0.5);
  const cx = 0.5 * <f64>(x0 + x1 - 1), cy = 0.5 * <f64>(y0 + y1 - 1);
  const sx = 2 / <f64>(x1 - x0), sy = 2 / <f64>(y1 - y0);
  const last = f32x4.splat(<f32>columns);
  const lanes = f32x4(0, 1, 2, 3);
  const w = state + WEIGHTS;
  const g = state + GAIN;
  let xx: f64 = 0, xy: f64 = 0, yy: f64 = 0, xxxx: f64 = 0, blocks: f64 = 0;
  for (let top = y0; top < y1; top += 16) {
    const bottom = min(y1, top + 16);
    memory.fill(blockX, 0, 2 * lineBytes);
    for (let y = top; y < bottom; y++) {
      blendRows(a + <usize>(y + ay) * aBytes + (<usize>(x0 + ax) << 2), aBytes, columns + 4, weights + 32, va, sa);
      blendRows(b + <usize>(y - iy + by) * bBytes + (<usize>(x0 - ix + bx) << 2), bBytes, columns + 4, weights + 96, vb, sb);
      const v = (<f64>y - cy) * sy;
      const rowGain = f32x4.splat(<f32>(load<f64>(g) + load<f64>(g, 32) * v));
      const rowOffset = f32x4.splat(<f32>(load<f64>(g, 8) + load<f64>(g, 40) * v));
      const slopeGain = f32x4.splat(<f32>load<f64>(g, 16)), slopeOffset = f32x4.splat(<f32>load<f64>(g, 24));
      const kx0 = f32x4.splat(<f32>load<f64>(w)), kx1 = f32x4.splat(<f32>load<f64>(w, 8));
      const ky0 = f32x4.splat(<f32>load<f64>(w, 64)), ky1 = f32x4.splat(<f32>load<f64>(w, 72));
      const bx0 = f32x4.splat(<f32>(load<f64>(w, 16) + v * load<f64>(w, 48))), bx1 = f32x4.splat(<f32>load<f64>(w, 32));
      const ox0 = f32x4.splat(<f32>(load<f64>(w, 24) + v * load<f64>(w, 56))), ox1 = f32x4.splat(<f32>load<f64>(w, 40));
      const by0 = f32x4.splat(<f32>(load<f64>(w, 80) + v * load<f64>(w, 112))), by1 = f32x4.splat(<f32>load<f64>(w, 96));
      const oy0 = f32x4.splat(<f32>(load<f64>(w, 88) + v * load<f64>(w, 120))), oy1 = f32x4.splat(<f32>load<f64>(w, 104));
      for (let x: usize = 0; x < <usize>columns << 2; x += 16) {
        const index = f32x4.add(lanes, f32x4.splat(<f32>(x >> 2)));
        const u = f32x4.mul(f32x4.add(index, f32x4.splat(<f32>(<f64>x0 - cx))), f32x4.splat(<f32>sx));
        const gain = f32x4.add(rowGain, f32x4.mul(slopeGain, u));
        const pa = f32x4.sub(across(va + x, wa0, wa1, wa2, wa3), offA);
        const pb = f32x4.sub(across(vb + x, wb0, wb1, wb2, wb3), offB);
        const bb = f32x4.add(f32x4.mul(pb, gain), f32x4.add(rowOffset, f32x4.mul(slopeOffset, u)));
        const gx = f32x4.mul(half, f32x4.add(across(va + x, da0, da1, da2, da3), f32x4.mul(gain, across(vb + x, db0, db1, db2, db3))));
        const gy = f32x4.mul(half, f32x4.add(across(sa + x, wa0, wa1, wa2, wa3), f32x4.mul(gain, across(sb + x, wb0, wb1, wb2, wb3))));
        const e = f32x4.sub(pa, bb);
        let ix4 = f32x4.add(f32x4.add(f32x4.mul(kx0, gx), f32x4.mul(kx1, gy)), f32x4.add(f32x4.mul(f32x4.add(bx0, f32x4.mul(bx1, u)), bb), f32x4.add(ox0, f32x4.mul(ox1, u))));
        let iy4 = f32x4.add(f32x4.add(f32x4.mul(ky0, gx), f32x4.mul(ky1, gy)), f32x4.add(f32x4.mul(f32x4.add(by0, f32x4.mul(by1, u)), bb), f32x4.add(oy0, f32x4.mul(oy1, u))));
        ix4 = f32x4.mul(ix4, e);
        iy4 = f32x4.mul(iy4, e);
        const seen = v128.and(f32x4.eq(f32x4.add(ix4, iy4), f32x4.add(ix4, iy4)), f32x4.lt(index, last));
        v128.store(blockX + x, f32x4.add(v128.load(blockX + x), v128.and(ix4, seen)));
        v128.store(blockY + x, f32x4.add(v128.load(blockY + x), v128.and(iy4, seen)));
      }
    }
    for (let x = 0; x < columns; x += 16) {
      let zx: f64 = 0, zy: f64 = 0;
      for (let i = x; i < min(x + 16, columns); i++) {
        zx += <f64>load<f32>(blockX + (<usize>i << 2));
        zy += <f64>load<f32>(blockY + (<usize>i << 2));
      }
      xx += zx * zx;
      xy += zx * zy;
      yy += zy * zy;
      const z = zx * zx + zy * zy;
      xxxx += z * z;
      blocks++;
    }
  }
  const c = state + COVARIANCE;
  store<f64>(c, xx);
  store<f64>(c, xy, 8);
  store<f64>(c, yy, 16);
  store<f64>(c, xxxx, 24);
  store<f64>(c, blocks, 32);
}
