import { type Affine2, invertAffine, pixelGrid, wholeWindow } from "../../../core/grid.js";
import { matrix3FromAffine, sequence } from "../../../core/transform.js";
import type { Arena } from "../../../kernel/memory.js";
import { latticeMap, type PlaneLattice } from "../../free-form/lattice-map.js";
import { emptyPlane, type Plane, warpPlane } from "../../plane.js";
import { blockPositions, pixelMapping } from "../../positions.js";
import { warpBandAlong } from "../../warp-kernel.js";
import { type Size, scaleMap, unionBox } from "../maps.js";
import { readSlice, type Slice } from "../slices.js";

/** The grid on which the slices of a stack are compared: all that any slice shows, reduced. */
export interface CommonFrame extends Size {
  /** Pixels of the common frame along a side of one of these. */
  readonly factor: number;
  /** Pixels of the stack's common frame that the first of these begins at. */
  readonly left: number;
  readonly top: number;
  /** These pixels to those of each slice, which is read at the same factor. */
  readonly sliceFromFrame: readonly Affine2[];
}

/**
 * @param shown  slices that the grid shows all of: their sizes and places
 * @param frameFromSlice  of every slice
 * @param maxSide  longest side that is compared, pixels
 */
export function commonFrame(
  shown: { readonly sizes: readonly Size[]; readonly frames: readonly Affine2[] },
  frameFromSlice: readonly Affine2[],
  maxSide: number,
): CommonFrame {
  const box = unionBox(shown.sizes, shown.frames);
  const factor = Math.max(1, Math.ceil(Math.max(box.width, box.height) / maxSide));
  const toBox = (m: Affine2): Affine2 => [m[0], m[1], m[2] - box.left, m[3], m[4], m[5] - box.top];
  return {
    ...{ factor, left: box.left, top: box.top },
    width: Math.ceil(box.width / factor),
    height: Math.ceil(box.height / factor),
    sliceFromFrame: frameFromSlice.map((m) => scaleMap(invertAffine(toBox(m)), [1 / factor, 1 / factor])),
  };
}

/**
 * Reads a slice as it is compared: gray, of mean 0 and deviation 1.
 *
 * @throws DiagnosticError when its file is damaged
 */
export async function readEven(arena: Arena, slice: Slice, factor: number, signal: AbortSignal): Promise<Plane> {
  const { plane } = await readSlice(arena, slice, factor, signal);
  const { width, height, stride } = plane;
  const values = arena.f32(plane.at, stride * height);
  let [n, sum, squares] = [0, 0, 0];
  let zero = Number.NaN;
  for (let y = 0; y < height; y++) {
    for (let i = y * stride; i < y * stride + width; i++) {
      const v = values[i]!;
      if (Number.isNaN(v)) continue;
      if (n++ === 0) zero = v; // sums about a value of its own, as levels may be large beside their differences
      sum += v - zero;
      squares += (v - zero) ** 2;
    }
  }
  const mean = sum / Math.max(1, n);
  const deviation = Math.sqrt(Math.max(0, squares / Math.max(1, n) - mean * mean)) || 1;
  for (let i = 0; i < values.length; i++) values[i] = (values[i]! - zero - mean) / deviation;
  return plane;
}

/** A slice on the common frame, each pixel sampled once. NaN where the slice shows nothing. */
export function laid(
  arena: Arena,
  plane: Plane,
  sliceFromFrame: Affine2,
  { width, height }: Size,
  bend?: PlaneLattice,
): Plane {
  if (!bend) return warpPlane(arena, plane, matrix3FromAffine(sliceFromFrame), width, height);
  const grid = pixelGrid(width, height);
  const map = sequence(latticeMap(bend, grid), { type: "affine", matrix: sliceFromFrame });
  const at = blockPositions(arena, pixelMapping(map, grid, pixelGrid(plane.width, plane.height)), wholeWindow(grid));
  const out = emptyPlane(arena, width, height);
  const band = (p: Plane) => ({
    ...{ at: p.at, dtype: "float32" as const, stride: p.stride },
    window: { x: 0, y: 0, width: p.width, height: p.height },
  });
  const options = { interpolation: "cubic" as const, fill: Number.NaN, keepClear: false };
  warpBandAlong(arena, band(plane), band(out), { at, stride: width }, options);
  arena.free(at);
  return out;
}
