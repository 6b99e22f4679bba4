// Harris' measure of corners [Harris and Stephens 1988, doi:10.5244/C.2.23] on uint8 images.
//
// The matrix of gradient products (Sobel) is summed over 7 x 7 pixels, in whole numbers, so that no order of summing matters.
import { sobelX, sobelY } from "./sobel";

/** Half the side of the window. */
const WINDOW = 3;
/** Gradients of 4 levels per level, of 255 levels, over 49 pixels: makes the products means of squares of shares of the range. */
const UNIT: f64 = 1.0 / (4.0 * 255.0 * 49.0);

/** det - 0.04 trace^2 of the summed products. */
@inline function measure(a: i32, b: i32, c: i32): f32 {
  const da = <f64>a * UNIT, db = <f64>b * UNIT, dc = <f64>c * UNIT;
  return <f32>(da * dc - db * db - 0.04 * (da + dc) * (da + dc));
}

@inline function total(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3);
}

/** Harris' measure at corners [lo, hi) (int32 x, y, at least 5 pixels inside): float32 each. */
export function harrisAt(lo: i32, hi: i32, corners: usize, src: usize, stride: i32, out: usize): void {
  const s = <usize>stride;
  const seven = i16x8(-1, -1, -1, -1, -1, -1, -1, 0);
  for (let i = lo; i < hi; i++) {
    const x = load<i32>(corners + (<usize>i << 3)), y = load<i32>(corners + (<usize>i << 3), 4);
    let p = src + <usize>(y - WINDOW) * s + <usize>(x - WINDOW);
    let a = i32x4.splat(0), b = a, c = a;
    for (let v = -WINDOW; v <= WINDOW; v++, p += s) {
      const gx = v128.and(sobelX(p, s), seven), gy = v128.and(sobelY(p, s), seven);
      a = i32x4.add(a, i32x4.dot_i16x8_s(gx, gx));
      b = i32x4.add(b, i32x4.dot_i16x8_s(gx, gy));
      c = i32x4.add(c, i32x4.dot_i16x8_s(gy, gy));
    }
    store<f32>(out + (<usize>i << 2), measure(total(a), total(b), total(c)));
  }
}

/** Adds (sign 1) or takes away (-1) a row's products to the three int32 rows of column sums, columns [from, to). */
function addProducts(row: usize, s: usize, from: i32, to: i32, sums: usize, line: usize, sign: i32): void {
  const k = i32x4.splat(sign);
  for (let x = from; x < to; x += 8) {
    const p = row + <usize>x;
    const gx = sobelX(p, s), gy = sobelY(p, s);
    const o = sums + (<usize>x << 2);
    addTo(o, k, i32x4.extmul_low_i16x8_s(gx, gx), i32x4.extmul_high_i16x8_s(gx, gx));
    addTo(o + line, k, i32x4.extmul_low_i16x8_s(gx, gy), i32x4.extmul_high_i16x8_s(gx, gy));
    addTo(o + 2 * line, k, i32x4.extmul_low_i16x8_s(gy, gy), i32x4.extmul_high_i16x8_s(gy, gy));
  }
}

@inline function addTo(at: usize, sign: v128, low: v128, high: v128): void {
  v128.store(at, i32x4.add(v128.load(at), i32x4.mul(sign, low)));
  v128.store(at, i32x4.add(v128.load(at, 16), i32x4.mul(sign, high)), 16);
}

/** Sums of seven neighbouring columns around four. */
@inline function seven(p: usize): v128 {
  return i32x4.add(
    i32x4.add(i32x4.add(v128.load(p - 12), v128.load(p - 8)), i32x4.add(v128.load(p - 4), v128.load(p))),
    i32x4.add(i32x4.add(v128.load(p + 4), v128.load(p + 8)), v128.load(p + 12)));
}

/**
 * Local maxima of Harris' measure above `least` in rows first + [lo, hi), not nearer than `border` (at least 6) to the edge.
 * Row i writes up to `capacity` records (column int32, response float32) at out + 8 i capacity, their number to counts[i].
 * `scratch` is 6 (width + 64) int32.
 */
export function harrisCorners(lo: i32, hi: i32, src: usize, stride: i32, width: i32, height: i32, first: i32, border: i32,
  least: f32, scratch: usize, counts: usize, out: usize, capacity: i32): void {
  const s = <usize>stride;
  const line = <usize>(width + 64) << 2;
  const sums = scratch + 64, ring = sums + 3 * line;
  memory.fill(scratch, 0, 6 * line);
  const unit = f64x2.splat(UNIT), k = f64x2.splat(0.04);
  let ready = i32.MIN_VALUE;
  for (let i = lo; i < hi; i++) {
    const y = first + i;
    let count = 0;
    if (y >= border && y < height - border) {
      for (let r = max(ready + 1, y - 1); r <= y + 1; r++) {
        if (ready == i32.MIN_VALUE) {
          for (let v = r - WINDOW; v <= r + WINDOW; v++) addProducts(src + <usize>v * s, s, border - 4, width - border + 4, sums, line, 1);
        } else {
          addProducts(src + <usize>(r + WINDOW) * s, s, border - 4, width - border + 4, sums, line, 1);
          addProducts(src + <usize>(r - WINDOW - 1) * s, s, border - 4, width - border + 4, sums, line, -1);
        }
        ready = r;
        const row = ring + <usize>(r % 3) * line;
        for (let x = border; x < width - border; x += 4) {
          const o = sums + (<usize>x << 2);
          const a = seven(o), b = seven(o + line), c = seven(o + 2 * line);
          const low = quad(a, b, c, unit, k);
          const high = quad(v128.shuffle<i64>(a, a, 1, 0), v128.shuffle<i64>(b, b, 1, 0), v128.shuffle<i64>(c, c, 1, 0), unit, k);
          v128.store(row + (<usize>x << 2), v128.shuffle<i64>(low, high, 0, 2));
        }
        memory.fill(row + (<usize>(width - border) << 2), 0, 16);
      }
      const up = ring + <usize>((y + 2) % 3) * line, row = ring + <usize>(y % 3) * line, down = ring + <usize>((y + 1) % 3) * line;
      const base = out + ((<usize>i * <usize>capacity) << 3);
      for (let x = border; x < width - border; x += 4) {
        const u = up + (<usize>x << 2), m = row + (<usize>x << 2), d = down + (<usize>x << 2);
        const c = v128.load(m);
        const strong = f32x4.gt(c, f32x4.splat(least));
        if (!v128.any_true(strong)) continue;
        // Of equal neighbours the first in reading order wins.
        const before = f32x4.max(f32x4.max(v128.load(u - 4), v128.load(u)), f32x4.max(v128.load(u + 4), v128.load(m - 4)));
        const after = f32x4.max(f32x4.max(v128.load(d - 4), v128.load(d)), f32x4.max(v128.load(d + 4), v128.load(m + 4)));
        let bits = i32x4.bitmask(v128.and(strong, v128.and(f32x4.gt(c, before), f32x4.ge(c, after))));
        while (bits) {
          const j = ctz(bits);
          bits &= bits - 1;
          if (count < capacity) {
            store<i32>(base + (<usize>count << 3), x + j);
            store<f32>(base + (<usize>count << 3), load<f32>(m + (<usize>j << 2)), 4);
            count++;
          }
        }
      }
    }
    store<i32>(counts + (<usize>i << 2), count);
  }
}

/** The measure of the first two of four, as two float32. */
@inline function quad(a: v128, b: v128, c: v128, unit: v128, k: v128): v128 {
  const da = f64x2.mul(f64x2.convert_low_i32x4_s(a), unit);
  const db = f64x2.mul(f64x2.convert_low_i32x4_s(b), unit);
  const dc = f64x2.mul(f64x2.convert_low_i32x4_s(c), unit);
  const t = f64x2.add(da, dc);
  return f32x4.demote_f64x2_zero(f64x2.sub(f64x2.sub(f64x2.mul(da, dc), f64x2.mul(db, db)), f64x2.mul(f64x2.mul(k, t), t)));
}
