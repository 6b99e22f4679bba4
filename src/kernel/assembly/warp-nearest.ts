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

/** Output columns [x0, x1), rows [y0, y1) in image coordinates. */
export function nearestRows<T>(job: Warp, x0: i32, x1: i32, y0: i32, y1: i32): void {
  const fill = <T>job.fill;
  const nodata = <T>job.nodata;
  const affine = job.m6 == 0 && job.m7 == 0;
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
      let inside = f64x2.eq(zero, zero);
      if (!affine) {
        const w = f64x2.add(f64x2.mul(m6, px), bw);
        sx = f64x2.div(sx, w);
        sy = f64x2.div(sy, w);
        inside = f64x2.gt(w, f64x2.splat(W_EPSILON));
      }
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
