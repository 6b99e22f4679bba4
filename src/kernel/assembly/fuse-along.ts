// Mosaics of tiles that were warped: each lies on the block's pixels already, and positions say where in it they pull.

@inline function demote(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(f32x4.demote_f64x2_zero(a), f32x4.demote_f64x2_zero(b), 0, 1, 4, 5);
}

@inline function fromEdge(u: v128, size: v128): v128 {
  return f32x4.pmin(f32x4.add(u, f32x4.splat(1)), f32x4.sub(size, u));
}

/**
 * Adds a warped tile to the sums of a block, or takes its samples where it weighs most. A tile weighs the product of the
 * distances from its edges along its x and y.
 *
 * @param lo  rows of the part of the block that the tile may show
 * @param values  the tile on these pixels: f32, NaN where it shows nothing; rows of whole vectors
 * @param positions  f64 pairs, mosaic pixels that the block's pixels pull; `positionStride` in pairs
 * @param left  place of the tile's first pixel in the mosaic's pixels
 * @param blend  0: `sums` gets the sample of the tile that weighs most, `weights` its weight; 1: sums and weights
 */
export function fuseAlong(
  lo: i32, hi: i32, values: usize, stride: i32, columns: i32, positions: usize, positionStride: i32,
  left: f64, top: f64, width: f32, height: f32, blend: i32, sums: usize, weights: usize, sumStride: i32,
): void {
  const x0 = f64x2.splat(left);
  const y0 = f64x2.splat(top);
  const w = f32x4.splat(width);
  const h = f32x4.splat(height);
  for (let y = lo; y < hi; y++) {
    const value = values + (<usize>y * <usize>stride << 2);
    const sum = sums + (<usize>y * <usize>sumStride << 2);
    const weight = weights + (<usize>y * <usize>sumStride << 2);
    let p = positions + (<usize>y * <usize>positionStride << 4);
    for (let x = 0; x < columns; x += 4, p += 64) {
      const at = <usize>x << 2;
      const a = v128.load(p);
      const b = v128.load(p, 16);
      const c = v128.load(p, 32);
      const d = v128.load(p, 48);
      const u = demote(
        f64x2.sub(v128.shuffle<f64>(a, b, 0, 2), x0), f64x2.sub(v128.shuffle<f64>(c, d, 0, 2), x0),
      );
      const v = demote(
        f64x2.sub(v128.shuffle<f64>(a, b, 1, 3), y0), f64x2.sub(v128.shuffle<f64>(c, d, 1, 3), y0),
      );
      const s = v128.load(value + at);
      let own = f32x4.mul(fromEdge(u, w), fromEdge(v, h));
      const seen = v128.and(f32x4.eq(s, s), f32x4.gt(own, f32x4.splat(0)));
      const before = v128.load(weight + at);
      if (blend == 0) {
        const better = v128.and(seen, f32x4.gt(own, before));
        v128.store(sum + at, v128.bitselect(s, v128.load(sum + at), better));
        v128.store(weight + at, v128.bitselect(own, before, better));
      } else {
        own = v128.and(own, seen);
        v128.store(sum + at, f32x4.add(v128.load(sum + at), f32x4.mul(own, v128.and(s, seen))));
        v128.store(weight + at, f32x4.add(before, own));
      }
    }
  }
}

/** Sums over weights, in place; NaN where nothing was added. */
export function fuseDivide(lo: i32, hi: i32, sums: usize, weights: usize, stride: i32, columns: i32): void {
  for (let y = lo; y < hi; y++) {
    const row = <usize>y * <usize>stride << 2;
    for (let x = 0; x < columns; x += 4) {
      const at = row + (<usize>x << 2);
      v128.store(sums + at, f32x4.div(v128.load(sums + at), v128.load(weights + at)));
    }
  }
}

/** Sets rows of f32 to one value. */
export function fillRows(lo: i32, hi: i32, at: usize, stride: i32, value: f32): void {
  const v = f32x4.splat(value);
  for (let y = lo; y < hi; y++) {
    const row = at + (<usize>y * <usize>stride << 2);
    for (let x = 0; x < stride; x += 4) v128.store(row + (<usize>x << 2), v);
  }
}
