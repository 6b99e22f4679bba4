// One output tile of a warp: source samples in, rows of samples out.
import { sampleCubic, sampleFourTaps } from "./warp-four-taps";
import { sampleLanczos, sampleLinear, sampleNearest } from "./warp-samplers";
import { sampleSpline } from "./warp-spline";
import { bytesOf, F32, I16, load4, nanLanes, narrowTo, nodataLanes, storeSomeF32, U16, U8 } from "./samples";
import { CUBIC, FOUR_TAPS, LANCZOS, LINEAR, NEAREST, Warp } from "./warp-job";

function loadRow<T>(src: usize, dst: usize, count: i32, hasNodata: bool, nodata: v128): void {
  let x = 0;
  if (hasNodata) {
    for (; x + 4 <= count; x += 4) v128.store(dst + (<usize>x << 2), load4<T>(src + <usize>x * sizeof<T>(), true, nodata));
  } else {
    for (; x + 16 <= count; x += 16) {
      const from = src + <usize>x * sizeof<T>();
      const to = dst + (<usize>x << 2);
      v128.store(to, load4<T>(from, false, nodata));
      v128.store(to, load4<T>(from + 4 * sizeof<T>(), false, nodata), 16);
      v128.store(to, load4<T>(from + 8 * sizeof<T>(), false, nodata), 32);
      v128.store(to, load4<T>(from + 12 * sizeof<T>(), false, nodata), 48);
    }
    for (; x + 4 <= count; x += 4) v128.store(dst + (<usize>x << 2), load4<T>(src + <usize>x * sizeof<T>(), false, nodata));
  }
  if (x < count) storeSomeF32(dst + (<usize>x << 2), load4<T>(src + <usize>x * sizeof<T>(), hasNodata, nodata), count - x);
}

/** Samples of one row as float32, NaN where there is no observation. */
export function loadSamples(type: i32, src: usize, dst: usize, count: i32, hasNodata: bool, nodata: f64): void {
  if (type == U8) loadRow<u8>(src, dst, count, hasNodata, nodataLanes<u8>(nodata));
  else if (type == U16) loadRow<u16>(src, dst, count, hasNodata, nodataLanes<u16>(nodata));
  else if (type == I16) loadRow<i16>(src, dst, count, hasNodata, nodataLanes<i16>(nodata));
  else if (type == F32) loadRow<f32>(src, dst, count, hasNodata, nodataLanes<f32>(nodata));
  else loadRow<u32>(src, dst, count, hasNodata, nodataLanes<u32>(nodata));
}

/** Source columns [left, left + width), rows [top, top + height) of the image as float32, NaN outside of the window. */
function loadTile<T>(job: Warp, left: i32, top: i32, width: i32, height: i32): void {
  const nodata = nodataLanes<T>(job.nodata);
  const hasNodata = job.hasNodata != 0;
  const first = max(left, job.srcX);
  const count = min(left + width, job.srcX + job.srcWidth) - first;
  for (let y = 0; y < height; y++) {
    const row = job.tile + ((<usize>y * <usize>job.tileStride) << 2);
    const sy = top + y - job.srcY;
    const inside = count > 0 && sy >= 0 && sy < job.srcHeight;
    if (!inside || count < width) {
      for (let x = 0; x < width; x += 4) v128.store(row + (<usize>x << 2), nanLanes());
    }
    if (!inside) continue;
    const from = job.src + (<usize>sy * <usize>job.srcStride + <usize>(first - job.srcX)) * sizeof<T>();
    loadRow<T>(from, row + (<usize>(first - left) << 2), count, hasNodata, nodata);
  }
}

/** Rows without a sample. */
export function emptyRows(job: Warp, x0: i32, x1: i32, y0: i32, y1: i32): void {
  for (let x = 0; x < x1 - x0; x += 4) v128.store(job.out + (<usize>x << 2), nanLanes());
  for (let y = y0; y < y1; y++) storeRow(job, x0, x1, y);
}

/** Narrows the row of samples and writes it. */
@inline export function storeRow(job: Warp, x0: i32, x1: i32, y: i32): void {
  const at = <usize>(y - job.dstY) * <usize>job.dstStride + <usize>(x0 - job.dstX);
  narrowTo(job.dstType, job.out, job.dst + at * bytesOf(job.dstType), x1 - x0, job.fill, job.keepClear != 0);
}

/** Loads the source tile that begins at (left, top); positions of a row then refer to it. */
export function loadSource(job: Warp, left: i32, top: i32, width: i32, height: i32): void {
  job.tileX = left;
  job.tileY = top;
  job.tileWidth = width;
  job.tileHeight = height;
  job.tileStride = ((width + 3) & ~3) + 4;
  if (job.srcType == U8) loadTile<u8>(job, left, top, width, height);
  else if (job.srcType == U16) loadTile<u16>(job, left, top, width, height);
  else if (job.srcType == I16) loadTile<i16>(job, left, top, width, height);
  else if (job.srcType == F32) loadTile<f32>(job, left, top, width, height);
  else loadTile<u32>(job, left, top, width, height);
}

/** Samples the row whose positions are set. */
export function sampleRow(job: Warp, count: i32): void {
  // The last group of four is always sampled whole: repeat a position that lies in the tile.
  for (let i = count; (i & 3) != 0; i++) {
    const from = <usize>(count - 1) << 2;
    const to = <usize>i << 2;
    store<i32>(job.offsets + to, load<i32>(job.offsets + from));
    store<f32>(job.fractionX + to, load<f32>(job.fractionX + from));
    store<f32>(job.fractionY + to, load<f32>(job.fractionY + from));
  }
  if (job.method == LINEAR) sampleLinear(job, count);
  else if (job.method == LANCZOS) sampleLanczos(job, count);
  else if (job.method == NEAREST) sampleNearest(job, count);
  else if (job.method == CUBIC) sampleCubic(job, count);
  else if (job.method == FOUR_TAPS) sampleFourTaps(job, count);
  else sampleSpline(job, count);
}
