// What detectors look at: intensities on a common scale, without holes.

/**
 * (v - offset) * gain, clamped, of rows [lo, hi) in place. Where `seen` (one byte per pixel, no gaps) is 0 or v is not a
 * number, v becomes `fill` and `seen` becomes 0. missing[row] counts those.
 */
export function featureRows(lo: i32, hi: i32, plane: usize, stride: i32, width: i32, offset: f32, gain: f32,
  least: f32, most: f32, fill: f32, seen: usize, missing: usize): void {
  for (let y = lo; y < hi; y++) {
    const row = plane + ((<usize>y * <usize>stride) << 2);
    const mask = seen + <usize>y * <usize>width;
    let count = 0;
    let x = 0;
    const vOffset = f32x4.splat(offset), vGain = f32x4.splat(gain), vLeast = f32x4.splat(least), vMost = f32x4.splat(most);
    for (; x < width; x++) {
      // Four at a time where all are observed; the next one alone where not.
      while (x + 4 <= width) {
        const at = row + (<usize>x << 2);
        const four = v128.load(at);
        if (load<u32>(mask + <usize>x) != 0x01010101 || !i32x4.all_true(f32x4.eq(four, four))) break;
        v128.store(at, f32x4.min(vMost, f32x4.max(vLeast, f32x4.mul(f32x4.sub(four, vOffset), vGain))));
        x += 4;
      }
      if (x >= width) break;
      const p = row + (<usize>x << 2);
      const v = load<f32>(p);
      if (load<u8>(mask + <usize>x) == 0 || !(v == v)) {
        store<f32>(p, fill);
        store<u8>(mask + <usize>x, 0);
        count++;
      } else {
        store<f32>(p, min(most, max(least, (v - offset) * gain)));
      }
    }
    store<i32>(missing + (<usize>y << 2), count);
  }
}
