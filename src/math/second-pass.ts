import { type Grid, spacing, toPixel } from "../core/grid.js";
import type { Context } from "../core/plugin.js";
import type { Points } from "../core/points.js";
import { applyMatrix3, type Matrix3 } from "../core/transform.js";
import { kernels } from "../kernel/lane.js";
import type { Arena } from "../kernel/memory.js";
import { agreement } from "./coverage.js";
import { type Family, minimalSample } from "./fit.js";
import { guidedTiePoints } from "./guided.js";
import { findOverlap } from "./overlap.js";
import { evenOut, type PlanePair, pixelMap } from "./pair.js";
import type { Corners } from "./refine.js";
import { squaredResiduals } from "./residual.js";
import { robustFit } from "./robust.js";
import { AGREES, ALIKE, cornersOf } from "./second-look.js";
import { type Ties, type WeightedFit, weightedFit } from "./weighted-fit.js";

export interface SecondPass {
  readonly ties: Ties;
  readonly fit: WeightedFit;
  /** Tie points that were found near where the map put them, inliers or not. */
  readonly tried: number;
  /** Share of the overlap's texture where the images agree locally (see `agreement`). */
  readonly agreement: number;
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
  let corners: Corners = { points: new Float64Array(0), textured: 0 };
  for (let round: Round | undefined = rounds.far; round && left > 0; left--) {
    context.signal.throwIfAborted();
    using inner = kernels().arena();
    const next = evenOut(arena, even ?? pair, world);
    if (next.fixed !== even?.fixed) corners = cornersOf(inner, next.fixed.plane);
    even = next;
    const { fixed, moving } = even;
    const matrix = pixelMap(world, fixed.grid, moving.grid);
    const found = guidedTiePoints(inner, fixed.plane, moving.plane, matrix, { ...round, corners: corners.points });
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
    const places = toWorldArray(corners.points.subarray(0, 2 * corners.textured), fixed.grid.worldFromPixel);
    const textured = insideOf(moving.grid, world, places);
    const agrees = agreeing(ties, found.correlation, world, AGREES * step);
    result = { ties, fit, tried: found.fixed.length / 2, agreement: agreement(textured, ties.fixed, agrees) };
    if (moved < 0.2 && round === rounds.near) round = undefined;
    else if (moved < 2) round = rounds.near;
  }
  return result;
}

function agreeing(ties: Ties, correlation: Float64Array, map: Matrix3, distance: number): Uint8Array {
  const residual = new Float64Array(ties.fixed.length / 2);
  squaredResiduals(map, ties.fixed, ties.moving, residual);
  return Uint8Array.from(residual, (r, i) => (r <= distance * distance && correlation[i]! >= ALIKE ? 1 : 0));
}

/** The places that a map sends into a grid. */
function insideOf(grid: Grid, map: Matrix3, places: Float64Array): Float64Array {
  const at = toPixel(grid, applyMatrix3(map, places) as Points<"world">);
  return places.filter((_, i) => {
    const x = at[i & ~1]!;
    const y = at[i | 1]!;
    return x >= 0 && y >= 0 && x <= grid.width - 1 && y <= grid.height - 1;
  });
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
