import { describeBrief } from "./brief.js";
import type { DirectionName } from "./directions.js";
import type { Descriptor } from "./frame.js";
import { describeSift } from "./sift-describe.js";

const sift = (descriptor: "rootsift" | "sift", about: string): Descriptor & { readonly direction: DirectionName } => ({
  about,
  direction: "gradient",
  describe: (views, keypoints) => describeSift(views.gray, keypoints, { descriptor, angles: keypoints.angle }),
  describeTurning: (views, keypoints, limit) => describeSift(views.gray, keypoints, { descriptor, limit }),
});

/** Ways to describe keypoints, by name. */
export const descriptors = {
  orb: {
    about: "256 comparisons of brightness: fast; for small changes of scale and view",
    direction: "centroid",
    describe: describeBrief,
  },
  rootsift: sift("rootsift", "directions of gradients in 4 x 4 cells, compared by their roots: finds more than sift"),
  sift: sift("sift", "directions of gradients in 4 x 4 cells"),
} as const satisfies Record<string, Descriptor & { readonly direction: DirectionName }>;
export type DescriptorName = keyof typeof descriptors;
