import { type Capture, isHorizontal, signOf } from "./directions.js";
import type { AxisEvidence, Evidence } from "./find-steps.js";

/** A 2 × 2 matrix, row-major: tile pixels = [a b; c d] × place. */
export type Matrix2 = readonly [a: number, b: number, c: number, d: number];

/** How places become pixels of tiles, as the overlaps show it. */
export interface StepFit {
  readonly matrix: Matrix2;
  /** Standard error of each element. */
  readonly error: Matrix2;
  /** Root mean square departure of a pair along x and y together, pixels. */
  readonly rmse: number;
  readonly pairs: number;
}

/**
 * The linear map from places to tile pixels that the captures agree on, by least squares.
 *
 * Where overlaps show one axis alone, the other is taken for perpendicular and alike: `upright` says which way it points.
 *
 * @param upright  the map without scale, as far as it is known: a matrix of 0, 1 and −1
 */
export function fitSteps({ axes }: Evidence, upright: Matrix2): StepFit | undefined {
  const members = axes.flatMap(({ found }) => found?.agreement.members ?? []);
  if (members.length === 0) return undefined;
  const both = axes.every(({ found }) => found) && isSpread(members);
  return both ? fitFull(members) : fitOne(members, upright);
}

function fitFull(members: readonly Capture[]): StepFit | undefined {
  let kept = members;
  let fit = solve(kept);
  // A capture of another place may lie within the tolerance: what departs by far is left out once.
  if (fit && kept.length > 8) {
    const limit = 3.5 * fit.rmse + 1;
    const near = kept.filter((c) => departure(c, fit!.matrix) <= limit);
    if (near.length < kept.length && isSpread(near)) {
      kept = near;
      fit = solve(kept);
    }
  }
  return fit;
}

export function departure({ pair: { dx, dy }, x, y }: Capture, [a, b, c, d]: Matrix2): number {
  const [u, v] = [x - a * dx - b * dy, y - c * dx - d * dy];
  return Math.sqrt(u * u + v * v);
}

const isSpread = (members: readonly Capture[]): boolean => {
  const [xx, xy, yy] = moments(members);
  return xx * yy - xy * xy > 1e-6 * xx * yy && xx > 0 && yy > 0;
};

const moments = (members: readonly Capture[]): readonly [number, number, number] => {
  let [xx, xy, yy] = [0, 0, 0];
  for (const { pair } of members) {
    xx += pair.dx * pair.dx;
    xy += pair.dx * pair.dy;
    yy += pair.dy * pair.dy;
  }
  return [xx, xy, yy];
};

function solve(members: readonly Capture[]): StepFit | undefined {
  const [xx, xy, yy] = moments(members);
  const det = xx * yy - xy * xy;
  if (!(det > 0)) return undefined;
  const row = (of: (c: Capture) => number) => {
    let [u, v] = [0, 0];
    for (const c of members) {
      u += of(c) * c.pair.dx;
      v += of(c) * c.pair.dy;
    }
    return [(u * yy - v * xy) / det, (v * xx - u * xy) / det] as const;
  };
  const [[a, b], [c, d]] = [row((m) => m.x), row((m) => m.y)];
  const matrix: Matrix2 = [a, b, c, d];
  const squares = members.reduce((sum, m) => sum + departure(m, matrix) ** 2, 0);
  // Both coordinates depart alike; one pair gives two numbers, the map takes four. A quarter of a pixel is rounding.
  const variance = squares / Math.max(2, 2 * members.length - 4) + 0.0625;
  const [ex, ey] = [Math.sqrt((variance * yy) / det), Math.sqrt((variance * xx) / det)];
  return { matrix, error: [ex, ey, ex, ey], rmse: Math.sqrt(squares / members.length), pairs: members.length };
}

function fitOne(members: readonly Capture[], upright: Matrix2): StepFit | undefined {
  // As a similarity after `upright`: two unknowns.
  const [p, q, r, s] = upright;
  let [sum, along, across] = [0, 0, 0];
  for (const { pair, x, y } of members) {
    const [u, v] = [p * pair.dx + q * pair.dy, r * pair.dx + s * pair.dy];
    sum += u * u + v * v;
    along += u * x + v * y;
    across += u * y - v * x;
  }
  if (!(sum > 0)) return undefined;
  const [c, t] = [along / sum, across / sum];
  const matrix: Matrix2 = [c * p - t * r, c * q - t * s, t * p + c * r, t * q + c * s];
  const squares = members.reduce((total, m) => total + departure(m, matrix) ** 2, 0);
  const error = Math.sqrt((squares / Math.max(1, 2 * members.length - 2) + 0.0625) / sum);
  return {
    matrix,
    error: [error, error, error, error],
    rmse: Math.sqrt(squares / members.length),
    pairs: members.length,
  };
}

/**
 * Which way the axes of the places point, as a matrix of 0, 1 and −1. An axis without evidence takes what the other leaves,
 * and points right or down.
 *
 * @returns nothing where both axes lie along one side of the tiles
 */
export function uprightOf(
  axes: readonly [AxisEvidence, AxisEvidence],
  usual: Matrix2 = [1, 0, 0, 1],
): Matrix2 | undefined {
  const [across, down] = [axes[0].found?.direction, axes[1].found?.direction];
  if (across && down && isHorizontal(across) === isHorizontal(down)) return undefined;
  if (!across && !down) return usual;
  const columns = [across, down].map((direction, axis) => {
    if (direction) return isHorizontal(direction) ? [signOf(direction), 0] : [0, signOf(direction)];
    const other = (axis === 0 ? down : across)!;
    const swapped = isHorizontal(other) === (axis === 0);
    if (!swapped) return isHorizontal(other) ? [0, usual[3] || 1] : [usual[0] || 1, 0];
    return isHorizontal(other) ? [0, 1] : [1, 0];
  });
  return [columns[0]![0]!, columns[1]![0]!, columns[0]![1]!, columns[1]![1]!];
}
