// Mutual information of two planes: samples of the fixed plane, where a map sends them in the moving one, and the joint
// histogram of both: D. Mattes et al., IEEE TMI 22 (2003), doi:10.1109/TMI.2003.809072.
//
// The joint histogram has `bins` rows, one for each bin of fixed intensities, of `row` float32, one for each bin of moving
// ones; then one row more for samples that do not count, so that no sample needs a branch. A fixed intensity falls into its
// bin alone; a moving one spreads over four by a cubic B-spline.
//
// A place is where a sample falls in the histogram as a whole: 16 bits of the first of its four cells, 16 bits of the
// fraction t towards the next.

/** Samples that are looked up before they are counted: what is between stays in the cache. */
const BLOCK: i32 = 1024;
const FRACTION: f32 = 1.0 / 65536;

/** Cubic B-spline weights of four neighbouring bins, the second of which lies `t` before; all lanes of t are alike. */
@inline export function splineWeights(t: v128): v128 {
  const cubic = f32x4(-1.0 / 6, 0.5, -0.5, 1.0 / 6), square = f32x4(0.5, -1, 0.5, 0);
  const inner = f32x4.add(square, f32x4.mul(t, cubic));
  const middle = f32x4.add(f32x4(-0.5, 0, 0.5, 0), f32x4.mul(t, inner));
  return f32x4.add(f32x4(1.0 / 6, 4.0 / 6, 1.0 / 6, 0), f32x4.mul(t, middle));
}

/** Whole numbers of floats from 0 to 2^22: next to 1.5 * 2^23 float32 has whole numbers alone. */
@inline function whole(v: v128): v128 {
  return i32x4.sub(f32x4.add(v, f32x4.splat(12582912)), i32x4.splat(0x4b400000));
}

@inline function pair(p: usize, q: usize): v128 {
  return v128.load64_lane(q, v128.load64_zero(p), 1);
}

/** 32 random bits of a number: the finaliser of MurmurHash3 (A. Appleby), all of whose outputs are equally likely. */
@inline function scramble(value: u32): u32 {
  let h = value;
  h = (h ^ (h >>> 16)) * 0x85ebca6b;
  h = (h ^ (h >>> 13)) * 0xc2b2ae35;
  return h ^ (h >>> 16);
}

/** Weights of four neighbours, the second of which lies `t` before (R. Keys, 1981, doi:10.1109/TASSP.1981.1163711). */
@inline function cubic(t: f32): v128 {
  const T = f32x4.splat(t), inner = f32x4.add(f32x4(1, -2.5, 2, -0.5), f32x4.mul(T, f32x4(-0.5, 1.5, -1.5, 0.5)));
  return f32x4.add(f32x4(0, 1, 0, 0), f32x4.mul(T, f32x4.add(f32x4(-0.5, 0, 0.5, 0), f32x4.mul(T, inner))));
}

/** Intensity between pixels: cubic; bilinear at the border and beside pixels that are not observed, NaN between those. */
@inline function between(plane: usize, rowBytes: usize, width: i32, height: i32, x: f64, y: f64): f32 {
  const u = <i32>x, v = <i32>y, fx = <f32>(x - <f64>u), fy = <f32>(y - <f64>v);
  const p = plane + <usize>v * rowBytes + (<usize>u << 2);
  if (u > 0 && v > 0 && u < width - 2 && v < height - 2) {
    const q = p - rowBytes - 4, w = cubic(fy);
    const rows = f32x4.add(
      f32x4.add(
        f32x4.mul(v128.shuffle<f32>(w, w, 0, 0, 0, 0), v128.load(q)),
        f32x4.mul(v128.shuffle<f32>(w, w, 1, 1, 1, 1), v128.load(q + rowBytes))),
      f32x4.add(
        f32x4.mul(v128.shuffle<f32>(w, w, 2, 2, 2, 2), v128.load(q + 2 * rowBytes)),
        f32x4.mul(v128.shuffle<f32>(w, w, 3, 3, 3, 3), v128.load(q + 3 * rowBytes))));
    const all = f32x4.mul(cubic(fx), rows);
    const value = (f32x4.extract_lane(all, 0) + f32x4.extract_lane(all, 1)) + (f32x4.extract_lane(all, 2) + f32x4.extract_lane(all, 3));
    if (value == value) return value;
  }
  const top = load<f32>(p) + fx * (load<f32>(p, 4) - load<f32>(p));
  const bottom = load<f32>(p + rowBytes) + fx * (load<f32>(p + rowBytes, 4) - load<f32>(p + rowBytes));
  return top + fy * (bottom - top);
}

/** Every second bit of a number, from the lowest on. */
@inline function everySecondBit(z: i32): i32 {
  return (z & 1) | ((z >> 1) & 2) | ((z >> 2) & 4) | ((z >> 3) & 8) | ((z >> 4) & 16);
}

/**
 * One sample at a random place in each cell of `step` pixels, for rows [lo, hi) of cells. Never at whole pixels: where both
 * planes have the same pixels, noise that interpolation smooths would draw the result half a pixel from the truth (J. Pluim et
 * al., CVIU 77 (2000), doi:10.1006/cviu.1999.0816).
 *
 * Cells lie tile by tile, each tile row by row, and tiles in the order of Z: so 4, 16 or 64 neighbours from a multiple of that
 * on make a square.
 *
 * @param tileRows  rows of cells of a tile; `tileColumns`: cells of its rows, a multiple of 4. Cells beyond the plane give
 *   samples that do not count
 * @param low  intensity at which the first bin begins
 * @param scale  bins per unit of intensity
 * @param xs  out: pixels from the plane's middle; float32, and so `ys`
 * @param cells  out: first cell of the sample's row of the histogram, int32
 */
export function informationSamples(
  lo: i32, hi: i32, plane: usize, stride: i32, width: i32, height: i32, step: f64, seed: i32, tileRows: i32, tileColumns: i32,
  low: f64, scale: f64, bins: i32, row: i32, xs: usize, ys: usize, cells: usize,
): void {
  const cx = 0.5 * <f64>(width - 1), cy = 0.5 * <f64>(height - 1), rowBytes = <usize>stride << 2;
  const lowest = <f32>low, perUnit = <f32>scale, last = <f32>(bins - 1);
  for (let n = lo; n < hi; n++) {
    const tile = n / tileRows, r = everySecondBit(tile >> 1) * tileRows + n % tileRows;
    const left = everySecondBit(tile) * tileColumns;
    const salt = scramble(<u32>seed + <u32>r * 0x9e3779b1);
    for (let i = 0; i < tileColumns; i++) {
      const c = left + i, bits = scramble(salt + <u32>c * 0x85ebca77);
      const X = <f32>((<f64>c + (<f64>(bits & 0xffff) + 0.5) / 65536) * step - cx);
      const Y = <f32>((<f64>r + (<f64>(bits >>> 16) + 0.5) / 65536) * step - cy);
      const x = <f64>X + cx, y = <f64>Y + cy, at = <usize>(n * tileColumns + i) << 2;
      let cell = bins * row;
      if (x >= 0 && y >= 0 && x < <f64>(width - 1) && y < <f64>(height - 1)) {
        const bin = (between(plane, rowBytes, width, height, x, y) - lowest) * perUnit;
        if (bin == bin) cell = <i32>min(max(bin, <f32>0), last) * row;
      }
      store<f32>(xs + at, X);
      store<f32>(ys + at, Y);
      store<i32>(cells + at, cell);
    }
  }
}

/** Where samples [from, to) fall, and the slopes of the moving plane there; 0 where they do not count or are cut off. */
@inline function lookUp(
  from: usize, to: usize, moving: usize, stride: i32, width: i32, height: i32, matrix: usize,
  xs: usize, ys: usize, cells: usize, low: f64, scale: f64, bins: i32, row: i32, places: usize, gxs: usize, gys: usize,
): void {
  const rowBytes = <usize>stride << 2, STRIDE = i32x4.splat(stride), zero = f32x4.splat(0), one = f32x4.splat(1);
  const A0 = f32x4.splat(<f32>load<f64>(matrix)), A1 = f32x4.splat(<f32>load<f64>(matrix, 8)), A2 = f32x4.splat(<f32>load<f64>(matrix, 16));
  const A3 = f32x4.splat(<f32>load<f64>(matrix, 24)), A4 = f32x4.splat(<f32>load<f64>(matrix, 32)), A5 = f32x4.splat(<f32>load<f64>(matrix, 40));
  const right = f32x4.splat(<f32>(width - 1)), bottom = f32x4.splat(<f32>(height - 1));
  const LOW = f32x4.splat(<f32>low), SCALE = f32x4.splat(<f32>scale), highest = f32x4.splat(<f32>(bins - 3) - <f32>0.001);
  const aside = i32x4.splat(bins * row), steps = f32x4.splat(65536), half = f32x4.splat(0.5);
  for (let i = from; i < to; i += 16) {
    const x = v128.load(xs + i), y = v128.load(ys + i);
    let px = f32x4.add(f32x4.add(f32x4.mul(A0, x), f32x4.mul(A1, y)), A2);
    let py = f32x4.add(f32x4.add(f32x4.mul(A3, x), f32x4.mul(A4, y)), A5);
    const inside = v128.and(
      v128.and(f32x4.ge(px, zero), f32x4.lt(px, right)),
      v128.and(f32x4.ge(py, zero), f32x4.lt(py, bottom)));
    px = v128.and(px, inside);
    py = v128.and(py, inside);
    const xf = f32x4.floor(px), yf = f32x4.floor(py), fx = f32x4.sub(px, xf), fy = f32x4.sub(py, yf);
    const at = i32x4.shl(i32x4.add(i32x4.mul(whole(yf), STRIDE), whole(xf)), 2);
    const p0 = moving + <usize>i32x4.extract_lane(at, 0), p1 = moving + <usize>i32x4.extract_lane(at, 1);
    const p2 = moving + <usize>i32x4.extract_lane(at, 2), p3 = moving + <usize>i32x4.extract_lane(at, 3);
    const t = pair(p0, p1), u = pair(p2, p3), v = pair(p0 + rowBytes, p1 + rowBytes), w = pair(p2 + rowBytes, p3 + rowBytes);
    const a = v128.shuffle<f32>(t, u, 0, 2, 4, 6), c = v128.shuffle<f32>(v, w, 0, 2, 4, 6);
    const d = f32x4.sub(v128.shuffle<f32>(t, u, 1, 3, 5, 7), a), g = f32x4.sub(v128.shuffle<f32>(v, w, 1, 3, 5, 7), c);
    const top = f32x4.add(a, f32x4.mul(fx, d)), dy = f32x4.sub(f32x4.add(c, f32x4.mul(fx, g)), top);
    let m = f32x4.add(f32x4.mul(f32x4.sub(f32x4.add(top, f32x4.mul(fy, dy)), LOW), SCALE), one);
    const counts = v128.and(inside, f32x4.eq(m, m));
    m = v128.and(m, counts);
    const kept = v128.and(counts, v128.and(f32x4.ge(m, one), f32x4.lt(m, highest)));
    v128.store(gxs + i, v128.and(kept, f32x4.add(d, f32x4.mul(fy, f32x4.sub(g, d)))));
    v128.store(gys + i, v128.and(kept, dy));
    m = f32x4.min(f32x4.max(m, one), highest);
    const bin = f32x4.floor(m), fraction = whole(f32x4.sub(f32x4.mul(f32x4.sub(m, bin), steps), half));
    const cell = i32x4.add(i32x4.sub(whole(bin), i32x4.splat(1)), v128.load(cells + i));
    v128.store(places + i, v128.or(i32x4.shl(v128.bitselect(cell, aside, counts), 16), fraction));
  }
}

@inline function bump(histogram: usize, place: u32, t: v128): void {
  const cell = histogram + ((<usize>place >>> 16) << 2);
  v128.store(cell, f32x4.add(v128.load(cell), splineWeights(t)));
}

/** Adds samples [from, to) to four histograms of `size` bytes in turn: neighbours often share cells, and would wait. */
@inline function count(from: usize, to: usize, places: usize, histogram: usize, size: usize): void {
  const mask = i32x4.splat(0xffff), share = f32x4.splat(FRACTION);
  for (let i = from; i < to; i += 16) {
    const p = v128.load(places + i), t = f32x4.mul(f32x4.convert_i32x4_s(v128.and(p, mask)), share);
    bump(histogram, i32x4.extract_lane(p, 0), v128.shuffle<f32>(t, t, 0, 0, 0, 0));
    bump(histogram + size, i32x4.extract_lane(p, 1), v128.shuffle<f32>(t, t, 1, 1, 1, 1));
    bump(histogram + 2 * size, i32x4.extract_lane(p, 2), v128.shuffle<f32>(t, t, 2, 2, 2, 2));
    bump(histogram + 3 * size, i32x4.extract_lane(p, 3), v128.shuffle<f32>(t, t, 3, 3, 3, 3));
  }
}

/** The sum of four histograms of `size` bytes. */
@inline function merge(four: usize, size: usize, out: usize): void {
  for (let i: usize = 0; i < size; i += 16) {
    const q = four + i;
    v128.store(out + i, f32x4.add(
      f32x4.add(v128.load(q), v128.load(q + size)),
      f32x4.add(v128.load(q + 2 * size), v128.load(q + 3 * size))));
  }
}

/**
 * Joint histograms of chunks [lo, hi) of `chunk` samples each, under an affine map.
 *
 * @param matrix  6 f64: pixels from the fixed plane's middle to pixels of the moving plane
 * @param xs  samples as of `informationSamples`: `total` of them, a multiple of 4, and so is `chunk`
 * @param low  moving intensity at the first bin that counts; there is one bin of margin before
 * @param scale  bins per unit of moving intensity; the planes' bins need 3 more than what is between low and high
 * @param places  out: where each sample falls
 * @param gxs  out: slopes of the moving plane along x, float32; along y in `gys`
 * @param out  histogram of each chunk, (bins + 1) * row float32, row a multiple of 4
 * @param scratch  four histograms, for each lane
 */
export function informationHistogram(
  lo: i32, hi: i32, moving: usize, stride: i32, width: i32, height: i32, matrix: usize,
  xs: usize, ys: usize, cells: usize, total: i32, chunk: i32, low: f64, scale: f64, bins: i32, row: i32,
  places: usize, gxs: usize, gys: usize, out: usize, scratch: usize,
): void {
  const size = <usize>((bins + 1) * row) << 2;
  for (let c = lo; c < hi; c++) {
    memory.fill(scratch, 0, 4 * size);
    const end = min((c + 1) * chunk, total);
    for (let i = c * chunk; i < end; i += BLOCK) {
      const from = <usize>i << 2, to = <usize>min(i + BLOCK, end) << 2;
      lookUp(from, to, moving, stride, width, height, matrix, xs, ys, cells, low, scale, bins, row, places, gxs, gys);
      count(from, to, places, scratch, size);
    }
    merge(scratch, size, out + <usize>c * size);
  }
}

/** As `informationHistogram`, of samples whose places are known already. */
export function placesHistogram(
  lo: i32, hi: i32, places: usize, total: i32, chunk: i32, bins: i32, row: i32, out: usize, scratch: usize,
): void {
  const size = <usize>((bins + 1) * row) << 2;
  for (let c = lo; c < hi; c++) {
    memory.fill(scratch, 0, 4 * size);
    count(<usize>(c * chunk) << 2, <usize>min((c + 1) * chunk, total) << 2, places, scratch, size);
    merge(scratch, size, out + <usize>c * size);
  }
}
