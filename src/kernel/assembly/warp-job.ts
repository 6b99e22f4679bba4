// What the stages of one warp share, in the scratch of the lane that runs it.
export const NEAREST: i32 = 0;
export const LINEAR: i32 = 1;
export const CUBIC: i32 = 2;
export const LANCZOS: i32 = 3;
/** Any kernel of four taps whose weights are cubics in the fraction. */
export const FOUR_TAPS: i32 = 4;
/** Four taps on coefficients of a B-spline, beside the samples that they were made of. */
export const SPLINE: i32 = 5;

/** A pixel whose homogeneous coordinate is not above this lies at or behind the horizon. */
export const W_EPSILON: f64 = 1e-12;

/** The samples behind the coefficients of a spline; the host writes it (src/math/spline-image.ts). */
@unmanaged
export class SplineSamples {
  nodata: f64;
  /** The window of the image that begins at (x, y). */
  at: usize;
  type: i32;
  stride: i32;
  x: i32;
  y: i32;
  hasNodata: i32;
  /** Size of the whole image. */
  imageWidth: i32;
  imageHeight: i32;
}

@unmanaged
export class Warp {
  m0: f64;
  m1: f64;
  m2: f64;
  m3: f64;
  m4: f64;
  m5: f64;
  m6: f64;
  m7: f64;
  m8: f64;
  fill: f64;
  nodata: f64;
  method: i32;
  src: usize;
  srcType: i32;
  srcStride: i32;
  srcX: i32;
  srcY: i32;
  srcWidth: i32;
  srcHeight: i32;
  hasNodata: i32;
  dst: usize;
  dstType: i32;
  dstStride: i32;
  dstX: i32;
  dstY: i32;
  keepClear: i32;
  table: usize;
  capacity: i32;
  /** Source samples of the tile as float32, and where its first one lies in the source image. */
  tile: usize;
  tileStride: i32;
  tileX: i32;
  tileY: i32;
  tileWidth: i32;
  tileHeight: i32;
  /** For each pixel of a row: byte offset in the tile of the sample up and left of the position, and the fractions to it. */
  offsets: usize;
  fractionX: usize;
  fractionY: usize;
  /** Where each output pixel pulls from: f64 pairs, the first for (dstX, dstY). Only of warps along positions. */
  positions: usize;
  positionStride: i32;
  /** Samples of a row, NaN where there is none. */
  out: usize;
}

const ROW_FLOATS: usize = 80;

/** Fills the job that all stages share; the matrix, or the positions, are left to the caller. */
export function prepare(
  job: Warp, method: i32,
  src: usize, srcType: i32, srcStride: i32, srcX: i32, srcY: i32, srcWidth: i32, srcHeight: i32,
  hasNodata: i32, nodata: f64,
  dst: usize, dstType: i32, dstStride: i32, dstX: i32, dstY: i32, fill: f64, keepClear: i32,
  table: usize, scratch: usize, capacity: i32,
): void {
  job.method = method;
  job.src = src;
  job.srcType = srcType;
  job.srcStride = srcStride;
  job.srcX = srcX;
  job.srcY = srcY;
  job.srcWidth = srcWidth;
  job.srcHeight = srcHeight;
  job.hasNodata = hasNodata;
  job.nodata = nodata;
  job.dst = dst;
  job.dstType = dstType;
  job.dstStride = dstStride;
  job.dstX = dstX;
  job.dstY = dstY;
  job.fill = fill;
  job.keepClear = keepClear;
  job.table = table;
  job.capacity = capacity;
  job.offsets = scratch + 256;
  job.fractionX = job.offsets + (ROW_FLOATS << 2);
  job.fractionY = job.fractionX + (ROW_FLOATS << 2);
  job.out = job.fractionY + (ROW_FLOATS << 2);
  job.tile = job.out + (ROW_FLOATS << 2);
}
