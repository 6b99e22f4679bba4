// Coefficients of the cubic B-spline that runs through the samples of an image (Unser, Aldroubi and Eden 1993,
// doi:10.1109/78.193220), beyond the edges mirrored about the outermost samples.
//
// They are the samples run through a recursive filter in both directions along both axes, whose memory fades by 0.27 a
// sample. Squares of 64 pixels, which lie where they lie in the image whatever is asked for, are filtered each from 16
// samples before them to 16 behind: what is left out is below 1e-9 of the samples, and a coefficient never depends on how
// an image was read.
import { bytesOf, F32 } from "./samples";
import { loadSamples } from "./warp-tile";

const SQUARE: i32 = 64;
const HALO: i32 = 16;
/** Samples of a square with its halo, along one axis; also floats from one row to the next. */
const SIDE: i32 = 96;
const ROW: usize = <usize>SIDE << 2;

/** The filter's pole, sqrt(3) - 2. */
const Z: f64 = -0.2679491924311227;
/** Terms of the sum that starts the filter at a mirror; the next would be below 1e-14. */
const TERMS: i32 = 24;

/** Whether any of `count` floats is NaN. */
function anyHole(row: usize, count: i32): bool {
  for (let x = 0; x < count; x++) {
    const v = load<f32>(row + (<usize>x << 2));
    if (v != v) return true;
  }
  return false;
}

/** Fills NaN down each column: on a line between the valid ones around it, level with the nearest at the ends. */
function fillColumns(p: usize, columns: i32, rows: i32): void {
  for (let x = 0; x < columns; x++) {
    const top = p + (<usize>x << 2);
    let last = -1;
    let from: f32 = 0;
    for (let y = 0; y < rows; y++) {
      const v = load<f32>(top + <usize>y * ROW);
      if (v != v) continue;
      const gap = <f32>(y - last);
      for (let k = last + 1; k < y; k++) {
        store<f32>(top + <usize>k * ROW, last < 0 ? v : from + (v - from) * (<f32>(k - last) / gap));
      }
      last = y;
      from = v;
    }
    if (last < 0) continue; // nothing to hold on to: left to the other axis
    for (let k = last + 1; k < rows; k++) store<f32>(top + <usize>k * ROW, from);
  }
}

/**
 * Filters columns in place, four at a time.
 *
 * @param first  rows before this are left half done
 * @param mirrorTop  whether the first row is an edge of the image; otherwise what lies before it is taken as level
 */
function filterColumns(p: usize, columns: i32, rows: i32, first: i32, mirrorTop: bool, mirrorBottom: bool): void {
  if (rows == 1 && mirrorTop && mirrorBottom) return; // the mirrored image is level: its coefficients are its samples
  const z = f32x4.splat(<f32>Z);
  const gain = f32x4.splat(6);
  const bytes = <usize>columns << 2;
  if (mirrorTop) {
    const period = 2 * (rows - 1);
    for (let x: usize = 0; x < bytes; x += 16) {
      let sum = v128.load(p + x);
      let power = Z;
      for (let k = 1; k <= TERMS; k++, power *= Z) {
        let y = k % period;
        if (y >= rows) y = period - y;
        sum = f32x4.add(sum, f32x4.mul(f32x4.splat(<f32>power), v128.load(p + <usize>y * ROW + x)));
      }
      v128.store(p + x, f32x4.mul(gain, sum));
    }
  } else {
    const level = f32x4.splat(<f32>(6 / (1 - Z)));
    for (let x: usize = 0; x < bytes; x += 16) v128.store(p + x, f32x4.mul(level, v128.load(p + x)));
  }
  for (let y = 1; y < rows; y++) {
    const row = p + <usize>y * ROW;
    for (let x: usize = 0; x < bytes; x += 16) {
      const before = v128.load(row - ROW + x);
      v128.store(row + x, f32x4.add(f32x4.mul(gain, v128.load(row + x)), f32x4.mul(z, before)));
    }
  }
  const end = p + <usize>(rows - 1) * ROW;
  const last = f32x4.splat(<f32>(mirrorBottom ? Z / (Z * Z - 1) : Z / (Z - 1)));
  for (let x: usize = 0; x < bytes; x += 16) {
    let v = v128.load(end + x);
    if (mirrorBottom) v = f32x4.add(v, f32x4.mul(z, v128.load(end - ROW + x)));
    v128.store(end + x, f32x4.mul(last, v));
  }
  for (let y = rows - 2; y >= first; y--) {
    const row = p + <usize>y * ROW;
    for (let x: usize = 0; x < bytes; x += 16) {
      v128.store(row + x, f32x4.mul(z, f32x4.sub(v128.load(row + ROW + x), v128.load(row + x))));
    }
  }
}

/** Rows to columns, in fours: what lies beyond `columns` and `rows` is carried along. */
function transpose(from: usize, to: usize, columns: i32, rows: i32): void {
  for (let y = 0; y < rows; y += 4) {
    for (let x = 0; x < columns; x += 4) {
      const p = from + <usize>y * ROW + (<usize>x << 2);
      const a = v128.load(p), b = v128.load(p + ROW), c = v128.load(p + 2 * ROW), d = v128.load(p + 3 * ROW);
      const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
      const AB = v128.shuffle<f32>(a, b, 2, 6, 3, 7), CD = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      const q = to + <usize>x * ROW + (<usize>y << 2);
      v128.store(q, v128.shuffle<f64>(ab, cd, 0, 2));
      v128.store(q + ROW, v128.shuffle<f64>(ab, cd, 1, 3));
      v128.store(q + 2 * ROW, v128.shuffle<f64>(AB, CD, 0, 2));
      v128.store(q + 3 * ROW, v128.shuffle<f64>(AB, CD, 1, 3));
    }
  }
}

/**
 * Coefficients of squares [lo, hi), counted row by row from the one that holds the first pixel of the output.
 *
 * Where a sample has no observation the coefficient is NaN. For its neighbours' sake it is filled first, on lines down
 * columns and, where a column has nothing, along rows; what was filled fades by 0.27 a pixel.
 *
 * @param src  samples of the image's window that begins at (srcX, srcY); it must hold all that lies up to 16 samples around
 *   the squares and in the image
 * @param width  of the whole image, as `height`
 * @param out  float32, a window inside the image that begins at (outX, outY)
 * @param across  squares in a row
 * @param scratch  2 * 96 * 96 floats for each lane
 */
export function splineCoefficients(
  lo: i32, hi: i32,
  src: usize, srcType: i32, srcStride: i32, srcX: i32, srcY: i32, hasNodata: i32, nodata: f64, width: i32, height: i32,
  out: usize, outStride: i32, outX: i32, outY: i32, outWidth: i32, outHeight: i32, across: i32, scratch: usize,
): void {
  const turned = scratch + <usize>SIDE * ROW;
  for (let i = lo; i < hi; i++) {
    const squareX = ((outX >> 6) + i % across) << 6;
    const squareY = ((outY >> 6) + i / across) << 6;
    const left = max(0, squareX - HALO), right = min(width, squareX + SQUARE + HALO);
    const top = max(0, squareY - HALO), bottom = min(height, squareY + SQUARE + HALO);
    const columns = right - left, rows = bottom - top;
    const fours = (columns + 3) & ~3;
    let holes = false;
    for (let y = 0; y < rows; y++) {
      const row = scratch + <usize>y * ROW;
      const at = <usize>(top + y - srcY) * <usize>srcStride + <usize>(left - srcX);
      loadSamples(srcType, src + at * bytesOf(srcType), row, columns, hasNodata != 0, nodata);
      for (let x = columns; x < fours; x++) store<f32>(row + (<usize>x << 2), 0);
      if ((hasNodata != 0 || srcType == F32) && !holes) holes = anyHole(row, columns);
    }
    if (holes) fillColumns(scratch, columns, rows);
    const skipY = squareY - top, skipX = squareX - left;
    const tall = min(SQUARE, height - squareY);
    filterColumns(scratch, fours, rows, skipY, top == 0, bottom == height);
    transpose(scratch + <usize>skipY * ROW, turned, columns, tall);
    if (holes) fillColumns(turned, tall, columns);
    filterColumns(turned, (tall + 3) & ~3, columns, skipX, left == 0, right == width);
    transpose(turned + <usize>skipX * ROW, scratch, tall, min(SQUARE, width - squareX));

    const x0 = max(squareX, outX), x1 = min(min(squareX + SQUARE, width), outX + outWidth);
    const y0 = max(squareY, outY), y1 = min(squareY + tall, outY + outHeight);
    for (let y = y0; y < y1; y++) {
      const to = out + ((<usize>(y - outY) * <usize>outStride + <usize>(x0 - outX)) << 2);
      memory.copy(to, scratch + <usize>(y - squareY) * ROW + (<usize>(x0 - squareX) << 2), <usize>(x1 - x0) << 2);
      if (!holes) continue;
      const at = <usize>(y - srcY) * <usize>srcStride + <usize>(x0 - srcX);
      loadSamples(srcType, src + at * bytesOf(srcType), turned, x1 - x0, hasNodata != 0, nodata);
      for (let x: usize = 0; x < <usize>(x1 - x0) << 2; x += 4) {
        const v = load<f32>(turned + x);
        if (v != v) store<f32>(to + x, v);
      }
    }
  }
}
