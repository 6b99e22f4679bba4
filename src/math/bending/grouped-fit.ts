import { ok, type Result } from "../../core/diagnostic.js";
import { type Affine2, applyAffine, type Grid } from "../../core/grid.js";
import type { Points } from "../../core/points.js";
import type { Transform } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import { boundsOf } from "../bounds.js";
import { mapPoints } from "../map-points.js";
import { gather } from "./groups.js";
import { latticeSmoother } from "./lattice-smoother.js";
import { neighbourhoods } from "./neighbourhoods.js";
import { chooseSmoothing, type Smoother, type SmoothFit } from "./smoother.js";
import { thinPlateSmoother } from "./thin-plate-smoother.js";

export type BendingModel = "tps" | "bspline";

export interface GroupedOptions {
  readonly model: BendingModel;
  /** Places at most that the map is fitted to. */
  readonly maxKnots: number;
  /** Chosen by leave-one-out when absent. */
  readonly smoothing?: number;
  /** Tie points nearer to each other than this have errors that are alike, and are left out together; fixed world units. */
  readonly correlationLength?: number;
  /** Lattice spacing of a B-spline, fixed world units; follows the tie points when absent. */
  readonly latticeSpacing?: number;
}

export interface GroupedFit extends SmoothFit {
  readonly smoothing: number;
  /** Interleaved, one per tie point of the whole set: moving point less where the map puts it. */
  readonly residual: Float64Array;
  /** The same for those of `use`, in its order, by maps that have not seen the tie point's group; NaN where unknown. */
  readonly heldOutResidual: Float64Array;
  /** Places that the map was fitted to. */
  readonly groups: number;
}

/** Rounds in which the means of groups follow the curvature of the map within a group. */
const ROUNDS = 3;

/**
 * A smooth map near tie points. Where they are many, neighbours are gathered into groups, and the map goes by the mean
 * departure of each group from the map itself, found in a few rounds: so it is not bent by where in a group its points lie.
 *
 * @param fixed, moving  all tie points, interleaved
 * @param use  those that count, by index
 * @param weight  of every tie point
 * @param straight  an affine map near the tie points, to begin with
 */
export function groupedFit(
  fixed: Float64Array,
  moving: Float64Array,
  use: Int32Array,
  weight: Float64Array,
  straight: Affine2,
  options: GroupedOptions,
): Result<GroupedFit> {
  const { x0, y0, x1, y1 } = boundsOf(pick(fixed, use));
  const same = 1e-6 * Math.max(x1 - x0, y1 - y0, 1e-300);
  const { places, weight: sums, of } = gather(fixed, use, weight, options.maxKnots, same);
  const { correlationLength } = options;
  const partitions = correlationLength === undefined ? undefined : neighbourhoods(places, correlationLength);
  using arena = kernels().arena();
  const made =
    options.model === "tps"
      ? thinPlateSmoother(arena, places, sums, partitions)
      : latticeSmoother(places, sums, latticeOver({ x0, y0, x1, y1 }, sums.length, options.latticeSpacing), partitions);
  if (!made.ok) return made;
  const smoother: Smoother = made.value;
  let transform: Transform = { type: "affine", matrix: straight };
  let smoothing = options.smoothing;
  let fit: SmoothFit | undefined;
  const [from, to] = [pick(fixed, use), pick(moving, use)];
  const isSingle = sums.length === use.length;
  for (let round = 0; round < (isSingle ? 1 : ROUNDS); round++) {
    const inMap = round === 0 ? applyAffine(straight, from) : mapPoints(transform, from as Points<"world">);
    const values = (
      round === 0 ? applyAffine(straight, places) : mapPoints(transform, places as Points<"world">)
    ).slice();
    for (const [k, i] of use.entries()) {
      const share = weight[i]! / sums[of[k]!]!;
      for (let c = 0; c < 2; c++) {
        const at = 2 * of[k]! + c;
        values[at] = values[at]! + share * (to[2 * k + c]! - inMap[2 * k + c]!);
      }
    }
    smoothing ??= chooseSmoothing(smoother, values);
    fit = smoother.solve(values, smoothing);
    transform = fit.transform;
  }
  const mapped = mapPoints(transform, fixed as Points<"world">);
  const residual = mapped.map((v, i) => moving[i]! - v);
  // Near a group, the map without it differs from the map with it as it does at the group's middle.
  const values = new Float64Array(2 * sums.length);
  for (const [k, i] of use.entries()) {
    for (let c = 0; c < 2; c++) {
      const at = 2 * of[k]! + c;
      values[at] = values[at]! + (weight[i]! / sums[of[k]!]!) * residual[2 * i + c]!;
    }
  }
  const heldOutResidual = new Float64Array(2 * use.length);
  for (const [k, i] of use.entries()) {
    for (let c = 0; c < 2; c++) {
      const at = 2 * of[k]! + c;
      // heldOut = map without the group - value; residual of the group = value - map.
      heldOutResidual[2 * k + c] = residual[2 * i + c]! - values[at]! - fit!.heldOut[at]!;
    }
  }
  return ok({ ...fit!, smoothing: smoothing!, residual, heldOutResidual, groups: sums.length });
}

/** A lattice that reaches two steps beyond a box; about half as many coefficients as there are places, 600 at most. */
function latticeOver(
  box: { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number },
  places: number,
  spacing: number | undefined,
): Grid {
  const wide = box.x1 - box.x0;
  const tall = box.y1 - box.y0;
  let step = spacing ?? Math.sqrt((2 * Math.max(wide * tall, 1e-300)) / places);
  step = Math.max(step, Math.max(wide, tall) / 60, 1e-300);
  const count = (length: number) => Math.ceil(length / step) + 5;
  while (count(wide) * count(tall) > 600) step *= 1.05;
  const left = box.x0 - 1.5 * step - ((count(wide) - 5) * step - wide) / 2;
  const top = box.y0 - 1.5 * step - ((count(tall) - 5) * step - tall) / 2;
  return {
    ...{ width: count(wide), height: count(tall) },
    ...{ worldFromPixel: [step, 0, left, 0, step, top], crs: "px" },
  };
}

export function pick(points: Float64Array, use: Int32Array): Float64Array {
  const out = new Float64Array(2 * use.length);
  for (const [k, i] of use.entries()) {
    out[2 * k] = points[2 * i]!;
    out[2 * k + 1] = points[2 * i + 1]!;
  }
  return out;
}
