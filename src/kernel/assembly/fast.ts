// FAST corners [Rosten and Drummond 2006, doi:10.1007/11744023_34] on uint8 images, and the pyramid they are sought in.

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

/** Greatest of the least of nine neighbours in a circle of sixteen. */
@inline function arc(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, d6: v128, d7: v128,
  d8: v128, d9: v128, d10: v128, d11: v128, d12: v128, d13: v128, d14: v128, d15: v128): v128 {
  // Eight from every odd place on, then the better of the two that can be the ninth.
  const a1 = i8x16.min_u(d1, d2), a3 = i8x16.min_u(d3, d4), a5 = i8x16.min_u(d5, d6), a7 = i8x16.min_u(d7, d8);
  const a9 = i8x16.min_u(d9, d10), a11 = i8x16.min_u(d11, d12), a13 = i8x16.min_u(d13, d14), a15 = i8x16.min_u(d15, d0);
  const b1 = i8x16.min_u(a1, a3), b3 = i8x16.min_u(a3, a5), b5 = i8x16.min_u(a5, a7), b7 = i8x16.min_u(a7, a9);
  const b9 = i8x16.min_u(a9, a11), b11 = i8x16.min_u(a11, a13), b13 = i8x16.min_u(a13, a15), b15 = i8x16.min_u(a15, a1);
  let best = i8x16.min_u(i8x16.min_u(b1, b5), i8x16.max_u(d0, d9));
  best = i8x16.max_u(best, i8x16.min_u(i8x16.min_u(b3, b7), i8x16.max_u(d2, d11)));
  best = i8x16.max_u(best, i8x16.min_u(i8x16.min_u(b5, b9), i8x16.max_u(d4, d13)));
  best = i8x16.max_u(best, i8x16.min_u(i8x16.min_u(b7, b11), i8x16.max_u(d6, d15)));
  best = i8x16.max_u(best, i8x16.min_u(i8x16.min_u(b9, b13), i8x16.max_u(d8, d1)));
  best = i8x16.max_u(best, i8x16.min_u(i8x16.min_u(b11, b15), i8x16.max_u(d10, d3)));
  best = i8x16.max_u(best, i8x16.min_u(i8x16.min_u(b13, b1), i8x16.max_u(d12, d5)));
  return i8x16.max_u(best, i8x16.min_u(i8x16.min_u(b15, b3), i8x16.max_u(d14, d7)));
}

/** Scores of columns [border, width - border) of a row: by how much nine neighbours in a row differ; 0 up to the threshold. */
function scoreRow(row: usize, stride: usize, width: i32, border: i32, threshold: i32, out: usize): void {
  const t = i8x16.splat(<i8>threshold);
  const end = width - border;
  for (let x = border; x < end; x += 16) {
    const p = row + <usize>x;
    const c = v128.load(p);
    const n = v128.load(p - 3 * stride), e = v128.load(p + 3), s = v128.load(p + 3 * stride), w = v128.load(p - 3);
    // Nine of sixteen hold two neighbouring ones of the four that lie straight.
    const high = i8x16.add_sat_u(c, t), low = i8x16.sub_sat_u(c, t);
    const bn = i8x16.gt_u(n, high), be = i8x16.gt_u(e, high), bs = i8x16.gt_u(s, high), bw = i8x16.gt_u(w, high);
    const dn = i8x16.lt_u(n, low), de = i8x16.lt_u(e, low), ds = i8x16.lt_u(s, low), dw = i8x16.lt_u(w, low);
    const maybe = v128.or(v128.and(v128.or(bn, bs), v128.or(be, bw)), v128.and(v128.or(dn, ds), v128.or(de, dw)));
    if (!v128.any_true(maybe)) {
      v128.store(out + <usize>x, i8x16.splat(0));
      continue;
    }
    const p1 = v128.load(p - 3 * stride + 1), p2 = v128.load(p - 2 * stride + 2), p3 = v128.load(p - stride + 3);
    const p5 = v128.load(p + stride + 3), p6 = v128.load(p + 2 * stride + 2), p7 = v128.load(p + 3 * stride + 1);
    const p9 = v128.load(p + 3 * stride - 1), p10 = v128.load(p + 2 * stride - 2), p11 = v128.load(p + stride - 3);
    const p13 = v128.load(p - stride - 3), p14 = v128.load(p - 2 * stride - 2), p15 = v128.load(p - 3 * stride - 1);
    const bright = arc(i8x16.sub_sat_u(n, c), i8x16.sub_sat_u(p1, c), i8x16.sub_sat_u(p2, c), i8x16.sub_sat_u(p3, c),
      i8x16.sub_sat_u(e, c), i8x16.sub_sat_u(p5, c), i8x16.sub_sat_u(p6, c), i8x16.sub_sat_u(p7, c),
      i8x16.sub_sat_u(s, c), i8x16.sub_sat_u(p9, c), i8x16.sub_sat_u(p10, c), i8x16.sub_sat_u(p11, c),
      i8x16.sub_sat_u(w, c), i8x16.sub_sat_u(p13, c), i8x16.sub_sat_u(p14, c), i8x16.sub_sat_u(p15, c));
    const dark = arc(i8x16.sub_sat_u(c, n), i8x16.sub_sat_u(c, p1), i8x16.sub_sat_u(c, p2), i8x16.sub_sat_u(c, p3),
      i8x16.sub_sat_u(c, e), i8x16.sub_sat_u(c, p5), i8x16.sub_sat_u(c, p6), i8x16.sub_sat_u(c, p7),
      i8x16.sub_sat_u(c, s), i8x16.sub_sat_u(c, p9), i8x16.sub_sat_u(c, p10), i8x16.sub_sat_u(c, p11),
      i8x16.sub_sat_u(c, w), i8x16.sub_sat_u(c, p13), i8x16.sub_sat_u(c, p14), i8x16.sub_sat_u(c, p15));
    const score = i8x16.max_u(bright, dark);
    v128.store(out + <usize>x, v128.and(score, i8x16.gt_u(score, t)));
  }
  memory.fill(out + <usize>end, 0, 16);
}

/**
 * FAST-9 corners of rows first + [lo, hi), not nearer than `border` (at least 4) to the edge, that score highest among their
 * eight neighbours. Row i writes up to `capacity` uint32 (column << 8 | score) at out + 4 i capacity, their number to counts[i].
 * `ring` is scratch of 3 (width + 32) bytes.
 */
export function fastCorners(lo: i32, hi: i32, src: usize, stride: i32, width: i32, height: i32, first: i32, border: i32,
  threshold: i32, ring: usize, counts: usize, out: usize, capacity: i32): void {
  const line = <usize>((width + 47) & ~15);
  memory.fill(ring, 0, 3 * line);
  let ready = i32.MIN_VALUE;
  for (let i = lo; i < hi; i++) {
    const y = first + i;
    let count = 0;
    if (y >= border && y < height - border) {
      for (let r = max(ready + 1, y - 1); r <= y + 1; r++) {
        scoreRow(src + <usize>r * <usize>stride, <usize>stride, width, border, threshold, ring + <usize>(r % 3) * line);
      }
      ready = y + 1;
      const up = ring + <usize>((y + 2) % 3) * line, row = ring + <usize>(y % 3) * line, down = ring + <usize>((y + 1) % 3) * line;
      const base = out + ((<usize>i * <usize>capacity) << 2);
      for (let x = border; x < width - border; x += 16) {
        const c = v128.load(row + <usize>x);
        if (!v128.any_true(c)) continue;
        const u = up + <usize>x, m = row + <usize>x, d = down + <usize>x;
        // Of equal neighbours the first in reading order wins.
        const before = i8x16.max_u(i8x16.max_u(v128.load(u - 1), v128.load(u)), i8x16.max_u(v128.load(u + 1), v128.load(m - 1)));
        const after = i8x16.max_u(i8x16.max_u(v128.load(d - 1), v128.load(d)), i8x16.max_u(v128.load(d + 1), v128.load(m + 1)));
        // Columns beyond the border are 0 in the ring, so that they never pass.
        let bits = i8x16.bitmask(v128.and(v128.and(i8x16.gt_u(c, before), i8x16.ge_u(c, after)), i8x16.gt_u(c, i8x16.splat(0))));
        while (bits) {
          const j = ctz(bits);
          bits &= bits - 1;
          if (count < capacity) {
            store<u32>(base + (<usize>count << 2), (<u32>(x + j) << 8) | load<u8>(m + <usize>j));
            count++;
          }
        }
      }
    }
    store<i32>(counts + (<usize>i << 2), count);
  }
}
