// Multi-band blending: pyramids of tiles and of their masks, added up level by level.
//
// Sample k of a level lies on sample 2 k of the level below it. NaN is "no observation" and never mixed in: means run over
// the taps that have a value, weights scaled to sum 1. Planes are f32, strides in elements.
// Source: P. Burt, E. Adelson, "A multiresolution spline with application to image mosaics", ACM TOG 2 (1983),
// doi:10.1145/245.247

/** Weights of a tile on pixels of its own: the product of the distances from its edges; see the kernel `fuse`. */
export function shiftedWeights(
  lo: i32, hi: i32, dst: usize, stride: i32, columns: i32, u0: f32, v0: f32, width: f32, height: f32,
): void {
  for (let y = lo; y < hi; y++) {
    const v = v0 + <f32>y;
    const wy: f32 = max<f32>(0, min(v + 1, height - v));
    const row = dst + (<usize>y * <usize>stride << 2);
    for (let x = 0; x < columns; x++) {
      const u = u0 + <f32>x;
      store<f32>(row + (<usize>x << 2), wy * max<f32>(0, min(u + 1, width - u)));
    }
  }
}

/** The same at positions: f64 pairs, pixels of the mosaic, in which the tile's first pixel lies at (left, top). */
export function weightsAlong(
  lo: i32, hi: i32, dst: usize, stride: i32, columns: i32, positions: usize, positionStride: i32,
  left: f64, top: f64, width: f32, height: f32,
): void {
  for (let y = lo; y < hi; y++) {
    const row = dst + (<usize>y * <usize>stride << 2);
    const from = positions + (<usize>y * <usize>positionStride << 4);
    for (let x = 0; x < columns; x++) {
      const u = <f32>(load<f64>(from + (<usize>x << 4)) - left);
      const v = <f32>(load<f64>(from + (<usize>x << 4), 8) - top);
      const w: f32 = min(u + 1, width - u) * min(v + 1, height - v);
      store<f32>(row + (<usize>x << 2), w > 0 ? w : 0);
    }
  }
}

/** Raises `best` to the weights of a tile where it has a value. */
export function raiseWeights(
  lo: i32, hi: i32, values: usize, weights: usize, stride: i32, columns: i32, best: usize, bestStride: i32,
): void {
  for (let y = lo; y < hi; y++) {
    const row = <usize>y * <usize>stride << 2;
    const to = best + (<usize>y * <usize>bestStride << 2);
    for (let x = 0; x < columns; x += 4) {
      const at = <usize>x << 2;
      const v = v128.load(values + row + at);
      const w = v128.and(v128.load(weights + row + at), f32x4.eq(v, v));
      v128.store(to + at, f32x4.pmax(v128.load(to + at), w));
    }
  }
}

/** 1 in place of its weight where a tile weighs most, else 0; tiles that weigh the same share a pixel. */
export function maskOfBest(
  lo: i32, hi: i32, values: usize, weights: usize, stride: i32, columns: i32, best: usize, bestStride: i32,
): void {
  const one = f32x4.splat(1);
  for (let y = lo; y < hi; y++) {
    const row = <usize>y * <usize>stride << 2;
    const from = best + (<usize>y * <usize>bestStride << 2);
    for (let x = 0; x < columns; x += 4) {
      const at = <usize>x << 2;
      const v = v128.load(values + row + at);
      const w = v128.load(weights + row + at);
      const is = v128.and(f32x4.eq(w, v128.load(from + at)), v128.and(f32x4.eq(v, v), f32x4.gt(w, f32x4.splat(0))));
      v128.store(weights + row + at, v128.and(one, is));
    }
  }
}

@inline function tap(k: i32): f32 {
  return k == 2 ? 6 : (k & 1) != 0 ? 4 : 1;
}

/** Five samples at every other place, binomial weights, for four places: `p` is the first of the first place's five. */
@inline function fiveOf(p: usize): v128 {
  const a = v128.load(p);
  const b = v128.load(p, 16);
  const c = v128.load(p, 32);
  const outer = f32x4.add(v128.shuffle<f32>(a, b, 0, 2, 4, 6), v128.shuffle<f32>(b, c, 0, 2, 4, 6));
  const inner = f32x4.add(v128.shuffle<f32>(a, b, 1, 3, 5, 7), v128.shuffle<f32>(v128.shuffle<f32>(a, b, 3, 5, 7, 7), c, 0, 1, 2, 5));
  const middle = v128.shuffle<f32>(v128.shuffle<f32>(a, b, 2, 4, 6, 6), c, 0, 1, 2, 4);
  return f32x4.add(f32x4.add(outer, f32x4.mul(inner, f32x4.splat(4))), f32x4.mul(middle, f32x4.splat(6)));
}

/** Four samples of the next coarser level, all of whose 5 by 5 lie in the plane; NaN where one of them is. */
@inline function reduced4(p: usize, row: usize): v128 {
  const outer = f32x4.add(fiveOf(p), fiveOf(p + 4 * row));
  const inner = f32x4.add(fiveOf(p + row), fiveOf(p + 3 * row));
  const sum = f32x4.add(
    f32x4.add(outer, f32x4.mul(inner, f32x4.splat(4))), f32x4.mul(fiveOf(p + 2 * row), f32x4.splat(6)),
  );
  return f32x4.mul(sum, f32x4.splat(1.0 / 256));
}

/**
 * The next coarser level: means over 5 by 5 samples, binomial weights. `outside` says what counts beyond the plane: 0, for
 * masks, or nothing (NaN), for samples.
 *
 * @param lo  rows of `dst`
 */
export function reduceBinomial(
  lo: i32, hi: i32, src: usize, srcStride: i32, width: i32, height: i32, dst: usize, dstStride: i32, columns: i32, isMask: i32,
): void {
  for (let y = lo; y < hi; y++) {
    const to = dst + (<usize>y * <usize>dstStride << 2);
    const within = y > 0 && 2 * y + 2 < height;
    for (let x = 0; x < columns; x++) {
      // Four at a time well inside. Where the fours begin depends on the plane alone, so the same sums come out each time.
      if (within && (x & 3) == 0 && x > 0 && 2 * x + 9 < width) {
        const from = src + ((<usize>(2 * y - 2) * <usize>srcStride + <usize>(2 * x - 2)) << 2);
        const four = reduced4(from, <usize>srcStride << 2);
        if (!v128.any_true(f32x4.ne(four, four))) {
          v128.store(to + (<usize>x << 2), four);
          x += 3;
          continue;
        }
      }
      let sum: f32 = 0;
      let weight: f32 = 0;
      for (let j = 0; j < 5; j++) {
        const sy = 2 * y + j - 2;
        if (sy < 0 || sy >= height) continue;
        const row = src + (<usize>sy * <usize>srcStride << 2);
        const wy = tap(j);
        for (let i = 0; i < 5; i++) {
          const sx = 2 * x + i - 2;
          if (sx < 0 || sx >= width) continue;
          const v = load<f32>(row + (<usize>sx << 2));
          if (v != v) continue;
          const w = wy * tap(i);
          sum += w * v;
          weight += w;
        }
      }
      store<f32>(to + (<usize>x << 2), isMask != 0 ? sum / 256 : sum / weight);
    }
  }
}

/** A coarser level between its samples: 6/8 and 1/8 on samples, halves amid two; of those that have a value. */
@inline function expanded(coarse: usize, stride: i32, width: i32, height: i32, x: i32, y: i32): f32 {
  const x0 = ((x + 1) >> 1) - 1;
  const y0 = ((y + 1) >> 1) - 1;
  const xs = (x & 1) != 0 ? 2 : 3;
  const ys = (y & 1) != 0 ? 2 : 3;
  let sum: f32 = 0;
  let weight: f32 = 0;
  for (let j = 0; j < ys; j++) {
    const cy = y0 + j;
    if (cy < 0 || cy >= height) continue;
    const wy: f32 = ys == 2 ? 4 : j == 1 ? 6 : 1;
    const row = coarse + (<usize>cy * <usize>stride << 2);
    for (let i = 0; i < xs; i++) {
      const cx = x0 + i;
      if (cx < 0 || cx >= width) continue;
      const v = load<f32>(row + (<usize>cx << 2));
      if (v != v) continue;
      const w: f32 = wy * (xs == 2 ? <f32>4 : i == 1 ? <f32>6 : <f32>1);
      sum += w * v;
      weight += w;
    }
  }
  return sum / weight;
}

/** Whether the eight samples from an even place on lie between coarse samples that exist. */
@inline function amid(x: i32, y: i32, columns: i32, width: i32, height: i32): bool {
  const k = x >> 1;
  const from = ((y + 1) >> 1) - 1;
  return (x & 7) == 0 && x > 0 && x + 8 <= columns && k + 5 <= width && from >= 0 && from + ((y & 1) != 0 ? 2 : 3) <= height;
}

/** Coarse samples of two or three rows, joined for a row between them. */
@inline function column4(p: usize, row: usize, odd: bool): v128 {
  const a = v128.load(p);
  const b = v128.load(p + row);
  if (odd) return f32x4.mul(f32x4.add(a, b), f32x4.splat(0.5));
  const sum = f32x4.add(f32x4.add(a, v128.load(p + 2 * row)), f32x4.mul(b, f32x4.splat(6)));
  return f32x4.mul(sum, f32x4.splat(0.125));
}

/** Eight samples between coarse ones, at an even place where `amid` holds: the first four at `out`, then the others. */
@inline function expand8(coarse: usize, stride: i32, x: i32, y: i32, out: usize): void {
  const odd = (y & 1) != 0;
  const row = <usize>stride << 2;
  const p = coarse + ((<usize>(((y + 1) >> 1) - 1) * <usize>stride + <usize>((x >> 1) - 1)) << 2);
  const before = column4(p, row, odd);
  const on = column4(p + 4, row, odd);
  const after = column4(p + 8, row, odd);
  const even = f32x4.mul(f32x4.add(f32x4.add(before, after), f32x4.mul(on, f32x4.splat(6))), f32x4.splat(0.125));
  const amidst = f32x4.mul(f32x4.add(on, after), f32x4.splat(0.5));
  v128.store(out, v128.shuffle<f32>(even, amidst, 0, 4, 1, 5));
  v128.store(out, v128.shuffle<f32>(even, amidst, 2, 6, 3, 7), 16);
}

/** Adds four differences times their masks to sums. @returns whether that could be done: no coarse sample was missing */
@inline function addFour(v: v128, m: v128, below: v128, sum: usize, weight: usize): bool {
  const counts = v128.and(f32x4.eq(v, v), f32x4.gt(m, f32x4.splat(0)));
  if (v128.any_true(v128.and(counts, f32x4.ne(below, below)))) return false;
  const own = v128.and(m, counts);
  v128.store(sum, f32x4.add(v128.load(sum), v128.and(f32x4.mul(m, f32x4.sub(v, below)), counts)));
  v128.store(weight, f32x4.add(v128.load(weight), own));
  return true;
}

/**
 * Adds what one level of a tile has beyond the next coarser one, times the tile's mask, to the sums of that level. At the
 * coarsest level (`coarse` 0) all of it.
 */
export function addBand(
  lo: i32, hi: i32, values: usize, masks: usize, stride: i32, columns: i32,
  coarse: usize, coarseStride: i32, coarseWidth: i32, coarseHeight: i32, sums: usize, weights: usize, sumStride: i32,
  scratch: usize,
): void {
  for (let y = lo; y < hi; y++) {
    const row = <usize>y * <usize>stride << 2;
    const to = <usize>y * <usize>sumStride << 2;
    for (let x = 0; x < columns; x++) {
      const at = <usize>x << 2;
      if (coarse != 0 && amid(x, y, columns, coarseWidth, coarseHeight)) {
        expand8(coarse, coarseStride, x, y, scratch);
        let done = true;
        for (let k: usize = 0; k < 32 && done; k += 16) {
          const v = v128.load(values + row + at + k);
          const m = v128.load(masks + row + at + k);
          done = addFour(v, m, v128.load(scratch + k), sums + to + at + k, weights + to + at + k);
          if (done) x += 4;
        }
        if (done) {
          x--;
          continue;
        }
        // The first four may be done already: what is left goes one by one from where it stands.
        addOne(values + row, masks + row, x, y, coarse, coarseStride, coarseWidth, coarseHeight, sums + to, weights + to);
        continue;
      }
      addOne(values + row, masks + row, x, y, coarse, coarseStride, coarseWidth, coarseHeight, sums + to, weights + to);
    }
  }
}

@inline function addOne(
  values: usize, masks: usize, x: i32, y: i32,
  coarse: usize, coarseStride: i32, coarseWidth: i32, coarseHeight: i32, sums: usize, weights: usize,
): void {
  const at = <usize>x << 2;
  const m = load<f32>(masks + at);
  let v = load<f32>(values + at);
  if (m == 0 || v != v) return;
  if (coarse != 0) v -= expanded(coarse, coarseStride, coarseWidth, coarseHeight, x, y);
  store<f32>(sums + at, load<f32>(sums + at) + m * v);
  store<f32>(weights + at, load<f32>(weights + at) + m);
}
/** A level of the mosaic, in place of its sums: their mean, on top of the next coarser level of the mosaic. */
export function joinBands(
  lo: i32, hi: i32, sums: usize, weights: usize, stride: i32, columns: i32,
  coarse: usize, coarseStride: i32, coarseWidth: i32, coarseHeight: i32, isFinest: i32, scratch: usize,
): void {
  for (let y = lo; y < hi; y++) {
    const row = <usize>y * <usize>stride << 2;
    for (let x = 0; x < columns; x++) {
      const at = row + (<usize>x << 2);
      if (coarse != 0 && amid(x, y, columns, coarseWidth, coarseHeight)) {
        expand8(coarse, coarseStride, x, y, scratch);
        const a = f32x4.add(f32x4.div(v128.load(sums + at), v128.load(weights + at)), v128.load(scratch));
        const b = f32x4.add(f32x4.div(v128.load(sums + at, 16), v128.load(weights + at, 16)), v128.load(scratch, 16));
        if (!v128.any_true(v128.or(f32x4.ne(a, a), f32x4.ne(b, b)))) {
          v128.store(sums + at, a);
          v128.store(sums + at, b, 16);
          x += 7;
          continue;
        }
      }
      const w = load<f32>(weights + at);
      let v: f32 = load<f32>(sums + at) / w;
      if (coarse != 0 && (w > 0 || isFinest == 0)) {
        const below = expanded(coarse, coarseStride, coarseWidth, coarseHeight, x, y);
        v = w > 0 ? v + below : below;
      }
      store<f32>(sums + at, v);
    }
  }
}
