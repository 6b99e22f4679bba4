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

/** Bytes of the plan of four columns: see `shrinkRows`. */
const PLAN: usize = 36;

/**
 * Linear interpolation of bytes onto fewer rows and columns.
 *
 * `rows` holds, for each of the smaller image's, the first of the two samples and the weight of the second in 1/256 (int32
 * each). `columns` holds a plan for every four: the first sample that any of them needs (int32); which bytes of the 16 from
 * there on are their first samples and their second ones (uint16 samples, 16 bytes); their weights (8 uint16). They need
 * eight samples at most. `line` is scratch of 2 (srcWidth + 32) bytes.
 */
export function shrinkRows(lo: i32, hi: i32, src: usize, srcStride: i32, srcWidth: i32, dst: usize, dstStride: i32, width: i32,
  columns: usize, rows: usize, line: usize): void {
  const half = i32x4.splat(32768);
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
    let plan = columns;
    for (let x: usize = 0; x < <usize>width; x += 8, plan += 2 * PLAN) {
      const low = four(line, plan, half), high = four(line, plan + PLAN, half);
      const v = i16x8.narrow_i32x4_u(low, high);
      v128.store64_lane(out + x, i8x16.narrow_i16x8_u(v, v), 0);
    }
  }
}

@inline function four(line: usize, plan: usize, half: v128): v128 {
  const v = i8x16.swizzle(v128.load(line + (<usize>load<i32>(plan) << 1)), v128.load(plan, 4));
  const w = v128.load(plan, 20);
  return i32x4.shr_u(i32x4.add(half, i32x4.add(i32x4.extmul_low_i16x8_u(v, w), i32x4.extmul_high_i16x8_u(v, w))), 16);
}

/** The tiles that are smoothed, in pixels: a row costs the same whichever rows are done beside it. */
const TILE = 64;
const TILE_ROWS = 8;

/**
 * Gaussian of 2 pixels, 9 taps that sum to 256, of the tiles [lo, hi) of 64 by 8 pixels that `tiles` lists (int32 each, row by
 * row of tiles); outside of the image its edge repeats. Other tiles of `dst` stay as they are. `line` is scratch of 128 bytes.
 */
export function smoothTiles(lo: i32, hi: i32, tiles: usize, src: usize, dst: usize, stride: i32, width: i32, height: i32, line: usize): void {
  const w0 = i16x8.splat(52), w1 = i16x8.splat(46), w2 = i16x8.splat(32), w3 = i16x8.splat(17), w4 = i16x8.splat(7);
  const half = i16x8.splat(128);
  const across = (width + TILE - 1) / TILE;
  for (let i = lo; i < hi; i++) {
    const tile = load<i32>(tiles + (<usize>i << 2));
    const x0 = (tile % across) * TILE, y0 = (tile / across) * TILE_ROWS;
    const y1 = min(y0 + TILE_ROWS, height), columns = min(TILE, width - x0);
    for (let y = y0; y < y1; y++) {
      const c = rowAt(src, stride, y, height);
      const u1 = rowAt(src, stride, y - 1, height), d1 = rowAt(src, stride, y + 1, height);
      const u2 = rowAt(src, stride, y - 2, height), d2 = rowAt(src, stride, y + 2, height);
      const u3 = rowAt(src, stride, y - 3, height), d3 = rowAt(src, stride, y + 3, height);
      const u4 = rowAt(src, stride, y - 4, height), d4 = rowAt(src, stride, y + 4, height);
      // Columns from four before the tile to four after, as far as the image has them; the rest repeats its edge.
      const from = max(x0 - 8, 0), to = min(x0 + TILE + 8, width);
      const mid = line + 8;
      for (let x = from; x < to; x += 8) {
        const o = <usize>x;
        let s = i16x8.add(half, i16x8.mul(w0, v128.load8x8_u(c + o)));
        s = i16x8.add(s, i16x8.mul(w1, i16x8.add(v128.load8x8_u(u1 + o), v128.load8x8_u(d1 + o))));
        s = i16x8.add(s, i16x8.mul(w2, i16x8.add(v128.load8x8_u(u2 + o), v128.load8x8_u(d2 + o))));
        s = i16x8.add(s, i16x8.mul(w3, i16x8.add(v128.load8x8_u(u3 + o), v128.load8x8_u(d3 + o))));
        s = i16x8.add(s, i16x8.mul(w4, i16x8.add(v128.load8x8_u(u4 + o), v128.load8x8_u(d4 + o))));
        s = i16x8.shr_u(s, 8);
        v128.store64_lane(mid + <usize>(x - x0), i8x16.narrow_i16x8_u(s, s), 0);
      }
      if (x0 == 0) for (let k: usize = 1; k <= 4; k++) store<u8>(mid - k, load<u8>(mid));
      if (x0 + TILE + 4 > width) {
        const last = load<u8>(mid + <usize>(width - 1 - x0));
        for (let k = width; k < x0 + TILE + 4; k++) store<u8>(mid + <usize>(k - x0), last);
      }
      const out = dst + <usize>y * <usize>stride + <usize>x0;
      for (let x: usize = 0; x < <usize>columns; x += 8) {
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
}

@inline function rowAt(src: usize, stride: i32, y: i32, height: i32): usize {
  return src + <usize>min(max(y, 0), height - 1) * <usize>stride;
}
