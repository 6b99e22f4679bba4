// Warps along positions: each output pixel pulls from a place of its own, as maps that bend need it. Tiles, sampling and
// rounding are those of the kernel `warp`.
import { emptyRows, loadSource, sampleRow, storeRow } from "./warp-tile";
import { F32, I16, U16, U8 } from "./samples";
import { LANCZOS, NEAREST, prepare, Warp } from "./warp-job";

const RUN: i32 = 64;

@inline function positionOf(job: Warp, x: i32, y: i32): usize {
  return job.positions + ((<usize>(y - job.dstY) * <usize>job.positionStride + <usize>(x - job.dstX)) << 4);
}

/** Output columns [x0, x1), rows [y0, y1) in image coordinates; cut in two for as long as the footprint is too large. */
function tileAlong(job: Warp, x0: i32, x1: i32, y0: i32, y1: i32): void {
  // Only positions with a sample next to them count; NaN never does.
  const least = f64x2(<f64>(job.srcX - 1), <f64>(job.srcY - 1));
  const most = f64x2(<f64>(job.srcX + job.srcWidth), <f64>(job.srcY + job.srcHeight));
  let low = f64x2.splat(Infinity);
  let high = f64x2.splat(-Infinity);
  for (let y = y0; y < y1; y++) {
    let at = positionOf(job, x0, y);
    for (let x = x0; x < x1; x++, at += 16) {
      const p = v128.load(at);
      if (!i64x2.all_true(v128.and(f64x2.gt(p, least), f64x2.lt(p, most)))) continue;
      low = f64x2.pmin(low, p);
      high = f64x2.pmax(high, p);
    }
  }
  const minX = f64x2.extract_lane(low, 0);
  if (minX == Infinity) return emptyRows(job, x0, x1, y0, y1);
  const minY = f64x2.extract_lane(low, 1);
  const reach = job.method == LANCZOS ? 4 : 3;
  const wide = Math.floor(f64x2.extract_lane(high, 0)) - Math.floor(minX) + <f64>(2 * reach + 1);
  const tall = Math.floor(f64x2.extract_lane(high, 1)) - Math.floor(minY) + <f64>(2 * reach + 1);
  if (Math.ceil(wide / 4 + 1) * 4 * tall <= <f64>job.capacity) {
    const left = <i32>Math.floor(minX) - reach;
    const top = <i32>Math.floor(minY) - reach;
    loadSource(job, left, top, <i32>wide, <i32>tall);
    for (let y = y0; y < y1; y++) {
      rowAlong(job, x0, x1 - x0, y, reach);
      storeRow(job, x0, x1, y);
    }
  } else if (x1 - x0 >= y1 - y0) {
    const x = (x0 + x1) >> 1;
    tileAlong(job, x0, x, y0, y1);
    tileAlong(job, x, x1, y0, y1);
  } else {
    const y = (y0 + y1) >> 1;
    tileAlong(job, x0, x1, y0, y);
    tileAlong(job, x0, x1, y, y1);
  }
}

/** Samples output pixels (x0 + i, y), i in [0, count), all in one run of 64 columns. */
function rowAlong(job: Warp, x0: i32, count: i32, y: i32, reach: i32): void {
  const least = f64x2(<f64>(job.srcX - 1), <f64>(job.srcY - 1));
  const most = f64x2(<f64>(job.srcX + job.srcWidth), <f64>(job.srcY + job.srcHeight));
  const origin = f64x2(<f64>job.tileX, <f64>job.tileY);
  const safe = f64x2.splat(<f64>reach);
  const stride = job.tileStride;
  let missing: u64 = 0;
  let at = positionOf(job, x0, y);
  for (let i = 0; i < count; i++, at += 16) {
    const p = v128.load(at);
    let s = f64x2.sub(p, origin);
    if (!i64x2.all_true(v128.and(f64x2.gt(p, least), f64x2.lt(p, most)))) {
      s = safe; // samples something, which is then thrown away
      missing |= <u64>1 << <u64>i;
    }
    const whole = f64x2.floor(s);
    const fraction = f32x4.demote_f64x2_zero(f64x2.sub(s, whole));
    const o = <usize>i << 2;
    store<f32>(job.fractionX + o, f32x4.extract_lane(fraction, 0));
    store<f32>(job.fractionY + o, f32x4.extract_lane(fraction, 1));
    const cell = i32x4.trunc_sat_f64x2_s_zero(whole);
    store<i32>(job.offsets + o, (i32x4.extract_lane(cell, 1) * stride + i32x4.extract_lane(cell, 0)) << 2);
  }
  sampleRow(job, count);
  for (; missing != 0; missing &= missing - 1) store<f32>(job.out + (<usize>ctz(missing) << 2), NaN);
}

/** Copies of nearest samples, exact for every value. */
function nearestAlong<T>(job: Warp, x0: i32, x1: i32, y0: i32, y1: i32): void {
  const fill = <T>job.fill;
  const nodata = <T>job.nodata;
  const least = f64x2(<f64>job.srcX, <f64>job.srcY);
  const most = f64x2(<f64>(job.srcX + job.srcWidth), <f64>(job.srcY + job.srcHeight));
  const half = f64x2.splat(0.5);
  for (let y = y0; y < y1; y++) {
    let at = positionOf(job, x0, y);
    let out = job.dst + (<usize>(y - job.dstY) * <usize>job.dstStride + <usize>(x0 - job.dstX)) * sizeof<T>();
    for (let x = x0; x < x1; x++, at += 16, out += sizeof<T>()) {
      const s = f64x2.floor(f64x2.add(v128.load(at), half));
      let v = fill;
      if (i64x2.all_true(v128.and(f64x2.ge(s, least), f64x2.lt(s, most)))) {
        const cell = i32x4.trunc_sat_f64x2_s_zero(f64x2.sub(s, least));
        v = load<T>(job.src + (<usize>i32x4.extract_lane(cell, 1) * <usize>job.srcStride + <usize>i32x4.extract_lane(cell, 0)) * sizeof<T>());
        if (isFloat<T>()) {
          if (v - v != v - v) v = fill;
        }
        if (job.hasNodata != 0 && v == nodata) v = fill;
      }
      store<T>(out, v);
    }
  }
}

/**
 * Warps one band along positions. Arguments as those of `warp`, but for:
 *
 * @param positions  f64 pairs: where each output pixel pulls from, in coordinates of the whole source image, the first for
 *   (dstX, dstY); NaN where there is nothing to pull
 * @param positionStride  pairs from one row to the next
 */
export function warpAlong(
  lo: i32, hi: i32, method: i32,
  src: usize, srcType: i32, srcStride: i32, srcX: i32, srcY: i32, srcWidth: i32, srcHeight: i32,
  hasNodata: i32, nodata: f64,
  dst: usize, dstType: i32, dstStride: i32, dstX: i32, dstY: i32, dstWidth: i32, fill: f64, keepClear: i32,
  positions: usize, positionStride: i32, table: usize, scratch: usize, capacity: i32,
): void {
  const job = changetype<Warp>(scratch);
  prepare(
    job, method, src, srcType, srcStride, srcX, srcY, srcWidth, srcHeight, hasNodata, nodata,
    dst, dstType, dstStride, dstX, dstY, fill, keepClear, table, scratch, capacity,
  );
  job.positions = positions;
  job.positionStride = positionStride;
  const y0 = dstY + lo;
  const y1 = dstY + hi;
  const end = dstX + dstWidth;
  if (method == NEAREST && srcType == dstType) {
    if (srcType == U8) nearestAlong<u8>(job, dstX, end, y0, y1);
    else if (srcType == U16) nearestAlong<u16>(job, dstX, end, y0, y1);
    else if (srcType == I16) nearestAlong<i16>(job, dstX, end, y0, y1);
    else if (srcType == F32) nearestAlong<f32>(job, dstX, end, y0, y1);
    else nearestAlong<u32>(job, dstX, end, y0, y1);
    return;
  }
  for (let y = y0; y < y1; y += RUN) {
    for (let run = dstX & ~(RUN - 1); run < end; run += RUN) {
      tileAlong(job, max(run, dstX), min(run + RUN, end), y, min(y + RUN, y1));
    }
  }
}

/** Bytes of a patch: left, top and side as f64, then 16 nodes as f64 pairs, row by row. */
const PATCH_BYTES: usize = 280;

/** Weights of the cubic through values at 0, 1/3, 2/3 and 1. */
@inline function weight(k: i32, t: f64): f64 {
  const a = 3 * t;
  const b = a - 1;
  const c = a - 2;
  const d = a - 3;
  if (k == 0) return -(b * c * d) / 6;
  if (k == 1) return (a * c * d) / 2;
  if (k == 2) return -(a * b * d) / 2;
  return (a * b * c) / 6;
}

/**
 * Positions of output pixels from square patches [lo, hi), on each of which they are a cubic in x and in y.
 *
 * @param patches  the patches, PATCH_BYTES each; nodes lie at thirds of the side
 * @param out  f64 pairs of the block of output pixels that begins at (x, y)
 */
export function patchPositions(lo: i32, hi: i32, patches: usize, out: usize, x: i32, y: i32, width: i32, height: i32): void {
  for (let i = lo; i < hi; i++) {
    const patch = patches + <usize>i * PATCH_BYTES;
    const left = load<f64>(patch);
    const top = load<f64>(patch, 8);
    const side = load<f64>(patch, 16);
    const x0 = max(x, <i32>left);
    const x1 = min(x + width, <i32>(left + side));
    const y0 = max(y, <i32>top);
    const y1 = min(y + height, <i32>(top + side));
    for (let py = y0; py < y1; py++) {
      const t = (<f64>py - top) / side;
      const n = patch + 24;
      const w0 = f64x2.splat(weight(0, t)), w1 = f64x2.splat(weight(1, t)), w2 = f64x2.splat(weight(2, t)), w3 = f64x2.splat(weight(3, t));
      const c0 = f64x2.add(f64x2.add(f64x2.mul(w0, v128.load(n)), f64x2.mul(w1, v128.load(n, 64))), f64x2.add(f64x2.mul(w2, v128.load(n, 128)), f64x2.mul(w3, v128.load(n, 192))));
      const c1 = f64x2.add(f64x2.add(f64x2.mul(w0, v128.load(n, 16)), f64x2.mul(w1, v128.load(n, 80))), f64x2.add(f64x2.mul(w2, v128.load(n, 144)), f64x2.mul(w3, v128.load(n, 208))));
      const c2 = f64x2.add(f64x2.add(f64x2.mul(w0, v128.load(n, 32)), f64x2.mul(w1, v128.load(n, 96))), f64x2.add(f64x2.mul(w2, v128.load(n, 160)), f64x2.mul(w3, v128.load(n, 224))));
      const c3 = f64x2.add(f64x2.add(f64x2.mul(w0, v128.load(n, 48)), f64x2.mul(w1, v128.load(n, 112))), f64x2.add(f64x2.mul(w2, v128.load(n, 176)), f64x2.mul(w3, v128.load(n, 240))));
      let o = out + ((<usize>(py - y) * <usize>width + <usize>(x0 - x)) << 4);
      for (let px = x0; px < x1; px++, o += 16) {
        const s = (<f64>px - left) / side;
        const u = f64x2.add(f64x2.mul(f64x2.splat(weight(0, s)), c0), f64x2.mul(f64x2.splat(weight(1, s)), c1));
        v128.store(o, f64x2.add(u, f64x2.add(f64x2.mul(f64x2.splat(weight(2, s)), c2), f64x2.mul(f64x2.splat(weight(3, s)), c3))));
      }
    }
  }
}
