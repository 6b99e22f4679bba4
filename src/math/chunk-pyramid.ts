import type { Window } from "../core/grid.js";
import { type DType, type PixelData, pixelArray } from "../core/image.js";
import { type Halving, halve } from "./halve.js";

/** How pixels are cut into chunks, the same for all resolutions. */
export interface Chunking {
  readonly dtype: DType;
  /** Bands that lie together in a chunk, interleaved. */
  readonly together: number;
  readonly chunkWidth: number;
  readonly chunkHeight: number;
  /** Chunks at the image's edge are full, too, with `fill` outside; otherwise they end where the image ends. */
  readonly padded: boolean;
  readonly fill: number;
  readonly halving: Halving;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A chunk on memory of its own: its place in the grid of chunks of a level (0 is full resolution). */
export interface Chunk {
  readonly level: number;
  readonly column: number;
  readonly row: number;
  /** Samples of the bands interleaved, row by row. */
  readonly data: PixelData;
}

/** The sizes of an image and its smaller versions, down to one of at most `side` pixels. */
export function halvedSizes({ width, height }: Size, side: number): Size[] {
  const out = [{ width, height }];
  for (let w = width, h = height; Math.max(w, h) > side; ) {
    w = Math.ceil(w / 2);
    h = Math.ceil(h / 2);
    out.push({ width: w, height: h });
  }
  return out;
}

/**
 * Cuts an image into chunks, and makes its smaller versions on the way, by halving what comes in.
 *
 * Memory: a row of chunks of each smaller version.
 */
export class ChunkPyramid {
  readonly #levels: Level[];

  /** @param put  gets the chunks of each level row by row; those of smaller levels come as soon as they are full */
  constructor(chunking: Chunking, sizes: readonly Size[], put: (chunk: Chunk) => Promise<void>) {
    this.#levels = [];
    for (let i = sizes.length - 1; i >= 0; i--)
      this.#levels.unshift(new Level(chunking, i, sizes[i]!, put, this.#levels[0]));
  }

  /**
   * Takes a block, band by band. Blocks come from left to right, then downwards; each begins at a chunk's corner and ends
   * at one, or at the image's edge. A block of several rows of chunks spans the image's width.
   */
  put(bands: readonly PixelData[], block: Window): Promise<void> {
    return this.#levels[0]!.put(bands, block);
  }
}

class Level {
  /** Rows gathered from the level above, band by band: one row of chunks. */
  #gathered: PixelData[] | undefined;

  constructor(
    readonly chunking: Chunking,
    readonly level: number,
    readonly size: Size,
    readonly sink: (chunk: Chunk) => Promise<void>,
    readonly next: Level | undefined,
  ) {}

  async put(bands: readonly PixelData[], block: Window): Promise<void> {
    const { chunkHeight } = this.chunking;
    for (let y = 0; y < block.height; y += chunkHeight) {
      const height = Math.min(chunkHeight, block.height - y);
      const rows =
        height === block.height
          ? bands
          : bands.map((band) => band.subarray(y * block.width, (y + height) * block.width));
      await this.#putRow(rows, { ...block, y: block.y + y, height });
    }
  }

  async #putRow(bands: readonly PixelData[], block: Window): Promise<void> {
    const { chunkWidth, chunkHeight } = this.chunking;
    for (let x = 0; x < block.width; x += chunkWidth) {
      const data = this.#cut(bands, block, x);
      await this.sink({
        level: this.level,
        column: (block.x + x) / chunkWidth,
        row: block.y / chunkHeight,
        data,
      });
    }
    const { next } = this;
    if (!next) return;
    const x = block.x / 2;
    const y = (block.y / 2) % chunkHeight;
    const rows = next.#rows();
    bands.forEach((band, b) => {
      const to = rows[b]!.subarray(y * next.size.width + x);
      halve(band, block.width, block.height, to, next.size.width, this.chunking.halving);
    });
    // Two rows of chunks above make one here; the last column of blocks completes them.
    const last = block.y + block.height === this.size.height;
    if (block.x + block.width === this.size.width && (last || (block.y / chunkHeight) % 2 === 1))
      await next.#flush(Math.floor(block.y / 2 / chunkHeight));
  }

  #rows(): PixelData[] {
    const { dtype, chunkHeight, together } = this.chunking;
    this.#gathered ??= Array.from({ length: together }, () => pixelArray(dtype, this.size.width * chunkHeight));
    return this.#gathered;
  }

  async #flush(row: number): Promise<void> {
    const { width } = this.size;
    const y = row * this.chunking.chunkHeight;
    const height = Math.min(this.chunking.chunkHeight, this.size.height - y);
    const bands = this.#rows().map((band) => band.subarray(0, height * width));
    await this.#putRow(bands, { x: 0, y, width, height });
  }

  /** Cuts one chunk out of a block, bands interleaved. */
  #cut(bands: readonly PixelData[], block: Window, x: number): PixelData {
    const { chunkWidth, chunkHeight, dtype, fill, together: count, padded } = this.chunking;
    const columns = Math.min(chunkWidth, block.width - x);
    const width = padded ? chunkWidth : columns;
    const height = padded ? chunkHeight : block.height;
    const out = pixelArray(dtype, width * height * count);
    if (fill !== 0 && (columns < width || block.height < height)) out.fill(fill);
    bands.forEach((band, b) => {
      for (let y = 0; y < block.height; y++) {
        const from = y * block.width + x;
        const to = y * width * count + b;
        if (count === 1) out.set(band.subarray(from, from + columns), to);
        else for (let i = 0; i < columns; i++) out[to + i * count] = band[from + i]!;
      }
    });
    return out;
  }
}
