import type { Matrix3 } from "../../core/transform.js";
import type { CourseStep } from "../../core/verdict.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import { localStretch } from "../plausibility.js";
import { type IntensityFamily, motionAt } from "./families.js";
import { alignLevel, type LevelFit } from "./level.js";
import { fullMap, levelMap, levelPairs } from "./level-maps.js";
import { freeLevels, type IntensityLevels, intensityLevels } from "./levels.js";
import { StripSums } from "./sums.js";

export type { IntensityFamily } from "./families.js";

export interface IntensityOptions {
  readonly family: IntensityFamily;
  /** Pixels of fixed to pixels of moving, where to begin; the identity when absent. A stiff family keeps what bends in it. */
  readonly start?: Matrix3;
  /** Whether pixels that do not follow count little (Tukey's biweight). */
  readonly robust?: boolean;
  /** `ecc`: up to a gain and an offset; `ssd`: intensities as they are. */
  readonly metric?: "ecc" | "ssd";
  /** The last level that is looked at; 0, the pixels as they are, when absent. */
  readonly finest?: number;
  /** The first level that is looked at, for a start that is off by a few of its pixels at most; all there are when absent. */
  readonly coarsest?: number;
}

export interface IntensityFit {
  /** Pixels of fixed to pixels of moving. */
  readonly movingFromFixed: Matrix3;
  readonly family: IntensityFamily;
  /** Correlation of the overlap; 0 where there was nothing to compare. */
  readonly ncc: number;
  /** Expected error, root mean square over the fixed image, pixels of moving; infinite where undetermined. */
  readonly sigma: number;
  /** Share of the fixed plane's pixels that were compared. */
  readonly overlap: number;
  /** At all levels together. */
  readonly iterations: number;
  /** Whether the last step at the finest level went nowhere, or not far beside the expected error. */
  readonly converged: boolean;
  /** Moving intensities as gain times fixed ones plus offset. */
  readonly gain: number;
  readonly offset: number;
  /** Every step, coarse levels first; pixels of the fixed plane. */
  readonly steps: readonly CourseStep[];
}

/** The fixed side's work, for many moving planes. Lives as long as the arena it was made in. */
export interface PreparedFixed {
  readonly levels: IntensityLevels;
  readonly options: Omit<IntensityOptions, "start">;
}

export function prepareFixed(arena: Arena, fixed: Plane, options: Omit<IntensityOptions, "start">): PreparedFixed {
  return { levels: intensityLevels(arena, fixed), options };
}

/**
 * Registers two planes by their intensities: Gauss-Newton over a pyramid, coarse to fine.
 *
 * Pixels that are NaN in either plane do not count. The planes need a common scale within a factor of about 1.3, and a turn
 * within about 30 degrees of the start.
 */
export function registerIntensity(arena: Arena, fixed: Plane, moving: Plane, options: IntensityOptions): IntensityFit {
  const prepared = prepareFixed(arena, fixed, options);
  const fit = registerPrepared(arena, prepared, moving, options.start ? { start: options.start } : {});
  freeLevels(arena, prepared.levels);
  return fit;
}

const IDENTITY: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];
/** Most steps at a level, and the move of a corner in pixels at which they end, finest level first. */
const ITERATIONS = [12, 10, 12, 20, 30];
const TOLERANCE = [2e-3, 1e-2, 1e-2, 1e-2, 1e-2];

export function registerPrepared(
  _arena: Arena,
  prepared: PreparedFixed,
  moving: Plane,
  { start = IDENTITY }: { readonly start?: Matrix3 } = {},
): IntensityFit {
  using arena = kernels().arena();
  const { levels, options } = prepared;
  const of = intensityLevels(arena, moving, options.metric === "ssd" ? levels : undefined);
  return registerLevels(arena, levels, of, { ...options, start });
}

/** As `registerIntensity`, on levels that are there already; with the metric `ssd` both have one pivot and scale. */
export function registerLevels(
  arena: Arena,
  fixed: IntensityLevels,
  moving: IntensityLevels,
  options: IntensityOptions,
): IntensityFit {
  const { family, metric = "ecc", robust = false, finest = 0, coarsest = Number.POSITIVE_INFINITY } = options;
  const start = options.start ?? IDENTITY;
  const { width, height } = fixed.planes[0]!;
  const holes = fixed.holes || moving.holes;
  let matrix = start;
  let fit: LevelFit | undefined;
  let iterations = 0;
  let last = 0;
  const steps: CourseStep[] = [];
  const pairs = levelPairs(fixed, moving, start);
  const use = pairs.filter(([l], i) => (l >= finest || i === 0) && (l <= coarsest || i === pairs.length - 1));
  for (const [i, [l, k]] of use.entries()) {
    const plane = fixed.planes[l]!;
    const strips = new StripSums(arena, plane.height);
    const isLast = i === use.length - 1;
    const step = use.length - 1 - i;
    const found = alignLevel(strips, {
      ...{ fixed: plane, moving: moving.planes[k]!, family, metric, robust, holes },
      start: levelMap(matrix, l, k),
      iterations: ITERATIONS[Math.min(step, ITERATIONS.length - 1)]!,
      tolerance: TOLERANCE[Math.min(step, TOLERANCE.length - 1)]!,
      stray: isLast,
    });
    strips.free();
    iterations += found.iterations;
    for (const { ncc, length } of found.steps) steps.push({ level: l, value: ncc, step: length * 2 ** l });
    // A level that makes it worse has lost its way: the next begins where this one did.
    if (isLast || found.ncc >= found.nccAtStart - 0.01) {
      matrix = fullMap(found.matrix, l, k);
      fit = found;
      last = l;
    }
  }
  if (!fit || fit.pixels === 0) return nothing(start, family, steps, iterations);
  const gain = (fit.gain * fixed.scale) / moving.scale;
  const sigma = expectedError(fit, matrix, family, fixed.planes[last]!, 2 ** last, width, height);
  return {
    movingFromFixed: matrix,
    family,
    ncc: fit.ncc,
    sigma,
    overlap: (fit.pixels * 4 ** last) / (width * height),
    iterations,
    // Steps that are small beside the error may be as long as they like.
    converged: fit.converged || fit.lastStep * 2 ** last < 0.3 * sigma,
    gain,
    offset: moving.pivot + fit.offset / moving.scale - gain * fixed.pivot,
    steps,
  };
}

const nothing = (
  matrix: Matrix3,
  family: IntensityFamily,
  steps: readonly CourseStep[],
  iterations: number,
): IntensityFit => ({
  movingFromFixed: matrix,
  steps,
  ...{ family, ncc: 0, sigma: Number.POSITIVE_INFINITY, overlap: 0, iterations, converged: false, gain: 1, offset: 0 },
});

/** Root mean square over the fixed image of how far the covariance lets the map stray, pixels of moving. */
function expectedError(
  { covariance }: LevelFit,
  matrix: Matrix3,
  family: IntensityFamily,
  plane: Plane,
  size: number,
  width: number,
  height: number,
): number {
  if (!covariance) return Number.POSITIVE_INFINITY;
  const n = Math.sqrt(covariance.length);
  let sum = 0;
  for (let j = -2; j <= 2; j++) {
    for (let i = -2; i <= 2; i++) {
      const motion = motionAt(family, (i / 4) * plane.width, (j / 4) * plane.height);
      for (let a = 0; a < n; a++) {
        for (let b = 0; b < n; b++) {
          const together = motion[2 * a]! * motion[2 * b]! + motion[2 * a + 1]! * motion[2 * b + 1]!;
          sum += covariance[n * a + b]! * together;
        }
      }
    }
  }
  const { scale } = localStretch(matrix, (width - 1) / 2, (height - 1) / 2);
  return Math.sqrt(Math.max(0, sum / 25)) * size * scale;
}
