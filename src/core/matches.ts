import type { Image } from "./image.js";
import type { Points } from "./points.js";

/** N tie points: `fixed[i]` and `moving[i]` are held to be the same place. World coordinates of either image. */
export interface Matches {
  readonly fixed: Points<"world">;
  readonly moving: Points<"world">;
  /** One confidence in [0, 1] per tie point; all 1 when absent. Matchers list the most trusted first. */
  readonly weight?: Float64Array;
  /**
   * Names of the tie points, when someone who knows paired them: by hand, or by a model that was trained for it. Then the
   * pairing itself is the evidence, and every point counts; without names chance is what a matcher has to beat.
   */
  readonly names?: readonly string[];
  /** 1 where the last estimator kept the tie point, 0 where it rejected it. */
  readonly inlier?: Uint8Array;
  /** Length of `movingFromFixed(fixed[i]) - moving[i]` under the last estimator's transform, world units of the moving image. */
  readonly residual?: Float64Array;
  /** The images that were matched. Estimators look at them for the guided second pass and for the verdict. */
  readonly images?: { readonly fixed: Image; readonly moving: Image };
  /** False where pixels of the two images cannot be compared: the tie points are then all that estimators look at. */
  readonly comparable?: false;
  /**
   * Of tie points that were measured on overlapping parts of the images: their errors are alike within `length` (world units
   * of the fixed image), and all share an error of about `sharedError` (of the moving image) that none of them shows.
   */
  readonly correlation?: { readonly length: number; readonly sharedError: number };
  /** What the matcher saw: detected points per image, for the null probability. */
  readonly detected?: { readonly fixed: number; readonly moving: number };
  /**
   * All points of either image, where tie points were chosen among them because their places agree. Such tie points are no
   * evidence of their own: what counts is how many of all points a map brings together (src/math/graph/point-support.ts).
   */
  readonly pointSets?: {
    readonly fixed: Points<"world">;
    readonly moving: Points<"world">;
    /** How many pairs of points determined each map that was tried. */
    readonly sample: number;
    /** What the best map to another place brings together, as a share of what the best one does. */
    readonly rivalShare: number;
  };
}

export const matchCount = (matches: Pick<Matches, "fixed">): number => matches.fixed.length / 2;
