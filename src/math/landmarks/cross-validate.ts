import type { HeldOut } from "./calibration.js";
import { type Example, type LocatorOptions, locate, trainLocator } from "./locate.js";
import type { Shape } from "./shape.js";

/** Errors of images that the training did not see. */
export interface CrossValidation {
  /** One of each example, in order; `undefined` where nothing was found. */
  readonly heldOut: readonly (HeldOut | undefined)[];
  /** Errors with fewer training images: a learning curve; the last is that of `heldOut`. */
  readonly curve: readonly CurvePoint[];
}

export interface CurvePoint {
  /** Training images, on average over the folds. */
  readonly images: number;
  /** Of all held-out points, in pixels of their images. */
  readonly errors: Float64Array;
}

/** Shares of the training images that the curve is drawn at. */
const SHARES = [0.25, 0.5, 1];
/** A locator needs so many. */
export const LEAST_EXAMPLES = 3;

/**
 * Cross-validation in `folds` parts, drawn at random.
 *
 * @param fallback  mean shape for points that a part has no example of
 */
export function crossValidate(
  examples: readonly Example[],
  fallback: Shape,
  folds: number,
  options: LocatorOptions,
  random: () => number,
  progress: (fraction: number) => void,
  check: () => void,
): CrossValidation {
  const order = examples.map((_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const heldOut = new Array<HeldOut | undefined>(examples.length).fill(undefined);
  const curve: CurvePoint[] = [];
  SHARES.forEach((share, s) => {
    const errors: number[] = [];
    let images = 0;
    for (let f = 0; f < folds; f++) {
      check();
      const rest = order.filter((_, n) => n % folds !== f);
      const used = rest.slice(0, Math.round(share * rest.length));
      if (used.length < LEAST_EXAMPLES) return;
      images += used.length / folds;
      const locator = trainLocator(
        used.map((i) => examples[i]!),
        fallback,
        options,
        random,
      );
      for (let n = f; n < order.length; n += folds) {
        const { image, shape } = examples[order[n]!]!;
        const found = locate(locator, image);
        if (!found) {
          errors.push(
            ...Array.from(pointErrors(shape, shape), (v) => (Number.isNaN(v) ? v : Number.POSITIVE_INFINITY)),
          );
          continue;
        }
        const error = pointErrors(found.shape, shape);
        errors.push(...error);
        if (share === 1) heldOut[order[n]!] = { found, error: error.map((e) => e / found.radius) };
      }
      progress((s * folds + f + 1) / (SHARES.length * folds));
    }
    curve.push({ images, errors: Float64Array.from(errors.filter((e) => !Number.isNaN(e))) });
  });
  return { heldOut, curve };
}

/** Distance of each point to where it belongs; NaN where that is not known. */
export function pointErrors(found: Shape, truth: Shape): Float64Array {
  return Float64Array.from({ length: truth.length / 2 }, (_, k) =>
    Math.sqrt((found[2 * k]! - truth[2 * k]!) ** 2 + (found[2 * k + 1]! - truth[2 * k + 1]!) ** 2),
  );
}
