import { composeAffine, type Grid, invertAffine, wholeWindow } from "../core/grid.js";
import type { Image } from "../core/image.js";
import { type Matrix3, matrix3FromAffine, multiplyMatrix3, type Transform } from "../core/transform.js";
import type { Arena } from "../kernel/memory.js";
import { findOverlap } from "./overlap.js";
import { halfPlane, type Plane, warpPlane } from "./plane.js";
import { localStretch } from "./plausibility.js";
import { grayPlane, readGray } from "./read-plane.js";
import { warpImage } from "./resample.js";
import { type Similarity, similarity } from "./similarity.js";

/** Two images as gray planes, each on a grid of its own in its world. */
export interface PlanePair {
  readonly fixed: { readonly plane: Plane; readonly grid: Grid };
  readonly moving: { readonly plane: Plane; readonly grid: Grid };
}

/** Reads both images, coarsened so that neither plane has more than `maxPixels`. */
export async function readPair(
  arena: Arena,
  images: { readonly fixed: Image; readonly moving: Image },
  maxPixels: number,
  signal?: AbortSignal,
): Promise<PlanePair> {
  const factorOf = ({ grid }: Image) => Math.max(1, Math.ceil(Math.sqrt((grid.width * grid.height) / maxPixels)));
  return {
    fixed: await grayPlane(arena, images.fixed, factorOf(images.fixed), signal),
    moving: await grayPlane(arena, images.moving, factorOf(images.moving), signal),
  };
}

/** The map between pixels of two grids that a map between their worlds means. */
export function pixelMap(world: Matrix3, fixed: Grid, moving: Grid): Matrix3 {
  const into = matrix3FromAffine(invertAffine(moving.worldFromPixel));
  return multiplyMatrix3(into, multiplyMatrix3(world, matrix3FromAffine(fixed.worldFromPixel)));
}

/** The reverse of `pixelMap`. */
export function worldMap(pixel: Matrix3, fixed: Grid, moving: Grid): Matrix3 {
  const from = matrix3FromAffine(invertAffine(fixed.worldFromPixel));
  return multiplyMatrix3(matrix3FromAffine(moving.worldFromPixel), multiplyMatrix3(pixel, from));
}

/** Moving pixels per fixed pixel, in the middle of the fixed grid. */
export function magnification(world: Matrix3, fixed: Grid, moving: Grid): number {
  return localStretch(pixelMap(world, fixed, moving), (fixed.width - 1) / 2, (fixed.height - 1) / 2).scale;
}

const halfGrid = (grid: Grid): Grid => ({
  ...grid,
  width: Math.ceil(grid.width / 2),
  height: Math.ceil(grid.height / 2),
  worldFromPixel: composeAffine([2, 0, 0.5, 0, 2, 0.5], grid.worldFromPixel),
});

const half = (arena: Arena, side: PlanePair["fixed"]): PlanePair["fixed"] => ({
  plane: halfPlane(arena, side.plane),
  grid: halfGrid(side.grid),
});

/**
 * Coarsens the finer of the two planes until their pixels have about the same size in the scene (within a factor of 1.5):
 * a warp then neither invents detail nor drops it.
 */
export function evenOut(arena: Arena, pair: PlanePair, world: Matrix3): PlanePair {
  let { fixed, moving } = pair;
  for (let round = 0; round < 6; round++) {
    const s = magnification(world, fixed.grid, moving.grid);
    if (s > 1.5 && Math.min(moving.plane.width, moving.plane.height) >= 64) moving = half(arena, moving);
    else if (s < 1 / 1.5 && Math.min(fixed.plane.width, fixed.plane.height) >= 64) fixed = half(arena, fixed);
    else break;
  }
  return { fixed, moving };
}

/** How alike the images are where they overlap under a map, at a long side of 512 pixels at most. */
export function similarityUnder(arena: Arena, pair: PlanePair, world: Matrix3): Similarity {
  let fixed = pair.fixed;
  while (Math.max(fixed.plane.width, fixed.plane.height) > 512) fixed = half(arena, fixed);
  let moving = pair.moving;
  while (magnification(world, fixed.grid, moving.grid) > 1.5 && Math.min(moving.plane.width, moving.plane.height) >= 8)
    moving = half(arena, moving);
  const { width, height } = fixed.plane;
  const warped = warpPlane(arena, moving.plane, pixelMap(world, fixed.grid, moving.grid), width, height, "linear");
  return planeSimilarity(arena, fixed.plane, warped);
}

/** As `similarityUnder`, for any transform; the moving image is read again where the fixed plane needs it. */
export async function similarityThrough(
  arena: Arena,
  pair: PlanePair,
  moving: Image,
  transform: Transform,
  signal?: AbortSignal,
): Promise<Similarity> {
  let fixed = pair.fixed;
  while (Math.max(fixed.plane.width, fixed.plane.height) > 512) fixed = half(arena, fixed);
  const warped = warpImage(moving, transform, fixed.grid, { interpolation: "linear", dtype: "float32" });
  const plane = await readGray(arena, warped, wholeWindow(fixed.grid), signal ? { signal } : {});
  return planeSimilarity(arena, fixed.plane, plane);
}

function planeSimilarity(arena: Arena, fixed: Plane, warped: Plane): Similarity {
  const a = dense(arena, fixed);
  const b = dense(arena, warped);
  const valid = Uint8Array.from(a, (v, i) => (Number.isNaN(v) || Number.isNaN(b[i]!) ? 0 : 1));
  return similarity(a, b, valid, fixed.width, fixed.height);
}

/** The plane's samples without padding. */
function dense(arena: Arena, { at, width, height, stride }: Plane): Float32Array {
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) out.set(arena.f32(at + 4 * stride * y, width), y * width);
  return out;
}

/** Where the moving image lies before registration: where its own world puts it, or pixel on pixel when worlds differ. */
export function startingMap({
  fixed,
  moving,
}: {
  readonly fixed: { readonly grid: Grid };
  readonly moving: { readonly grid: Grid };
}): Matrix3 {
  const world: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  if (fixed.grid.crs === moving.grid.crs) {
    const overlap = findOverlap({ type: "affine", matrix: [1, 0, 0, 0, 1, 0] }, fixed.grid, moving.grid);
    if (overlap.ofFixed > 0) return world;
  }
  const x = moving.grid.width / fixed.grid.width;
  const y = moving.grid.height / fixed.grid.height;
  return worldMap([x, 0, (x - 1) / 2, 0, y, (y - 1) / 2, 0, 0, 1], fixed.grid, moving.grid);
}
