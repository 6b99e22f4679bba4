// Copies of nearest samples, for labels and wherever source and output have the same type: exact for every value.
import { Warp, W_EPSILON } from "./warp-job";

@inline function pick<T>(job: Warp, out: usize, inside: bool, offset: u32, fill: T, nodata: T): void {
  let v = fill;
  if (inside) {
    v = load<T>(job.src + <usize>offset * sizeof<T>());
    if (isFloat<T>()) {
      if (v - v != v - v) v = fill;
    }
    if (job.hasNodata != 0 && v == nodata) v = fill;
  }
  store<T>(out, v);
}

/** Affine maps, in runs of 64 columns as `affinePositions`: four pixels at a time. */
function nearestRun<T>(job: Warp, x0: i32, x1: i32, y: i32, out: usize, fill: T, nodata: T): void {
  const run = x0 & ~63;
  const bx = job.m0 * <f64>run + (job.m1 * <f64>y + job.m2) + 0.5;
  const by = job.m3 * <f64>run + (job.m4 * <f64>y + job.m5) + 0.5;
  const wholeX = Math.floor(bx);
  const wholeY = Math.floor(by);
  const startX = f32x4.splat(<f32>(bx - wholeX));
  const startY = f32x4.splat(<f32>(by - wholeY));
  const stepX = f32x4.splat(<f32>job.m0);
  const stepY = f32x4.splat(<f32>job.m3);
  // A map that is not finite leads nowhere.
  const finite = bx - bx + (by - by) == 0;
  const columns = i32x4.splat(finite ? <i32>min(max(wholeX - <f64>job.srcX, -2e9), 2e9) : -1);
  const rows = i32x4.splat(finite ? <i32>min(max(wholeY - <f64>job.srcY, -2e9), 2e9) : -1);
  const width = i32x4.splat(job.srcWidth);
  const height = i32x4.splat(job.srcHeight);
  const stride = i32x4.splat(job.srcStride);
  for (let x = x0; x < x1; x += 4) {
    const index = f32x4.add(f32x4.splat(<f32>(x - run)), f32x4(0, 1, 2, 3));
    const fx = f32x4.floor(f32x4.add(startX, f32x4.mul(stepX, index)));
    const fy = f32x4.floor(f32x4.add(startY, f32x4.mul(stepY, index)));
    const sx = i32x4.add(columns, i32x4.trunc_sat_f32x4_s(fx));
    const sy = i32x4.add(rows, i32x4.trunc_sat_f32x4_s(fy));
    // Unsigned, so that what lies before the first sample counts as far behind the last.
    const inside = v128.and(i32x4.lt_u(sx, width), i32x4.lt_u(sy, height));
    const offset = i32x4.add(i32x4.mul(sy, stride), sx);
    pick<T>(job, out, i32x4.extract_lane(inside, 0) != 0, i32x4.extract_lane(offset, 0), fill, nodata);
    if (x + 1 < x1) {
      const at = out + sizeof<T>();
      pick<T>(job, at, i32x4.extract_lane(inside, 1) != 0, i32x4.extract_lane(offset, 1), fill, nodata);
    }
    if (x + 2 < x1) {
      const at = out + 2 * sizeof<T>();
      pick<T>(job, at, i32x4.extract_lane(inside, 2) != 0, i32x4.extract_lane(offset, 2), fill, nodata);
    }
    if (x + 3 < x1) {
      const at = out + 3 * sizeof<T>();
      pick<T>(job, at, i32x4.extract_lane(inside, 3) != 0, i32x4.extract_lane(offset, 3), fill, nodata);
    }
    out += 4 * sizeof<T>();
  }
}

/** Output columns [x0, x1), rows [y0, y1) in image coordinates. */
export function nearestRows<T>(job: Warp, x0: i32, x1: i32, y0: i32, y1: i32): void {
  const fill = <T>job.fill;
  const nodata = <T>job.nodata;
  if (job.m6 == 0 && job.m7 == 0) {
    for (let y = y0; y < y1; y++) {
      const row = job.dst + (<usize>(y - job.dstY) * <usize>job.dstStride - <usize>job.dstX) * sizeof<T>();
      for (let run = x0 & ~63; run < x1; run += 64) {
        const first = max(run, x0);
        nearestRun<T>(job, first, min(run + 64, x1), y, row + <usize>first * sizeof<T>(), fill, nodata);
      }
    }
    return;
  }
  const m0 = f64x2.splat(job.m0);
  const m3 = f64x2.splat(job.m3);
  const m6 = f64x2.splat(job.m6);
  const half = f64x2.splat(0.5);
  const zero = f64x2.splat(0);
  const left = f64x2.splat(<f64>job.srcX);
  const top = f64x2.splat(<f64>job.srcY);
  const width = f64x2.splat(<f64>job.srcWidth);
  const height = f64x2.splat(<f64>job.srcHeight);
  const stride = f64x2.splat(<f64>job.srcStride);
  for (let y = y0; y < y1; y++) {
    const bx = f64x2.splat(job.m1 * <f64>y + job.m2);
    const by = f64x2.splat(job.m4 * <f64>y + job.m5);
    const bw = f64x2.splat(job.m7 * <f64>y + job.m8);
    let out = job.dst + (<usize>(y - job.dstY) * <usize>job.dstStride + <usize>(x0 - job.dstX)) * sizeof<T>();
    for (let x = x0; x < x1; x += 2) {
      const px = f64x2.add(f64x2.splat(<f64>x), f64x2(0, 1));
      let sx = f64x2.add(f64x2.mul(m0, px), bx);
      let sy = f64x2.add(f64x2.mul(m3, px), by);
      const w = f64x2.add(f64x2.mul(m6, px), bw);
      sx = f64x2.div(sx, w);
      sy = f64x2.div(sy, w);
      let inside = f64x2.gt(w, f64x2.splat(W_EPSILON));
      sx = f64x2.sub(f64x2.floor(f64x2.add(sx, half)), left);
      sy = f64x2.sub(f64x2.floor(f64x2.add(sy, half)), top);
      inside = v128.and(inside, v128.and(f64x2.ge(sx, zero), f64x2.ge(sy, zero)));
      inside = v128.and(inside, v128.and(f64x2.lt(sx, width), f64x2.lt(sy, height)));
      const offset = i32x4.trunc_sat_f64x2_u_zero(f64x2.add(f64x2.mul(stride, sy), sx));
      pick<T>(job, out, i64x2.extract_lane(inside, 0) != 0, i32x4.extract_lane(offset, 0), fill, nodata);
      if (x + 1 < x1) {
        const next = out + sizeof<T>();
        pick<T>(job, next, i64x2.extract_lane(inside, 1) != 0, i32x4.extract_lane(offset, 1), fill, nodata);
      }
      out += 2 * sizeof<T>();
    }
  }
}
