import type { Image } from "../../core/image.js";
import { kernels } from "../../kernel/lane.js";
import { emptyPlane } from "../plane.js";
import { readFloat } from "../read-plane.js";

/** Samples of one band of all tiles, at most; with more tiles, each gives fewer. */
const SAMPLES_MAX = 2 ** 21;
/** Samples along a side of a tile. */
const SIDE_MIN = 32;
const SIDE_MAX = 128;
/** A sample is the mean of this many pixels squared, at most: less noise, and still smaller than what tiles show. */
const MEAN_MAX = 4;
/** Pixels that are read at one time. */
const STRIP_PIXELS = 4e6;

/** Samples of tiles of one size, on one grid of places within the tile. */
export interface TileSamples {
  /** Centres of the samples, pixels of a tile. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Per band: sample (tile, row, column) at `(tile * y.length + row) * x.length + column`; NaN where nothing was observed. */
  readonly bands: readonly Float32Array[];
  /** Per band: length of the second differences between means that lie side by side, one for each sample. */
  readonly rough: readonly Float32Array[];
  readonly tileCount: number;
}

/** Which columns or rows of means are looked at, out of `size` pixels. */
interface Axis {
  readonly picks: Int32Array;
  readonly centres: Float64Array;
}

function axis(size: number, mean: number, side: number): Axis {
  const count = Math.floor(size / mean);
  const picked = Math.min(side, count);
  const picks = Int32Array.from({ length: picked }, (_, k) => Math.floor(((k + 0.5) * count) / picked));
  return { picks, centres: Float64Array.from(picks, (k) => (k + 0.5) * mean - 0.5) };
}

/** Where samples lie in tiles of a size. */
export interface SamplePlaces {
  readonly mean: number;
  readonly across: Axis;
  readonly down: Axis;
}

/** @param tileCount  how many tiles will be sampled */
export function samplePlaces(width: number, height: number, tileCount: number): SamplePlaces {
  const side = Math.floor(Math.sqrt(SAMPLES_MAX / Math.max(1, tileCount)));
  const bounded = Math.max(SIDE_MIN, Math.min(SIDE_MAX, side));
  const mean = Math.max(1, Math.min(MEAN_MAX, Math.floor(Math.max(width, height) / SIDE_MAX), width, height));
  return { mean, across: axis(width, mean, bounded), down: axis(height, mean, bounded) };
}

/**
 * Samples of one tile: means of small squares of pixels, read in strips so that a tile is never whole in memory.
 *
 * @param into  per band, room for the samples of this tile
 * @param rough  per band, room for as many second differences
 */
export async function sampleTile(
  image: Image,
  { mean, across, down }: SamplePlaces,
  into: readonly Float32Array[],
  rough: readonly Float32Array[],
  signal: AbortSignal,
): Promise<void> {
  const { width } = image.grid;
  const rows = down.picks;
  const high = Math.max(1, Math.floor(STRIP_PIXELS / (width * mean)));
  for (let first = 0; first < rows.length; ) {
    const top = rows[first]!;
    let last = first;
    while (last + 1 < rows.length && rows[last + 1]! - top < high) last++;
    const window = { x: 0, y: top * mean, width, height: (rows[last]! - top + 1) * mean };
    for (let band = 0; band < image.bands.length; band++) {
      signal.throwIfAborted();
      using arena = kernels().arena();
      const fine = await readFloat(arena, image, window, band, { signal });
      const level = emptyPlane(arena, Math.ceil(width / mean), window.height / mean);
      const args = [fine.at, fine.stride, width, window.height, level.at, level.stride, mean];
      kernels().rows("coarsen", level.height, args, 16);
      const end = Math.floor(width / mean) - 1;
      for (let r = first; r <= last; r++) {
        const row = arena.f32(level.at + 4 * (rows[r]! - top) * level.stride, level.width);
        across.picks.forEach((x, c) => {
          into[band]![r * across.picks.length + c] = row[x]!;
          const m = Math.min(Math.max(x, 1), Math.max(1, end - 1));
          rough[band]![r * across.picks.length + c] = Math.abs(row[m - 1]! - 2 * row[m]! + row[m + 1]!);
        });
      }
    }
    first = last + 1;
  }
}
