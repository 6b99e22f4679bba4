import { coarsen, type Grid, type Window } from "../../core/grid.js";
import { bytesPerSample, type Image } from "../../core/image.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { emptyPlane, type Plane } from "../plane.js";
import { readRaw } from "../read-plane.js";
import { findableNodata, sampleType } from "../sample-type.js";
import { cutWindow } from "../window.js";

/** Bytes of raw samples that are staged in kernel memory at one time. */
const STAGE_BYTES = 16e6;

/**
 * Bands of a whole image as float32, their pixels averaged over blocks of `factor` by `factor`; NaN where a block has no
 * observation. A coarser version that the file has is used where it fits.
 *
 * @returns one plane per band, and the grid that their pixels have in the world
 */
export async function bandPlanes(
  arena: Arena,
  image: Image,
  bands: readonly number[],
  factor: number,
  signal?: AbortSignal,
): Promise<{ planes: Plane[]; grid: Grid }> {
  const { width, height } = image.grid;
  const step = (o: Image) => Math.round(width / o.grid.width);
  const existing = image.overviews?.findLast((o) => step(o) > 1 && step(o) <= factor && factor % step(o) === 0);
  if (existing && image.meaning === "intensity")
    return bandPlanes(arena, existing, bands, factor / step(existing), signal);
  const grid = coarsen(image.grid, factor);
  const planes = bands.map(() => emptyPlane(arena, grid.width, grid.height));
  const rows = Math.max(1, Math.floor(Math.max(image.tile.height, 4e6 / (width * bands.length)) / factor)) * factor;
  for (let y = 0; y < height; y += rows) {
    const strip = { x: 0, y, width, height: Math.min(rows, height - y) };
    const wide = await readStrip(arena, image, strip, bands, signal);
    wide.forEach((plane, i) => {
      const to = planes[i]!;
      const out = to.at + 4 * to.stride * (y / factor);
      const args = [plane.at, plane.stride, width, strip.height, out, to.stride, factor];
      kernels().rows("coarsen", Math.ceil(strip.height / factor), args, 16);
      arena.free(plane.at);
    });
    signal?.throwIfAborted();
  }
  return { planes, grid };
}

async function readStrip(
  arena: Arena,
  image: Image,
  strip: Window,
  bands: readonly number[],
  signal?: AbortSignal,
): Promise<Plane[]> {
  const planes = bands.map(() => emptyPlane(arena, strip.width, strip.height));
  const nodata = findableNodata(image.dtype, image.nodata);
  const bytes = bytesPerSample(image.dtype);
  for (const part of cutWindow(strip, image.tile, STAGE_BYTES / (bytes * bands.length))) {
    const raw = await readRaw(arena, image, part, bands, signal);
    planes.forEach((plane, i) => {
      const to = plane.at + 4 * ((part.y - strip.y) * plane.stride + part.x - strip.x);
      kernels().rows("widen", part.height, [
        ...[sampleType(image.dtype), raw + i * part.width * part.height * bytes, part.width, to, plane.stride],
        ...[part.width, 1, 0, nodata === undefined ? 0 : 1, nodata ?? 0],
      ]);
    });
    arena.free(raw);
  }
  return planes;
}

/**
 * A plane of `width` by `height` pixels, not more than it has: each the mean over the area that it covers, NaN where no
 * more than half of that was observed. Pixel (x, y) of the result lies at ((x + 0.5) plane.width / width - 0.5, …).
 */
export function shrinkPlane(arena: Arena, plane: Plane, width: number, height: number): Plane {
  if (width > plane.width || height > plane.height) throw new Error("Internal error: shrinking to a larger plane");
  const out = emptyPlane(arena, width, height);
  const k = kernels();
  const line = k.scratch(arena, 8 * (plane.width + 16));
  const args = [plane.at, plane.stride, plane.width, plane.height, out.at, out.stride, width, height, line];
  k.rows("shrinkArea", height, args, 16);
  arena.free(line.base);
  return out;
}
