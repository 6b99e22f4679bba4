// One tile of a mosaic, and strips of it brought to their sub-pixel place.
import { F32, I16, load4, nanLanes, nodataLanes, storeSomeF32, U16, U8 } from "./samples";

/** Columns and rows of a strip at most; taps at most. */
export const STRIP_WIDTH: i32 = 256;
export const STRIP_HEIGHT: i32 = 32;
/** Floats from one row of a strip's samples to the next: taps on both sides, and whole vectors that stick out. */
export const STRIDE: i32 = 272;

/**
 * A tile as the host writes it (src/math/mosaic/fuse/tile-records.ts). Mosaic pixel (x, y) pulls from the tile's sample
 * (x - left + fractionX, y - top + fractionY).
 */
@unmanaged
export class FuseTile {
  /** Samples of the window [srcX, srcX + srcWidth) x [srcY, srcY + srcHeight) of the tile, `stride` in elements. */
  src: usize;
  stride: i32;
  srcX: i32;
  srcY: i32;
  srcWidth: i32;
  srcHeight: i32;
  /** Size of the whole tile. */
  width: i32;
  height: i32;
  left: i32;
  top: i32;
  hasNodata: i32;
  gain: f32;
  nodata: f64;
  fractionX: f32;
  fractionY: f32;
  /** 1, 2, 4 or 6 samples along each axis; the first lies `leadX` before the one at or left of the position. */
  tapsX: i32;
  tapsY: i32;
  leadX: i32;
  leadY: i32;
  wx0: f32;
  wx1: f32;
  wx2: f32;
  wx3: f32;
  wx4: f32;
  wx5: f32;
  wy0: f32;
  wy1: f32;
  wy2: f32;
  wy3: f32;
  wy4: f32;
  wy5: f32;
}

function loadRow<T>(src: usize, dst: usize, count: i32, hasNodata: bool, nodata: v128, gain: f32): void {
  const g = f32x4.splat(gain);
  let x = 0;
  if (gain == 1 && !hasNodata) {
    for (; x + 16 <= count; x += 16) {
      const from = src + <usize>x * sizeof<T>();
      const to = dst + (<usize>x << 2);
      v128.store(to, load4<T>(from, false, nodata));
      v128.store(to, load4<T>(from + 4 * sizeof<T>(), false, nodata), 16);
      v128.store(to, load4<T>(from + 8 * sizeof<T>(), false, nodata), 32);
      v128.store(to, load4<T>(from + 12 * sizeof<T>(), false, nodata), 48);
    }
  }
  for (; x + 4 <= count; x += 4) {
    const v = load4<T>(src + <usize>x * sizeof<T>(), hasNodata, nodata);
    v128.store(dst + (<usize>x << 2), f32x4.mul(g, v));
  }
  if (x < count) {
    const v = load4<T>(src + <usize>x * sizeof<T>(), hasNodata, nodata);
    storeSomeF32(dst + (<usize>x << 2), f32x4.mul(g, v), count - x);
  }
}

function loadSamples<T>(tile: FuseTile, left: i32, top: i32, width: i32, height: i32, dst: usize): void {
  const nodata = nodataLanes<T>(tile.nodata);
  const first = max(left, tile.srcX);
  const count = min(left + width, tile.srcX + tile.srcWidth) - first;
  for (let y = 0; y < height; y++) {
    const row = dst + (<usize>(y * STRIDE) << 2);
    const sy = top + y - tile.srcY;
    const inside = count > 0 && sy >= 0 && sy < tile.srcHeight;
    if (!inside || count < width) for (let x = 0; x < width; x += 4) v128.store(row + (<usize>x << 2), nanLanes());
    if (!inside) continue;
    const from = tile.src + (<usize>sy * <usize>tile.stride + <usize>(first - tile.srcX)) * sizeof<T>();
    loadRow<T>(from, row + (<usize>(first - left) << 2), count, tile.hasNodata != 0, nodata, tile.gain);
  }
}

/** All samples of a tile that a strip of the mosaic pulls, as float32 times the tile's gain; NaN where there is none. */
export function loadStrip(tile: FuseTile, type: i32, x: i32, y: i32, width: i32, height: i32, dst: usize): void {
  const left = x - tile.left - tile.leadX;
  const top = y - tile.top - tile.leadY;
  const w = width + tile.tapsX - 1;
  const h = height + tile.tapsY - 1;
  if (type == U8) loadSamples<u8>(tile, left, top, w, h, dst);
  else if (type == U16) loadSamples<u16>(tile, left, top, w, h, dst);
  else if (type == I16) loadSamples<i16>(tile, left, top, w, h, dst);
  else if (type == F32) loadSamples<f32>(tile, left, top, w, h, dst);
  else loadSamples<u32>(tile, left, top, w, h, dst);
}


/** Sums of 2, 4 or 6 vectors that lie `step` bytes apart, weighted. */
@inline function weighted(
  p: usize, step: usize, taps: i32, w0: v128, w1: v128, w2: v128, w3: v128, w4: v128, w5: v128,
): v128 {
  const a = f32x4.add(f32x4.mul(v128.load(p), w0), f32x4.mul(v128.load(p + step), w1));
  if (taps == 2) return a;
  const b = f32x4.add(f32x4.mul(v128.load(p + 2 * step), w2), f32x4.mul(v128.load(p + 3 * step), w3));
  if (taps == 4) return f32x4.add(a, b);
  const c = f32x4.add(f32x4.mul(v128.load(p + 4 * step), w4), f32x4.mul(v128.load(p + 5 * step), w5));
  return f32x4.add(f32x4.add(a, b), c);
}

@inline function along(
  src: usize, dst: usize, count: i32, step: usize, taps: i32, w0: f32, w1: f32, w2: f32, w3: f32, w4: f32, w5: f32,
): void {
  const v0 = f32x4.splat(w0);
  const v1 = f32x4.splat(w1);
  const v2 = f32x4.splat(w2);
  const v3 = f32x4.splat(w3);
  const v4 = f32x4.splat(w4);
  const v5 = f32x4.splat(w5);
  for (let x = 0; x < count; x += 4) {
    const at = <usize>x << 2;
    v128.store(dst + at, weighted(src + at, step, taps, v0, v1, v2, v3, v4, v5));
  }
}

function down(tile: FuseTile, src: usize, dst: usize, count: i32): void {
  const t = tile;
  const step: usize = STRIDE << 2;
  if (t.tapsY == 4) along(src, dst, count, step, 4, t.wy0, t.wy1, t.wy2, t.wy3, 0, 0);
  else if (t.tapsY == 2) along(src, dst, count, step, 2, t.wy0, t.wy1, 0, 0, 0, 0);
  else along(src, dst, count, step, 6, t.wy0, t.wy1, t.wy2, t.wy3, t.wy4, t.wy5);
}

function across(tile: FuseTile, src: usize, dst: usize, count: i32): void {
  const t = tile;
  if (t.tapsX == 4) along(src, dst, count, 4, 4, t.wx0, t.wx1, t.wx2, t.wx3, 0, 0);
  else if (t.tapsX == 2) along(src, dst, count, 4, 2, t.wx0, t.wx1, 0, 0, 0, 0);
  else along(src, dst, count, 4, 6, t.wx0, t.wx1, t.wx2, t.wx3, t.wx4, t.wx5);
}

/**
 * Linear interpolation over the valid ones of the four nearest samples, weights scaled to sum 1; NaN when the nearest
 * sample is not valid.
 */
function partial(p: usize, fx: f32, fy: f32): f32 {
  const row: usize = STRIDE << 2;
  const nearest = load<f32>(p + (fx >= 0.5 ? 4 : 0) + (fy >= 0.5 ? row : 0));
  if (nearest != nearest) return nearest;
  let sum: f32 = 0;
  let weight: f32 = 0;
  for (let k = 0; k < 4; k++) {
    const w: f32 = ((k & 1) != 0 ? fx : <f32>1 - fx) * ((k & 2) != 0 ? fy : <f32>1 - fy);
    if (w == 0) continue;
    const v = load<f32>(p + ((k & 1) != 0 ? 4 : 0) + ((k & 2) != 0 ? row : 0));
    if (v == v) {
      sum += w * v;
      weight += w;
    }
  }
  return sum / weight;
}

function mendRow(tile: FuseTile, samples: usize, row: i32, out: usize, count: i32): void {
  const base = samples + (<usize>((row + tile.leadY) * STRIDE + tile.leadX) << 2);
  for (let x = 0; x < count; x += 4) {
    const v = v128.load(out + (<usize>x << 2));
    if (!v128.any_true(f32x4.ne(v, v))) continue;
    for (let i = x; i < min(x + 4, count); i++) {
      const at = <usize>i << 2;
      const s = load<f32>(out + at);
      if (s != s) store<f32>(out + at, partial(base + at, tile.fractionX, tile.fractionY));
    }
  }
}

/**
 * Row `row` of a strip: the tile's samples at their sub-pixel place.
 *
 * @param samples  what `loadStrip` made
 * @param rows  room for two rows
 * @returns address of `count` samples, NaN where the tile shows nothing; whole vectors may be read and not written
 */
export function shiftedRow(tile: FuseTile, samples: usize, row: i32, count: i32, rows: usize): usize {
  let at = samples + (<usize>(row * STRIDE) << 2);
  if (tile.tapsX == 1 && tile.tapsY == 1) return at;
  if (tile.tapsY > 1) {
    down(tile, at, rows, count + tile.tapsX - 1);
    at = rows;
  }
  if (tile.tapsX > 1) {
    const out = rows + (<usize>STRIDE << 2);
    across(tile, at, out, count);
    at = out;
  }
  mendRow(tile, samples, row, at, count);
  return at;
}
