// Mosaics: tiles that are only shifted, laid together.
//
// The host cuts a block of the mosaic into pieces in which the same tiles lie (src/math/mosaic/fuse/pieces.ts), so that no
// pixel has to ask which tiles cover it. What comes out at a pixel depends on its tiles and their order alone, never on how
// the block was cut.
import { FuseTile, loadStrip, shiftedRow, STRIDE, STRIP_HEIGHT, STRIP_WIDTH } from "./fuse-tile";
import { bytesOf, F32, I16, nanLanes, narrowTo, U16, U8 } from "./samples";

/** Each pixel from the tile that weighs most. */
const NONE: i32 = 0;

/** Floats of a strip's sums, row by row. */
const SUMS: i32 = STRIP_WIDTH * STRIP_HEIGHT;
/** Rows of samples that a strip can pull: six taps. */
const SAMPLE_ROWS: i32 = STRIP_HEIGHT + 6;

/** A piece of the mosaic in which the same tiles lie: at most a strip. */
@unmanaged
class Piece {
  x: i32;
  y: i32;
  width: i32;
  height: i32;
  /** Its tiles in their order: indices from this place on. */
  first: i32;
  count: i32;
}

@inline function tileOf(tiles: usize, indices: usize, k: i32): FuseTile {
  return changetype<FuseTile>(tiles + <usize>load<i32>(indices + (<usize>k << 2)) * offsetof<FuseTile>());
}

/**
 * Distance of pixels from the nearest pixel centre outside of the tile, along one axis: from 0.5 at an edge to the middle.
 * @param u  places in the tile, from its first pixel's centre
 */
@inline function fromEdge4(u: v128, size: f32): v128 {
  return f32x4.pmin(f32x4.add(u, f32x4.splat(1)), f32x4.sub(f32x4.splat(size), u));
}

@inline function firstFour(from: f32): v128 {
  return f32x4.add(f32x4.splat(from), f32x4(0, 1, 2, 3));
}

/** Adds a tile to the sums of a piece. */
function addTile(piece: Piece, tile: FuseTile, samples: usize, rows: usize, sums: usize, weights: usize): void {
  const u0 = <f32>(piece.x - tile.left) + tile.fractionX;
  for (let y = 0; y < piece.height; y++) {
    const v = <f32>(piece.y + y - tile.top) + tile.fractionY;
    const wy = f32x4.splat(min(v + 1, <f32>tile.height - v));
    const row = shiftedRow(tile, samples, y, piece.width, rows);
    const sum = sums + (<usize>(y * STRIP_WIDTH) << 2);
    const weight = weights + (<usize>(y * STRIP_WIDTH) << 2);
    let u = firstFour(u0);
    for (let x = 0; x < piece.width; x += 4) {
      const at = <usize>x << 2;
      const s = v128.load(row + at);
      const seen = f32x4.eq(s, s);
      const w = v128.and(f32x4.mul(wy, fromEdge4(u, <f32>tile.width)), seen);
      v128.store(sum + at, f32x4.add(v128.load(sum + at), f32x4.mul(w, v128.and(s, seen))));
      v128.store(weight + at, f32x4.add(v128.load(weight + at), w));
      u = f32x4.add(u, f32x4.splat(4));
    }
  }
}

/** Takes a tile's samples where it weighs more than the tiles before it. */
function takeTile(piece: Piece, tile: FuseTile, samples: usize, rows: usize, values: usize, best: usize): void {
  const u0 = <f32>(piece.x - tile.left) + tile.fractionX;
  for (let y = 0; y < piece.height; y++) {
    const v = <f32>(piece.y + y - tile.top) + tile.fractionY;
    const wy = f32x4.splat(min(v + 1, <f32>tile.height - v));
    const row = shiftedRow(tile, samples, y, piece.width, rows);
    const value = values + (<usize>(y * STRIP_WIDTH) << 2);
    const most = best + (<usize>(y * STRIP_WIDTH) << 2);
    let u = firstFour(u0);
    for (let x = 0; x < piece.width; x += 4) {
      const at = <usize>x << 2;
      const s = v128.load(row + at);
      const d = f32x4.mul(wy, fromEdge4(u, <f32>tile.width));
      const before = v128.load(most + at);
      const better = v128.and(f32x4.gt(d, before), f32x4.eq(s, s));
      v128.store(value + at, v128.bitselect(s, v128.load(value + at), better));
      v128.store(most + at, v128.bitselect(d, before, better));
      u = f32x4.add(u, f32x4.splat(4));
    }
  }
}

/** Where the tile's samples are the mosaic's, bit by bit: copies them. @returns whether that was so */
function copyTile(
  piece: Piece, tile: FuseTile, type: i32, fill: f64, keepClear: bool, dst: usize, dstStride: i32,
): bool {
  if (type == F32 || tile.tapsX != 1 || tile.tapsY != 1 || tile.gain != 1) return false;
  if (tile.hasNodata != 0 ? tile.nodata != fill : keepClear) return false;
  const bytes = bytesOf(type);
  const x = piece.x - tile.left - tile.leadX - tile.srcX;
  const y = piece.y - tile.top - tile.leadY - tile.srcY;
  if (x < 0 || y < 0 || x + piece.width > tile.srcWidth || y + piece.height > tile.srcHeight) return false;
  for (let r = 0; r < piece.height; r++) {
    const from = tile.src + (<usize>(y + r) * <usize>tile.stride + <usize>x) * bytes;
    memory.copy(dst + <usize>r * <usize>dstStride * bytes, from, <usize>piece.width * bytes);
  }
  return true;
}

/**
 * Lays shifted tiles together, piece by piece.
 *
 * A tile's sample between pixels is a weighted sum of 1, 2, 4 or 6 along each axis; where the taps touch the tile's border
 * or a hole, it is linear interpolation over the valid ones of the four nearest samples (see the kernel `warp`).
 *
 * @param lo  pieces, from 0
 * @param pieces  six int32 each; see `Piece`
 * @param tiles  see `FuseTile`
 * A tile weighs the product of the distances from its edges along x and y.
 *
 * @param blend  0: each pixel from the tile that weighs most there; 1: weighted means
 * @param dst  sample (x0, y0) of the mosaic; `dstStride` in elements
 * @param scratch  `fuseScratch()` bytes for each lane
 */
export function fuse(
  lo: i32, hi: i32, pieces: usize, tiles: usize, indices: usize, type: i32, blend: i32,
  dst: usize, dstType: i32, dstStride: i32, x0: i32, y0: i32, fill: f64, keepClear: i32, scratch: usize,
): void {
  const sums = scratch;
  const weights = sums + (<usize>SUMS << 2);
  const rows = weights + (<usize>SUMS << 2);
  const samples = rows + (<usize>(2 * STRIDE) << 2);
  const bytes = bytesOf(dstType);
  for (let i = lo; i < hi; i++) {
    const piece = changetype<Piece>(pieces + <usize>i * offsetof<Piece>());
    const x = piece.x;
    const y = piece.y;
    const width = piece.width;
    const height = piece.height;
    const first = piece.first;
    const count = piece.count;
    const to = dst + (<usize>(y - y0) * <usize>dstStride + <usize>(x - x0)) * bytes;
    const rowBytes = <usize>dstStride * bytes;
    if (count == 1) {
      const tile = tileOf(tiles, indices, first);
      if (type == dstType && copyTile(piece, tile, type, fill, keepClear != 0, to, dstStride)) continue;
      loadStrip(tile, type, x, y, width, height, samples);
      for (let r = 0; r < height; r++) {
        const row = shiftedRow(tile, samples, r, width, rows);
        narrowTo(dstType, row, to + <usize>r * rowBytes, width, fill, keepClear != 0);
      }
      continue;
    }
    const empty = blend == NONE || count == 0 ? nanLanes() : f32x4.splat(0);
    for (let s = 0; s < SUMS; s += 4) {
      v128.store(sums + (<usize>s << 2), empty);
      v128.store(weights + (<usize>s << 2), f32x4.splat(0));
    }
    for (let k = 0; k < count; k++) {
      const tile = tileOf(tiles, indices, first + k);
      loadStrip(tile, type, x, y, width, height, samples);
      if (blend == NONE) takeTile(piece, tile, samples, rows, sums, weights);
      else addTile(piece, tile, samples, rows, sums, weights);
    }
    for (let r = 0; r < height; r++) {
      const row = sums + (<usize>(r * STRIP_WIDTH) << 2);
      const weight = weights + (<usize>(r * STRIP_WIDTH) << 2);
      if (blend != NONE && count > 0) {
        for (let c = 0; c < width; c += 4) {
          const at = <usize>c << 2;
          v128.store(row + at, f32x4.div(v128.load(row + at), v128.load(weight + at)));
        }
      }
      narrowTo(dstType, row, to + <usize>r * rowBytes, width, fill, keepClear != 0);
    }
  }
}

/** Bytes of scratch that a lane needs for `fuse`. */
export function fuseScratch(): i32 {
  return (2 * SUMS + (2 + SAMPLE_ROWS) * STRIDE + 16) << 2;
}

function chooseSamples<T>(
  piece: Piece, tiles: usize, indices: usize, dst: usize, dstStride: i32, fill: T, best: usize,
): void {
  for (let r = 0; r < piece.height; r++) {
    const to = dst + <usize>r * <usize>dstStride * sizeof<T>();
    for (let c = 0; c < piece.width; c++) {
      store<T>(to + <usize>c * sizeof<T>(), fill);
      store<f32>(best + (<usize>c << 2), 0);
    }
    for (let k = 0; k < piece.count; k++) {
      const tile = tileOf(tiles, indices, piece.first + k);
      const v = <f32>(piece.y + r - tile.top) + tile.fractionY;
      const dy: f32 = min(v + 1, <f32>tile.height - v);
      const sx = piece.x - tile.left - tile.leadX - tile.srcX;
      const sy = piece.y + r - tile.top - tile.leadY - tile.srcY;
      const from = tile.src + (<usize>sy * <usize>tile.stride + <usize>sx) * sizeof<T>();
      for (let c = 0; c < piece.width; c++) {
        const s = load<T>(from + <usize>c * sizeof<T>());
        if (s != s || (tile.hasNodata != 0 && <f64>s == tile.nodata)) continue;
        const u = <f32>(piece.x + c - tile.left) + tile.fractionX;
        const d: f32 = dy * min(u + 1, <f32>tile.width - u);
        if (d <= load<f32>(best + (<usize>c << 2))) continue;
        store<f32>(best + (<usize>c << 2), d);
        store<T>(to + <usize>c * sizeof<T>(), s);
      }
    }
  }
}

/**
 * As `fuse` with `blend` 0, for labels and masks: every pixel is the nearest sample of one tile, bit by bit. All tiles have
 * one tap.
 */
export function fuseLabels(
  lo: i32, hi: i32, pieces: usize, tiles: usize, indices: usize, type: i32,
  dst: usize, dstStride: i32, x0: i32, y0: i32, fill: f64, scratch: usize,
): void {
  for (let i = lo; i < hi; i++) {
    const p = changetype<Piece>(pieces + <usize>i * offsetof<Piece>());
    const to = dst + (<usize>(p.y - y0) * <usize>dstStride + <usize>(p.x - x0)) * bytesOf(type);
    if (type == U8) chooseSamples<u8>(p, tiles, indices, to, dstStride, <u8>fill, scratch);
    else if (type == U16) chooseSamples<u16>(p, tiles, indices, to, dstStride, <u16>fill, scratch);
    else if (type == I16) chooseSamples<i16>(p, tiles, indices, to, dstStride, <i16>fill, scratch);
    else if (type == F32) chooseSamples<f32>(p, tiles, indices, to, dstStride, <f32>fill, scratch);
    else chooseSamples<u32>(p, tiles, indices, to, dstStride, <u32>fill, scratch);
  }
}
