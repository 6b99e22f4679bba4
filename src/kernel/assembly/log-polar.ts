// Spectra by direction and logarithm of frequency: what a turn and a change of scale only shift.

/** Powers below count as this: nothing has no logarithm. */
const NOTHING: f32 = 1e-30;

/**
 * Half the natural logarithm of the power of a spectrum, to 1e-5: rows [lo, hi), elements 0 to `count` (rounded up to four).
 *
 * The logarithm of the mantissa in [2/3, 4/3) is the odd series of (m - 1) / (m + 1).
 */
export function logPower(lo: i32, hi: i32, re: usize, im: usize, stride: i32, count: i32, dst: usize): void {
  const one = f32x4.splat(1);
  const least = f32x4.splat(NOTHING);
  for (let k = lo; k < hi; k++) {
    const row = (<usize>k * <usize>stride) << 2;
    for (let i = 0; i < count; i += 4) {
      const at = row + (<usize>i << 2);
      const x = v128.load(re + at), y = v128.load(im + at);
      const power = f32x4.max(least, f32x4.add(f32x4.mul(x, x), f32x4.mul(y, y)));
      // 0x3f2aaaab are the bits of 2/3.
      const bits = i32x4.sub(power, i32x4.splat(0x3f2aaaab));
      const exponent = i32x4.shr_s(bits, 23);
      const m = i32x4.sub(power, i32x4.shl(exponent, 23));
      const t = f32x4.div(f32x4.sub(m, one), f32x4.add(m, one));
      const s = f32x4.mul(t, t);
      let sum = f32x4.add(f32x4.splat(0.2), f32x4.mul(s, f32x4.splat(0.14285715)));
      sum = f32x4.add(f32x4.splat(0.33333334), f32x4.mul(s, sum));
      sum = f32x4.mul(t, f32x4.add(one, f32x4.mul(s, sum)));
      const whole = f32x4.mul(f32x4.convert_i32x4_s(exponent), f32x4.splat(0.34657359));
      v128.store(dst + at, f32x4.add(whole, sum));
    }
  }
}

/**
 * Samples a plane of a spectrum along rays, bilinearly: rows [lo, hi) of `dst` are directions.
 *
 * @param src  rows kx of elements ky = 0 to n / 2, `stride` from one to the next; row -k is row n - k
 * @param turns  cosine and sine of each direction, f32; directions in [0, pi), so that ky is never below 0
 * @param radii  `count` frequencies, f32, below n / 2 - 1
 */
export function logPolar(
  lo: i32, hi: i32, src: usize, stride: i32, n: i32, turns: usize, radii: usize, count: i32, dst: usize, dstStride: i32,
): void {
  const side = <f32>n;
  for (let a = lo; a < hi; a++) {
    const c = load<f32>(turns + (<usize>a << 3));
    const s = load<f32>(turns + (<usize>a << 3), 4);
    const to = dst + ((<usize>a * <usize>dstStride) << 2);
    for (let i = 0; i < count; i++) {
      const r = load<f32>(radii + (<usize>i << 2));
      let u = r * c;
      if (u < 0) u += side;
      const v = r * s;
      const fu = Mathf.floor(u), fv = Mathf.floor(v);
      const k = <i32>fu, j = <i32>fv;
      const p = u - fu, q = v - fv;
      const here = src + ((<usize>(k < n ? k : k - n) * <usize>stride + <usize>j) << 2);
      const next = src + ((<usize>(k + 1 < n ? k + 1 : k + 1 - n) * <usize>stride + <usize>j) << 2);
      const a0 = load<f32>(here) + q * (load<f32>(here, 4) - load<f32>(here));
      const a1 = load<f32>(next) + q * (load<f32>(next, 4) - load<f32>(next));
      store<f32>(to + (<usize>i << 2), a0 + p * (a1 - a0));
    }
  }
}
