// Median over square windows, by forgetful selection: of n samples, more than half of which are in hand, neither the
// smallest nor the largest can be the median, so both are dropped and the next sample is taken in.

@inline function low(a: v128, b: v128): v128 {
  return f32x4.pmin(a, b);
}
@inline function high(a: v128, b: v128): v128 {
  return f32x4.pmax(a, b);
}
@inline function middle(a: v128, b: v128, c: v128): v128 {
  return high(low(a, b), low(high(a, b), c));
}

/**
 * Median of nine vectors: with the columns of three sorted, it is the median of the largest of the smallest, the middle of
 * the middle and the smallest of the largest.
 */
@inline function medianOfNine(above: usize, here: usize, below: usize): v128 {
  const a = v128.load(above);
  const b = v128.load(here);
  const c = v128.load(below);
  const d = v128.load(above, 4);
  const e = v128.load(here, 4);
  const f = v128.load(below, 4);
  const g = v128.load(above, 8);
  const h = v128.load(here, 8);
  const i = v128.load(below, 8);
  const lows = high(high(low(low(a, b), c), low(low(d, e), f)), low(low(g, h), i));
  const middles = middle(middle(a, b, c), middle(d, e, f), middle(g, h, i));
  const highs = low(low(high(high(a, b), c), high(high(d, e), f)), high(high(g, h), i));
  // NaN where any of the nine is NaN.
  const sum = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h)));
  const all = f32x4.add(sum, i);
  return v128.bitselect(middle(lows, middles, highs), all, f32x4.eq(all, all));
}

/** Median of `count` (odd) vectors at `hand`, lane by lane; the vectors are overwritten. */
function medianOf(hand: usize, count: i32): v128 {
  let n = count / 2 + 2;
  if (n > count) n = count;
  let begin = hand;
  let next = n;
  while (n > 1) {
    const end = begin + (<usize>(n - 1) << 4);
    // The smallest to the front, the largest to the back, by pairs that are put in order first.
    let least = v128.load(begin);
    let most = v128.load(end);
    const t = f32x4.pmin(least, most);
    most = f32x4.pmax(least, most);
    least = t;
    for (let p = begin + 16; p < end; p += 16) {
      const v = v128.load(p);
      const w = f32x4.pmax(least, v);
      least = f32x4.pmin(least, v);
      v128.store(p, f32x4.pmin(most, w));
      most = f32x4.pmax(most, w);
    }
    v128.store(begin, least);
    v128.store(end, most);
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
  const zero = f32x4.splat(0); // added, it turns -0 into 0, so that both ways of selecting agree
  for (let y = lo; y < hi; y++) {
    const out = dst + ((<usize>y * <usize>dstStride) << 2);
    const centre = src + ((<usize>y * <usize>srcStride) << 2);
    const above = src + ((<usize>max(y - 1, 0) * <usize>srcStride) << 2);
    const below = src + ((<usize>min(y + 1, height - 1) * <usize>srcStride) << 2);
    for (let x = 0; x < width; x += 4) {
      const whole = x >= radius && x + 3 + radius < width;
      const at = out + (<usize>x << 2);
      if (whole && radius == 1) {
        const left = <usize>(x - 1) << 2;
        const m = medianOfNine(above + left, centre + left, below + left);
        if (!v128.any_true(f32x4.ne(m, m))) {
          v128.store(at, f32x4.add(m, zero));
          continue;
        }
      }
      let holes = i32x4.splat(0);
      if (whole && radius > 1) {
        let to = hand;
        for (let j = y - radius; j <= y + radius; j++) {
          let p = src + ((<usize>min(max(j, 0), height - 1) * <usize>srcStride + <usize>(x - radius)) << 2);
          for (let i = 0; i < side; i++) {
            const v = v128.load(p);
            holes = v128.or(holes, f32x4.ne(v, v));
            v128.store(to, v);
            to += 16;
            p += 4;
          }
        }
      }
      if (whole && radius > 1 && !v128.any_true(holes)) {
        v128.store(at, f32x4.add(medianOf(hand, side * side), zero));
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
