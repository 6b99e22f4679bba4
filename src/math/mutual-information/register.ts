import type { Matrix3 } from "../../core/transform.js";
import type { CourseStep } from "../../core/verdict.js";
import type { Arena } from "../../kernel/memory.js";
import { fullMap, levelMap, levelPairs } from "../intensity/level-maps.js";
import { mapDistance } from "../intensity/map-distance.js";
import type { Plane } from "../plane.js";
import { expectedError } from "./expected-error.js";
import { centredMap, type InformationFamily, matrixOf } from "./families.js";
import { binsFor, type Information, JointHistogram, regionsFor } from "./joint-histogram.js";
import { climbLevel, type LevelFit } from "./level.js";
import { freeLevels, type InformationLevels, informationLevels } from "./levels.js";

export type { InformationFamily } from "./families.js";

export interface MutualInformationOptions {
  readonly family: InformationFamily;
  /** `mattes`: mutual information of a Parzen histogram; `normalised`: (H(F) + H(M)) / H(F, M). */
  readonly metric: "mattes" | "normalised";
  /** Bins of each side at most: 8 to 240; fewer where samples are few. 64 when absent. */
  readonly bins?: number;
  /**
   * Regions of the fixed image, at most, whose intensities have a relation of their own: 1, 4, 16 or 64; fewer where samples are
   * few. Light that differs from place to place then does no harm, up to a point. 64 when absent.
   */
  readonly regions?: 1 | 4 | 16 | 64;
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

/** A map on the way, and how it was come to. */
interface Candidate {
  readonly matrix: Matrix3;
  readonly steps: readonly CourseStep[];
  readonly value: number;
}

/** The best first; of those nearer than `near` pixels the best alone. The first of equals, as they were tried. */
function distinct(found: readonly Candidate[], near: number, width: number, height: number): readonly Candidate[] {
  const sorted = [...found].sort((a, b) => b.value - a.value);
  return sorted.filter(({ matrix }, i) =>
    sorted.slice(0, i).every((other) => mapDistance(matrix, other.matrix, width, height) > near),
  );
}

const IDENTITY: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Most steps at a level, and the move of a corner in its pixels at which they end, finest level first. */
const ITERATIONS = [15, 15, 15, 30, 40, 40];
const TOLERANCE = [2e-3, 4e-3, 6e-3, 1e-2, 1e-2, 1e-2];

/** Bins at most at the coarsest levels before the last: broad ones see farther. */
const COARSE_BINS = [8, 12, 20];
/** Levels, the coarsest, at which stiffer maps are enough, and find the way from farther. */
const STIFF_LEVELS = 2;
const STIFFER: Readonly<Record<InformationFamily, readonly InformationFamily[]>> = {
  translation: ["translation"],
  rigid: ["rigid"],
  similarity: ["rigid", "similarity"],
  affine: ["rigid", "similarity"],
};

/** Several maps are followed at levels of up to so many samples: at most these, and the start itself. */
const BEAM_SAMPLES = 20000;
const BEAM = 3;
/** Of what the start overlaps, a level may lose so much: few samples share information by chance. */
const KEPT_OVERLAP = 0.5;

/** Samples in a megapixel, and at most. */
const USUAL_SAMPLES = 466000;
const MOST_SAMPLES = 1e6;
/** Samples at levels before the last, at most: what they leave, the next finds. */
const PASSING_SAMPLES = 131072;

/** Side of the cells of one sample each, pixels. */
export function samplingStep({ width, height }: Plane, sampling?: number | "all"): number {
  if (sampling === "all") return 1;
  if (sampling !== undefined) return Math.max(1, sampling);
  const pixels = width * height;
  return Math.max(1, Math.min(1.5, Math.sqrt(pixels / USUAL_SAMPLES)), Math.sqrt(pixels / MOST_SAMPLES));
}

const passingStep = ({ width, height }: Plane): number => Math.max(1, Math.sqrt((width * height) / PASSING_SAMPLES));

/**
 * Registers two planes by the information that their intensities share, whatever the relation between them: Levenberg-Marquardt
 * over a pyramid, coarse to fine (P. Viola, W. Wells, IJCV 24 (1997), doi:10.1023/A:1007958904918; Mattes' histogram).
 *
 * Pixels that are NaN in either plane do not count. Mostly finds its way from 10 degrees, a factor of 0.85 to 1.2, and 8 % of the side.
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
  const { width, height } = fixed.planes[0]!;
  const seed = Math.floor(options.random() * 2 ** 32);
  const pairs = levelPairs(fixed, moving, start);
  const use = pairs.filter(([l], i) => l >= finest || i === 0);
  let candidates: readonly Candidate[] = [{ matrix: start, steps: [], value: 0 }];
  let iterations = 0;
  let result: { readonly fit: LevelFit; readonly sigma: number; readonly cells: number } | undefined;
  let informationAtStart = 0;
  for (const [i, [l, k]] of use.entries()) {
    const isLast = i === use.length - 1;
    const [plane, other] = [fixed.planes[l]!, moving.planes[k]!];
    const back = use.length - 1 - i;
    const step = isLast ? samplingStep(plane, options.sampling) : passingStep(plane);
    const samples = (plane.width * plane.height) / step ** 2;
    const regions = Math.min(options.regions ?? 64, regionsFor(samples));
    const joint = new JointHistogram(arena, plane, other, fixed.ranges[l]!, moving.ranges[k]!, {
      bins: binsFor(samples / regions, isLast ? bins : Math.min(bins, COARSE_BINS[i] ?? bins)),
      regions,
      ...{ step, metric, seed: (seed + Math.imul(l + 1, 0x9e3779b1)) | 0 },
    });
    const centred = (matrix: Matrix3) => centredMap(levelMap(matrix, l, k), plane.width, plane.height);
    const measureOf = (found: Information) => (metric === "normalised" ? found.normalised : found.information);
    const before = joint.at(centred(start));
    const climb = ({ matrix, steps }: Candidate, as: InformationFamily) => {
      const taken: CourseStep[] = [];
      const fit = climbLevel(joint, {
        family: as,
        start: centred(matrix),
        iterations: ITERATIONS[Math.min(back, ITERATIONS.length - 1)]!,
        tolerance: TOLERANCE[Math.min(back, TOLERANCE.length - 1)]!,
        least: (KEPT_OVERLAP * before.samples) / Math.max(1, joint.cells),
        onStep: (value, length) => taken.push({ level: l, value, step: length * 2 ** k }),
      });
      iterations += fit.iterations;
      const to = fullMap(matrixOf(fit.map, plane.width, plane.height), l, k);
      return { fit, candidate: { matrix: to, steps: [...steps, ...taken], value: measureOf(fit.found) } };
    };
    if (isLast || samples > BEAM_SAMPLES) {
      const { fit, candidate } = climb(candidates[0]!, family);
      candidates = [candidate];
      if (isLast) {
        const sigma = expectedError(joint.slopes(), family, fit.map, plane) * 2 ** k;
        result = { fit, sigma, cells: joint.cells };
        informationAtStart = measureOf(before);
      }
    } else {
      // What a coarser level found may be worse than where it began.
      const starts = i === 0 ? candidates : [...candidates, { matrix: start, steps: [], value: 0 }];
      const stiff = i < STIFF_LEVELS ? STIFFER[family] : [family];
      const found = starts.flatMap((from) => stiff.map((as) => climb(from, as).candidate));
      candidates = distinct(found, 2 ** (l + 1), width, height).slice(0, BEAM);
    }
    joint.free();
  }
  const { matrix, steps } = candidates[0]!;
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
    // Steps that are small beside the error may be as long as they like.
    converged: Number.isFinite(result.sigma) && (result.fit.converged || result.fit.lastStep < 0.3 * result.sigma),
    steps,
  };
}
