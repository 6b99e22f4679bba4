// Smaller planes of any size: each pixel is the mean over the area that it covers. NaN is no observation and does not count.

/**
 * Rows [lo, hi) of a plane that is reduced to `dstWidth` by `dstHeight` pixels, neither larger than the source's. A pixel
 * is the mean of what was observed in it, NaN where that is no more than half of its area.
 *
 * @param line  scratch of 2 * (srcWidth + 16) float32 for each lane
 */
export function shrinkArea(
  lo: i32, hi: i32, src: usize, srcStride: i32, srcWidth: i32, srcHeight: i32,
  dst: usize, dstStride: i32, dstWidth: i32, dstHeight: i32, line: usize,
): void {
  const across = <f64>srcWidth / <f64>dstWidth;
  const down = <f64>srcHeight / <f64>dstHeight;
  const bytes = <usize>((srcWidth + 3) & ~3) << 2;
  const sums = line;
  const shares = line + bytes + 16;
  const least = <f32>(0.50001 * across * down); // a half, beyond what rounding may add
  for (let y = lo; y < hi; y++) {
    const top = <f64>y * down;
    const bottom = min(<f64>(y + 1) * down, <f64>srcHeight);
    memory.fill(sums, 0, bytes);
    memory.fill(shares, 0, bytes);
    for (let v = <i32>top; v < srcHeight && <f64>v < bottom; v++) {
      const weight = f32x4.splat(<f32>(min(<f64>(v + 1), bottom) - max(<f64>v, top)));
      const row = src + ((<usize>v * <usize>srcStride) << 2);
      for (let at: usize = 0; at < bytes; at += 16) {
        const value = v128.load(row + at);
        const seen = v128.and(weight, f32x4.eq(value, value));
        const part = v128.and(f32x4.mul(weight, value), f32x4.eq(value, value));
        v128.store(sums + at, f32x4.add(v128.load(sums + at), part));
        v128.store(shares + at, f32x4.add(v128.load(shares + at), seen));
      }
    }
    const out = dst + ((<usize>y * <usize>dstStride) << 2);
    for (let x = 0; x < dstWidth; x++) {
      const left = <f64>x * across;
      const right = min(<f64>(x + 1) * across, <f64>srcWidth);
      let sum: f32 = 0;
      let share: f32 = 0;
      for (let u = <i32>left; u < srcWidth && <f64>u < right; u++) {
        const weight = <f32>(min(<f64>(u + 1), right) - max(<f64>u, left));
        sum += weight * load<f32>(sums + (<usize>u << 2));
        share += weight * load<f32>(shares + (<usize>u << 2));
      }
      store<f32>(out + (<usize>x << 2), share > least ? sum / share : f32.NaN);
    }
  }
}
