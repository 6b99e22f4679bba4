// Bilateral filter (Tomasi and Manduchi 1998): a mean over neighbours that are near in place and in value.
import { storeSomeF32 } from "./samples";

/** Four pixels; `p` is the address of the first, whose neighbourhood rows begin `radius` to the left. */
@inline function smoothed(
  src: usize, stride: i32, height: i32, y: i32, column: usize, centre: v128, radius: i32, weights: usize, inverse: v128,
): v128 {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  let sum = zero;
  let total = zero;
  let w = weights;
  for (let j = y - radius; j <= y + radius; j++) {
    let p = src + ((<usize>min(max(j, 0), height - 1) * <usize>stride) << 2) + column - (<usize>radius << 2);
    for (let i = -radius; i <= radius; i++) {
      const v = v128.load(p);
      const d = f32x4.sub(v, centre);
      // (1 - u / 8)^8 in place of exp(-u): portable, and within 0.04 of it. pmax turns NaN into 0.
      let r = f32x4.pmax(zero, f32x4.sub(one, f32x4.mul(inverse, f32x4.mul(d, d))));
      r = f32x4.mul(r, r);
      r = f32x4.mul(r, r);
      r = f32x4.mul(f32x4.mul(r, r), v128.load32_splat(w));
      sum = f32x4.add(sum, f32x4.mul(r, v128.and(v, f32x4.eq(v, v))));
      total = f32x4.add(total, r);
      p += 4;
      w += 4;
    }
  }
  const mean = f32x4.div(sum, total);
  return v128.bitselect(mean, centre, f32x4.eq(centre, centre));
}

/**
 * Bilateral mean over windows of 2 * radius + 1 squared. Samples without observation do not count and stay without.
 *
 * @param src  a plane whose rows have `radius` columns before and 4 + radius behind, filled with the nearest samples
 * @param weights  of places: (2 * radius + 1) squared float32, row by row
 * @param range  standard deviation of values
 */
export function bilateral(
  lo: i32, hi: i32, src: usize, srcStride: i32, dst: usize, dstStride: i32, width: i32, height: i32, radius: i32,
  weights: usize, range: f32,
): void {
  const inverse = f32x4.splat(<f32>1 / (16 * range * range));
  for (let y = lo; y < hi; y++) {
    const out = dst + ((<usize>y * <usize>dstStride) << 2);
    const row = src + ((<usize>y * <usize>srcStride) << 2);
    for (let x = 0; x < width; x += 4) {
      const column = <usize>x << 2;
      const v = smoothed(src, srcStride, height, y, column, v128.load(row + column), radius, weights, inverse);
      if (x + 4 <= width) v128.store(out + column, v);
      else storeSomeF32(out + column, v, width - x);
    }
  }
}
