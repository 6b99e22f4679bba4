import { failed, problem, type Result } from "../../core/diagnostic.js";
import { spacing } from "../../core/grid.js";
import type { Context, Table } from "../../core/plugin.js";
import type { Metrics } from "../../core/verdict.js";
import { quantile } from "../sample-image.js";
import { calibrate, confidenceOf } from "./calibration.js";
import { crossValidate, pointErrors } from "./cross-validate.js";
import { type Example, type LocatorOptions, trainLocator } from "./locate.js";
import { type LandmarkModel, radiusFor } from "./model.js";
import { COARSE_RADIUS, fineStep, landmarkImage } from "./planes.js";
import type { TrainingSet } from "./training-set.js";

export interface TrainOptions {
  readonly levels: number;
  /** At each level. */
  readonly trees: number;
  readonly depth: number;
  /** Of the first search. */
  readonly searchTrees: number;
  readonly samples: number;
  readonly folds: number;
  /** In radii of the shape. */
  readonly tolerance: number;
}

export interface Trained {
  readonly model: LandmarkModel;
  /** Error against the number of training images. */
  readonly curve: Table;
  /** Error of each image when it was held out, the worst first. */
  readonly images: Table;
  readonly metrics: Metrics;
}

const PROBES = 300;
/** Places that the forest looks at in all images together, and in each. */
const PLACES = 16000;

/** Trains a model and cross-validates it. @returns the model; or `memory-too-small`, `nothing-found` */
export async function trainLandmarks(
  set: TrainingSet,
  { levels, trees, depth, searchTrees, samples, folds, tolerance }: TrainOptions,
  { signal, random, progress, memory }: Pick<Context, "signal" | "random" | "progress" | "memory">,
): Promise<Result<Trained>> {
  const { names, ids, basis, size, mean, shapes } = set;
  const radiusPx = set.images.map((image) => radiusFor(size, basis, image.grid) / spacing(image.grid));
  const step = fineStep(quantile(Float64Array.from(radiusPx).sort(), 0.5));
  const room = set.images.reduce((sum, { grid }, i) => {
    const scale = (step * COARSE_RADIUS) / radiusPx[i]!;
    return sum + grid.width * grid.height * scale * scale;
  }, 0);
  const need = 2.2 * room + (samples + PLACES) * (PROBES + 24 * names.length);
  if (need > memory) {
    return failed(
      problem(
        "memory-too-small",
        `Training on ${ids.length} images takes ${mb(need)}, but the step may hold ${mb(memory)}`,
        "Give more with --memory, or train on fewer images.",
      ),
    );
  }
  const examples: Example[] = [];
  for (const [i, image] of set.images.entries()) {
    signal.throwIfAborted();
    const radius = radiusFor(size, basis, image.grid);
    examples.push({ image: await landmarkImage(image, radius, step, signal), shape: shapes[i]! });
  }
  const places = Math.max(60, Math.min(400, Math.round(PLACES / examples.length)));
  const options: LocatorOptions = {
    forest: { trees: searchTrees, depth: 9, places },
    cascade: { levels, trees, depth, shrinkage: 0.1, probes: PROBES },
    samples,
  };
  const parts = Math.min(folds, examples.length);
  const check = () => signal.throwIfAborted();
  const tested = crossValidate(examples, mean, parts, options, random, (f) => progress(0.85 * f), check);
  const heldOut = tested.heldOut.flatMap((h) => h ?? []);
  if (heldOut.length < 2) {
    return failed(
      problem(
        "nothing-found",
        `The points were found in ${heldOut.length} of ${examples.length} images that were held out of training`,
        "Check that points and images belong together, or annotate more images.",
      ),
    );
  }
  const locator = trainLocator(examples, undefined, options, random, (f) => progress(0.85 + 0.15 * f));
  const calibration = calibrate(heldOut, names.length, tolerance);
  const model: LandmarkModel = {
    ...{ names, crs: set.images[0]!.grid.crs, size, basis, step, images: ids.length, tolerance },
    ...{ locator, calibration },
  };
  const rows = ids.map((id, i) => {
    const held = tested.heldOut[i];
    const radius = held?.found.radius ?? radiusPx[i]!;
    const error = held ? Array.from(held.error, (e) => e * radius) : names.map(() => Number.NaN);
    const known = error.map((e, k) => ({ e, k })).filter(({ e }) => !Number.isNaN(e));
    const worst = known.reduce((w, p) => (p.e > w.e ? p : w), known[0] ?? { e: Number.NaN, k: 0 });
    const confidence = held ? confidenceOf(calibration, held.found, tolerance) : new Float64Array(names.length);
    return {
      ...{ id, mean: held ? meanOf(known.map(({ e }) => e)) : Number.POSITIVE_INFINITY },
      ...{ worst: worst.e, point: held ? names[worst.k]! : "not found", confidence: meanOf([...confidence]) },
      within: known.filter(({ e }) => e <= tolerance * radius).length,
      known: held ? known.length : shapes[i]!.filter((v, d) => d % 2 === 0 && !Number.isNaN(v)).length,
    };
  });
  rows.sort((a, b) => b.mean - a.mean || (a.id < b.id ? -1 : 1));
  const all = tested.curve[tested.curve.length - 1]!.errors;
  const sorted = Float64Array.from(all).sort();
  const known = rows.reduce((sum, r) => sum + r.known, 0);
  const px = (value: number) => ({ value, unit: "px" });
  return {
    ok: true,
    value: {
      model,
      curve: {
        columns: {
          images: tested.curve.map((c) => Math.round(c.images)),
          "mean-error-px": tested.curve.map((c) => meanOf([...c.errors])),
          "median-error-px": tested.curve.map((c) => quantile(Float64Array.from(c.errors).sort(), 0.5)),
          "error-90-px": tested.curve.map((c) => quantile(Float64Array.from(c.errors).sort(), 0.9)),
        },
      },
      images: {
        columns: {
          image: rows.map((r) => r.id),
          "mean-error-px": rows.map((r) => r.mean),
          "worst-error-px": rows.map((r) => r.worst),
          "worst-point": rows.map((r) => r.point),
          confidence: rows.map((r) => r.confidence),
        },
      },
      metrics: {
        images: { value: ids.length },
        points: { value: names.length },
        folds: { value: parts },
        "mean-error": px(meanOf([...all])),
        "median-error": px(quantile(sorted, 0.5)),
        "error-90": px(quantile(sorted, 0.9)),
        "worst-image-error": px(rows[0]!.mean),
        "mean-shape-error": px(meanShapeError(set)),
        "within-tolerance": { value: (100 * rows.reduce((sum, r) => sum + r.within, 0)) / known, unit: "%" },
        "mean-confidence": { value: meanOf(rows.map((r) => r.confidence)) },
      },
    },
  };
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
const mb = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;

/** What knows nothing of the image would do: each point where it is on average, relative to the frame; in pixels. */
function meanShapeError({ images, shapes, names }: TrainingSet): number {
  const errors: number[] = [];
  const side = (i: number, d: number) => (d % 2 === 0 ? images[i]!.grid.width : images[i]!.grid.height);
  const mean = Float64Array.from({ length: 2 * names.length }, (_, d) =>
    meanOf(shapes.flatMap((shape, i) => (Number.isNaN(shape[d]!) ? [] : [shape[d]! / side(i, d)]))),
  );
  shapes.forEach((shape, i) => {
    const guess = mean.map((v, d) => v * side(i, d));
    errors.push(...pointErrors(guess, shape).filter((e) => !Number.isNaN(e)));
  });
  return meanOf(errors);
}
