// Sums of a Lucas-Kanade step over the whole overlap of two strips, with gain and offset that change over it.
import { MARGIN, openView, ringRow, sampleRows, slope, sum4, X0, X1, Y0, Y1 } from "./pair-view";

/** Where in the state what is; float64 each. */
const WHOLE: usize = 936; // whole part of the shift, x and y
const GAIN: usize = 16; // gain, offset, gain along x, offset along x, gain along y, offset along y
const MATRIX: usize = 64; // 8 x 8, upper triangle
const RIGHT: usize = 576; // 8
const MORE: usize = 640; // pixels, sum of squares of what is left

/**
 * One pass over the overlap at the shift of the state. Both strips are sampled half way towards each other, so that both
 * are blurred alike; slopes of both enter, so that their noise does not count as texture.
 *
 * @param a, b  first pixels; strides in bytes; sizes in pixels
 * @param state  shift x, y at 0 and 8; gain at 16; the sums are written from 64 on
 * @param refA, refB  what is taken off all values before summing
 * @param scratch  128 bytes, and 11 rows of the width + 16 float32
 * @returns pixels that count
 */
export function stepSums(
  a: usize, aBytes: usize, wa: i32, ha: i32, b: usize, bBytes: usize, wb: i32, hb: i32, refA: f32, refB: f32,
  state: usize, scratch: usize,
): f64 {
  memory.fill(state + MATRIX, 0, 704);
  const view = scratch;
  const dx = load<f64>(state), dy = load<f64>(state, 8);
  const wholeX = load<f64>(state, WHOLE), wholeY = load<f64>(state, WHOLE + 8);
  if (!openView(a, aBytes, wa, ha, b, bBytes, wb, hb, dx, dy, wholeX, wholeY, view)) return 0;
  const x0 = <i32>load<f64>(view, X0) + MARGIN, x1 = <i32>load<f64>(view, X1) - MARGIN;
  const y0 = <i32>load<f64>(view, Y0) + MARGIN, y1 = <i32>load<f64>(view, Y1) - MARGIN;
  const columns = x1 - x0;
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
    const row = y - y0; // the row's own samples are `MARGIN` further on
    if (row == 0) for (let r = 0; r < 2 * MARGIN; r++) sampleRows(view, r, aBytes, bBytes, refA, refB);
    sampleRows(view, row + 2 * MARGIN, aBytes, bBytes, refA, refB);
    const whole = columns + 2 * MARGIN;
    const a0 = ringRow(view, whole, 0, row) + 8, a1 = ringRow(view, whole, 0, row + 1) + 8;
    const a2 = ringRow(view, whole, 0, row + 2), a3 = ringRow(view, whole, 0, row + 3) + 8;
    const a4 = ringRow(view, whole, 0, row + 4) + 8, b0 = ringRow(view, whole, 1, row) + 8;
    const b1 = ringRow(view, whole, 1, row + 1) + 8, b2 = ringRow(view, whole, 1, row + 2);
    const b3 = ringRow(view, whole, 1, row + 3) + 8, b4 = ringRow(view, whole, 1, row + 4) + 8;
    const v = (<f64>y - cy) * sy;
    const rowGain = f32x4.splat(<f32>(g0 + g2 * v)), rowOffset = f32x4.splat(<f32>(o0 + o2 * v));
    let u = f32x4.mul(f32x4.add(lanes, f32x4.splat(<f32>(<f64>x0 - cx))), f32x4.splat(<f32>sx));
    let index = lanes;
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0, s9 = s0, s10 = s0;
    let s11 = s0, s12 = s0, s13 = s0, s14 = s0, s15 = s0, s16 = s0, s17 = s0, s18 = s0, s19 = s0, s20 = s0, s21 = s0;
    let s22 = s0, s23 = s0, s24 = s0, s25 = s0, s26 = s0;
    for (let x: usize = 0; x < <usize>columns << 2; x += 16) {
      let pa = v128.load(a2 + x, 8);
      let ga = slope(v128.load(a2 + x), v128.load(a2 + x, 4), v128.load(a2 + x, 12), v128.load(a2 + x, 16));
      let ha2 = slope(v128.load(a0 + x), v128.load(a1 + x), v128.load(a3 + x), v128.load(a4 + x));
      const gain = f32x4.add(rowGain, f32x4.mul(slopeGain, u));
      let bb = v128.load(b2 + x, 8);
      bb = f32x4.add(f32x4.mul(bb, gain), f32x4.add(rowOffset, f32x4.mul(slopeOffset, u)));
      let gb = slope(v128.load(b2 + x), v128.load(b2 + x, 4), v128.load(b2 + x, 12), v128.load(b2 + x, 16));
      let hb2 = slope(v128.load(b0 + x), v128.load(b1 + x), v128.load(b3 + x), v128.load(b4 + x));
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
      const xb = f32x4.mul(gx, bb), yb = f32x4.mul(gy, bb), square = f32x4.mul(bb, bb), be = f32x4.mul(bb, e);
      s3 = f32x4.add(s3, xb);
      s4 = f32x4.add(s4, yb);
      s5 = f32x4.add(s5, gx);
      s6 = f32x4.add(s6, gy);
      s7 = f32x4.add(s7, square);
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
      const ub2 = f32x4.mul(u, square), ub = f32x4.mul(u, bb), u1 = f32x4.mul(u, one);
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
    add(more, 0, q9); add(more, 1, sum4(s14));
  }
  return load<f64>(more);
}

@inline function add(at: usize, n: usize, value: f64): void {
  store<f64>(at + (n << 3), load<f64>(at + (n << 3)) + value);
}
