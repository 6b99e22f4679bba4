// Where the pixels of an output row lie in the source tile.
import { Warp } from "./warp-job";

/** Positions of output pixels (x0 + i, y), i in [0, count); the pixels lie in one run of 64 columns. */
export function affinePositions(job: Warp, x0: i32, count: i32, y: i32): void {
  const run = x0 & ~63;
  const bx = job.m0 * <f64>run + (job.m1 * <f64>y + job.m2);
  const by = job.m3 * <f64>run + (job.m4 * <f64>y + job.m5);
  const wholeX = Math.floor(bx);
  const wholeY = Math.floor(by);
  const startX = f32x4.splat(<f32>(bx - wholeX));
  const startY = f32x4.splat(<f32>(by - wholeY));
  const stepX = f32x4.splat(<f32>job.m0);
  const stepY = f32x4.splat(<f32>job.m3);
  // Offsets are whole numbers far below 2^23, hence exact in float32, and the low bits of their sum with 2^23.
  const stride = f32x4.splat(<f32>job.tileStride);
  const base = f32x4.splat(<f32>((wholeY - <f64>job.tileY) * <f64>job.tileStride + (wholeX - <f64>job.tileX)));
  let index = f32x4.add(f32x4.splat(<f32>(x0 - run)), f32x4(0, 1, 2, 3));
  const four = f32x4.splat(4);
  // Held in variables: after a store, fields would be loaded anew.
  const fractionX = job.fractionX;
  const fractionY = job.fractionY;
  const offsets = job.offsets;
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const x = f32x4.add(startX, f32x4.mul(stepX, index));
    const y = f32x4.add(startY, f32x4.mul(stepY, index));
    const fx = f32x4.floor(x);
    const fy = f32x4.floor(y);
    v128.store(fractionX + at, f32x4.sub(x, fx));
    v128.store(fractionY + at, f32x4.sub(y, fy));
    const offset = f32x4.add(base, f32x4.add(f32x4.mul(stride, fy), fx));
    const bits = v128.and(f32x4.add(offset, f32x4.splat(8388608)), i32x4.splat(0x7fffff));
    v128.store(offsets + at, i32x4.shl(bits, 2));
    index = f32x4.add(index, four);
  }
}

/** As `affinePositions`, in double precision; the denominator is positive at every pixel. */
export function projectivePositions(job: Warp, x0: i32, count: i32, y: i32): void {
  const m0 = f64x2.splat(job.m0);
  const m3 = f64x2.splat(job.m3);
  const m6 = f64x2.splat(job.m6);
  const bx = f64x2.splat(job.m1 * <f64>y + job.m2);
  const by = f64x2.splat(job.m4 * <f64>y + job.m5);
  const bw = f64x2.splat(job.m7 * <f64>y + job.m8);
  const left = f64x2.splat(<f64>job.tileX);
  const top = f64x2.splat(<f64>job.tileY);
  const stride = f64x2.splat(<f64>job.tileStride);
  const two = f64x2.splat(2);
  const fractionX = job.fractionX;
  const fractionY = job.fractionY;
  const offsets = job.offsets;
  let x = f64x2.add(f64x2.splat(<f64>x0), f64x2(0, 1));
  for (let i = 0; i < count; i += 2) {
    const at = <usize>i << 2;
    const w = f64x2.add(f64x2.mul(m6, x), bw);
    const sx = f64x2.sub(f64x2.div(f64x2.add(f64x2.mul(m0, x), bx), w), left);
    const sy = f64x2.sub(f64x2.div(f64x2.add(f64x2.mul(m3, x), by), w), top);
    const fx = f64x2.floor(sx);
    const fy = f64x2.floor(sy);
    v128.store64_lane(fractionX + at, f32x4.demote_f64x2_zero(f64x2.sub(sx, fx)), 0);
    v128.store64_lane(fractionY + at, f32x4.demote_f64x2_zero(f64x2.sub(sy, fy)), 0);
    const offset = i32x4.trunc_sat_f64x2_s_zero(f64x2.add(f64x2.mul(stride, fy), fx));
    v128.store64_lane(offsets + at, i32x4.shl(offset, 2), 0);
    x = f64x2.add(x, two);
  }
}
