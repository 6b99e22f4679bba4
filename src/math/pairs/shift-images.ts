import { composeAffine, type Grid, invertAffine, type Window } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import { identity } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import { grayPlane, readGray } from "../read-plane.js";
import { warpImage } from "../resample.js";

/** One side of a registration by a shift: an image, and where it may be looked at. */
export interface ShiftSide {
  readonly image: Image;
  /** Of the image's size; 0 is what should not be looked at. */
  readonly mask?: Image | undefined;
}

/** A gray version of a side, `factor` times coarser; NaN where nothing is observed, or the mask hides it. */
export async function sidePlane(arena: Arena, { image, mask }: ShiftSide, factor: number, signal: AbortSignal) {
  const { plane } = await grayPlane(arena, image, factor, signal);
  if (mask) hide(arena, plane, (await grayPlane(arena, shades(mask), factor, signal)).plane);
  return plane;
}

/** A window of a side in gray. */
export async function sideWindow(arena: Arena, { image, mask }: ShiftSide, window: Window, signal: AbortSignal) {
  const plane = await readGray(arena, image, window, { signal });
  if (mask) hide(arena, plane, await readGray(arena, shades(mask), window, { signal }));
  return plane;
}

/** A mask whose 0 is a value, not a hole. */
function shades(mask: Image): Image {
  const { nodata: _, ...rest } = mask;
  return { ...rest, meaning: "intensity" };
}

/** Makes a plane NaN where the other one is 0 or NaN, and frees that one. */
function hide(arena: Arena, plane: Plane, shown: Plane): void {
  const [to, from] = [plane, shown].map(({ at, stride, height }) => arena.f32(at, stride * height));
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < plane.width; x++)
      if (!(from![y * shown.stride + x]! > 0)) to![y * plane.stride + x] = Number.NaN;
  }
  arena.free(shown.at);
}

/** More than this off one pixel per pixel, and the moving image is resampled first. */
const ALIKE = 1e-4;

/**
 * The moving side with pixels of the fixed one's size and direction, resampled where its own differ in a world that both
 * share; images that share no world are taken pixel by pixel.
 */
export function likeFixed(fixed: Grid, moving: ShiftSide): ShiftSide {
  if (fixed.crs !== moving.image.grid.crs) return moving;
  const movingGrid = moving.image.grid;
  const between = composeAffine(movingGrid.worldFromPixel, invertAffine(fixed.worldFromPixel));
  const [a, b, c, d, e, f] = between;
  if (Math.max(Math.abs(a - 1), Math.abs(b), Math.abs(d), Math.abs(e - 1)) <= ALIKE) return moving;
  const corners = [0, 1, 2, 3].map((i) => {
    const [x, y] = [(i & 1) * movingGrid.width - 0.5, (i >> 1) * movingGrid.height - 0.5];
    return [a * x + b * y + c, d * x + e * y + f] as const;
  });
  const [x0, y0] = [0, 1].map((n) => Math.ceil(Math.min(...corners.map((p) => p[n]!)))) as [number, number];
  const [x1, y1] = [0, 1].map((n) => Math.floor(Math.max(...corners.map((p) => p[n]!)))) as [number, number];
  const grid: Grid = {
    ...fixed,
    width: Math.max(1, x1 - x0 + 1),
    height: Math.max(1, y1 - y0 + 1),
    worldFromPixel: composeAffine([1, 0, x0, 0, 1, y0], fixed.worldFromPixel),
  };
  return {
    image: warpImage(moving.image, identity, grid, { dtype: "float32" }),
    mask: moving.mask && warpImage(moving.mask, identity, grid, { interpolation: "nearest" }),
  };
}
