import { kernels } from "../../kernel/lane.js";
import { describeBrief } from "./brief.js";
import { detectCorners } from "./corners.js";
import { directions } from "./directions.js";
import type { Features } from "./keypoints.js";
import type { GrayImage } from "./scale-space.js";
import { ImageViews } from "./views.js";

export interface OrbOptions {
  /** At most so many, spread over the pyramid's levels in proportion to their width. Default 8000. */
  readonly maxKeypoints?: number;
  /** Least difference of nine neighbours in a row of sixteen to the centre, as a share of the range 0..1. Default 0.08. */
  readonly threshold?: number;
  /** Levels of the pyramid, each 1.2 times smaller. Default 8, which spans a factor of 3.6. */
  readonly levels?: number;
  /** As for SIFT: see `strongest`. */
  readonly spread?: number;
  readonly mask?: Uint8Array;
  /** Rows per chunk, for tests: changes no byte. */
  readonly grain?: number;
}

/**
 * Finds and describes ORB features: FAST corners ranked by Harris' measure, refined to a fraction of a pixel, with the
 * direction of their centroid of brightness and 256 steered comparisons [1].
 *
 * @param gray  nominal range 0..1
 * @returns the strongest first; of equals, in the order of octaves (the pyramid's levels) and rows
 *
 * [1] E. Rublee et al., "ORB: an efficient alternative to SIFT or SURF", ICCV 2011, doi:10.1109/ICCV.2011.6126544
 */
export function orbFeatures(gray: GrayImage, options: OrbOptions = {}): Features {
  using arena = kernels().arena();
  const views = new ImageViews(arena, gray, options.mask, options.grain);
  const { maxKeypoints = 8000, threshold = 0.08, levels = 8, spread = 1 } = options;
  const corners = detectCorners(views, { test: "fast", limit: maxKeypoints, threshold, levels, spread });
  return describeBrief(views, directions.centroid(views, corners));
}
