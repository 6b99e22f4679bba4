import { type Affine2, type Grid, toWorld } from "../../core/grid.js";
import { type Points, pixelPoints } from "../../core/points.js";
import { boundingSide, boundsOf } from "../bounds.js";
import { commonResidual } from "../held-out.js";
import { mapPoints } from "../map-points.js";
import { type GroupedFit, type GroupedOptions, groupedFit, pick } from "./grouped-fit.js";

export interface BendingError {
  /** Expected distance between the map and the truth, root mean square over the places, moving world units; NaN when unknown. */
  readonly expected: number;
  readonly noise: number;
  readonly misfit: number;
  /** Root mean square residual of tie points by maps that have not seen them. */
  readonly heldOut: number;
}

/** With fewer groups than these, halves are too sparse to tell anything. */
const FEW_GROUPS = 24;

/**
 * States the error that a bending map is expected to have, from the tie points alone.
 *
 * Tie points are parted in two halves, neighbour by neighbour, and each half is fitted with the smoothing of the whole: half
 * their distance is what noise does to the whole, also where the map is extrapolated. What the map is too stiff for shows as residuals that agree within a
 * neighbourhood. With few points the error of those left out stands for both, which is rather too large; likewise that of
 * neighbourhoods left out where errors are alike nearby: there it is no larger than the map's own.
 *
 * @param shared  error that no tie point shows, because all share it, moving world units
 */
export function bendingError(
  fixed: Float64Array,
  moving: Float64Array,
  use: Int32Array,
  weight: Float64Array,
  straight: Affine2,
  fit: GroupedFit,
  options: GroupedOptions,
  places: Float64Array,
  shared: number,
): BendingError {
  let [sum, total] = [0, 0];
  for (const [k, i] of use.entries()) {
    const square = fit.heldOutResidual[2 * k]! ** 2 + fit.heldOutResidual[2 * k + 1]! ** 2;
    if (Number.isNaN(square)) continue;
    sum += weight[i]! * square;
    total += weight[i]!;
  }
  const heldOut = total > 0 ? Math.sqrt(sum / total) : Number.NaN;
  // Where errors are alike nearby, halves share them, and no more than the neighbourhoods count.
  if (options.correlationLength !== undefined || fit.groups < FEW_GROUPS) {
    return { expected: Math.sqrt(heldOut ** 2 + shared ** 2), noise: Number.NaN, misfit: Number.NaN, heldOut };
  }
  const halves = [0, 1].map((parity) => {
    const half = alternate(fixed, use).filter((_, k) => k % 2 === parity);
    return groupedFit(fixed, moving, Int32Array.from(half).sort(), weight, straight, {
      ...options,
      ...{ smoothing: fit.smoothing, maxKnots: Math.max(12, Math.min(options.maxKnots / 2, half.length)) },
    });
  });
  const [white, black] = halves;
  let noise = Number.NaN;
  if (white?.ok && black?.ok) {
    const p = mapPoints(white.value.transform, places as Points<"world">);
    const q = mapPoints(black.value.transform, places as Points<"world">);
    let square = 0;
    for (let i = 0; i < p.length; i++) square += (p[i]! - q[i]!) ** 2;
    noise = Math.sqrt(square / (p.length / 2)) / 2;
  }
  const misfit = commonResidual(fixed, fit.residual, use, weight, boundingSide(pick(fixed, use)) / 8);
  return { expected: Math.sqrt(noise ** 2 + misfit ** 2 + shared ** 2), noise, misfit, heldOut };
}

/** Tie points in an order in which neighbours follow each other: along the columns of a lattice, to and fro. */
function alternate(fixed: Float64Array, use: Int32Array): Int32Array {
  const { x0, x1 } = boundsOf(pick(fixed, use));
  const columns = Math.max(1, Math.round(Math.sqrt(use.length / 4)));
  const columnOf = (i: number) => Math.min(columns - 1, Math.floor(((fixed[2 * i]! - x0) / (x1 - x0 || 1)) * columns));
  return use.slice().sort((i, j) => {
    const column = columnOf(i);
    if (column !== columnOf(j)) return column - columnOf(j);
    const turn = column % 2 ? -1 : 1;
    return turn * (fixed[2 * i + 1]! - fixed[2 * j + 1]!) || i - j;
  });
}

/** Places spread evenly over a grid, or over the box of some points: 48 by 48, world coordinates. */
export function lattice(grid: Grid | undefined, points: Float64Array): Float64Array {
  const side = 48;
  const { x0, y0, x1, y1 } = grid
    ? { x0: -0.5, y0: -0.5, x1: grid.width - 0.5, y1: grid.height - 0.5 }
    : boundsOf(points);
  const out = new Float64Array(2 * side * side);
  for (let k = 0; k < side * side; k++) {
    out[2 * k] = x0 + (((k % side) + 0.5) / side) * (x1 - x0);
    out[2 * k + 1] = y0 + ((Math.floor(k / side) + 0.5) / side) * (y1 - y0);
  }
  return grid ? toWorld(grid, pixelPoints(out)) : out;
}
