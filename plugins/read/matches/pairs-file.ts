import { type Diagnostic, type Grid, type Points, spacing, toWorld } from "tiepoint/plugin";

/** What the numbers of one side count. */
export type Measure =
  /** Pixels; whole numbers are centres. */
  | "pixel"
  /** The world of the side's image. */
  | "world"
  /** Lengths from the centre of the first pixel, by the image's pixel size: pixels where it has none. */
  | "calibrated";

/** A file of pairs of points, understood. */
export interface PairsFile {
  readonly fixed: Side;
  readonly moving: Side;
  /** Present where someone set the pairs. */
  readonly names?: readonly string[];
  readonly weight?: Float64Array;
  readonly inlier?: Uint8Array;
  readonly notes?: readonly Diagnostic[];
}

export interface Side {
  readonly xy: readonly number[];
  readonly measure: Measure;
}

/** Points of one side in the world of its image; without an image pixels are the world. */
export function inWorld({ xy, measure }: Side, grid: Grid | undefined): Points<"world"> {
  const points = Float64Array.from(xy);
  if (!grid || measure === "world") return points as Points<"world">;
  const pixel = measure === "calibrated" ? spacing(grid) : 1;
  return toWorld(grid, points.map((v) => v / pixel) as Points<"pixel">);
}
