import { detectAkaze } from "./akaze.js";
import { BRISK_THRESHOLD, detectBrisk } from "./brisk.js";
import { detectCorners } from "./corners.js";
import type { Detector } from "./frame.js";
import { detectSift } from "./sift.js";
import { detectSurf, SURF_THRESHOLD } from "./surf.js";

/** Levels of the pyramid of corner detectors: 8 span a factor of 3.6. */
const LEVELS = 8;

const corners = (test: "fast" | "agast" | "harris", about: string, means: string, threshold: number): Detector => ({
  about,
  threshold: { means, default: threshold },
  detect: (views, options) =>
    detectCorners(views, { levels: LEVELS, ...options, threshold: options.threshold ?? threshold, test }),
});

const DIFFERENCE = "least difference of the ring to its centre, as a share of the range";

/** Ways to find keypoints, by name. */
export const detectors = {
  agast: corners(
    "agast",
    "corners: 7 of 12 pixels in a ring brighter or darker; finds smaller ones than fast",
    DIFFERENCE,
    0.08,
  ),
  akaze: {
    about: "blobs of any size that do not straddle outlines: the image is smoothed along edges, not across",
    threshold: {
      means: "least determinant of the Hessian, in squares of the range (OpenCV's measure)",
      default: 0.001,
    },
    detect: (views, { limit, threshold = 0.001, spread }) => detectAkaze(views, { limit, threshold, spread }),
  },
  brisk: {
    about: "corners whose ring stands out most among places and scales, both to a fraction",
    threshold: { means: DIFFERENCE, default: BRISK_THRESHOLD },
    detect: detectBrisk,
  },
  fast: corners("fast", "corners: 9 of 16 pixels in a ring brighter or darker", DIFFERENCE, 0.08),
  harris: corners(
    "harris",
    "corners: brightness changes in both directions, also where edges are soft",
    "least steepness in both directions, as a share of the range per pixel",
    0.03,
  ),
  sift: {
    about: "blobs of any size: extrema of differences of Gaussians",
    threshold: { means: "least contrast, as a share of the range (OpenCV's measure)", default: 0.02 },
    detect: (views, { limit, threshold = 0.02, spread }) =>
      detectSift(views.gray, {
        ...{ maxKeypoints: limit, contrastThreshold: threshold, spread },
        ...(views.mask ? { mask: views.mask } : {}),
      }),
  },
  surf: {
    about: "blobs of any size by box filters: faster than sift on large images",
    threshold: { means: "least contrast, as a share of the range", default: SURF_THRESHOLD },
    detect: detectSurf,
  },
} as const satisfies Record<string, Detector>;
export type DetectorName = keyof typeof detectors;
