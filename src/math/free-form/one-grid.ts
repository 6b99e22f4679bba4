import { failed, ok, problem, type Result } from "../../core/diagnostic.js";
import { coarsen, type Grid, spacing, wholeWindow } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { Transform } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import { lattice } from "../bending/bending-error.js";
import { bendingShape } from "../bending/shape.js";
import { lack } from "../intensity/lack.js";
import { findOverlap } from "../overlap.js";
import type { Plane } from "../plane.js";
import { grayPlane, readGray } from "../read-plane.js";
import { warpImage } from "../resample.js";

/** Two images in gray on one grid: the moving one has been laid on the fixed one by the start. */
export interface OneGrid {
  readonly fixed: Plane;
  readonly moving: Plane;
  /** Of both planes, in the fixed world. */
  readonly grid: Grid;
}

/** How large the grid is on which two images are compared. */
export interface Looked {
  readonly width: number;
  readonly height: number;
  /** Pixels of the fixed image along a side of a pixel of the grid. */
  readonly factor: number;
  /** Pixels of the moving image per pixel of the grid, under the start. */
  readonly magnification: number;
}

/** Where the moving image's pixels are larger than the fixed image's, finer ones have nothing to say. */
const COARSER = 1.5;

/**
 * The grid on which two images are compared: no side longer than `maxSide`, and pixels about as large as the moving image's
 * where those are the larger ones. Reads nothing.
 */
export function lookedAt(fixed: Grid, moving: Grid, start: Transform, maxSide: number): Result<Looked> {
  const places = lattice(fixed, new Float64Array(0));
  const { scale } = bendingShape(start, places, places, spacing(fixed) / 2, false);
  const perPixel = (scale * spacing(fixed)) / spacing(moving);
  if (findOverlap(start, fixed, moving).ofFixed === 0 || !(perPixel > 0)) return failed(nothingInCommon());
  const bound = Math.max(1, Math.ceil(Math.max(fixed.width, fixed.height) / maxSide));
  const even = perPixel < 1 / COARSER ? Math.round(1 / perPixel) : 1;
  const factor = Math.max(bound, even);
  const [width, height] = [Math.ceil(fixed.width / factor), Math.ceil(fixed.height / factor)];
  if (even > bound && Math.min(width, height) < LEAST_SIDE) {
    return failed(
      problem(
        "pixel-sizes-differ",
        `A pixel of the moving image covers about ${even} x ${even} of the fixed one's, of which so only ${width} x ${height} could be compared`,
        "Check the pixel sizes that the files declare; a start: (a transform) can bring the images to one scale.",
      ),
    );
  }
  return ok({ width, height, factor, magnification: perPixel * factor });
}

const LEAST_SIDE = 16;
/** Pixels that both images show, as a share of the fixed image's. */
const LEAST_SHARED = 0.02;

/** Reads both images in gray onto the grid that `lookedAt` tells; each once, straight into kernel memory. */
export async function readOnOneGrid(
  arena: Arena,
  images: { readonly fixed: Image; readonly moving: Image },
  start: Transform,
  { factor }: Looked,
  signal: AbortSignal,
): Promise<Result<OneGrid>> {
  const { plane: fixed, grid } = await grayPlane(arena, images.fixed, factor, signal);
  const bare = lack(arena, "fixed", fixed);
  if (bare.length > 0) return failed(...bare);
  const warped = warpImage(images.moving, start, grid, { dtype: "float32" });
  const moving = await readGray(arena, warped, wholeWindow(grid), { signal });
  const without = lack(arena, "moving", moving);
  if (without.length > 0) return failed(...without);
  if (sharedPixels(arena, fixed, moving) < LEAST_SHARED * grid.width * grid.height) return failed(nothingInCommon());
  return ok({ fixed, moving, grid });
}

/** The grid of `grayPlane` at a factor. */
export const gridAt = (grid: Grid, factor: number): Grid => (factor === 1 ? grid : coarsen(grid, factor));

/** Pixels that both planes show. */
export function sharedPixels(arena: Arena, a: Plane, b: Plane): number {
  const [p, q] = [arena.f32(a.at, a.stride * a.height), arena.f32(b.at, b.stride * b.height)];
  let count = 0;
  for (let y = 0; y < a.height; y++) {
    for (let x = 0; x < a.width; x++) {
      const sum = p[y * a.stride + x]! + q[y * b.stride + x]!;
      if (!Number.isNaN(sum)) count++;
    }
  }
  return count;
}

const nothingInCommon = () =>
  problem(
    "nothing-to-compare",
    "From where the images lie nothing of them can be compared: they do not overlap, or what overlaps is nodata or masked",
    "Align them first (match/auto, match/intensity or match/structure) and give its transform as start:.",
  );
