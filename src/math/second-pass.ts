import { type Grid, spacing } from "../core/grid.js";
import type { Context } from "../core/plugin.js";
import { applyMatrix3, type Matrix3 } from "../core/transform.js";
import { kernels } from "../kernel/lane.js";
import type { Arena } from "../kernel/memory.js";
import { type Family, minimalSample } from "./fit.js";
import { guidedTiePoints } from "./guided.js";
import { findOverlap } from "./overlap.js";
import { evenOut, type PlanePair, pixelMap } from "./pair.js";
import { halfPlane, type Plane } from "./plane.js";
import { spreadCorners } from "./refine.js";
import { robustFit } from "./robust.js";
import { type Ties, type WeightedFit, weightedFit } from "./weighted-fit.js";

export interface SecondPass {
  readonly ties: Ties;
  readonly fit: WeightedFit;
  /** Tie points that were found near where the map put them, inliers or not. */
  readonly tried: number;
}

/** Matches again around a map, twice: far and coarse, then near; the map follows. Undefined when too little is found. */
export function secondPass(
  arena: Arena,
  family: Family,
  pair: PlanePair,
  start: Matrix3,
  movingSpacing: number,
  context: Context,
): SecondPass | undefined {
  let world = start;
  let result: SecondPass | undefined;
  let left = 6;
  let even: PlanePair | undefined;
  let corners: Float64Array = new Float64Array(0);
  for (let round: Round | undefined = rounds.far; round && left > 0; left--) {
    context.signal.throwIfAborted();
    using inner = kernels().arena();
    const next = evenOut(arena, even ?? pair, world);
    if (next.fixed !== even?.fixed) corners = cornersOf(inner, next.fixed.plane);
    even = next;
    const { fixed, moving } = even;
    const matrix = pixelMap(world, fixed.grid, moving.grid);
    const found = guidedTiePoints(inner, fixed.plane, moving.plane, matrix, { ...round, corners });
    const step = spacing(moving.grid);
    const ties: Ties = {
      fixed: toWorldArray(found.fixed, fixed.grid.worldFromPixel),
      moving: toWorldArray(found.moving, moving.grid.worldFromPixel),
      sigma: found.sigma.map((s) => s * step),
    };
    if (found.fixed.length / 2 < 4 * minimalSample[family] + 4) break;
    const robust = robustFit(family, ties.fixed, ties.moving, {
      threshold: round.inlier * step,
      random: context.random,
      maxSamples: 1000,
      signal: context.signal,
    });
    if (!robust.ok || robust.value.inlierCount < 3 * minimalSample[family] + 3) break;
    const fit = weightedFit(family, ties, robust.value.matrix, round.inlier * step, movingSpacing);
    const moved = farthestMove(world, fit.matrix, fixed.grid, moving.grid) / step;
    world = fit.matrix;
    result = { ties, fit, tried: found.fixed.length / 2 };
    if (moved < 0.2 && round === rounds.near) round = undefined;
    else if (moved < 2) round = rounds.near;
  }
  return result;
}

/**
 * Places to look at: as many as there are patches side by side, within reason; closer ones would see the same pixels. Large
 * planes are searched at half their size and less: a place that is well determined there is so in full.
 */
function cornersOf(arena: Arena, plane: Plane): Float64Array {
  const count = Math.min(5000, Math.max(500, (plane.width * plane.height) / 256));
  let small = plane;
  let scale = 1;
  for (; small.width * small.height > 3e6; scale *= 2) small = halfPlane(arena, small);
  return spreadCorners(arena, small, count).map((v) => v * scale);
}

type Round = { readonly radius: number; readonly inlier: number; readonly minCorrelation: number };

/** Each is repeated for as long as the map still moves; lengths in pixels of the planes. */
const rounds: Readonly<Record<"far" | "near", Round>> = {
  far: { radius: 24, inlier: 8, minCorrelation: 0.5 },
  near: { radius: 12, inlier: 8, minCorrelation: 0.5 },
};

/** How far two maps are apart at most places (the 90 % quantile) of where the first makes the images overlap, moving world units. */
function farthestMove(before: Matrix3, after: Matrix3, fixed: Grid, moving: Grid): number {
  const { places } = findOverlap({ type: "projective", matrix: before }, fixed, moving);
  const a = applyMatrix3(before, places);
  const b = applyMatrix3(after, places);
  const moves = new Float64Array(places.length / 2);
  for (let i = 0; i < moves.length; i++) {
    const length = Math.sqrt((a[2 * i]! - b[2 * i]!) ** 2 + (a[2 * i + 1]! - b[2 * i + 1]!) ** 2);
    moves[i] = Number.isFinite(length) ? length : Number.POSITIVE_INFINITY;
  }
  return moves.length > 0 ? moves.sort()[Math.floor(0.9 * (moves.length - 1))]! : Number.POSITIVE_INFINITY;
}

const toWorldArray = (
  pixels: Float64Array,
  [a, b, c, d, e, f]: readonly [number, number, number, number, number, number],
) => pixels.map((_, i) => (i & 1 ? d * pixels[i - 1]! + e * pixels[i]! + f : a * pixels[i]! + b * pixels[i + 1]! + c));
