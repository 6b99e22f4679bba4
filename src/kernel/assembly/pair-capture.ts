// Where two strips agree best: whitened, masked correlation of many pairs, a pair per row.
import { fftColumns, joinReal } from "./fft";
import { bestPlaces } from "./pair-peaks";
import { halveInto, whitenInto } from "./pair-whiten";

/** float64 numbers per job and per result. */
const JOB_BYTES: usize = 256;
const RESULT_BYTES: usize = 64;

/** Cuts a rectangle out of a plane and makes it 2^level times coarser; returns where it lies, with rows of `bytes`. */
function cutCoarse(at: usize, stride: i32, x: i32, y: i32, width: i32, height: i32, level: i32, bytes: usize, out: usize): void {
  let from = at + ((<usize>y * <usize>stride + <usize>x) << 2);
  let fromBytes = <usize>stride << 2;
  if (level == 0) {
    for (let r = 0; r < height; r++) memory.copy(out + <usize>r * bytes, from + <usize>r * fromBytes, <usize>width << 2);
    return;
  }
  for (let l = 0; l < level; l++) {
    // The second step works in place: it reads ahead of what it writes.
    halveInto(from, fromBytes, out, l + 1 < level ? 2 * bytes : bytes, width >> (l + 1), height >> (l + 1));
    from = out;
    fromBytes = 2 * bytes;
  }
}

/** The spectrum of A times the conjugate of that of B, of the spectrum of A + i B; elements 0 to ny / 2. */
function crossSpectrum(re: usize, im: usize, stride: i32, nx: i32, ny: i32, outRe: usize, outIm: usize): void {
  const quarter = f32x4.splat(0.25);
  for (let k = 0; k < nx; k++) {
    const row = (<usize>k * <usize>stride) << 2;
    store<f32>(re + row + (<usize>ny << 2), load<f32>(re + row));
    store<f32>(im + row + (<usize>ny << 2), load<f32>(im + row));
  }
  for (let k = 0; k < nx; k++) {
    const row = (<usize>k * <usize>stride) << 2;
    const other = (<usize>(k == 0 ? 0 : nx - k) * <usize>stride) << 2;
    for (let l = 0; l <= ny >> 1; l += 4) {
      const at = row + (<usize>l << 2);
      const back = other + (<usize>(ny - l - 3) << 2);
      const fr = v128.load(re + at), fi = v128.load(im + at);
      const vr = v128.load(re + back), vi = v128.load(im + back);
      const gr = v128.shuffle<i32>(vr, vr, 3, 2, 1, 0), gi = v128.shuffle<i32>(vi, vi, 3, 2, 1, 0);
      const pr = f32x4.add(fr, gr), pi = f32x4.sub(fi, gi);
      const qr = f32x4.sub(fr, gr), qi = f32x4.add(fi, gi);
      v128.store(outRe + at, f32x4.mul(quarter, f32x4.sub(f32x4.mul(pr, qi), f32x4.mul(pi, qr))));
      v128.store(outIm + at, f32x4.mul(quarter, f32x4.add(f32x4.mul(pr, qr), f32x4.mul(pi, qi))));
    }
  }
}

/**
 * Correlation of two real matrices for all shifts, times nx ny: element [dy][dx] of `surface` is the sum of x at a place and y
 * at the place less the shift, cyclic.
 *
 * @param columns  columns of both from there on are 0
 * @param scratch  8 planes of `bytes`, and 64 max(nx, ny) more
 */
function correlate(
  x: usize, y: usize, surface: usize, nx: i32, ny: i32, columns: i32, tableX: usize, tableY: usize, bytes: usize,
  scratch: usize,
): void {
  const spectrum = scratch, product = spectrum + 2 * bytes, rows = product + 2 * bytes, pairs = rows + 2 * bytes;
  const work = pairs + 2 * bytes;
  const strideX = nx + 16, strideY = ny + 16;
  // Forward: [y][x] to [kx][ky].
  const im = spectrum + bytes;
  const blocks = min((columns + 3) >> 2, nx >> 2);
  fftColumns(0, blocks, x, y, strideX, spectrum, im, strideY, true, ny, tableY, work);
  const used = (<usize>(blocks << 2) * <usize>strideY) << 2;
  const whole = (<usize>nx * <usize>strideY) << 2;
  if (used < whole) {
    memory.fill(spectrum + used, 0, whole - used);
    memory.fill(im + used, 0, whole - used);
  }
  fftColumns(0, ny >> 2, spectrum, im, strideY, spectrum, im, strideY, false, nx, tableX, work);
  crossSpectrum(spectrum, im, strideY, nx, ny, product, product + bytes);
  // Back, real: [kx][ky] to [y][x]. Real and imaginary parts exchanged on both sides, the forward transform is the inverse.
  const half = nx >> 1;
  fftColumns(
    0, (ny >> 3) + 1, product + bytes, product, strideY, rows + bytes, rows, strideX, true, nx, tableX, work,
  );
  joinReal(0, (ny >> 1) + 1, rows, rows + bytes, strideX, ny, half, pairs, pairs + bytes, half + 16);
  fftColumns(
    0, half >> 2, pairs + bytes, pairs, half + 16, surface + (<usize>half << 2), surface, strideX, false, ny, tableY, work,
  );
}

/** Squares of a whitened plane, or 1 where it is known and 0 elsewhere. */
function derive(from: usize, to: usize, bytes: usize, squares: bool): void {
  const one = f32x4.splat(1), zero = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const v = v128.load(from + at);
    v128.store(to + at, squares ? f32x4.mul(v, v) : v128.and(one, f32x4.ne(v, zero)));
  }
}

/**
 * Jobs [lo, hi): the shifts at which two rectangles agree best, by normalised correlation of their Laplacians [1].
 *
 * @param jobs  of float64 numbers each: address, stride, x, y, width, height of the first rectangle, the same of the second;
 *   least and greatest shift in x, in y (first minus second, pixels of the level); level; nx, ny, and the addresses of their
 *   twiddles; bytes of a plane; a shift that must not win (NaN: none) and how far around it
 * @param results  8 float64 each: shift x, y, score, rival, overlap (pixels of the level)
 * @param scratch  16 planes of the largest job, and 64 max(nx, ny) bytes
 *
 * [1] D. Padfield, "Masked object registration in the Fourier domain", IEEE TIP 21 (2012), doi:10.1109/TIP.2011.2181402
 */
export function capturePairs(lo: i32, hi: i32, jobs: usize, results: usize, scratch: usize): void {
  for (let i = <usize>lo; i < <usize>hi; i++) {
    const job = jobs + i * JOB_BYTES;
    const level = <i32>load<f64>(job, 128);
    const nx = <i32>load<f64>(job, 136), ny = <i32>load<f64>(job, 144);
    const tableX = <usize>load<f64>(job, 152), tableY = <usize>load<f64>(job, 160);
    const bytes = <usize>load<f64>(job, 168);
    const a = scratch + 64, b = a + bytes, x = b + bytes, y = x + bytes;
    const surfaces = y + bytes, rest = surfaces + 4 * bytes;
    const strideX = nx + 16;
    let holes = false;
    for (let side: usize = 0; side < 2; side++) {
      const rect = job + side * 48;
      const width = <i32>load<f64>(rect, 32), height = <i32>load<f64>(rect, 40);
      const w = width >> level, h = height >> level;
      const rowBytes = ((<usize>w + 7) & ~3) << 2;
      cutCoarse(
        <usize>load<f64>(rect), <i32>load<f64>(rect, 8), <i32>load<f64>(rect, 16), <i32>load<f64>(rect, 24), width, height,
        level, rowBytes, rest,
      );
      const lines = rest + 8 * bytes + 64;
      if (whitenInto(rest, rowBytes, w, h, side ? b : a, <usize>strideX << 2, nx, ny, lines)) holes = true;
    }
    const wa = <i32>load<f64>(job, 32) >> level, ha = <i32>load<f64>(job, 40) >> level;
    const wb = <i32>load<f64>(job, 80) >> level, hb = <i32>load<f64>(job, 88) >> level;
    const columns = max(wa, wb);
    correlate(a, b, surfaces, nx, ny, columns, tableX, tableY, bytes, rest);
    if (holes) {
      // What each shows where the other does, and how many pixels both show.
      const used = (<usize>ny * <usize>strideX) << 2;
      derive(a, x, used, true);
      derive(b, y, used, false);
      correlate(x, y, surfaces + bytes, nx, ny, columns, tableX, tableY, bytes, rest);
      derive(a, x, used, false);
      correlate(x, y, surfaces + 3 * bytes, nx, ny, columns, tableX, tableY, bytes, rest);
      derive(b, y, used, true);
      correlate(x, y, surfaces + 2 * bytes, nx, ny, columns, tableX, tableY, bytes, rest);
    }
    bestPlaces(job, a, b, wa, ha, wb, hb, surfaces, bytes, nx, ny, holes, rest, results + i * RESULT_BYTES);
  }
}
