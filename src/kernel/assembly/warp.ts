// Warps: output pixels pull samples of a source window through a 3x3 map from output pixel to source pixel.
//
// An output tile of at most 64 by 64 pixels is done in four stages, all in the lane's scratch, which fits the L1/L2 cache:
//
//     footprint -> source samples as float32, NaN where there is none -> positions of a row -> samples -> output type
//
// So each source sample is converted once per tile and not once per tap, taps need no bounds checks, and one test for NaN
// finds the border and nodata alike. Positions depend on the output pixel alone, never on how the work was cut: affine
// ones are a double origin for each run of 64 columns plus a float32 offset, projective ones are double throughout.
import { affinePositions, projectivePositions } from "./warp-positions";
import { nearestRows } from "./warp-nearest";
import { emptyRows, loadSource, sampleRow, storeRow } from "./warp-tile";
import { F32, I16, U16, U8 } from "./samples";
import { LANCZOS, NEAREST, prepare, Warp, W_EPSILON } from "./warp-job";

const RUN: i32 = 64;

/** Output columns [x0, x1), rows [y0, y1) in image coordinates; cut in two for as long as the footprint is too large. */
function warpTile(job: Warp, x0: i32, x1: i32, y0: i32, y1: i32): void {
  // The corners bound the footprint: linear maps keep convexity where the denominator is positive at all four.
  let minX = Infinity;
  let minY = Infinity;
  let maxX = -Infinity;
  let maxY = -Infinity;
  let before = 0;
  for (let corner = 0; corner < 4; corner++) {
    const x = <f64>((corner & 1) != 0 ? x1 - 1 : x0);
    const y = <f64>((corner & 2) != 0 ? y1 - 1 : y0);
    const w = job.m6 * x + (job.m7 * y + job.m8);
    const sx = (job.m0 * x + (job.m1 * y + job.m2)) / w;
    const sy = (job.m3 * x + (job.m4 * y + job.m5)) / w;
    if (w > W_EPSILON) before++;
    minX = min(minX, sx);
    maxX = max(maxX, sx);
    minY = min(minY, sy);
    maxY = max(maxY, sy);
  }
  const pixel = x1 - x0 == 1 && y1 - y0 == 1;
  if (before == 0 || !(maxX - minX < Infinity && maxY - minY < Infinity)) {
    // Nothing here is before the horizon, or the map is not finite.
    if (before == 0 || pixel) return emptyRows(job, x0, x1, y0, y1);
  } else if (before == 4) {
    if (
      maxX < <f64>(job.srcX - 1) || minX > <f64>(job.srcX + job.srcWidth) ||
      maxY < <f64>(job.srcY - 1) || minY > <f64>(job.srcY + job.srcHeight)
    ) return emptyRows(job, x0, x1, y0, y1);
    // One more on each side than the kernel needs, for the rounding of positions.
    const reach = job.method == LANCZOS ? 4 : 3;
    const wide = Math.floor(maxX) - Math.floor(minX) + <f64>(2 * reach + 1);
    const tall = Math.floor(maxY) - Math.floor(minY) + <f64>(2 * reach + 1);
    if (Math.ceil(wide / 4 + 1) * 4 * tall <= <f64>job.capacity) {
      return warpSmallTile(job, x0, x1, y0, y1, <i32>Math.floor(minX) - reach, <i32>Math.floor(minY) - reach, <i32>wide, <i32>tall);
    }
  }
  if (x1 - x0 >= y1 - y0) {
    const x = (x0 + x1) >> 1;
    warpTile(job, x0, x, y0, y1);
    warpTile(job, x, x1, y0, y1);
  } else {
    const y = (y0 + y1) >> 1;
    warpTile(job, x0, x1, y0, y);
    warpTile(job, x0, x1, y, y1);
  }
}

function warpSmallTile(job: Warp, x0: i32, x1: i32, y0: i32, y1: i32, left: i32, top: i32, width: i32, height: i32): void {
  loadSource(job, left, top, width, height);
  const affine = job.m6 == 0 && job.m7 == 0;
  const count = x1 - x0;
  for (let y = y0; y < y1; y++) {
    if (affine) affinePositions(job, x0, count, y);
    else projectivePositions(job, x0, count, y);
    sampleRow(job, count);
    storeRow(job, x0, x1, y);
  }
}

/**
 * Warps one band.
 *
 * Inside is where the nearest sample exists and is valid; elsewhere the output is `fill`. Where the kernel touches the
 * border or a hole, the result is linear interpolation over the valid ones of the four nearest samples, their weights
 * scaled to sum 1: nodata is never mixed in, and negative lobes never stand alone.
 *
 * @param lo  rows of the output window, from 0
 * @param method  0 nearest, 1 linear, 2 cubic (Keys, a = -0.5), 3 Lanczos of 3 lobes, 4 any four taps, 5 cubic B-spline, of
 *   which `src` has the coefficients
 * @param src  a window of the source image: columns [srcX, srcX + srcWidth), rows [srcY, srcY + srcHeight); it must hold
 *   every sample of the image that the kernel can touch
 * @param dst  a window of the output image that begins at (dstX, dstY)
 * @param matrix  nine float64, row-major, output pixel to source pixel, in coordinates of the whole images
 * @param keepClear  1 to move valid integer samples that would come out as `fill` by one; not for nearest
 * @param table  Lanczos weights: 1026 phases of 1/1024 pixel, 8 float32 each, the first 6 for taps -2 to 3. Four taps: four
 *   float32 for each of the taps -1 to 2, its weight's powers 3 to 0 of the fraction. B-spline: these, then `SplineSamples`
 * @param capacity  float32 samples that a tile may hold; scratch is 4 * (capacity + 512) bytes for each lane
 */
export function warp(
  lo: i32, hi: i32, method: i32,
  src: usize, srcType: i32, srcStride: i32, srcX: i32, srcY: i32, srcWidth: i32, srcHeight: i32,
  hasNodata: i32, nodata: f64,
  dst: usize, dstType: i32, dstStride: i32, dstX: i32, dstY: i32, dstWidth: i32, fill: f64, keepClear: i32,
  matrix: usize, table: usize, scratch: usize, capacity: i32,
): void {
  const job = changetype<Warp>(scratch);
  prepare(
    job, method, src, srcType, srcStride, srcX, srcY, srcWidth, srcHeight, hasNodata, nodata,
    dst, dstType, dstStride, dstX, dstY, fill, keepClear, table, scratch, capacity,
  );
  job.m0 = load<f64>(matrix);
  job.m1 = load<f64>(matrix, 8);
  job.m2 = load<f64>(matrix, 16);
  job.m3 = load<f64>(matrix, 24);
  job.m4 = load<f64>(matrix, 32);
  job.m5 = load<f64>(matrix, 40);
  job.m6 = load<f64>(matrix, 48);
  job.m7 = load<f64>(matrix, 56);
  job.m8 = load<f64>(matrix, 64);
  const y0 = dstY + lo;
  const y1 = dstY + hi;
  const end = dstX + dstWidth;
  if (method == NEAREST && srcType == dstType) {
    if (srcType == U8) nearestRows<u8>(job, dstX, end, y0, y1);
    else if (srcType == U16) nearestRows<u16>(job, dstX, end, y0, y1);
    else if (srcType == I16) nearestRows<i16>(job, dstX, end, y0, y1);
    else if (srcType == F32) nearestRows<f32>(job, dstX, end, y0, y1);
    else nearestRows<u32>(job, dstX, end, y0, y1);
    return;
  }
  for (let y = y0; y < y1; y += RUN) {
    for (let run = dstX & ~(RUN - 1); run < end; run += RUN) {
      warpTile(job, max(run, dstX), min(run + RUN, end), y, min(y + RUN, y1));
    }
  }
}
