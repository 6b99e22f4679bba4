// SIFT detector: extrema of differences of Gaussians [Lowe 2004, doi:10.1023/B:VISI.0000029664.99615.94].
import { levelRow } from "./scale-space";

/** Pixels at the image's edge where nothing is looked for. */
const BORDER = 5;
const STEPS = 5;
/** How far refinement may wander from where it began, in rows: bands hold that many rows more. */
const WANDER = 5;
/** A keypoint's record: x f64, y f64, scale f64 (all in pixels of the octave), response f32, layer i32. */
const RECORD = 32;

/**
 * Looks for keypoints whose extremum lies in rows first + [lo, hi).
 *
 * `levels` is a table of `scales` + 3 Gaussian levels. Row i writes up to `capacity` records at out + i * capacity and their
 * number to counts[i], so that the order never depends on how rows were handed out. `ring` is scratch of
 * 3 (scales + 2) (stride + 16) floats.
 */
export function siftExtrema(
  lo: i32,
  hi: i32,
  levels: usize,
  scales: i32,
  first: i32,
  width: i32,
  height: i32,
  stride: i32,
  contrast: f32,
  edge: f32,
  sigma: f64,
  ring: usize,
  counts: usize,
  out: usize,
  capacity: i32,
): void {
  const lineBytes = (<usize>(stride + 16)) << 2;
  const dogs = scales + 2;
  const rowBytes = lineBytes * <usize>dogs;
  const x1 = width - BORDER;
  const pre = f32x4.splat(0.5 * contrast);
  const ramp = i32x4(0, 1, 2, 3);
  let ready = i32.MIN_VALUE; // last row whose differences are in the ring
  for (let i = lo; i < hi; i++) {
    const y = first + i;
    let count = 0;
    if (y >= BORDER && y < height - BORDER) {
      for (let r = max(ready + 1, y - 1); r <= y + 1; r++) {
        differences(levels, dogs, r, stride, width, ring + <usize>(r % 3) * rowBytes, lineBytes);
      }
      ready = y + 1;
      const up = ring + <usize>((y + 2) % 3) * rowBytes,
        row = ring + <usize>(y % 3) * rowBytes,
        down = ring + <usize>((y + 1) % 3) * rowBytes;
      const base = out + <usize>i * <usize>capacity * RECORD;
      for (let s = 1; s <= scales; s++) {
        const at = <usize>s * lineBytes;
        for (let x = BORDER; x < x1; x += 4) {
          const o = at + ((<usize>x) << 2);
          const c = v128.load(row + o);
          const strong = f32x4.gt(f32x4.abs(c), pre);
          if (!v128.any_true(strong)) continue;
          let top = v128.and(
            strong,
            v128.and(f32x4.ge(c, v128.load(row + o - 4)), f32x4.gt(c, v128.load(row + o + 4))),
          );
          let low = v128.and(
            strong,
            v128.and(f32x4.le(c, v128.load(row + o - 4)), f32x4.lt(c, v128.load(row + o + 4))),
          );
          if (!v128.any_true(v128.or(top, low))) continue;
          // Of equal neighbours the first in reading order wins, so that a plateau of two is one extremum.
          let p = up + o,
            q = down + o;
          top = v128.and(top, v128.and(atLeast3(c, p), above3(c, q)));
          low = v128.and(low, v128.and(atMost3(c, p), below3(c, q)));
          if (!v128.any_true(v128.or(top, low))) continue;
          p = row + o - lineBytes;
          q = row + o + lineBytes;
          top = v128.and(top, v128.and(atLeast3(c, p), above3(c, q)));
          low = v128.and(low, v128.and(atMost3(c, p), below3(c, q)));
          if (!v128.any_true(v128.or(top, low))) continue;
          const uo = up + o,
            od = down + o;
          top = v128.and(
            top,
            v128.and(
              v128.and(atLeast3(c, uo - lineBytes), atLeast3(c, od - lineBytes)),
              v128.and(above3(c, uo + lineBytes), above3(c, od + lineBytes)),
            ),
          );
          low = v128.and(
            low,
            v128.and(
              v128.and(atMost3(c, uo - lineBytes), atMost3(c, od - lineBytes)),
              v128.and(below3(c, uo + lineBytes), below3(c, od + lineBytes)),
            ),
          );
          const found = v128.and(v128.or(top, low), i32x4.lt_s(i32x4.add(i32x4.splat(x), ramp), i32x4.splat(x1)));
          const bits = i32x4.bitmask(found);
          if (bits == 0) continue;
          for (let j = 0; j < 4; j++) {
            if ((bits >> j) & 1 && count < capacity) {
              if (
                refine(
                  levels,
                  scales,
                  x + j,
                  y,
                  s,
                  width,
                  height,
                  stride,
                  contrast,
                  edge,
                  sigma,
                  base + <usize>count * RECORD,
                )
              )
                count++;
            }
          }
        }
      }
    }
    store<i32>(counts + ((<usize>i) << 2), count);
  }
}

function differences(levels: usize, dogs: i32, y: i32, stride: i32, width: i32, lines: usize, lineBytes: usize): void {
  const strideBytes = (<usize>stride) << 2;
  const span = (<usize>((width + 3) & ~3)) << 2;
  for (let k = 0; k < dogs; k++) {
    const a = levelRow(levels, k, y, strideBytes),
      b = levelRow(levels, k + 1, y, strideBytes);
    const o = lines + <usize>k * lineBytes;
    for (let x: usize = 0; x < span; x += 16) v128.store(o + x, f32x4.sub(v128.load(b + x), v128.load(a + x)));
  }
}

// c against the three values at p - 1, p, p + 1
function atLeast3(c: v128, p: usize): v128 {
  return v128.and(f32x4.ge(c, v128.load(p - 4)), v128.and(f32x4.ge(c, v128.load(p)), f32x4.ge(c, v128.load(p + 4))));
}
function above3(c: v128, p: usize): v128 {
  return v128.and(f32x4.gt(c, v128.load(p - 4)), v128.and(f32x4.gt(c, v128.load(p)), f32x4.gt(c, v128.load(p + 4))));
}
function atMost3(c: v128, p: usize): v128 {
  return v128.and(f32x4.le(c, v128.load(p - 4)), v128.and(f32x4.le(c, v128.load(p)), f32x4.le(c, v128.load(p + 4))));
}
function below3(c: v128, p: usize): v128 {
  return v128.and(f32x4.lt(c, v128.load(p - 4)), v128.and(f32x4.lt(c, v128.load(p)), f32x4.lt(c, v128.load(p + 4))));
}

/** Difference of Gaussians at (x + dx, y), from the rows of its two levels. */
function dog(levels: usize, s: i32, x: i32, y: i32, strideBytes: usize): f64 {
  const o = (<usize>x) << 2;
  return (
    <f64>load<f32>(levelRow(levels, s + 1, y, strideBytes) + o) -
    <f64>load<f32>(levelRow(levels, s, y, strideBytes) + o)
  );
}

/** Fits a quadratic to the 3 x 3 x 3 neighbourhood, moves to its extremum, tests contrast and edge; writes a record. */
function refine(
  levels: usize,
  scales: i32,
  x0: i32,
  y0: i32,
  s0: i32,
  width: i32,
  height: i32,
  stride: i32,
  contrast: f32,
  edge: f32,
  sigma: f64,
  record: usize,
): bool {
  const sb = (<usize>stride) << 2;
  let x = x0,
    y = y0,
    s = s0;
  let ox: f64 = 0,
    oy: f64 = 0,
    os: f64 = 0;
  let gx: f64 = 0,
    gy: f64 = 0,
    gs: f64 = 0,
    xx: f64 = 0,
    yy: f64 = 0,
    xy: f64 = 0,
    v: f64 = 0;
  let step = 0;
  for (; step < STEPS; step++) {
    v = dog(levels, s, x, y, sb);
    const l = dog(levels, s, x - 1, y, sb),
      r = dog(levels, s, x + 1, y, sb);
    const u = dog(levels, s, x, y - 1, sb),
      d = dog(levels, s, x, y + 1, sb);
    const b = dog(levels, s - 1, x, y, sb),
      a = dog(levels, s + 1, x, y, sb);
    gx = 0.5 * (r - l);
    gy = 0.5 * (d - u);
    gs = 0.5 * (a - b);
    xx = r + l - 2 * v;
    yy = d + u - 2 * v;
    const ss = a + b - 2 * v;
    xy =
      0.25 *
      (dog(levels, s, x + 1, y + 1, sb) -
        dog(levels, s, x - 1, y + 1, sb) -
        dog(levels, s, x + 1, y - 1, sb) +
        dog(levels, s, x - 1, y - 1, sb));
    const xs =
      0.25 *
      (dog(levels, s + 1, x + 1, y, sb) -
        dog(levels, s + 1, x - 1, y, sb) -
        dog(levels, s - 1, x + 1, y, sb) +
        dog(levels, s - 1, x - 1, y, sb));
    const ys =
      0.25 *
      (dog(levels, s + 1, x, y + 1, sb) -
        dog(levels, s + 1, x, y - 1, sb) -
        dog(levels, s - 1, x, y + 1, sb) +
        dog(levels, s - 1, x, y - 1, sb));
    const c0 = yy * ss - ys * ys,
      c1 = xs * ys - xy * ss,
      c2 = xy * ys - xs * yy;
    const det = xx * c0 + xy * c1 + xs * c2;
    if (det == 0) return false;
    const k = -1 / det;
    ox = k * (c0 * gx + c1 * gy + c2 * gs);
    oy = k * (c1 * gx + (xx * ss - xs * xs) * gy + (xy * xs - xx * ys) * gs);
    os = k * (c2 * gx + (xy * xs - xx * ys) * gy + (xx * yy - xy * xy) * gs);
    if (Math.abs(ox) < 0.5 && Math.abs(oy) < 0.5 && Math.abs(os) < 0.5) break;
    if (!(Math.abs(ox) < 1e4 && Math.abs(oy) < 1e4 && Math.abs(os) < 1e4)) return false;
    x += <i32>Math.floor(ox + 0.5);
    y += <i32>Math.floor(oy + 0.5);
    s += <i32>Math.floor(os + 0.5);
    if (
      s < 1 ||
      s > scales ||
      x < BORDER ||
      x >= width - BORDER ||
      y < BORDER ||
      y >= height - BORDER ||
      abs(y - y0) > WANDER
    )
      return false;
  }
  if (step == STEPS) return false;
  const response = Math.abs(v + 0.5 * (gx * ox + gy * oy + gs * os));
  if (!(response >= <f64>contrast)) return false;
  const trace = xx + yy,
    det2 = xx * yy - xy * xy,
    e = <f64>edge;
  if (!(det2 > 0 && trace * trace * e < (e + 1) * (e + 1) * det2)) return false;
  store<f64>(record, <f64>x + ox);
  store<f64>(record, <f64>y + oy, 8);
  store<f64>(record, sigma * Math.pow(2, (<f64>s + os) / <f64>scales), 16);
  store<f32>(record, <f32>response, 24);
  store<i32>(record, s, 28);
  return true;
}
