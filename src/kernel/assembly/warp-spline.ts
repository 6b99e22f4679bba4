// Samples of a cubic B-spline from its coefficients. The coefficients go on beyond the image's edges, mirrored, and are NaN
// at holes: positions whose nearest sample is not in the image are taken out, and next to holes the samples themselves count.
import { sampleFourTapsBare } from "./warp-four-taps";
import { F32, I16, U16, U8 } from "./samples";
import { SplineSamples, Warp } from "./warp-job";

/** Bytes of the weights before the record of the samples. */
const WEIGHTS: usize = 64;

function valueOf<T>(p: usize, hasNodata: bool, nodata: f64): f32 {
  const v = load<T>(p);
  if (hasNodata && v == <T>nodata) return NaN;
  const f = <f32>v;
  return f - f == 0 ? f : NaN;
}

/** A sample of the image; NaN outside of it and where there is no observation. */
function sampleOf(s: SplineSamples, x: i32, y: i32): f32 {
  if (x < 0 || y < 0 || x >= s.imageWidth || y >= s.imageHeight) return NaN;
  const at = <usize>(y - s.y) * <usize>s.stride + <usize>(x - s.x);
  const has = s.hasNodata != 0;
  if (s.type == U8) return valueOf<u8>(s.at + at, has, s.nodata);
  if (s.type == U16) return valueOf<u16>(s.at + (at << 1), has, s.nodata);
  if (s.type == I16) return valueOf<i16>(s.at + (at << 1), has, s.nodata);
  if (s.type == F32) return valueOf<f32>(s.at + (at << 2), has, s.nodata);
  return valueOf<u32>(s.at + (at << 2), has, s.nodata);
}

/** Linear interpolation over the valid ones of the four nearest samples, weights scaled to sum 1. */
function partialOf(s: SplineSamples, x: i32, y: i32, fx: f32, fy: f32): f32 {
  let sum: f32 = 0;
  let weight: f32 = 0;
  for (let k = 0; k < 4; k++) {
    const v = sampleOf(s, x + (k & 1), y + (k >> 1));
    if (v != v) continue;
    const w: f32 = ((k & 1) != 0 ? fx : <f32>1 - fx) * ((k & 2) != 0 ? fy : <f32>1 - fy);
    sum += w * v;
    weight += w;
  }
  return sum / weight;
}

export function sampleSpline(job: Warp, count: i32): void {
  sampleFourTapsBare(job, count);
  const s = changetype<SplineSamples>(job.table + WEIGHTS);
  const atEdge = job.tileX < 0 || job.tileY < 0 ||
    job.tileX + job.tileWidth > s.imageWidth || job.tileY + job.tileHeight > s.imageHeight;
  for (let i = 0; i < count; i++) {
    const o = <usize>i << 2;
    const v = load<f32>(job.out + o);
    if (v == v && !atEdge) continue;
    const cell = load<i32>(job.offsets + o) >> 2;
    const row = cell / job.tileStride;
    const x = job.tileX + cell - row * job.tileStride;
    const y = job.tileY + row;
    const fx = load<f32>(job.fractionX + o);
    const fy = load<f32>(job.fractionY + o);
    const nearestX = x + (fx >= 0.5 ? 1 : 0);
    const nearestY = y + (fy >= 0.5 ? 1 : 0);
    const nearest = sampleOf(s, nearestX, nearestY);
    if (nearest != nearest) store<f32>(job.out + o, NaN);
    else if (v != v) store<f32>(job.out + o, partialOf(s, x, y, fx, fy));
  }
}
