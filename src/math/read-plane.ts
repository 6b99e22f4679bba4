import { coarsen, type Grid, type Window, wholeWindow } from "../core/grid.js";
import { bytesPerSample, type DType, type Image, type PixelData, pixelView, type ReadOptions } from "../core/image.js";
import { kernels } from "../kernel/lane.js";
import type { Arena } from "../kernel/memory.js";
import { emptyPlane, grayWeights, type Plane } from "./plane.js";
import { findableNodata, sampleType } from "./sample-type.js";
import { cutWindow } from "./window.js";

/** Bytes of raw samples that are staged in kernel memory at one time. */
const STAGE_BYTES = 16e6;

/** One band of a window as float32. Nodata, NaN and infinity become NaN; uint32 keeps 24 bits. */
export function readFloat(
  arena: Arena,
  image: Image,
  window: Window,
  band = 0,
  options: Pick<ReadOptions, "signal"> = {},
): Promise<Plane> {
  return readMix(arena, image, window, [[band, 1]], options);
}

/**
 * A window in gray as float32, in the image's own intensities: Rec. 601 luminance of red, green and blue, otherwise the
 * mean of all bands but alpha; NaN where any of the bands has no observation.
 */
export function readGray(
  arena: Arena,
  image: Image,
  window: Window,
  options: Pick<ReadOptions, "signal"> = {},
): Promise<Plane> {
  return readMix(arena, image, window, grayWeights(image.bands), options);
}

/**
 * A whole image in gray as float32 (see `readGray`), its pixels averaged over blocks of `factor` by `factor`; a coarser
 * version that the file has is used where it fits.
 *
 * @returns the plane, and the grid that its pixels have in the world
 */
export async function grayPlane(
  arena: Arena,
  image: Image,
  factor = 1,
  signal?: AbortSignal,
): Promise<{ plane: Plane; grid: Grid }> {
  const options = signal ? { signal } : {};
  const { width, height } = image.grid;
  if (factor === 1) return { plane: await readGray(arena, image, wholeWindow(image.grid), options), grid: image.grid };
  const step = (o: Image) => Math.round(width / o.grid.width);
  const existing = image.overviews?.findLast((o) => step(o) > 1 && step(o) <= factor && factor % step(o) === 0);
  if (existing && image.meaning === "intensity") return grayPlane(arena, existing, factor / step(existing), signal);
  const grid = coarsen(image.grid, factor);
  const plane = emptyPlane(arena, grid.width, grid.height);
  const rows = Math.max(1, Math.floor(Math.max(image.tile.height, 4e6 / width) / factor)) * factor;
  for (let y = 0; y < height; y += rows) {
    const count = Math.min(rows, height - y);
    const wide = await readGray(arena, image, { x: 0, y, width, height: count }, options);
    const out = plane.at + 4 * plane.stride * (y / factor);
    const args = [wide.at, wide.stride, width, count, out, plane.stride, factor];
    kernels().rows("coarsen", Math.ceil(count / factor), args, 16);
    arena.free(wide.at);
  }
  return { plane, grid };
}

/** A weighted sum of bands. */
async function readMix(
  arena: Arena,
  image: Image,
  window: Window,
  mix: readonly (readonly [band: number, weight: number])[],
  { signal }: Pick<ReadOptions, "signal">,
): Promise<Plane> {
  const plane = emptyPlane(arena, window.width, window.height);
  const bands = mix.map(([band]) => band);
  const nodata = findableNodata(image.dtype, image.nodata);
  const bytes = bytesPerSample(image.dtype);
  for (const part of cutWindow(window, image.tile, STAGE_BYTES / (bytes * bands.length))) {
    const raw = await readRaw(arena, image, part, bands, signal);
    const to = plane.at + 4 * ((part.y - window.y) * plane.stride + part.x - window.x);
    mix.forEach(([, weight], i) => {
      const from = raw + i * part.width * part.height * bytes;
      const known = nodata === undefined ? 0 : 1;
      kernels().rows("widen", part.height, [
        ...[sampleType(image.dtype), from, part.width, to, plane.stride, part.width],
        ...[weight, i === 0 ? 0 : 1, known, nodata ?? 0],
      ]);
    });
    arena.free(raw);
  }
  return plane;
}

/** Samples of a window in kernel memory, in the image's own type, planar and without gaps. @returns their address */
export async function readRaw(
  arena: Arena,
  image: Image,
  window: Window,
  bands: readonly number[],
  signal?: AbortSignal,
): Promise<number> {
  const count = bands.length * window.width * window.height;
  const at = arena.bytes(count * bytesPerSample(image.dtype));
  const into = pixelView(image.dtype, kernels().heap.memory.buffer, at, count);
  const pixels = await image.read(window, { bands, into, ...(signal ? { signal } : {}) });
  if (pixels.data !== into) into.set(pixels.data);
  return at;
}

/**
 * Writes the part of a plane that begins at (left, top) as samples of a type, into rows of `out` from element `from` on.
 *
 * @param fill  for NaN
 * @param keepClear  valid integer samples that would come out as `fill` move by one
 */
export function writeSamples(
  arena: Arena,
  plane: Plane,
  part: { readonly left: number; readonly top: number; readonly width: number; readonly height: number },
  dtype: DType,
  { fill, keepClear }: { readonly fill: number; readonly keepClear: boolean },
  out: { readonly data: PixelData; readonly from: number; readonly stride: number },
): void {
  const { left, top, width, height } = part;
  const at = arena.bytes(width * height * bytesPerSample(dtype));
  kernels().rows("narrow", height, [
    ...[sampleType(dtype), plane.at + 4 * (top * plane.stride + left), plane.stride, at, width, width],
    ...[fill, keepClear ? 1 : 0],
  ]);
  copyRows(dtype, at, width, height, out);
  arena.free(at);
}

/** Copies rows without gaps in kernel memory into rows of `out`. */
export function copyRows(
  dtype: DType,
  at: number,
  width: number,
  height: number,
  out: { readonly data: PixelData; readonly from: number; readonly stride: number },
): void {
  const samples = pixelView(dtype, kernels().heap.memory.buffer, at, width * height);
  if (out.stride === width) out.data.set(samples, out.from);
  else {
    for (let y = 0; y < height; y++)
      out.data.set(samples.subarray(y * width, (y + 1) * width), out.from + y * out.stride);
  }
}

/** What stands for "no observation" in an image: its nodata value; without one NaN in float32, 0 in integers. */
export const holeValue = (image: Pick<Image, "dtype" | "nodata">): number =>
  image.nodata ?? (image.dtype === "float32" ? Number.NaN : 0);
