import type { Window } from "../../../core/grid.js";
import { bytesPerSample } from "../../../core/image.js";
import { kernels } from "../../../kernel/lane.js";
import type { Arena } from "../../../kernel/memory.js";
import { readRaw } from "../../read-plane.js";
import { findableNodata } from "../../sample-type.js";
import { intersect } from "../../window.js";
import type { PlacedTile } from "./placed-tile.js";
import { type FuseInterpolation, type Taps, tapsAt } from "./taps.js";

const RECORD_BYTES = 128;
/** Tiles that are read at one time: decoders have threads of their own. */
const MAX_UNDER_WAY = 4;

/** A tile's samples in kernel memory, band after band, and what the kernel must know of it. */
export interface LoadedTile {
  readonly tile: PlacedTile;
  readonly gain: number;
  readonly at: number;
  readonly window: Window;
  readonly x: Taps;
  readonly y: Taps;
}

/**
 * Reads of each tile what a block of the mosaic pulls.
 *
 * @param gains  factor on the samples of each of the tiles
 */
export async function loadTiles(
  arena: Arena,
  tiles: readonly PlacedTile[],
  gains: readonly number[],
  block: Window,
  bands: readonly number[],
  interpolation: FuseInterpolation,
  signal?: AbortSignal,
): Promise<LoadedTile[]> {
  const loaded: LoadedTile[] = [];
  let next = 0;
  const lane = async () => {
    try {
      while (next < tiles.length) {
        signal?.throwIfAborted();
        const i = next++;
        const tile = tiles[i]!;
        const x = tapsAt(interpolation, tile.fractionX);
        const y = tapsAt(interpolation, tile.fractionY);
        const window = windowOf(tile, block, x, y);
        const at = await readRaw(arena, tile.image, window, bands, signal);
        loaded[i] = { tile, gain: gains[i]!, at, window, x, y };
      }
    } catch (error) {
      next = tiles.length; // nobody wants the others any more
      throw error;
    }
  };
  // All must have ended before the arena may be freed.
  const ends = await Promise.allSettled(Array.from({ length: Math.min(MAX_UNDER_WAY, tiles.length) }, lane));
  const bad = ends.find((end) => end.status === "rejected");
  if (bad) throw bad.reason;
  return loaded;
}

/** The samples that a block pulls from a tile that it touches. Whole rows where most of them are wanted: files lie in rows. */
function windowOf({ image, covers, left, top }: PlacedTile, block: Window, x: Taps, y: Taps): Window {
  const { width, height } = image.grid;
  const part = intersect(covers, block)!;
  const down = span(part.y - top - y.lead, part.height + y.count - 1, height);
  const across = span(part.x - left - x.lead, part.width + x.count - 1, width);
  const columns = 2 * across.size > width ? { from: 0, size: width } : across;
  return { x: columns.from, y: down.from, width: columns.size, height: down.size };
}

function span(from: number, size: number, limit: number) {
  const start = Math.max(0, from);
  return { from: start, size: Math.min(limit, from + size) - start };
}

/** Writes the records of tiles for one band. @returns their address */
export function tileRecords(arena: Arena, loaded: readonly LoadedTile[], band: number): number {
  const at = arena.bytes(RECORD_BYTES * Math.max(1, loaded.length));
  loaded.forEach(({ tile, gain, at: samples, window, x, y }, i) => {
    const { image, left, top } = tile;
    const nodata = findableNodata(image.dtype, image.nodata);
    const plane = window.width * window.height * bytesPerSample(image.dtype);
    const record = at + i * RECORD_BYTES;
    const view = new DataView(kernels().heap.memory.buffer, record, RECORD_BYTES);
    const ints = [
      ...[samples + band * plane, window.width, window.x, window.y, window.width, window.height],
      ...[image.grid.width, image.grid.height, left, top, nodata === undefined ? 0 : 1],
    ];
    ints.forEach((value, k) => {
      view.setInt32(4 * k, value, true);
    });
    view.setFloat32(44, gain, true);
    view.setFloat64(48, nodata ?? 0, true);
    view.setFloat32(56, tile.fractionX, true);
    view.setFloat32(60, tile.fractionY, true);
    [x.count, y.count, x.lead, y.lead].forEach((value, k) => {
      view.setInt32(64 + 4 * k, value, true);
    });
    for (let k = 0; k < 6; k++) {
      view.setFloat32(80 + 4 * k, x.weights[k] ?? 0, true);
      view.setFloat32(104 + 4 * k, y.weights[k] ?? 0, true);
    }
  });
  return at;
}
