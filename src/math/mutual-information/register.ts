import type { Matrix3 } from "../../core/transform.js";
import type { CourseStep } from "../../core/verdict.js";
import type { Arena } from "../../kernel/memory.js";
import { fullMap, levelMap, levelPairs } from "../intensity/level-maps.js";
import type { Plane } from "../plane.js";
import { expectedError } from "./expected-error.js";
import { centredMap, type InformationFamily, matrixOf } from "./families.js";
import { binsFor, JointHistogram } from "./joint-histogram.js";
import { climbLevel, type LevelFit } from "./level.js";
import { freeLevels, type InformationLevels, informationLevels } from "./levels.js";

export type { InformationFamily } from "./families.js";

export interface MutualInformationOptions {
  readonly family: InformationFamily;
  /** `mattes`: mutual information of a Parzen histogram; `normalised`: (H(F) + H(M)) / H(F, M). */
  readonly metric: "mattes" | "normalised";
  /** Bins at the finest level, of each side: 8 to 240; fewer where samples are few. 64 when absent. */
  readonly bins?: number;
  /**
   * Side of the cells, in pixels, that have one sample each at the finest level, at least 1; `all`: as many samples as pixels.
   * When absent 1.5 in an image of a megapixel, at most 1 in a small one, and as much as a million samples need in a large one.
   */
  readonly sampling?: number | "all";
  /** Where samples lie in their cells depends on it. */
  readonly random: () => number;
  /** Pixels of fixed to pixels of moving, where to begin; affine; the identity when absent. */
  readonly start?: Matrix3;
  /** The last level that is looked at; 0, the pixels as they are, when absent. */
  readonly finest?: number;
}

export interface MutualInformationFit {
  /** Pixels of fixed to pixels of moving. */
  readonly movingFromFixed: Matrix3;
  /** At the result: nats, or the normalised value; 0 where there was nothing to compare. */
  readonly information: number;
  /** At the start, with the same samples. */
  readonly informationAtStart: number;
  /** Expected error, root mean square over the fixed image, pixels of moving; infinite where undetermined. */
  readonly sigma: number;
  /** Share of the fixed plane that was compared. */
  readonly overlap: number;
  /** At all levels together. */
  readonly iterations: number;
  /** Whether the last steps at the finest level went nowhere. */
  readonly converged: boolean;
  readonly steps: readonly CourseStep[];
}

const IDENTITY: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Most steps at a level, and the move of a corner in its pixels at which they end, finest level first. */
const ITERATIONS = [15, 15, 15, 30, 40, 40];
const TOLERANCE = [2e-3, 4e-3, 6e-3, 1e-2, 1e-2, 1e-2];

/** Bins at coarser levels; more do not help there. */
const COARSE_BINS = 32;
/** Levels, the coarsest, at which families stiffer than the wanted one are enough, and find the way from farther. */
const STIFF_LEVELS = 2;
/** Of what the start overlaps, a level may lose so much: few samples share information by chance. */
const KEPT_OVERLAP = 0.5;

/** Samples in a megapixel, and at most. */
const USUAL_SAMPLES = 466000;
const MOST_SAMPLES = 1e6;

/** Side of the cells of one sample each, pixels. */
export function samplingStep({ width, height }: Plane, sampling?: number | "all"): number {
  if (sampling === "all") return 1;
  if (sampling !== undefined) return Math.max(1, sampling);
  const pixels = width * height;
  return Math.max(1, Math.min(1.5, Math.sqrt(pixels / USUAL_SAMPLES)), Math.sqrt(pixels / MOST_SAMPLES));
}

/**
 * Registers two planes by the information that their intensities share, whatever the relation between them: Levenberg-Marquardt
 * over a pyramid, coarse to fine (P. Viola, W. Wells, IJCV 24 (1997), doi:10.1023/A:1007958904918; Mattes' histogram).
 *
 * Pixels that are NaN in either plane do not count. Finds its way from about 10 degrees, a factor of 1.2 and 6 % of the side.
 */
export function registerMutualInformation(
  arena: Arena,
  fixed: Plane,
  moving: Plane,
  options: MutualInformationOptions,
): MutualInformationFit {
  const levels = informationLevels(arena, fixed);
  const of = informationLevels(arena, moving);
  const fit = registerInformationLevels(arena, levels, of, options);
  freeLevels(arena, levels);
  freeLevels(arena, of);
  return fit;
}

/** As `registerMutualInformation`, on levels that are there already. */
export function registerInformationLevels(
  arena: Arena,
  fixed: InformationLevels,
  moving: InformationLevels,
  options: MutualInformationOptions,
): MutualInformationFit {
  const { family, metric, bins = 64, finest = 0, start = IDENTITY } = options;
  const seed = Math.floor(options.random() * 2 ** 32);
  const steps: CourseStep[] = [];
  const pairs = levelPairs(fixed, moving, start);
  const use = pairs.filter(([l], i) => l >= finest || i === 0);
  let matrix = start;
  let iterations = 0;
  let result: { readonly fit: LevelFit; readonly sigma: number; readonly cells: number } | undefined;
  let informationAtStart = 0;
  for (const [i, [l, k]] of use.entries()) {
    const isLast = i === use.length - 1;
    const [plane, other] = [fixed.planes[l]!, moving.planes[k]!];
    const back = use.length - 1 - i;
    const step = isLast ? samplingStep(plane, options.sampling) : samplingStep(plane);
    const samples = (plane.width * plane.height) / step ** 2;
    const joint = new JointHistogram(arena, plane, other, fixed.ranges[l]!, moving.ranges[k]!, {
      bins: binsFor(samples, isLast ? bins : Math.min(bins, COARSE_BINS)),
      ...{ step, metric, seed: (seed + Math.imul(l + 1, 0x9e3779b1)) | 0 },
    });
    const isStiff = family === "affine" && i < STIFF_LEVELS && !isLast;
    const begin = centredMap(levelMap(matrix, l, k), plane.width, plane.height);
    const first = joint.at(begin);
    const fit = climbLevel(joint, {
      family: isStiff ? "rigid" : family,
      start: begin,
      iterations: ITERATIONS[Math.min(back, ITERATIONS.length - 1)]!,
      tolerance: TOLERANCE[Math.min(back, TOLERANCE.length - 1)]!,
      least: (KEPT_OVERLAP * first.samples) / Math.max(1, joint.cells),
      onStep: (value, length) => steps.push({ level: l, value, step: length * 2 ** k }),
    });
    iterations += fit.iterations;
    matrix = fullMap(matrixOf(fit.map, plane.width, plane.height), l, k);
    if (isLast) {
      result = {
        fit,
        sigma: expectedError(joint.slopes(), family, fit.map, plane) * 2 ** k,
        cells: joint.cells,
      };
      const before = joint.at(centredMap(levelMap(start, l, k), plane.width, plane.height));
      informationAtStart = metric === "normalised" ? before.normalised : before.information;
    }
    joint.free();
  }
  const found = result?.fit.found;
  if (!result || !found || !(found.samples > 0) || !(found.information > 0) || !matrix.every(Number.isFinite)) {
    return {
      ...{ movingFromFixed: start, information: 0, informationAtStart: 0, sigma: Number.POSITIVE_INFINITY },
      ...{ overlap: 0, iterations, converged: false, steps },
    };
  }
  return {
    movingFromFixed: matrix,
    information: metric === "normalised" ? found.normalised : found.information,
    informationAtStart,
    sigma: result.sigma,
    overlap: Math.min(1, found.samples / result.cells),
    iterations,
    converged: result.fit.converged && Number.isFinite(result.sigma),
    steps,
  };
}
