import type { Interpolation } from "../core/interpolation.js";
import type { Matrix3 } from "../core/transform.js";
import { kernels } from "../kernel/lane.js";
import type { Arena } from "../kernel/memory.js";
import { warpBand } from "./warp-kernel.js";

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
