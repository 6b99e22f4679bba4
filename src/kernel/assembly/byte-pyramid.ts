// The byte image that corner detectors look at, its pyramid, and its smoothing.

/** Float32 rows 0..1 as bytes 0..255, rounded and clamped. */
export function byteRows(lo: i32, hi: i32, src: usize, srcStride: i32, dst: usize, dstStride: i32, width: i32): void {
  const gain = f32x4.splat(255);
  for (let y = lo; y < hi; y++) {
    const s = src + ((<usize>y * <usize>srcStride) << 2), d = dst + <usize>y * <usize>dstStride;
    for (let x: usize = 0; x < <usize>width; x += 16) {
      const p = s + (x << 2);
      const a = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(gain, v128.load(p))));
      const b = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(gain, v128.load(p, 16))));
      const c = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(gain, v128.load(p, 32))));
      const e = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(gain, v128.load(p, 48))));
      v128.store(d + x, i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, e)));
    }
  }
}

/**
 * Linear interpolation of bytes onto fewer rows and columns. `columns` and `rows` hold, for each of the smaller image's,
 * the first of the two samples and the weight of the second in 1/256 (int32 each). `line` is scratch of 2 (width + 32) bytes.
 */
export function shrinkRows(lo: i32, hi: i32, src: usize, srcStride: i32, srcWidth: i32, dst: usize, dstStride: i32, width: i32,
  columns: usize, rows: usize, line: usize): void {
  for (let y = lo; y < hi; y++) {
    const row = rows + (<usize>y << 3);
    const a = src + <usize>load<i32>(row) * <usize>srcStride, b = a + <usize>srcStride;
    const wb = load<i32>(row, 4);
    const below = i16x8.splat(<i16>wb), above = i16x8.splat(<i16>(256 - wb));
    for (let x: usize = 0; x < <usize>srcWidth; x += 16) {
      const u = v128.load(a + x), v = v128.load(b + x);
      v128.store(line + (x << 1), i16x8.add(i16x8.mul(i16x8.extend_low_i8x16_u(u), above), i16x8.mul(i16x8.extend_low_i8x16_u(v), below)));
      v128.store(line + (x << 1), i16x8.add(i16x8.mul(i16x8.extend_high_i8x16_u(u), above), i16x8.mul(i16x8.extend_high_i8x16_u(v), below)), 16);
    }
    const out = dst + <usize>y * <usize>dstStride;
    for (let x: usize = 0; x < <usize>width; x++) {
      const p = line + (<usize>load<i32>(columns + (x << 3)) << 1);
      const w = load<i32>(columns + (x << 3), 4);
      store<u8>(out + x, (<u32>load<u16>(p) * (256 - w) + <u32>load<u16>(p, 2) * w + 32768) >> 16);
    }
  }
}

/** Gaussian of 2 pixels, 9 taps that sum to 256; outside the edge repeats. `line` is scratch of width + 64 bytes. */
export function smoothRows(lo: i32, hi: i32, src: usize, dst: usize, stride: i32, width: i32, height: i32, line: usize): void {
  const mid = line + 16;
  const w0 = i16x8.splat(52), w1 = i16x8.splat(46), w2 = i16x8.splat(32), w3 = i16x8.splat(17), w4 = i16x8.splat(7);
  const half = i16x8.splat(128);
  for (let y = lo; y < hi; y++) {
    const c = rowAt(src, stride, y, height);
    const u1 = rowAt(src, stride, y - 1, height), d1 = rowAt(src, stride, y + 1, height);
    const u2 = rowAt(src, stride, y - 2, height), d2 = rowAt(src, stride, y + 2, height);
    const u3 = rowAt(src, stride, y - 3, height), d3 = rowAt(src, stride, y + 3, height);
    const u4 = rowAt(src, stride, y - 4, height), d4 = rowAt(src, stride, y + 4, height);
    for (let x: usize = 0; x < <usize>width; x += 8) {
      let s = i16x8.add(half, i16x8.mul(w0, v128.load8x8_u(c + x)));
      s = i16x8.add(s, i16x8.mul(w1, i16x8.add(v128.load8x8_u(u1 + x), v128.load8x8_u(d1 + x))));
      s = i16x8.add(s, i16x8.mul(w2, i16x8.add(v128.load8x8_u(u2 + x), v128.load8x8_u(d2 + x))));
      s = i16x8.add(s, i16x8.mul(w3, i16x8.add(v128.load8x8_u(u3 + x), v128.load8x8_u(d3 + x))));
      s = i16x8.add(s, i16x8.mul(w4, i16x8.add(v128.load8x8_u(u4 + x), v128.load8x8_u(d4 + x))));
      s = i16x8.shr_u(s, 8);
      v128.store64_lane(mid + x, i8x16.narrow_i16x8_u(s, s), 0);
    }
    const first = load<u8>(mid), last = load<u8>(mid + <usize>width - 1);
    for (let k: usize = 1; k <= 4; k++) store<u8>(mid - k, first);
    for (let k: usize = 0; k < 16; k++) store<u8>(mid + <usize>width + k, last);
    const out = dst + <usize>y * <usize>stride;
    for (let x: usize = 0; x < <usize>width; x += 8) {
      const p = mid + x;
      let s = i16x8.add(half, i16x8.mul(w0, v128.load8x8_u(p)));
      s = i16x8.add(s, i16x8.mul(w1, i16x8.add(v128.load8x8_u(p - 1), v128.load8x8_u(p + 1))));
      s = i16x8.add(s, i16x8.mul(w2, i16x8.add(v128.load8x8_u(p - 2), v128.load8x8_u(p + 2))));
      s = i16x8.add(s, i16x8.mul(w3, i16x8.add(v128.load8x8_u(p - 3), v128.load8x8_u(p + 3))));
      s = i16x8.add(s, i16x8.mul(w4, i16x8.add(v128.load8x8_u(p - 4), v128.load8x8_u(p + 4))));
      s = i16x8.shr_u(s, 8);
      v128.store64_lane(out + x, i8x16.narrow_i16x8_u(s, s), 0);
    }
  }
}

@inline function rowAt(src: usize, stride: i32, y: i32, height: i32): usize {
  return src + <usize>min(max(y, 0), height - 1) * <usize>stride;
}
