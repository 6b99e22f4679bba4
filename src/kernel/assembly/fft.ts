// Fast Fourier transforms of lengths 2^k and 3 * 2^k, float32, four columns at a time.
//
// Stockham's radix-4 steps sort as they go [1]: no bit reversal. A matrix is transformed column by column, written
// transposed, and transformed column by column again, so that every step works on whole vectors.
//
// [1] C. Van Loan, "Computational Frameworks for the Fast Fourier Transform", SIAM 1992, doi:10.1137/1.9781611970999

/** Four rows of four become four columns, at `to` with `bytes` from one to the next. */
@inline function storeTransposed(a: v128, b: v128, c: v128, d: v128, to: usize, bytes: usize): void {
  const p = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const q = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const r = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const s = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(p, q, 0, 2));
  v128.store(to + bytes, v128.shuffle<i64>(p, q, 1, 3));
  v128.store(to + 2 * bytes, v128.shuffle<i64>(r, s, 0, 2));
  v128.store(to + 3 * bytes, v128.shuffle<i64>(r, s, 1, 3));
}

/**
 * One radix-4 step over four columns: elements at x, `xStep` bytes apart, imaginary parts `xIm` further on; likewise y.
 *
 * @param n  length that is still to be transformed
 * @param s  transforms of that length, interleaved
 * @param table  w, w^2, w^3 for w = exp(-2 pi i p / n), p from 0 to n / 4 - 1, as six float32
 */
@inline function step4(
  x: usize, xStep: usize, xIm: usize, y: usize, yStep: usize, yIm: usize, n: i32, s: i32, table: usize,
): void {
  const quarter = <usize>(n >> 2);
  const jump = <usize>s * quarter * xStep;
  const leap = <usize>s * yStep;
  for (let p: usize = 0; p < quarter; p++) {
    const t = table + p * 24;
    const w1r = v128.load32_splat(t), w1i = v128.load32_splat(t, 4);
    const w2r = v128.load32_splat(t, 8), w2i = v128.load32_splat(t, 12);
    const w3r = v128.load32_splat(t, 16), w3i = v128.load32_splat(t, 20);
    let from = x + <usize>s * p * xStep;
    let to = y + <usize>s * (p << 2) * yStep;
    for (let q = 0; q < s; q++) {
      const fb = from + jump, fc = fb + jump, fd = fc + jump;
      const ar = v128.load(from), ai = v128.load(from + xIm);
      const cr = v128.load(fc), ci = v128.load(fc + xIm);
      const sr = f32x4.add(ar, cr), si = f32x4.add(ai, ci);
      const dr = f32x4.sub(ar, cr), di = f32x4.sub(ai, ci);
      const br = v128.load(fb), bi = v128.load(fb + xIm);
      const er = v128.load(fd), ei = v128.load(fd + xIm);
      const tr = f32x4.add(br, er), ti = f32x4.add(bi, ei);
      const ur = f32x4.sub(br, er), ui = f32x4.sub(bi, ei);
      v128.store(to, f32x4.add(sr, tr));
      v128.store(to + yIm, f32x4.add(si, ti));
      const t1 = to + leap, t2 = t1 + leap, t3 = t2 + leap;
      const fr = f32x4.add(dr, ui), fi = f32x4.sub(di, ur); // d - i u
      v128.store(t1, f32x4.sub(f32x4.mul(fr, w1r), f32x4.mul(fi, w1i)));
      v128.store(t1 + yIm, f32x4.add(f32x4.mul(fr, w1i), f32x4.mul(fi, w1r)));
      const gr = f32x4.sub(sr, tr), gi = f32x4.sub(si, ti);
      v128.store(t2, f32x4.sub(f32x4.mul(gr, w2r), f32x4.mul(gi, w2i)));
      v128.store(t2 + yIm, f32x4.add(f32x4.mul(gr, w2i), f32x4.mul(gi, w2r)));
      const hr = f32x4.sub(dr, ui), hi = f32x4.add(di, ur); // d + i u
      v128.store(t3, f32x4.sub(f32x4.mul(hr, w3r), f32x4.mul(hi, w3i)));
      v128.store(t3 + yIm, f32x4.add(f32x4.mul(hr, w3i), f32x4.mul(hi, w3r)));
      from += xStep;
      to += yStep;
    }
  }
}

/**
 * One radix-3 step, the first of all, of length n.
 *
 * @param table  w, w^2 for w = exp(-2 pi i p / n), p from 0 to n / 3 - 1, as four float32
 */
@inline function first3(x: usize, xStep: usize, xIm: usize, y: usize, n: i32, table: usize): void {
  const third = <usize>n / 3;
  const jump = third * xStep;
  const half = f32x4.splat(0.5);
  const height = f32x4.splat(0.8660254037844386);
  let from = x;
  let to = y;
  for (let p: usize = 0; p < third; p++) {
    const t = table + (p << 4);
    const w1r = v128.load32_splat(t), w1i = v128.load32_splat(t, 4);
    const w2r = v128.load32_splat(t, 8), w2i = v128.load32_splat(t, 12);
    const ar = v128.load(from), ai = v128.load(from + xIm);
    const br = v128.load(from + jump), bi = v128.load(from + jump + xIm);
    const cr = v128.load(from + 2 * jump), ci = v128.load(from + 2 * jump + xIm);
    const sr = f32x4.add(br, cr), si = f32x4.add(bi, ci);
    const dr = f32x4.mul(height, f32x4.sub(br, cr)), di = f32x4.mul(height, f32x4.sub(bi, ci));
    const ur = f32x4.sub(ar, f32x4.mul(half, sr)), ui = f32x4.sub(ai, f32x4.mul(half, si));
    v128.store(to, f32x4.add(ar, sr));
    v128.store(to, f32x4.add(ai, si), 16);
    const fr = f32x4.add(ur, di), fi = f32x4.sub(ui, dr); // u - i d
    v128.store(to, f32x4.sub(f32x4.mul(fr, w1r), f32x4.mul(fi, w1i)), 32);
    v128.store(to, f32x4.add(f32x4.mul(fr, w1i), f32x4.mul(fi, w1r)), 48);
    const hr = f32x4.sub(ur, di), hi = f32x4.add(ui, dr); // u + i d
    v128.store(to, f32x4.sub(f32x4.mul(hr, w2r), f32x4.mul(hi, w2i)), 64);
    v128.store(to, f32x4.add(f32x4.mul(hr, w2i), f32x4.mul(hi, w2r)), 80);
    from += xStep;
    to += 96;
  }
}

/** The last step, of length 4: no twiddles. */
@inline function last4(x: usize, y: usize, yStep: usize, yIm: usize, s: i32): void {
  const jump = <usize>s << 5;
  const leap = <usize>s * yStep;
  let from = x;
  let to = y;
  for (let q = 0; q < s; q++) {
    const fb = from + jump, fc = fb + jump, fd = fc + jump;
    const ar = v128.load(from), ai = v128.load(from, 16);
    const cr = v128.load(fc), ci = v128.load(fc, 16);
    const sr = f32x4.add(ar, cr), si = f32x4.add(ai, ci);
    const dr = f32x4.sub(ar, cr), di = f32x4.sub(ai, ci);
    const br = v128.load(fb), bi = v128.load(fb, 16);
    const er = v128.load(fd), ei = v128.load(fd, 16);
    const tr = f32x4.add(br, er), ti = f32x4.add(bi, ei);
    const ur = f32x4.sub(br, er), ui = f32x4.sub(bi, ei);
    const t1 = to + leap, t2 = t1 + leap, t3 = t2 + leap;
    v128.store(to, f32x4.add(sr, tr));
    v128.store(to + yIm, f32x4.add(si, ti));
    v128.store(t1, f32x4.add(dr, ui));
    v128.store(t1 + yIm, f32x4.sub(di, ur));
    v128.store(t2, f32x4.sub(sr, tr));
    v128.store(t2 + yIm, f32x4.sub(si, ti));
    v128.store(t3, f32x4.sub(dr, ui));
    v128.store(t3 + yIm, f32x4.add(di, ur));
    from += 32;
    to += yStep;
  }
}

/** The last step, of length 2. */
@inline function last2(x: usize, y: usize, yStep: usize, yIm: usize, s: i32): void {
  const jump = <usize>s << 5;
  const leap = <usize>s * yStep;
  let from = x;
  let to = y;
  for (let q = 0; q < s; q++) {
    const ar = v128.load(from), ai = v128.load(from, 16);
    const br = v128.load(from + jump), bi = v128.load(from + jump, 16);
    v128.store(to, f32x4.add(ar, br));
    v128.store(to + yIm, f32x4.add(ai, bi));
    v128.store(to + leap, f32x4.sub(ar, br));
    v128.store(to + leap + yIm, f32x4.sub(ai, bi));
    from += 32;
    to += yStep;
  }
}

/**
 * Transforms four columns of `n` elements, at least 16, forward: X[k] = sum of x[j] exp(-2 pi i j k / n). Real and
 * imaginary parts exchanged on both sides, it is the inverse, times n.
 *
 * @param x  first of the four real elements; rows are `xStep` bytes apart, and the imaginary ones `xIm` bytes further on
 * @param y  may be x
 * @param table  twiddles; see `first3` for n where 3 divides it, and `step4` for n or n / 3, a quarter of that, … above 4
 * @param work  64 n bytes
 */
export function fftLanes(
  x: usize, xStep: usize, xIm: usize, y: usize, yStep: usize, yIm: usize, n: i32, table: usize, work: usize,
): void {
  let from = work;
  let to = work + (<usize>n << 5);
  let t = table;
  let s = 4;
  let m = n >> 2;
  if (n % 3 == 0) {
    first3(x, xStep, xIm, from, n, table);
    s = 3;
    m = n / 3;
    t += <usize>m << 4;
  } else {
    step4(x, xStep, xIm, from, 32, 16, n, 1, table);
    t += <usize>m * 24;
  }
  while (m > 4) {
    step4(from, 32, 16, to, 32, 16, m, s, t);
    t += <usize>(m >> 2) * 24;
    s <<= 2;
    m >>= 2;
    const other = from;
    from = to;
    to = other;
  }
  if (m == 4) last4(from, y, yStep, yIm, s);
  else last2(from, y, yStep, yIm, s);
}

/** As `fftLanes`, written transposed: element k of column c goes to y + c yStep + 4 k. */
export function fftLanesTransposed(
  x: usize, xStep: usize, xIm: usize, y: usize, yStep: usize, yIm: usize, n: i32, table: usize, work: usize,
): void {
  // Where the last step may write without touching what it reads.
  let steps = 0;
  for (let m = n % 3 == 0 ? n / 3 : n >> 2; m > 4; m >>= 2) steps++;
  const out = steps & 1 ? work : work + (<usize>n << 5);
  fftLanes(x, xStep, xIm, out, 32, 16, n, table, work);
  const end = out + (<usize>n << 5);
  for (let p = out; p < end; p += 128) {
    storeTransposed(v128.load(p), v128.load(p, 32), v128.load(p, 64), v128.load(p, 96), y, yStep);
    storeTransposed(v128.load(p, 16), v128.load(p, 48), v128.load(p, 80), v128.load(p, 112), y + yIm, yStep);
    y += 16;
  }
}

/**
 * Transforms columns [4 lo, 4 hi) of a matrix of `n` rows.
 *
 * @param re, im  the matrix, `stride` elements from row to row
 * @param outRe, outIm  the same kind of matrix, which may be the first one; transposed, another matrix, of `n` columns
 * @param work  scratch of 64 n bytes for each lane
 */
export function fftColumns(
  lo: i32, hi: i32, re: usize, im: usize, stride: i32, outRe: usize, outIm: usize, outStride: i32, transposed: bool,
  n: i32, table: usize, work: usize,
): void {
  const step = <usize>stride << 2;
  const outStep = <usize>outStride << 2;
  for (let block = <usize>lo; block < <usize>hi; block++) {
    const x = re + (block << 4);
    if (transposed) {
      fftLanesTransposed(x, step, im - re, outRe + (block << 2) * outStep, outStep, outIm - outRe, n, table, work);
    } else fftLanes(x, step, im - re, outRe + (block << 4), outStep, outIm - outRe, n, table, work);
  }
}

/**
 * Two real columns that were transformed as one, re + i im, each on its own: rows [lo, hi) of the transposed result, which
 * are columns of the matrix. Row r becomes rows r and r + half of the output, elements 0 to n / 2 alone.
 *
 * @param re, im  rows of n elements, `stride` from one to the next and more than n; element n is overwritten
 */
export function splitReal(
  lo: i32, hi: i32, re: usize, im: usize, stride: i32, n: i32, half: i32, outRe: usize, outIm: usize, outStride: i32,
): void {
  const point5 = f32x4.splat(0.5);
  for (let r = <usize>lo; r < <usize>hi; r++) {
    const fr = re + ((r * <usize>stride) << 2), fi = im + ((r * <usize>stride) << 2);
    store<f32>(fr + (<usize>n << 2), load<f32>(fr));
    store<f32>(fi + (<usize>n << 2), load<f32>(fi));
    const a = (r * <usize>outStride) << 2;
    const b = ((r + <usize>half) * <usize>outStride) << 2;
    for (let k = 0; k <= n >> 1; k += 4) {
      const at = <usize>k << 2;
      const back = <usize>(n - k - 3) << 2;
      const zr = v128.load(fr + at), zi = v128.load(fi + at);
      const vr = v128.load(fr + back), vi = v128.load(fi + back);
      const yr = v128.shuffle<i32>(vr, vr, 3, 2, 1, 0), yi = v128.shuffle<i32>(vi, vi, 3, 2, 1, 0);
      v128.store(outRe + a + at, f32x4.mul(point5, f32x4.add(zr, yr)));
      v128.store(outIm + a + at, f32x4.mul(point5, f32x4.sub(zi, yi)));
      v128.store(outRe + b + at, f32x4.mul(point5, f32x4.add(zi, yi)));
      v128.store(outIm + b + at, f32x4.mul(point5, f32x4.sub(yr, zr)));
    }
  }
}

/**
 * The reverse, before the inverse transform along columns: rows [lo, hi) of 0 to n / 2 hold the spectra of columns x and
 * x + half; rows k and n - k of the output become those of column x + i column (x + half).
 */
export function joinReal(
  lo: i32, hi: i32, re: usize, im: usize, stride: i32, n: i32, half: i32, outRe: usize, outIm: usize, outStride: i32,
): void {
  for (let k = <usize>lo; k < <usize>hi; k++) {
    const from = (k * <usize>stride) << 2;
    const to = (k * <usize>outStride) << 2;
    const back = ((<usize>n - k) * <usize>outStride) << 2;
    const mirrored = k > 0 && k < <usize>n >> 1;
    for (let x = 0; x < half; x += 4) {
      const at = <usize>x << 2;
      const next = from + (<usize>(x + half) << 2);
      const ar = v128.load(re + from + at), ai = v128.load(im + from + at);
      const br = v128.load(re + next), bi = v128.load(im + next);
      v128.store(outRe + to + at, f32x4.sub(ar, bi));
      v128.store(outIm + to + at, f32x4.add(ai, br));
      if (!mirrored) continue;
      v128.store(outRe + back + at, f32x4.add(ar, bi));
      v128.store(outIm + back + at, f32x4.sub(br, ai));
    }
  }
}
