import type { Matrix3 } from "../core/transform.js";
import type { Arena } from "../kernel/memory.js";
import { halfPlane, type Plane, warpPlane } from "./plane.js";
import { localStretch } from "./plausibility.js";
import { refineShifts } from "./refine.js";

/** Tie points of two planes, the most alike first. Pixels of either plane. */
export interface TiePoints {
  readonly fixed: Float64Array;
  readonly moving: Float64Array;
  /** Standard deviation of each moving point, pixels. */
  readonly sigma: Float64Array;
  readonly correlation: Float64Array;
  /** Places that were looked at; those not listed had nothing like them within the radius. */
  readonly tried: number;
}

export interface GuidedOptions {
  /** How far from the predicted place to look, pixels of the fixed plane. */
  readonly radius: number;
  /** Well-determined places of the fixed plane, interleaved pixels (see `spreadCorners`). */
  readonly corners: Float64Array;
  /** Least correlation of two patches that are held to be the same place. */
  readonly minCorrelation: number;
}

/** Longest shift that one pyramid level looks for, in its own pixels. */
const REACH = 3.5;

/**
 * Matches again, guided by a map that is nearly right: warps the moving plane by it, looks for well-determined places of the
 * fixed plane near where they should be, coarse to fine, and without a ratio test. Where the first matching had some hundred
 * tie points that happened to be distinctive, this has thousands that cover the overlap, each known to a small fraction of
 * a pixel: it is what makes a registration accurate.
 *
 * @param fixed, moving  planes whose pixels have about the same size in the scene (see `evenOut`)
 * @param matrix  pixel of `fixed` to pixel of `moving`
 */
export function guidedTiePoints(
  arena: Arena,
  fixed: Plane,
  moving: Plane,
  matrix: Matrix3,
  options: GuidedOptions,
): TiePoints {
  const warped = warpPlane(arena, moving, matrix, fixed.width, fixed.height);
  const levels = [{ fixed, warped }];
  const own: number[] = [warped.at];
  while (
    REACH * 2 ** (levels.length - 1) < options.radius &&
    Math.min(fixed.width, fixed.height) >> levels.length >= 48
  ) {
    const last = levels[levels.length - 1]!;
    const next = { fixed: halfPlane(arena, last.fixed), warped: halfPlane(arena, last.warped) };
    levels.push(next);
    own.push(next.fixed.at, next.warped.at);
  }
  const corners = observed(arena, warped, options.corners);
  const count = corners.length / 2;
  const shift = new Float64Array(2 * count);
  let found = refineShifts(arena, fixed, warped, new Float64Array(0), { limit: 1 });
  for (let level = levels.length - 1; level >= 0; level--) {
    const scale = 2 ** level;
    const offset = (scale - 1) / 2; // centre of the first coarse pixel, in fine pixels
    const points = new Float64Array(4 * count);
    for (let i = 0; i < count; i++) {
      const x = (corners[2 * i]! - offset) / scale;
      const y = (corners[2 * i + 1]! - offset) / scale;
      points.set([x, y, x + shift[2 * i]! / scale, y + shift[2 * i + 1]! / scale], 4 * i);
    }
    const { fixed: f, warped: w } = levels[level]!;
    found = refineShifts(arena, f, w, points, { limit: REACH });
    for (let i = 0; i < count; i++) {
      if (found.correlation[i]! < 0.3) continue; // a level that sees nothing leaves the finer one its guess
      shift[2 * i] = shift[2 * i]! + scale * found.shift[2 * i]!;
      shift[2 * i + 1] = shift[2 * i + 1]! + scale * found.shift[2 * i + 1]!;
    }
  }
  for (const at of own) arena.free(at);
  const order: number[] = [];
  for (let i = 0; i < count; i++) {
    const length = Math.sqrt(shift[2 * i]! ** 2 + shift[2 * i + 1]! ** 2);
    if (found.correlation[i]! >= options.minCorrelation && found.sigma[i]! < 0.5 && length <= options.radius)
      order.push(i);
  }
  order.sort((a, b) => found.correlation[b]! - found.correlation[a]! || a - b);
  return intoMoving(order, corners, shift, found, matrix, count);
}

/** Corners whose place in the warped plane is observed too. */
function observed(arena: Arena, warped: Plane, corners: Float64Array): Float64Array {
  const pixels = arena.f32(warped.at, warped.stride * warped.height);
  const kept: number[] = [];
  for (let k = 0; k < corners.length; k += 2) {
    const value = pixels[corners[k + 1]! * warped.stride + corners[k]!]!;
    if (!Number.isNaN(value)) kept.push(corners[k]!, corners[k + 1]!);
  }
  return Float64Array.from(kept);
}

function intoMoving(
  order: readonly number[],
  corners: Float64Array,
  shift: Float64Array,
  found: { readonly correlation: Float32Array; readonly sigma: Float64Array },
  m: Matrix3,
  tried: number,
): TiePoints {
  const n = order.length;
  const ties = {
    fixed: new Float64Array(2 * n),
    moving: new Float64Array(2 * n),
    sigma: new Float64Array(n),
    correlation: new Float64Array(n),
    tried,
  };
  order.forEach((i, k) => {
    const x = corners[2 * i]!;
    const y = corners[2 * i + 1]!;
    ties.fixed[2 * k] = x;
    ties.fixed[2 * k + 1] = y;
    const u = x + shift[2 * i]!;
    const v = y + shift[2 * i + 1]!;
    const w = m[6] * u + m[7] * v + m[8];
    ties.moving[2 * k] = (m[0] * u + m[1] * v + m[2]) / w;
    ties.moving[2 * k + 1] = (m[3] * u + m[4] * v + m[5]) / w;
    ties.sigma[k] = found.sigma[i]! * localStretch(m, u, v).scale;
    ties.correlation[k] = found.correlation[i]!;
  });
  return ties;
}
