import type { Arena } from "../kernel/memory.js";
import { agreement } from "./coverage.js";
import { guidedTiePoints, type TiePoints } from "./guided.js";
import { halfPlane, type Plane } from "./plane.js";
import { type Corners, spreadCorners } from "./refine.js";

/** Residual of a tie point that agrees with the map, pixels: a quarter of what is searched, so chance gives one in sixteen. */
export const AGREES = 3;

/** Least correlation of patches that agree; patches of different scenes reach 0.6 by sliding to where they look most alike. */
export const ALIKE = 0.65;

/** How far from where the map puts them patches are looked for, pixels. */
const RADIUS = 12;

/**
 * Places to look at: as many as there are patches side by side, within reason; closer ones would see the same pixels. Large
 * planes are searched at half their size and less: a place that is well determined there is so in full.
 */
export function cornersOf(arena: Arena, plane: Plane): Corners {
  const count = Math.min(5000, Math.max(500, (plane.width * plane.height) / 256));
  let small = plane;
  let scale = 1;
  for (; small.width * small.height > 3e6; scale *= 2) small = halfPlane(arena, small);
  const { points, textured } = spreadCorners(arena, small, count);
  return { points: points.map((v) => v * scale), textured };
}

/** What a second look sees where a map has laid one image on the other. Pixels of the planes. */
export interface SecondLook {
  /** Patches found again near where they should be, whether they agree or not. */
  readonly ties: TiePoints;
  /** 1 for each tie point that lies where the map puts it, and looks alike there. */
  readonly agrees: Uint8Array;
  /** Share of the textured overlap where the images agree locally (see `agreement`). */
  readonly agreement: number;
}

/**
 * Looks at a moving image that is already warped onto the fixed one: where in it, from the identity, is what the fixed image
 * shows? A right map leaves nothing to find away from where it put things.
 *
 * @param warped  as large as `fixed`; NaN where the map reaches nothing
 */
export function secondLook(arena: Arena, fixed: Plane, warped: Plane): SecondLook {
  const { points, textured } = cornersOf(arena, fixed);
  const options = { radius: RADIUS, corners: points, minCorrelation: 0.5 };
  const ties = guidedTiePoints(arena, fixed, warped, [1, 0, 0, 0, 1, 0, 0, 0, 1], options);
  const agrees = new Uint8Array(ties.fixed.length / 2);
  for (let i = 0; i < agrees.length; i++) {
    const x = ties.moving[2 * i]! - ties.fixed[2 * i]!;
    const y = ties.moving[2 * i + 1]! - ties.fixed[2 * i + 1]!;
    agrees[i] = x * x + y * y <= AGREES * AGREES && ties.correlation[i]! >= ALIKE ? 1 : 0;
  }
  const samples = arena.f32(warped.at, warped.stride * warped.height);
  const isSeen = (i: number) => !Number.isNaN(samples[points[i | 1]! * warped.stride + points[i & ~1]!]!);
  // Where all places are alike, none stands out as textured: then all count.
  const rated = textured >= 16 ? textured : points.length / 2;
  const places = points.subarray(0, 2 * rated).filter((_, i) => isSeen(i));
  // Small images have few places: cells are as large as it takes for four of them, on average.
  const side = Math.min(8, Math.max(2, Math.floor(Math.sqrt(places.length / 8))));
  return { ties, agrees, agreement: agreement(places, ties.fixed, agrees, side) };
}
