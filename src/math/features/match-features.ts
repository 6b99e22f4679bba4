import { type Diagnostic, failed, problem } from "../../core/diagnostic.js";
import type { Context, Outcome } from "../../core/plugin.js";
import { kernels } from "../../kernel/lane.js";
import { type DescriptorName, descriptors } from "./descriptors.js";
import { type DetectorName, detectors } from "./detectors.js";
import { type DirectionName, directions } from "./directions.js";
import type { Descriptor, Detector } from "./frame.js";
import type { Features } from "./keypoints.js";
import { type MatchInputs, type MatchOptions, matchImages } from "./match-images.js";
import { ImageViews } from "./views.js";

export interface FeatureOptions {
  readonly detector: DetectorName;
  readonly descriptor: DescriptorName;
  /** Angle 0 for all: for images that are known to be turned alike. */
  readonly upright: boolean;
  /** How directions are found; `auto` is as the descriptor was published. */
  readonly direction: DirectionName | "auto";
  /** At most so many keypoints of each image, and so many features. */
  readonly maxKeypoints: number;
  /** The detector's default when absent. */
  readonly threshold?: number | undefined;
  readonly spread: number;
}

/** How much nearer than the second nearest a match must be, unless the descriptor or the user says otherwise. */
const RATIO = 0.85;

/** Parameters that every matcher of the frame has, beside those of place. */
export const featureParams = {
  maxKeypoints: {
    type: "integer",
    minimum: 10,
    maximum: 200000,
    default: 5000,
    description: "The strongest keypoints of each image that are described and compared.",
  },
  threshold: {
    type: "number",
    minimum: 0,
    maximum: 1,
    optional: true,
    description: "How much a keypoint must stand out, in the detector's own measure. Lower finds more.",
  },
  upright: {
    type: "boolean",
    default: false,
    description: "Take the images as turned alike: finds more where they are, and nothing where they are not.",
  },
  ratio: {
    type: "number",
    minimum: 0,
    maximum: 1,
    optional: true,
    description:
      "A match must be this much nearer than the second nearest. 1 keeps all, as rift does unless told, whose neighbours look alike; the others: 0.85.",
  },
  mutual: { type: "boolean", default: true, description: "A match must be the nearest in both directions." },
} as const;

/** Detects and describes, by the tables of `detectors`, `directions` and `descriptors`. */
export function featuresOf(views: ImageViews, options: FeatureOptions): Features {
  const { maxKeypoints: limit, threshold, spread } = options;
  const detector: Detector = detectors[options.detector];
  const descriptor: Descriptor = descriptors[options.descriptor];
  const keypoints = detector.detect(views, { limit, threshold, spread, reach: descriptor.window });
  if (options.upright) return descriptor.describe(views, { ...keypoints, angle: new Float32Array(keypoints.count) });
  const direction = options.direction === "auto" ? descriptor.direction : options.direction;
  if (direction === descriptor.direction && descriptor.describeTurning)
    return descriptor.describeTurning(views, keypoints, limit);
  return descriptor.describe(views, directions[direction as DirectionName](views, keypoints));
}

/** What is wrong with a choice of detector, descriptor and direction; nothing when they fit. */
export function misfits(
  options: Pick<FeatureOptions, "detector" | "descriptor" | "direction" | "upright">,
): Diagnostic[] {
  const descriptor: Descriptor = descriptors[options.descriptor];
  const out: Diagnostic[] = [];
  if (descriptor.detectors && !descriptor.detectors.includes(options.detector)) {
    out.push(
      problem(
        "unfit-descriptor",
        `Expected a descriptor that can describe keypoints of ${options.detector}, but ${options.descriptor} describes those of ${descriptor.detectors.join(", ")} alone`,
        `Take detector: ${descriptor.detectors[0]}, or one of these descriptors: ${fitting(options.detector).join(", ")}.`,
      ),
    );
  }
  if (options.upright && options.direction !== "auto") {
    out.push(
      problem(
        "unfit-direction",
        `Expected no direction with upright: true, but found direction: ${options.direction}`,
        "Leave out one of the two: upright takes all keypoints as they stand.",
      ),
    );
  }
  return out;
}

/** The descriptors that a detector's keypoints can have. */
const fitting = (detector: DetectorName): string[] =>
  Object.entries<Descriptor>(descriptors).flatMap(([name, d]) =>
    (d.detectors?.includes(detector) ?? true) ? [name] : [],
  );

/** Matches two images with a detector and a descriptor of the tables: see `matchImages`. */
export async function matchFeatures(
  inputs: MatchInputs,
  options: FeatureOptions & Omit<MatchOptions, "ratio"> & { readonly ratio?: number | undefined },
  context: Pick<Context, "signal" | "progress" | "memory">,
): Promise<Outcome<{ readonly matches: "matches" }>> {
  const wrong = misfits(options);
  if (wrong.length > 0) return failed(...wrong);
  const descriptor: Descriptor = descriptors[options.descriptor];
  const { reach } = descriptor;
  return matchImages(
    inputs,
    ({ gray, mask }) => {
      using arena = kernels().arena();
      return featuresOf(new ImageViews(arena, gray, mask), options);
    },
    { ...options, ratio: options.ratio ?? descriptor.ratio ?? RATIO, ...(reach ? { reach } : {}) },
    context,
  );
}
