import type { EdgeObservations } from "./edges.js";

/**
 * The normal equations of tiles whose places differ by what edges say, each tile drawn to where the stage would have it:
 * one 2 × 2 block on the diagonal for each tile, one beside it for each edge.
 *
 *     M = Σ (e_b − e_a) W (e_b − e_a)ᵀ + Σ e_i P e_iᵀ
 */
export interface NormalEquations {
  readonly count: number;
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** Weight W of each edge: xx, xy, yy. */
  readonly edges: Float64Array;
  /** Block of each tile: xx, xy, yy. */
  readonly tiles: Float64Array;
  /** Right side: x, y of each tile. */
  readonly right: Float64Array;
}

export interface Pull {
  /** Where the stage would have each tile: x, y. */
  readonly to: Float64Array;
  /** 1 / variance of that along x and along y, px⁻². */
  readonly weight: readonly [x: number, y: number];
}

/**
 * @param weights  how far each edge is believed, 0 to 1
 * @param floor  variance of what edges err beyond their own covariance, px²
 * @returns the equations for what is to be added to `pull.to`
 */
export function normalEquations(
  count: number,
  edges: Pick<EdgeObservations, "a" | "b" | "dx" | "dy" | "xx" | "xy" | "yy">,
  weights: ArrayLike<number>,
  floor: number,
  pull: Pull,
): NormalEquations {
  const tiles = new Float64Array(3 * count);
  const right = new Float64Array(2 * count);
  const w = new Float64Array(3 * edges.a.length);
  for (let i = 0; i < count; i++) {
    tiles[3 * i] = pull.weight[0];
    tiles[3 * i + 2] = pull.weight[1];
  }
  for (let e = 0; e < edges.a.length; e++) {
    const belief = weights[e]!;
    if (!(belief > 0)) continue;
    const [a, b] = [edges.a[e]!, edges.b[e]!];
    const [xx, xy, yy] = information(edges, e, floor);
    w[3 * e] = belief * xx;
    w[3 * e + 1] = belief * xy;
    w[3 * e + 2] = belief * yy;
    const dx = edges.dx[e]! - (pull.to[2 * b]! - pull.to[2 * a]!);
    const dy = edges.dy[e]! - (pull.to[2 * b + 1]! - pull.to[2 * a + 1]!);
    const px = w[3 * e]! * dx + w[3 * e + 1]! * dy;
    const py = w[3 * e + 1]! * dx + w[3 * e + 2]! * dy;
    right[2 * a]! -= px;
    right[2 * a + 1]! -= py;
    right[2 * b]! += px;
    right[2 * b + 1]! += py;
    for (let k = 0; k < 3; k++) {
      tiles[3 * a + k]! += w[3 * e + k]!;
      tiles[3 * b + k]! += w[3 * e + k]!;
    }
  }
  return { count, a: edges.a, b: edges.b, edges: w, tiles, right };
}

/** Inverse of an edge's covariance with the floor on its diagonal: xx, xy, yy. A direction that is not determined weighs nothing. */
export function information(
  edges: Pick<EdgeObservations, "xx" | "xy" | "yy">,
  e: number,
  floor: number,
): readonly [number, number, number] {
  const xx = edges.xx[e]! + floor;
  const yy = edges.yy[e]! + floor;
  const xy = edges.xy[e]!;
  if (!Number.isFinite(xx) || !Number.isFinite(yy) || !Number.isFinite(xy)) {
    return [Number.isFinite(xx) ? 1 / xx : 0, 0, Number.isFinite(yy) ? 1 / yy : 0];
  }
  const det = xx * yy - xy * xy;
  return det > 0 ? [yy / det, -xy / det, xx / det] : [1 / xx, 0, 1 / yy];
}
