// A plane brought to mean 0 and variance 1 around every pixel: what is left when light changes from place to place.

/** Adds a row's samples to the columns' sums, or takes them away: counts, sums and sums of squares. NaN does not count. */
@inline
function addRow(row: usize, width: i32, sums: usize, plane: usize, sign: f64): void {
  const s = f64x2.splat(sign);
  for (let x = 0; x < width; x += 4) {
    const v = v128.load(row + (<usize>x << 2)), seen = f32x4.eq(v, v), value = v128.and(v, seen), one = v128.and(f32x4.splat(1), seen);
    const at = sums + (<usize>x << 3);
    const a = f64x2.promote_low_f32x4(value), b = f64x2.promote_low_f32x4(v128.shuffle<f32>(value, value, 2, 3, 2, 3));
    const n = f64x2.promote_low_f32x4(one), m = f64x2.promote_low_f32x4(v128.shuffle<f32>(one, one, 2, 3, 2, 3));
    v128.store(at, f64x2.add(v128.load(at), f64x2.mul(s, n)));
    v128.store(at, f64x2.add(v128.load(at, 16), f64x2.mul(s, m)), 16);
    v128.store(at + plane, f64x2.add(v128.load(at + plane), f64x2.mul(s, a)));
    v128.store(at + plane, f64x2.add(v128.load(at + plane, 16), f64x2.mul(s, b)), 16);
    v128.store(at + 2 * plane, f64x2.add(v128.load(at + 2 * plane), f64x2.mul(s, f64x2.mul(a, a))));
    v128.store(at + 2 * plane, f64x2.add(v128.load(at + 2 * plane, 16), f64x2.mul(s, f64x2.mul(b, b))), 16);
  }
}

/**
 * For strips [lo, hi) of `stripRows` rows: dst = (src - m) / sqrt(var + floor), m and var over the square of 2 radius + 1 pixels
 * around each that lies in the plane and is observed. NaN stays NaN.
 *
 * @param scratch  24 (width + 4) bytes of each lane
 */
export function localContrast(
  lo: i32, hi: i32, src: usize, srcStride: i32, width: i32, height: i32, dst: usize, dstStride: i32,
  radius: i32, floor: f64, stripRows: i32, scratch: usize,
): void {
  const rowBytes = <usize>srcStride << 2, plane = <usize>(width + 4) << 3;
  for (let strip = lo; strip < hi; strip++) {
    const y0 = strip * stripRows, y1 = min(height, y0 + stripRows);
    memory.fill(scratch, 0, 3 * plane);
    for (let y = max(0, y0 - radius); y < min(height, y0 + radius); y++) addRow(src + <usize>y * rowBytes, width, scratch, plane, 1);
    for (let y = y0; y < y1; y++) {
      if (y + radius < height) addRow(src + <usize>(y + radius) * rowBytes, width, scratch, plane, 1);
      if (y > y0 && y - radius - 1 >= 0) addRow(src + <usize>(y - radius - 1) * rowBytes, width, scratch, plane, -1);
      const row = src + <usize>y * rowBytes, out = dst + <usize>y * (<usize>dstStride << 2);
      let n: f64 = 0, s: f64 = 0, q: f64 = 0;
      for (let x = 0; x < min(radius, width); x++) {
        const at = scratch + (<usize>x << 3);
        n += load<f64>(at); s += load<f64>(at + plane); q += load<f64>(at + 2 * plane);
      }
      for (let x = 0; x < width; x++) {
        if (x + radius < width) {
          const at = scratch + (<usize>(x + radius) << 3);
          n += load<f64>(at); s += load<f64>(at + plane); q += load<f64>(at + 2 * plane);
        }
        if (x > radius) {
          const at = scratch + (<usize>(x - radius - 1) << 3);
          n -= load<f64>(at); s -= load<f64>(at + plane); q -= load<f64>(at + 2 * plane);
        }
        const v = <f64>load<f32>(row + (<usize>x << 2)), mean = s / n, variance = max(0, q / n - mean * mean);
        store<f32>(out + (<usize>x << 2), v == v ? <f32>((v - mean) / sqrt(variance + floor)) : f32.NaN);
      }
    }
  }
}
