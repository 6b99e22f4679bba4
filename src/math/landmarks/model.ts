import { type Crs, type Grid, spacing } from "../../core/grid.js";
import type { Calibration } from "./calibration.js";
import type { Locator } from "./locate.js";

/** A trained model of landmarks. */
export interface LandmarkModel {
  readonly names: readonly string[];
  /** Unit of `size.world`. */
  readonly crs: Crs;
  /** Radius of a shape of average size: in world units, and as a share of the diagonal of its image. */
  readonly size: { readonly world: number; readonly share: number };
  /** Which of the two varies less among the training images: by it images are brought to size. */
  readonly basis: "world" | "share";
  /** How many times finer the fine plane is than the coarse one. */
  readonly step: number;
  /** Images that it learned from. */
  readonly images: number;
  /** Confidence is the chance to lie within this distance of the right place, in radii of the shape. */
  readonly tolerance: number;
  readonly locator: Locator;
  readonly calibration: Calibration;
}

/** Name and version of the format of the payload. */
export const LANDMARK_FORMAT = "tiepoint/landmarks-1";

/** Radius of a shape of average size in an image, in world units: by the world, or by the frame of the image. */
export const radiusFor = (size: LandmarkModel["size"], basis: LandmarkModel["basis"], grid: Grid): number =>
  basis === "world"
    ? size.world
    : size.share * spacing(grid) * Math.sqrt(grid.width * grid.width + grid.height * grid.height);
