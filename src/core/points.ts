declare const space: unique symbol;

/**
 * N points, interleaved [x0, y0, x1, y1, …], in pixel space or in world space.
 *
 * The brand costs nothing at run time; it stops pixel points from reaching code that wants world points.
 */
export type Points<S extends "pixel" | "world"> = Float64Array & { readonly [space]: S };

export const pixelPoints = (xy: ArrayLike<number>): Points<"pixel"> => Float64Array.from(xy) as Points<"pixel">;
export const worldPoints = (xy: ArrayLike<number>): Points<"world"> => Float64Array.from(xy) as Points<"world">;

/** Named points of one image, in its world. */
export interface PointSet {
  readonly points: Points<"world">;
  readonly names?: readonly string[];
  /** One confidence in [0, 1] per point; all 1 when absent. */
  readonly confidence?: Float64Array;
}
