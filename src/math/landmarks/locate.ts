import { log } from "../elementary.js";
import { seededRandom } from "../random.js";
import { quantile } from "../sample-image.js";
import { type Appearance, learnAppearance, likeness } from "./appearance.js";
import { type Cascade, type CascadeOptions, perturbed, runCascade, trainCascade } from "./cascade.js";
import { castVotes, type Forest, type ForestOptions, trainForest } from "./forest.js";
import { coarsePose, finePose, type LandmarkImage } from "./planes.js";
import { candidatePoses } from "./poses.js";
import {
  compose,
  fitPose,
  inverse,
  meanShape,
  type PoseSpread,
  place,
  poseSpread,
  type Shape,
  scaleOf,
} from "./shape.js";

/** All that is needed to find a shape in an image: where it may be, then exactly where, and whether it looks like it. */
export interface Locator {
  readonly mean: Shape;
  readonly spread: PoseSpread;
  readonly forest: Forest;
  readonly cascade: Cascade;
  readonly appearance: Appearance;
}

export interface LocatorOptions {
  readonly forest: ForestOptions;
  readonly cascade: Omit<CascadeOptions, "starts" | "wander">;
  /** Starts of the cascade from all images together. */
  readonly samples: number;
}

/** How far the cascade's starts lie from the truth in training: a little more than the forest's poses do. */
const WANDER = { angle: 0.25, scale: 0.12, shift: 0.2 };
/** Starts about each candidate pose, and how far apart they lie. */
const STARTS = 9;
const START_WANDER = { angle: 0.1, scale: 0.05, shift: 0.08 };
const CANDIDATES = 3;

export interface Example {
  readonly image: LandmarkImage;
  /** In pixels of the image. */
  readonly shape: Shape;
}

export function trainLocator(
  examples: readonly Example[],
  fallback: Shape | undefined,
  options: LocatorOptions,
  random: () => number,
  progress: (fraction: number) => void = () => {},
): Locator {
  const coarse = examples.map(({ image, shape }) => ({
    plane: image.coarse,
    shape: place(inverse(coarsePose(image)), shape),
  }));
  const fine = examples.map(({ image, shape }) => ({
    plane: image.fine,
    shape: place(inverse(finePose(image)), shape),
  }));
  const shapes = fine.map((e) => e.shape);
  const mean = meanShape(shapes).map((v, i) => (Number.isNaN(v) ? (fallback?.[i] ?? 0) : v));
  const spread = poseSpread(
    mean,
    coarse.map((e) => e.shape),
  );
  const forest = trainForest(coarse, spread, options.forest, random);
  const starts = Math.max(8, Math.min(200, Math.round(options.samples / examples.length)));
  const cascade = trainCascade(fine, mean, { ...options.cascade, starts, wander: WANDER }, random, progress);
  return { mean, spread, forest, cascade, appearance: learnAppearance(fine, mean, random) };
}

/** A shape that was found. */
export interface Located {
  /** In pixels of the image. */
  readonly shape: Shape;
  /** How far starts came to rest from each other at each point, in radii of the shape. */
  readonly scatter: Float64Array;
  /** Correlation with the average look, −1 to 1. */
  readonly likeness: number;
  /** Natural logarithm of the votes for the pose, on average over the points. */
  readonly votes: number;
  /** In pixels of the image. */
  readonly radius: number;
}

/** @returns `undefined` where nothing in the image votes for any place */
export function locate(locator: Locator, image: LandmarkImage): Located | undefined {
  const { mean, cascade, appearance, forest, spread } = locator;
  const maps = castVotes(forest, image.coarse);
  const toFine = compose(coarsePose(image), inverse(finePose(image)));
  const candidates = candidatePoses(maps, mean, spread, CANDIDATES);
  if (candidates.length === 0) return undefined;
  const random = seededRandom(1);
  const starts = candidates.flatMap(({ pose }) => {
    const first = compose(pose, toFine);
    return Array.from({ length: STARTS }, (_, n) =>
      place(n === 0 ? first : perturbed(first, START_WANDER, random), mean),
    );
  });
  const ends = runCascade(cascade, mean, image.fine, starts);
  const groups = candidates.map((_, c) => ends.slice(c * STARTS, (c + 1) * STARTS));
  const shapes = groups.map(middleOf);
  const alike = likeness(appearance, mean, image.fine, shapes);
  let best = 0;
  for (let c = 1; c < shapes.length; c++) if (alike[c]! > alike[best]!) best = c;
  const shape = shapes[best]!;
  const radius = scaleOf(fitPose(mean, shape) ?? { a: 1, b: 0, x: 0, y: 0 });
  return {
    shape: place(finePose(image), shape),
    scatter: scatterOf(groups[best]!, shape).map((d) => d / radius),
    likeness: alike[best]!,
    votes: log(Math.max(1e-9, candidates[best]!.votes)),
    radius: radius * image.scale,
  };
}

/** The median of each coordinate. */
function middleOf(shapes: readonly Shape[]): Shape {
  return shapes[0]!.map((_, i) => quantile(Float64Array.from(shapes, (s) => s[i]!).sort(), 0.5));
}

/** Root of the mean squared distance to the middle, of each point. */
function scatterOf(shapes: readonly Shape[], middle: Shape): Float64Array {
  return Float64Array.from({ length: middle.length / 2 }, (_, k) => {
    let sum = 0;
    for (const s of shapes) sum += (s[2 * k]! - middle[2 * k]!) ** 2 + (s[2 * k + 1]! - middle[2 * k + 1]!) ** 2;
    return Math.sqrt(sum / shapes.length);
  });
}
