import { coarsen, type Grid } from "../core/grid.js";
import { bytesPerSample, type Image, pixelView } from "../core/image.js";
import type { Matrix3 } from "../core/transform.js";
import { kernels } from "../kernel/lane.js";
import type { Arena } from "../kernel/memory.js";
import { findableNodata, sampleType } from "./sample-type.js";
import { type Interpolation, warpBand } from "./warp-kernel.js";

/** A gray image in kernel memory: f32, row-major; NaN where there is no observation. */
export interface Plane {
  readonly at: number;
  readonly width: number;
  readonly height: number;
  /** Row length in elements. */
  readonly stride: number;
}

/** Row length in elements: whole vectors, and never a multiple of 4 KiB, which would crowd a few cache sets. */
const strideOf = (width: number): number => {
  const stride = (width + 15) & ~15;
  return stride % 1024 === 0 ? stride + 16 : stride;
};

export function emptyPlane(arena: Arena, width: number, height: number): Plane {
  const stride = strideOf(width);
  return { at: arena.bytes(4 * stride * height), width, height, stride };
}

/**
 * Weights that make one gray band of an image's bands: luminance (Rec. 601) of red, green and blue; else the mean of all
 * bands but alpha.
 */
export function grayWeights(bands: readonly string[]): readonly (readonly [band: number, weight: number])[] {
  const luminance = { red: 0.299, green: 0.587, blue: 0.114 };
  const named = Object.entries(luminance).map(([name, weight]) => [bands.indexOf(name), weight] as const);
  if (named.every(([band]) => band >= 0)) return named;
  const seen = bands.map((_, band) => band).filter((band) => bands[band] !== "alpha");
  return seen.map((band) => [band, 1 / seen.length] as const);
}

/**
 * Reads an image as one gray plane, its pixels averaged over blocks of `factor` by `factor`.
 *
 * Rows are read in bands, so that besides the plane only a few megabytes are held.
 *
 * @returns the plane, and the grid that its pixels have in the world
 */
export async function grayPlane(
  arena: Arena,
  image: Image,
  factor = 1,
  signal?: AbortSignal,
): Promise<{ plane: Plane; grid: Grid }> {
  const existing = image.overviews?.findLast(
    (o) =>
      Math.round(image.grid.width / o.grid.width) <= factor &&
      factor % Math.round(image.grid.width / o.grid.width) === 0,
  );
  if (factor > 1 && existing && image.meaning === "intensity") {
    const step = Math.round(image.grid.width / existing.grid.width);
    if (step > 1) return grayPlane(arena, existing, factor / step, signal);
  }
  const { width, height } = image.grid;
  const grid = factor === 1 ? image.grid : coarsen(image.grid, factor);
  const plane = emptyPlane(arena, grid.width, grid.height);
  const weights = grayWeights(image.bands);
  const bytes = bytesPerSample(image.dtype);
  const rows = Math.max(
    factor,
    Math.ceil(Math.max(image.tile.height, 4e6 / (width * bytes * weights.length)) / factor) * factor,
  );
  const bandRows = Math.min(height, rows);
  const rawAt = arena.bytes(bandRows * width * bytes * weights.length);
  const wide = factor === 1 ? undefined : emptyPlane(arena, width, bandRows);
  const nodata = findableNodata(image.dtype, image.nodata);
  const k = kernels();
  for (let y = 0; y < height; y += bandRows) {
    const count = Math.min(bandRows, height - y);
    const into = pixelView(image.dtype, k.heap.memory.buffer, rawAt, count * width * weights.length);
    await image.read(
      { x: 0, y, width, height: count },
      { bands: weights.map(([band]) => band), into, ...(signal ? { signal } : {}) },
    );
    const dst = wide ? wide.at : plane.at + 4 * plane.stride * y;
    const stride = wide ? wide.stride : plane.stride;
    weights.forEach(([, weight], band) => {
      const src = rawAt + band * count * width * bytes;
      k.rows("widen", count, [
        sampleType(image.dtype),
        src,
        width,
        dst,
        stride,
        width,
        weight,
        band > 0 ? 1 : 0,
        nodata === undefined ? 0 : 1,
        nodata ?? 0,
      ]);
    });
    if (wide) {
      const out = plane.at + 4 * plane.stride * (y / factor);
      k.rows("coarsen", Math.ceil(count / factor), [wide.at, wide.stride, width, count, out, plane.stride, factor], 16);
    }
  }
  arena.free(rawAt);
  if (wide) arena.free(wide.at);
  return { plane, grid };
}

/** The plane of half the size: means of 2 by 2 pixels; a pixel without observation does not count. */
export function halfPlane(arena: Arena, plane: Plane): Plane {
  const half = emptyPlane(arena, Math.ceil(plane.width / 2), Math.ceil(plane.height / 2));
  kernels().rows(
    "coarsen",
    half.height,
    [plane.at, plane.stride, plane.width, plane.height, half.at, half.stride, 2],
    16,
  );
  return half;
}

/**
 * Warps a plane: pixel (x, y) of the result pulls from where `matrix` sends it; NaN where there is nothing to pull.
 *
 * @param matrix  pixel of the result to pixel of `plane`
 */
export function warpPlane(
  arena: Arena,
  plane: Plane,
  matrix: Matrix3,
  width: number,
  height: number,
  interpolation: Interpolation = "cubic",
): Plane {
  const out = emptyPlane(arena, width, height);
  const band = (p: Plane) => ({
    at: p.at,
    dtype: "float32" as const,
    stride: p.stride,
    window: { x: 0, y: 0, width: p.width, height: p.height },
  });
  warpBand(arena, band(plane), band(out), matrix, { interpolation, fill: Number.NaN, keepClear: false });
  return out;
}
