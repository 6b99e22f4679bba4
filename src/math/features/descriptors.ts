import { describeBrief } from "./brief.js";
import { BRISK_REACH, describeBrisk } from "./brisk-describe.js";
import type { DirectionName } from "./directions.js";
import type { Descriptor } from "./frame.js";
import { describeMldb } from "./mldb.js";
import { describeRift, RIFT_REACH } from "./rift.js";
import { describeSift } from "./sift-describe.js";
import { describeSurf } from "./surf-describe.js";

const sift = (descriptor: "rootsift" | "sift", about: string): Descriptor & { readonly direction: DirectionName } => ({
  about,
  direction: "gradient",
  describe: (views, keypoints) => describeSift(views.gray, keypoints, { descriptor, angles: keypoints.angle }),
  describeTurning: (views, keypoints, limit) => describeSift(views.gray, keypoints, { descriptor, limit }),
});

/** Ways to describe keypoints, by name. */
export const descriptors = {
  brisk: {
    about: "512 comparisons of means on rings: any rotation and scale, compared by bits",
    direction: "rings",
    window: BRISK_REACH,
    describe: describeBrisk,
  },
  folded: {
    about:
      "rootsift with a gradient and its opposite taken for the same: for images whose contrast is reversed in places (other bands, other stains)",
    direction: "folded",
    describe: (views, keypoints) => describeSift(views.gray, keypoints, { folded: true, angles: keypoints.angle }),
    describeTurning: (views, keypoints, limit) => describeSift(views.gray, keypoints, { folded: true, limit }),
  },
  mldb: {
    about: "486 comparisons of brightness and steepness between cells: as fast as orb to compare, stands more blur",
    direction: "sector",
    describe: describeMldb,
  },
  orb: {
    about: "256 comparisons of brightness: fast; for small changes of scale and view",
    direction: "centroid",
    describe: describeBrief,
  },
  rift: {
    about:
      "which orientation is the strongest where, whatever its sign and strength: for images of another modality at about the same scale",
    direction: "folded",
    ratio: 1,
    reach: RIFT_REACH,
    describe: describeRift,
  },
  rootsift: sift("rootsift", "directions of gradients in 4 x 4 cells, compared by their roots: finds more than sift"),
  sift: sift("sift", "directions of gradients in 4 x 4 cells"),
  surf: {
    about: "sums of wavelets in 4 x 4 cells: half as long as sift's",
    direction: "wavelets",
    describe: describeSurf,
  },
} as const satisfies Record<string, Descriptor & { readonly direction: DirectionName }>;
export type DescriptorName = keyof typeof descriptors;
