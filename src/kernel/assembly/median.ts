// Median over square windows, by forgetful selection: of n samples, more than half of which are in hand, neither the
// smallest nor the largest can be the median, so both are dropped and the next sample is taken in.

@inline function swapInOrder(a: usize, b: usize): void {
  const p = v128.load(a);
  const q = v128.load(b);
  v128.store(a, f32x4.min(p, q));
  v128.store(b, f32x4.max(p, q));
}

/** Median of `count` (odd) vectors at `hand`, lane by lane; the vectors are overwritten. */
function medianOf(hand: usize, count: i32): v128 {
  let n = count / 2 + 2;
  if (n > count) n = count;
  let begin = hand;
  let next = n;
  while (n > 1) {
    const end = begin + (<usize>(n - 1) << 4);
    // The smallest to the front, the largest to the back.
    for (let p = begin + 16; p <= end; p += 16) swapInOrder(begin, p);
    for (let p = begin + 16; p < end; p += 16) swapInOrder(p, end);
    if (n == 3 && next == count) return v128.load(begin + 16);
    begin += 16;
    n -= 2;
    if (next < count) {
      // The next sample takes the place of the largest.
      v128.store(begin + (<usize>n << 4), v128.load(hand + (<usize>next << 4)));
      next++;
      n++;
    }
  }
  return v128.load(begin);
}

/** Median of the valid samples around a pixel: with an even number, the lower of the middle two. */
function medianAround(src: usize, stride: i32, width: i32, height: i32, x: i32, y: i32, radius: i32, hand: usize): f32 {
  let count = 0;
  for (let j = y - radius; j <= y + radius; j++) {
    const row = src + ((<usize>min(max(j, 0), height - 1) * <usize>stride) << 2);
    for (let i = x - radius; i <= x + radius; i++) {
      const v = load<f32>(row + (<usize>min(max(i, 0), width - 1) << 2)) + <f32>0;
      if (v != v) continue;
      // Insertion keeps them sorted.
      let k = count++;
      for (; k > 0 && load<f32>(hand + (<usize>(k - 1) << 2)) > v; k--) {
        store<f32>(hand + (<usize>k << 2), load<f32>(hand + (<usize>(k - 1) << 2)));
      }
      store<f32>(hand + (<usize>k << 2), v);
    }
  }
  return load<f32>(hand + (<usize>((count - 1) / 2) << 2));
}

/**
 * Median over windows of 2 * radius + 1 squared; beyond the plane the nearest sample counts. Samples without observation
 * do not count and stay without.
 *
 * @param hand  scratch of 16 * (2 * radius + 1) squared bytes and 64 for each lane
 */
export function median(
  lo: i32, hi: i32, src: usize, srcStride: i32, dst: usize, dstStride: i32, width: i32, height: i32, radius: i32,
  hand: usize,
): void {
  const side = 2 * radius + 1;
  const zero = f32x4.splat(0); // turns -0 into 0, so that both ways of selecting agree
  for (let y = lo; y < hi; y++) {
    const out = dst + ((<usize>y * <usize>dstStride) << 2);
    const centre = src + ((<usize>y * <usize>srcStride) << 2);
    for (let x = 0; x < width; x += 4) {
      const whole = x >= radius && x + 3 + radius < width;
      let holes = i32x4.splat(0);
      if (whole) {
        let at = hand;
        for (let j = y - radius; j <= y + radius; j++) {
          let p = src + ((<usize>min(max(j, 0), height - 1) * <usize>srcStride + <usize>(x - radius)) << 2);
          for (let i = 0; i < side; i++) {
            const v = v128.load(p);
            holes = v128.or(holes, f32x4.ne(v, v));
            v128.store(at, f32x4.add(v, zero));
            at += 16;
            p += 4;
          }
        }
      }
      if (whole && !v128.any_true(holes)) {
        v128.store(out + (<usize>x << 2), medianOf(hand, side * side));
        continue;
      }
      for (let i = x; i < min(x + 4, width); i++) {
        const v = load<f32>(centre + (<usize>i << 2));
        const m = v == v ? medianAround(src, srcStride, width, height, i, y, radius, hand) : v;
        store<f32>(out + (<usize>i << 2), m);
      }
    }
  }
}
