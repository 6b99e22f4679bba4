// The place of a corner to a fraction of a pixel, and the direction of its surroundings, in uint8 images.
import { sobelX, sobelY } from "./sobel";

/** Reach of the refinement's window, in pixels from the point; how often it is set anew; how far it may lead. */
const REFINE = 6;
const ROUNDS = 4;
const FURTHEST: f32 = 1.5;
/** It is there when a round moves it by less. */
const STILL: f32 = 0.02;
/** Radius of the disc that gives the direction. */
const DISC = 15;

@inline function low(v: v128): v128 { return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(v)); }
@inline function high(v: v128): v128 { return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(v)); }

@inline function total(v: v128): f32 {
  return (f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/**
 * Refines corners [lo, hi) (int32 x, y, at least 9 pixels inside) to the point to which the gradients around are orthogonal
 * [Förstner and Gülch 1987]: float32 x, y each.
 *
 * The window, a tent, moves with the point, so that it does not matter at which pixel the corner was found. Where that leads
 * away (an edge, a second corner), the pixel stays.
 */
export function refineCorners(lo: i32, hi: i32, corners: usize, src: usize, stride: i32, out: usize): void {
  const s = <usize>stride;
  const zero = f32x4.splat(0), reach = f32x4.splat(<f32>REFINE);
  // Columns -7 to 8, four by four; the last weighs nothing.
  const u0 = f32x4(-7, -6, -5, -4), u1 = f32x4(-3, -2, -1, 0), u2 = f32x4(1, 2, 3, 4), u3 = f32x4(5, 6, 7, 8);
  for (let i = lo; i < hi; i++) {
    const x = load<i32>(corners + (<usize>i << 3)), y = load<i32>(corners + (<usize>i << 3), 4);
    const centre = src + <usize>y * s + <usize>x;
    let dx: f32 = 0, dy: f32 = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const at = f32x4.splat(dx);
      const w0 = f32x4.max(zero, f32x4.sub(reach, f32x4.abs(f32x4.sub(u0, at))));
      const w1 = f32x4.max(zero, f32x4.sub(reach, f32x4.abs(f32x4.sub(u1, at))));
      const w2 = f32x4.max(zero, f32x4.sub(reach, f32x4.abs(f32x4.sub(u2, at))));
      const w3 = f32x4.max(zero, f32x4.sub(reach, f32x4.abs(f32x4.sub(u3, at))));
      let a = zero, b = zero, c = zero, p = zero, q = zero;
      for (let v = -REFINE - 1; v <= REFINE + 1; v++) {
        const wv: f32 = <f32>REFINE - Mathf.abs(<f32>v - dy);
        if (wv <= 0) continue;
        const left = centre + <usize>(v * stride - 7);
        const gx0 = sobelX(left, s), gy0 = sobelY(left, s), gx1 = sobelX(left + 8, s), gy1 = sobelY(left + 8, s);
        const row = f32x4.splat(wv), vv = f32x4.splat(<f32>v);
        let gx = low(gx0), gy = low(gy0), w = f32x4.mul(row, w0);
        let wx = f32x4.mul(w, gx), wy = f32x4.mul(w, gy), m = f32x4.add(f32x4.mul(gx, u0), f32x4.mul(gy, vv));
        a = f32x4.add(a, f32x4.mul(wx, gx)); b = f32x4.add(b, f32x4.mul(wx, gy)); c = f32x4.add(c, f32x4.mul(wy, gy));
        p = f32x4.add(p, f32x4.mul(wx, m)); q = f32x4.add(q, f32x4.mul(wy, m));
        gx = high(gx0); gy = high(gy0); w = f32x4.mul(row, w1);
        wx = f32x4.mul(w, gx); wy = f32x4.mul(w, gy); m = f32x4.add(f32x4.mul(gx, u1), f32x4.mul(gy, vv));
        a = f32x4.add(a, f32x4.mul(wx, gx)); b = f32x4.add(b, f32x4.mul(wx, gy)); c = f32x4.add(c, f32x4.mul(wy, gy));
        p = f32x4.add(p, f32x4.mul(wx, m)); q = f32x4.add(q, f32x4.mul(wy, m));
        gx = low(gx1); gy = low(gy1); w = f32x4.mul(row, w2);
        wx = f32x4.mul(w, gx); wy = f32x4.mul(w, gy); m = f32x4.add(f32x4.mul(gx, u2), f32x4.mul(gy, vv));
        a = f32x4.add(a, f32x4.mul(wx, gx)); b = f32x4.add(b, f32x4.mul(wx, gy)); c = f32x4.add(c, f32x4.mul(wy, gy));
        p = f32x4.add(p, f32x4.mul(wx, m)); q = f32x4.add(q, f32x4.mul(wy, m));
        gx = high(gx1); gy = high(gy1); w = f32x4.mul(row, w3);
        wx = f32x4.mul(w, gx); wy = f32x4.mul(w, gy); m = f32x4.add(f32x4.mul(gx, u3), f32x4.mul(gy, vv));
        a = f32x4.add(a, f32x4.mul(wx, gx)); b = f32x4.add(b, f32x4.mul(wx, gy)); c = f32x4.add(c, f32x4.mul(wy, gy));
        p = f32x4.add(p, f32x4.mul(wx, m)); q = f32x4.add(q, f32x4.mul(wy, m));
      }
      const ta = <f64>total(a), tb = <f64>total(b), tc = <f64>total(c), tp = <f64>total(p), tq = <f64>total(q);
      const det = ta * tc - tb * tb;
      if (!(det > 1e-3 * (ta + tc) * (ta + tc))) { dx = 0; dy = 0; break; }
      const wasX = dx, wasY = dy;
      dx = <f32>((tc * tp - tb * tq) / det);
      dy = <f32>((ta * tq - tb * tp) / det);
      if (!(Mathf.abs(dx) <= FURTHEST && Mathf.abs(dy) <= FURTHEST)) { dx = 0; dy = 0; break; }
      if (Mathf.abs(dx - wasX) + Mathf.abs(dy - wasY) < STILL) break;
    }
    store<f32>(out + (<usize>i << 3), <f32>x + dx);
    store<f32>(out + (<usize>i << 3), <f32>y + dy, 4);
  }
}

/**
 * Directions (radians, from +x towards +y, in [0, 2 pi)) from points [lo, hi) (float32 x, y, at least 16 pixels inside) to
 * the centroid of brightness of the disc around the nearest pixel [Rosin 1999]: float32 each.
 *
 * `disc` holds for each row from -15 to 15 the 32 columns from -16 on as int16: first 1 where the column is in the disc,
 * then the column where it is, otherwise 0.
 */
export function centroidDirections(lo: i32, hi: i32, points: usize, src: usize, stride: i32, disc: usize, out: usize): void {
  for (let i = lo; i < hi; i++) {
    const x = <i32>Mathf.floor(load<f32>(points + (<usize>i << 3)) + 0.5);
    const y = <i32>Mathf.floor(load<f32>(points + (<usize>i << 3), 4) + 0.5);
    let p = src + <usize>((y - DISC) * stride + x - 16), d = disc;
    let mx = i32x4.splat(0), my = mx;
    for (let v = -DISC; v <= DISC; v++, p += <usize>stride, d += 128) {
      const a = v128.load(p), b = v128.load(p, 16);
      const a0 = i16x8.extend_low_i8x16_u(a), a1 = i16x8.extend_high_i8x16_u(a);
      const b0 = i16x8.extend_low_i8x16_u(b), b1 = i16x8.extend_high_i8x16_u(b);
      const sum = i32x4.add(
        i32x4.add(i32x4.dot_i16x8_s(a0, v128.load(d)), i32x4.dot_i16x8_s(a1, v128.load(d, 16))),
        i32x4.add(i32x4.dot_i16x8_s(b0, v128.load(d, 32)), i32x4.dot_i16x8_s(b1, v128.load(d, 48))));
      my = i32x4.add(my, i32x4.mul(sum, i32x4.splat(v)));
      mx = i32x4.add(mx, i32x4.add(
        i32x4.add(i32x4.dot_i16x8_s(a0, v128.load(d, 64)), i32x4.dot_i16x8_s(a1, v128.load(d, 80))),
        i32x4.add(i32x4.dot_i16x8_s(b0, v128.load(d, 96)), i32x4.dot_i16x8_s(b1, v128.load(d, 112)))));
    }
    const angle = Math.atan2(<f64>sumOf(my), <f64>sumOf(mx));
    store<f32>(out + (<usize>i << 2), <f32>(angle < 0 ? angle + 6.283185307179586 : angle));
  }
}

@inline function sumOf(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3);
}
