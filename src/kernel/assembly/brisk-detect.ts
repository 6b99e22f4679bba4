// BRISK's detector: maxima of the segment test's score over place and scale [Leutenegger et al. 2011, doi:10.1109/ICCV.2011.6126542].
import { segmentRow } from "./segment-test";

/** Scores of rows [lo, hi) of a byte image; 0 nearer than `border` (at least 4) to its edge. `circle` as in `segmentRow`. */
export function segmentScores(lo: i32, hi: i32, src: usize, stride: i32, width: i32, height: i32, border: i32, threshold: i32,
  circle: i32, out: usize): void {
  for (let y = lo; y < hi; y++) {
    const row = out + <usize>y * <usize>stride;
    memory.fill(row, 0, <usize>stride);
    if (y < border || y >= height - border || width <= 2 * border) continue;
    segmentRow(circle, src + <usize>y * <usize>stride, <usize>stride, width, border, threshold, row);
  }
}

/** A layer: scores u32, stride i32, width f32, height f32. */
const LAYER: usize = 16;

/** Place and height of a maximum: what `peak` finds, for one thread at a time in its scratch. */
@inline function at(layer: usize, x: i32, y: i32): usize {
  return <usize>load<u32>(layer) + <usize>(y * load<i32>(layer, 4) + x);
}

/**
 * Fits a paraboloid to the 3 x 3 scores around (x, y) by least squares: stores its top's x, y and height at `out` (float32).
 * Where it has none within the pixels around, the middle one counts.
 */
function peak(layer: usize, x: i32, y: i32, out: usize): void {
  const s = <usize>load<i32>(layer, 4);
  const p = at(layer, x, y);
  const a = <f32>load<u8>(p - s - 1), b = <f32>load<u8>(p - s), c = <f32>load<u8>(p - s + 1);
  const d = <f32>load<u8>(p - 1), e = <f32>load<u8>(p), f = <f32>load<u8>(p + 1);
  const g = <f32>load<u8>(p + s - 1), h = <f32>load<u8>(p + s), i = <f32>load<u8>(p + s + 1);
  const gx: f32 = (c + f + i - a - d - g) / 6, gy: f32 = (g + h + i - a - b - c) / 6;
  const xx: f32 = (a + c + d + f + g + i - 2 * (b + e + h)) / 3, yy: f32 = (a + b + c + g + h + i - 2 * (d + e + f)) / 3;
  const xy: f32 = (a + i - c - g) * 0.25;
  const det = xx * yy - xy * xy;
  let dx: f32 = 0, dy: f32 = 0, top = e;
  if (det > 0 && xx < 0) {
    const u = (xy * gy - yy * gx) / det, v = (xy * gx - xx * gy) / det;
    if (Mathf.abs(u) <= 1 && Mathf.abs(v) <= 1) {
      dx = u; dy = v;
      const middle: f32 = (5 * e + 2 * (b + d + f + h) - (a + c + g + i)) / 9;
      top = middle + 0.5 * (gx * u + gy * v);
    }
  }
  store<f32>(out, <f32>x + dx);
  store<f32>(out, <f32>y + dy, 4);
  store<f32>(out, top, 8);
}

/**
 * Looks for the best score of 3 x 3 pixels of another layer around the place (x, y) of this one. Gives -1 when it beats `score`,
 * otherwise fits a peak there, in this layer's pixels: 0.
 */
function neighbour(layer: usize, other: usize, x: i32, y: i32, score: i32, ties: bool, out: usize): i32 {
  const zx = load<f32>(other, 8) / load<f32>(layer, 8), zy = load<f32>(other, 12) / load<f32>(layer, 12);
  const cx = min(max(<i32>Mathf.floor((<f32>x + 0.5) * zx), 2), <i32>load<f32>(other, 8) - 3);
  const cy = min(max(<i32>Mathf.floor((<f32>y + 0.5) * zy), 2), <i32>load<f32>(other, 12) - 3);
  let best = -1, bx = cx, by = cy;
  for (let v = cy - 1; v <= cy + 1; v++) {
    for (let u = cx - 1; u <= cx + 1; u++) {
      const s = <i32>load<u8>(at(other, u, v));
      if (s > best) { best = s; bx = u; by = v; }
    }
  }
  if (best > score || (best == score && !ties)) return -1;
  peak(other, bx, by, out);
  store<f32>(out, (load<f32>(out) + 0.5) / zx - 0.5);
  store<f32>(out, (load<f32>(out, 4) + 0.5) / zy - 0.5, 4);
  return 0;
}

/**
 * Maxima of the scores of one layer, rows [lo, hi), over their eight neighbours and the layers below and above, refined.
 *
 * `layers` lists the layer below (finer), this one and the one above. `finer` and `coarser` are their scales as a multiple of
 * this one's. Row i writes up to `capacity` records (x, y in this layer's pixels, scale as a multiple of its, score; float32) at
 * out + 16 i capacity, their number to counts[i]. `scratch` is 64 bytes.
 */
export function briskMaxima(lo: i32, hi: i32, layers: usize, finer: f32, coarser: f32, border: i32, threshold: i32,
  counts: usize, out: usize, capacity: i32, scratch: usize): void {
  const below = layers, layer = layers + LAYER, above = layers + 2 * LAYER;
  const stride = <usize>load<i32>(layer, 4);
  const width = <i32>load<f32>(layer, 8), height = <i32>load<f32>(layer, 12);
  const t = i8x16.splat(<i8>threshold);
  for (let y = lo; y < hi; y++) {
    let count = 0;
    const base = out + ((<usize>y * <usize>capacity) << 4);
    for (let x = border; y >= border && y < height - border && x < width - border; x += 16) {
      const m = at(layer, x, y);
      const c = v128.load(m);
      const strong = i8x16.gt_u(c, t);
      if (!v128.any_true(strong)) continue;
      const u = m - stride, d = m + stride;
      // Of equal neighbours the first in reading order wins.
      const before = i8x16.max_u(i8x16.max_u(v128.load(u - 1), v128.load(u)), i8x16.max_u(v128.load(u + 1), v128.load(m - 1)));
      const after = i8x16.max_u(i8x16.max_u(v128.load(d - 1), v128.load(d)), i8x16.max_u(v128.load(d + 1), v128.load(m + 1)));
      let bits = i8x16.bitmask(v128.and(strong, v128.and(i8x16.gt_u(c, before), i8x16.ge_u(c, after))));
      while (bits) {
        const j = ctz(bits);
        bits &= bits - 1;
        if (x + j >= width - border || count >= capacity) continue;
        const score = <i32>load<u8>(m + <usize>j);
        if (neighbour(layer, below, x + j, y, score, true, scratch) < 0) continue;
        if (neighbour(layer, above, x + j, y, score, false, scratch + 16) < 0) continue;
        peak(layer, x + j, y, scratch + 32);
        refineScale(scratch, finer, coarser, base + (<usize>count << 4));
        count++;
      }
    }
    store<i32>(counts + (<usize>y << 2), count);
  }
}

/** A parabola through the three peaks' heights over scale: stores x, y, scale and height of its top. */
function refineScale(peaks: usize, finer: f32, coarser: f32, out: usize): void {
  const p = load<f32>(peaks, 8), q = load<f32>(peaks, 40), r = load<f32>(peaks, 24);
  // Slopes to either side; they differ by the curvature.
  const s0 = (q - p) / (1 - finer), s1 = (r - q) / (coarser - 1);
  const curve = (s1 - s0) / (coarser - finer);
  let scale: f32 = 1, top = q;
  if (curve < 0) {
    const slope = s0 + curve * (1 - finer);
    const best: f32 = 1 - slope / (2 * curve);
    scale = min(max(best, finer), coarser);
    const d = scale - 1;
    top = q + slope * d + curve * d * d;
  }
  // The place moves towards that of the layer on the same side.
  const other = scale < 1 ? peaks : peaks + 16;
  const w: f32 = scale < 1 ? (1 - scale) / (1 - finer) : (scale - 1) / (coarser - 1);
  store<f32>(out, load<f32>(peaks, 32) + w * (load<f32>(other) - load<f32>(peaks, 32)));
  store<f32>(out, load<f32>(peaks, 36) + w * (load<f32>(other, 4) - load<f32>(peaks, 36)), 4);
  store<f32>(out, scale, 8);
  store<f32>(out, top, 12);
}
