// Holes are NaN: pixels without observation. These kernels take them out of a plane and put them back.
import { nanLanes, storeSomeF32 } from "./samples";

@inline function storeUpTo(at: usize, v: v128, left: i32): void {
  if (left >= 4) v128.store(at, v);
  else storeSomeF32(at, v, left);
}

/** Holes in each row, as int32 at `counts`. */
export function countHoles(lo: i32, hi: i32, src: usize, stride: i32, width: i32, counts: usize): void {
  for (let y = lo; y < hi; y++) {
    const row = src + ((<usize>y * <usize>stride) << 2);
    let holes = i32x4.splat(0); // minus the count, in each lane
    let x = 0;
    for (; x + 4 <= width; x += 4) {
      const v = v128.load(row + (<usize>x << 2));
      holes = i32x4.add(holes, f32x4.ne(v, v));
    }
    let count = -i32x4.extract_lane(holes, 0) - i32x4.extract_lane(holes, 1);
    count -= i32x4.extract_lane(holes, 2) + i32x4.extract_lane(holes, 3);
    for (; x < width; x++) {
      const v = load<f32>(row + (<usize>x << 2));
      if (v != v) count++;
    }
    store<i32>(counts + (<usize>y << 2), count);
  }
}

/**
 * A plane in two: its samples with 0 in holes, and 1 where there is a sample, 0 in holes. `filled` may be `src`.
 *
 * @param stride  of `filled` and `valid`
 */
export function splitHoles(
  lo: i32, hi: i32, src: usize, srcStride: i32, filled: usize, valid: usize, stride: i32, width: i32,
): void {
  const one = f32x4.splat(1);
  for (let y = lo; y < hi; y++) {
    const from = src + ((<usize>y * <usize>srcStride) << 2);
    const to = (<usize>y * <usize>stride) << 2;
    for (let x = 0; x < width; x += 4) {
      const at = <usize>x << 2;
      const v = v128.load(from + at);
      const seen = f32x4.eq(v, v);
      storeUpTo(filled + to + at, v128.and(v, seen), width - x);
      storeUpTo(valid + to + at, v128.and(one, seen), width - x);
    }
  }
}

/**
 * Divides weighted sums by the share of valid samples in them; NaN where `valid` is 0. All rows have one stride.
 *
 * @param whole  share of a neighbourhood without holes, 1 but for rounding: such sums stay as they are, so that holes
 *   elsewhere in the plane do not change their bits
 */
export function joinHoles(
  lo: i32, hi: i32, sums: usize, shares: usize, valid: usize, stride: i32, width: i32, whole: f32,
): void {
  const all = f32x4.splat(whole);
  const zero = f32x4.splat(0);
  for (let y = lo; y < hi; y++) {
    const row = (<usize>y * <usize>stride) << 2;
    for (let x = 0; x < width; x += 4) {
      const at = row + (<usize>x << 2);
      const sum = v128.load(sums + at);
      const share = v128.load(shares + at);
      const mean = v128.bitselect(sum, f32x4.div(sum, share), f32x4.eq(share, all));
      const hole = f32x4.eq(v128.load(valid + at), zero);
      storeUpTo(sums + at, v128.bitselect(nanLanes(), mean, hole), width - x);
    }
  }
}

/** NaN in `dst` wherever `src` is NaN, or 0 when `zeros`. Both have one stride. */
export function spreadHoles(lo: i32, hi: i32, src: usize, dst: usize, stride: i32, width: i32, zeros: bool): void {
  for (let y = lo; y < hi; y++) {
    const row = (<usize>y * <usize>stride) << 2;
    for (let x = 0; x < width; x += 4) {
      const at = row + (<usize>x << 2);
      const v = v128.load(src + at);
      let hole = f32x4.ne(v, v);
      if (zeros) hole = v128.or(hole, f32x4.eq(v, f32x4.splat(0)));
      storeUpTo(dst + at, v128.bitselect(nanLanes(), v128.load(dst + at), hole), width - x);
    }
  }
}
