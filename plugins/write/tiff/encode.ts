import { promisify } from "node:util";
import * as zlib from "node:zlib";
import type { PixelData } from "tiepoint/plugin";

const { Z_DEFAULT_STRATEGY, Z_RLE } = zlib.constants;

export type Compression = "none" | "deflate" | "zstd";

const deflate = promisify(zlib.deflate) as (data: Uint8Array, options: zlib.ZlibOptions) => Promise<Uint8Array>;

const zstdNative =
  "zstdCompress" in zlib
    ? (promisify(zlib.zstdCompress) as unknown as (data: Uint8Array) => Promise<Uint8Array>)
    : undefined;

async function zstd(data: Uint8Array): Promise<Uint8Array> {
  if (zstdNative) return zstdNative(data);
  const { default: Zstd } = await import("numcodecs/zstd");
  return new Zstd(3).encode(data);
}

export interface Encoding {
  readonly compression: Compression;
  readonly predictor: 1 | 2 | 3;
}

/**
 * Compresses the samples of one tile.
 *
 * @param rowValues  samples per row; @param together  bands that lie together; the tile may be changed
 */
export async function encodeTile(
  tile: PixelData,
  rowValues: number,
  together: number,
  { compression, predictor }: Encoding,
): Promise<Uint8Array> {
  if (predictor === 2) subtractLeft(tile, rowValues, together);
  const bytes =
    predictor === 3
      ? splitFloat(tile, rowValues, together)
      : new Uint8Array(tile.buffer, tile.byteOffset, tile.byteLength);
  switch (compression) {
    case "none":
      return bytes;
    case "deflate":
      // Differences of neighbours repeat in runs and hardly else: looking for runs alone packs within some per cent as
      // well in less than half the time, and its result does not hang on how a zlib hashes.
      return deflate(bytes, {
        level: 6,
        strategy: predictor === 1 ? Z_DEFAULT_STRATEGY : Z_RLE,
        chunkSize: 128 * 1024, // each chunk is a trip to the thread pool
      });
    case "zstd":
      return zstd(bytes);
  }
}

/** Predictor 2: each sample less the one to its left, wrapping around (TIFF 6.0, section 14). */
function subtractLeft(values: PixelData, rowValues: number, together: number): void {
  for (let row = values.length - rowValues; row >= 0; row -= rowValues)
    for (let i = row + rowValues - 1; i >= row + together; i--) values[i] = values[i]! - values[i - together]!;
}

/** Predictor 3: a row's highest bytes first, then the next, as differences (Adobe TIFF Technical Note 3). */
function splitFloat(values: PixelData, rowValues: number, together: number): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const out = new Uint8Array(bytes.length);
  const rowBytes = rowValues * 4;
  for (let row = 0; row < bytes.length; row += rowBytes) {
    for (let b = 0; b < 4; b++)
      for (let i = 0, from = row + 3 - b; i < rowValues; i++, from += 4) out[row + b * rowValues + i] = bytes[from]!;
    for (let i = row + rowBytes - 1; i >= row + together; i--) out[i] = out[i]! - out[i - together]!;
  }
  return out;
}
