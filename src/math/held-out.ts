import { applyMatrix3, type Matrix3 } from "../core/transform.js";
import { type Family, fitMap, minimalSample } from "./fit.js";

/**
 * Root mean square residual of tie points that the fit did not see, in units of the moving plane: cross-validation in
 * `folds` parts (each point alone where there are few). Unlike the residual of the fit itself, it grows when the model is
 * too loose for its tie points.
 *
 * @param use  tie points that count, by index
 * @param weight  weight of each tie point in the fits (of the whole set)
 * @returns NaN when too few tie points are left to fit
 */
export function heldOutRmse(
  family: Family,
  fixed: Float64Array,
  moving: Float64Array,
  use: Int32Array,
  weight: Float64Array,
  folds = 10,
): number {
  const parts = Math.min(folds, use.length);
  if (use.length - Math.ceil(use.length / parts) < minimalSample[family]) return Number.NaN;
  let sum = 0;
  let count = 0;
  for (let part = 0; part < parts; part++) {
    const kept = use.filter((_, k) => k % parts !== part);
    const left = use.filter((_, k) => k % parts === part);
    const fit = fitMap(family, fixed, moving, kept, weight);
    if (!fit.ok) continue;
    for (const i of left) {
      const r = squaredResidualAt(fit.value, fixed, moving, i);
      if (!(r < Number.POSITIVE_INFINITY)) continue;
      sum += r;
      count++;
    }
  }
  return count > 0 ? Math.sqrt(sum / count) : Number.NaN;
}

function squaredResidualAt(m: Matrix3, fixed: Float64Array, moving: Float64Array, i: number): number {
  const [u, v] = applyMatrix3(m, fixed.subarray(2 * i, 2 * i + 2)) as unknown as [number, number];
  const x = u - moving[2 * i]!;
  const y = v - moving[2 * i + 1]!;
  return x * x + y * y;
}

export interface ErrorEstimate {
  /** Expected distance between the map and the truth, root mean square over the checked places, in units of the moving plane. */
  readonly expected: number;
  /** The part that comes from the tie points' noise: half the distance between fits to two independent halves. */
  readonly noise: number;
  /** The part that the model cannot follow: local mean residuals beyond what noise explains. */
  readonly misfit: number;
}

/**
 * States the error that a fit is expected to have, from the tie points alone.
 *
 * Tie points are parted by a checkerboard over the fixed plane, so that the halves see different places. Each half is
 * fitted by itself; the two maps' distance, halved, is the noise of the whole fit (the variance of a half is twice that of
 * the whole, and the two add up). What the model cannot bend to shows as residuals that agree within a cell: their mean
 * square beyond noise is the misfit.
 *
 * @param floor  error that no tie point shows, because all share it: that of sampling, a hundredth of a pixel
 * @param places  where to compare, interleaved fixed points: the part of the fixed image that overlaps
 * @param cell  side of a checkerboard cell, in units of the fixed plane
 */
export function estimateError(
  family: Family,
  matrix: Matrix3,
  fixed: Float64Array,
  moving: Float64Array,
  use: Int32Array,
  weight: Float64Array,
  places: Float64Array,
  cell: number,
  floor: number,
): ErrorEstimate {
  const colour = (i: number, shift: number) =>
    (Math.floor(fixed[2 * i]! / cell + shift) + Math.floor(fixed[2 * i + 1]! / cell + shift)) & 1;
  let noise = 0;
  let rounds = 0;
  // Two boards, shifted by half a cell, so that no single lay-out of the cells decides.
  for (const shift of [0, 0.5]) {
    const white = fitMap(
      family,
      fixed,
      moving,
      use.filter((i) => colour(i, shift) === 0),
      weight,
    );
    const black = fitMap(
      family,
      fixed,
      moving,
      use.filter((i) => colour(i, shift) === 1),
      weight,
    );
    if (!white.ok || !black.ok) continue;
    const a = applyMatrix3(white.value, places);
    const b = applyMatrix3(black.value, places);
    let sum = 0;
    let count = 0;
    for (let k = 0; k < places.length; k += 2) {
      const x = a[k]! - b[k]!;
      const y = a[k + 1]! - b[k + 1]!;
      const square = x * x + y * y;
      if (!(square < Number.POSITIVE_INFINITY)) continue;
      sum += square;
      count++;
    }
    if (count === 0) continue;
    noise += Math.sqrt(sum / count) / 2;
    rounds++;
  }
  if (rounds === 0) return { expected: Number.NaN, noise: Number.NaN, misfit: Number.NaN };
  noise /= rounds;
  const misfit = localMisfit(matrix, fixed, moving, use, weight, cell);
  return { expected: Math.sqrt(noise * noise + misfit * misfit + floor * floor), noise, misfit };
}

/**
 * What a map cannot follow: root mean square of the residuals' local means beyond their noise, in units of the moving plane.
 *
 * Products of residuals of different tie points within a cell: noise is independent and drops out, what is common stays.
 */
export function localMisfit(
  matrix: Matrix3,
  fixed: Float64Array,
  moving: Float64Array,
  use: Int32Array,
  weight: Float64Array,
  cell: number,
): number {
  const mapped = applyMatrix3(matrix, fixed);
  return commonResidual(
    fixed,
    mapped.map((v, i) => moving[i]! - v),
    use,
    weight,
    cell,
  );
}

/**
 * What residuals of a neighbourhood have in common: see `localMisfit`.
 *
 * @param places  interleaved, by which the plane is cut in cells
 * @param residual  interleaved residual vectors
 */
export function commonResidual(
  places: Float64Array,
  residual: Float64Array,
  use: Int32Array,
  weight: Float64Array,
  cell: number,
): number {
  const cells = new Map<number, { x: number; y: number; xx: number; w: number; ww: number }>();
  for (const i of use) {
    const key = Math.floor(places[2 * i]! / cell) * 65536 + Math.floor(places[2 * i + 1]! / cell);
    const sum = cells.get(key) ?? { x: 0, y: 0, xx: 0, w: 0, ww: 0 };
    const w = weight[i]!;
    const x = residual[2 * i]!;
    const y = residual[2 * i + 1]!;
    sum.x += w * x;
    sum.y += w * y;
    sum.xx += w * w * (x * x + y * y);
    sum.w += w;
    sum.ww += w * w;
    cells.set(key, sum);
  }
  // Mean over cells of Σ wᵢwⱼ rᵢ·rⱼ / Σ wᵢwⱼ, i ≠ j, each cell counting by about its number of tie points: a few places
  // with many do not decide alone, and those with two or three, which know little, count little.
  let common = 0;
  let counted = 0;
  for (const { x, y, xx, w, ww } of cells.values()) {
    const pairs = w * w - ww;
    if (!(pairs > 1e-3 * w * w)) continue;
    common += (x * x + y * y - xx) / Math.sqrt(pairs);
    counted += Math.sqrt(pairs);
  }
  return counted > 0 ? Math.sqrt(Math.max(0, common / counted)) : 0;
}
