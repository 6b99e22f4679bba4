import { type Features, type Keypoints, pickKeypoints, picks } from "./keypoints.js";
import type { ImageViews } from "./views.js";

/** What every detector is told. */
export interface DetectOptions {
  /** At most so many keypoints. */
  readonly limit: number;
  /** How much a keypoint must stand out, in the detector's own measure; the detector's default when absent. */
  readonly threshold?: number | undefined;
  /** From 0 (cover the image evenly) to 1 (the strongest wherever they are): see `strongest`. */
  readonly spread: number;
  /** In sizes of a keypoint: what must lie inside the image around it, or it could not be described. Not all detectors ask. */
  readonly reach?: number | undefined;
}

/**
 * Finds keypoints. All are alike to those that describe them: place, and size as the blur at which SIFT would see them best.
 *
 * A new detector is one entry in `detectors`.
 */
export interface Detector {
  /** For help: what it finds. */
  readonly about: string;
  /** For help: what its threshold measures. */
  readonly threshold: { readonly means: string; readonly default: number };
  /** Gives the strongest first; of equals, in an order that does not depend on lanes. Drops what leans on unobserved pixels. */
  detect(views: ImageViews, options: DetectOptions): Keypoints;
}

/** Keypoints with a direction each: radians, from +x towards +y, in [0, 2 pi). */
export interface Turned extends Keypoints {
  readonly angle: Float32Array;
}

/** Finds the direction of each keypoint from the pixels around it. One may come back with several directions, or with none. */
export type DirectionFinder = (views: ImageViews, keypoints: Keypoints) => Turned;

/** Describes keypoints of any detector. A new descriptor is one entry in `descriptors`. */
export interface Descriptor {
  /** For help: what it compares. */
  readonly about: string;
  /** How it was published to find directions: a name of `directions`. */
  readonly direction: string;
  /** Where nothing is asked for, a match must be this much nearer than the second nearest; 0.85 when absent. */
  readonly ratio?: number;
  /** Keypoints nearer than that, in pixels, see so much of the same that their matches are one piece of evidence. */
  readonly reach?: number;
  /** In sizes of a keypoint: how far it looks. Absent where the image's edge does not matter. */
  readonly window?: number;
  /** The detectors whose keypoints it can describe; absent: any. */
  readonly detectors?: readonly string[];
  /** Gives features in the order of their keypoints, leaving out those whose surroundings leave the image too far. */
  describe(views: ImageViews, keypoints: Turned): Features;
  /** Finds its own directions and describes, where one pass does both; at most `limit` features, the first keypoints'. */
  describeTurning?(views: ImageViews, keypoints: Keypoints, limit: number): Features;
}

/** Features of the keypoints `kept`, which have been described. @param descriptors  `bytes` for each of them */
export function keepDescribed(
  keypoints: Turned,
  kept: ArrayLike<number>,
  descriptors: Uint8Array,
  bytes: number,
  measure: Features["measure"],
): Features {
  const angle = picks(keypoints.angle, kept);
  return { ...pickKeypoints(keypoints, kept), angle, descriptors, bytes, measure };
}
