// Whitened halves of image pairs: coarser copies, and the Laplacian of Gaussian. NaN is no observation.

/** Mean of the observed ones of four pixels, NaN where fewer than two are. */
function meanOfSome(p: usize, rowBytes: usize): f32 {
  let sum: f32 = 0;
  let count = 0;
  for (let i: usize = 0; i < 4; i++) {
    const v = load<f32>(p + ((i & 1) << 2) + (i >> 1) * rowBytes);
    if (v == v) {
      sum += v;
      count++;
    }
  }
  return count > 1 ? sum / <f32>count : f32.NaN;
}

/** Four means of 2 by 2 pixels. */
@inline function four(p: usize, rowBytes: usize): v128 {
  const lo = f32x4.add(v128.load(p), v128.load(p + rowBytes));
  const hi = f32x4.add(v128.load(p, 16), v128.load(p + rowBytes, 16));
  return f32x4.mul(
    f32x4.splat(0.25),
    f32x4.add(v128.shuffle<i32>(lo, hi, 0, 2, 4, 6), v128.shuffle<i32>(lo, hi, 1, 3, 5, 7)),
  );
}

/** Means of 2 by 2 pixels: `width` by `height` pixels of the result; strides in bytes. */
export function halveInto(src: usize, srcBytes: usize, dst: usize, dstBytes: usize, width: i32, height: i32): void {
  const whole = width & ~7;
  for (let y = 0; y < height; y++) {
    const from = src + 2 * <usize>y * srcBytes;
    const to = dst + <usize>y * dstBytes;
    for (let x = 0; x < whole; x += 8) {
      const p = from + (<usize>x << 3);
      const at = to + (<usize>x << 2);
      const v = four(p, srcBytes), w = four(p + 32, srcBytes);
      const sum = f32x4.add(v, w);
      if (v128.any_true(f32x4.ne(sum, sum))) halveSome(p, srcBytes, at, 8);
      else {
        v128.store(at, v);
        v128.store(at, w, 16);
      }
    }
    if (whole < width) halveSome(from + (<usize>whole << 3), srcBytes, to + (<usize>whole << 2), width - whole);
  }
}

/** The same where some pixels may not be observed. */
function halveSome(from: usize, srcBytes: usize, to: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const p = from + (<usize>i << 3);
    const even = load<f32>(p) + load<f32>(p + srcBytes);
    const odd = load<f32>(p, 4) + load<f32>(p + srcBytes, 4);
    const mean = <f32>0.25 * (even + odd);
    store<f32>(to + (<usize>i << 2), mean == mean ? mean : meanOfSome(p, srcBytes));
  }
}

/** What an observed pixel without any contrast is stored as: 0 stands for pixels that were not observed. */
const FLAT: f32 = 1e-30;

/**
 * Laplacian of Gaussian with sigma 1, from binomial weights, where all of its 5 by 5 pixels are observed; 0 elsewhere.
 *
 * @param src  `width` by `height` pixels, `srcBytes` from row to row
 * @param dst  `columns` by `rows` float32, `dstBytes` from row to row, columns a multiple of 4; what is outside of src is 0
 * @param lines  scratch of 2 (width + 16) float32, with 4 more before it
 * @returns whether there are pixels inside that were not observed
 */
export function whitenInto(
  src: usize, srcBytes: usize, width: i32, height: i32, dst: usize, dstBytes: usize, columns: i32, rows: i32,
  lines: usize,
): bool {
  memory.fill(dst, 0, <usize>rows * dstBytes);
  const four = f32x4.splat(4), six = f32x4.splat(6), two = f32x4.splat(2);
  const sixteenth = f32x4.splat(0.0625), quarter = f32x4.splat(0.25);
  const flat = f32x4.splat(FLAT);
  const smooth = lines;
  const bent = lines + (<usize>(width + 16) << 2);
  let holes = false;
  for (let y = 2; y < height - 2; y++) {
    const here = src + <usize>y * srcBytes;
    for (let x = 0; x < width; x += 4) {
      const p = here + (<usize>x << 2);
      const outer = f32x4.add(v128.load(p - 2 * srcBytes), v128.load(p + 2 * srcBytes));
      const inner = f32x4.add(v128.load(p - srcBytes), v128.load(p + srcBytes));
      const centre = v128.load(p);
      const sum = f32x4.add(f32x4.add(outer, f32x4.mul(four, inner)), f32x4.mul(six, centre));
      v128.store(smooth + (<usize>x << 2), f32x4.mul(sixteenth, sum));
      v128.store(bent + (<usize>x << 2), f32x4.mul(quarter, f32x4.sub(outer, f32x4.mul(two, centre))));
    }
    const to = dst + <usize>y * dstBytes;
    for (let x = 2; x < width - 2; x += 4) {
      const g = smooth + (<usize>x << 2), d = bent + (<usize>x << 2);
      const bend = f32x4.sub(f32x4.add(v128.load(g - 8), v128.load(g + 8)), f32x4.mul(two, v128.load(g)));
      const outer = f32x4.add(v128.load(d - 8), v128.load(d + 8));
      const inner = f32x4.add(v128.load(d - 4), v128.load(d + 4));
      const sum = f32x4.add(f32x4.add(outer, f32x4.mul(four, inner)), f32x4.mul(six, v128.load(d)));
      let v = f32x4.add(f32x4.mul(quarter, bend), f32x4.mul(sixteenth, sum));
      // Less than rounding may leave is no contrast.
      const rounding = f32x4.mul(f32x4.splat(5e-7), f32x4.abs(v128.load(g)));
      v = v128.bitselect(flat, v, f32x4.le(f32x4.abs(v), rounding));
      const seen = f32x4.eq(v, v);
      v = v128.and(v, seen);
      const left = width - 2 - x;
      if (left >= 4) {
        v128.store(to + (<usize>x << 2), v);
        if (!v128.all_true<i32>(seen)) holes = true;
      } else {
        v128.store(lines - 16, v);
        for (let i = 0; i < left; i++) {
          const one = load<f32>(lines - 16 + (<usize>i << 2));
          store<f32>(to + (<usize>(x + i) << 2), one);
          if (one == 0) holes = true;
        }
      }
    }
  }
  return holes;
}
