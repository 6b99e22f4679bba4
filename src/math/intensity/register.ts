import { invertMatrix3, type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import { localStretch } from "../plausibility.js";
import { type IntensityFamily, motionAt } from "./families.js";
import { alignLevel, type LevelFit } from "./level.js";
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
  /** Whether the last steps at the finest level went nowhere. */
  readonly converged: boolean;
  /** Moving intensities as gain times fixed ones plus offset. */
  readonly gain: number;
  readonly offset: number;
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
const ITERATIONS = [6, 6, 10, 20, 30];
const TOLERANCE = [2e-3, 1e-2, 1e-2, 1e-2, 1e-2];

export function registerPrepared(
  _arena: Arena,
  prepared: PreparedFixed,
  moving: Plane,
  { start = IDENTITY }: { readonly start?: Matrix3 } = {},
): IntensityFit {
  using arena = kernels().arena();
  const { family, metric = "ecc", robust = false, finest = 0 } = prepared.options;
  const fixed = prepared.levels;
  const levels = intensityLevels(arena, moving, metric === "ssd" ? fixed : undefined);
  const { width, height } = fixed.planes[0]!;
  // Pixels of both are to be about as large: a moving image of half the pixel size is looked at a level farther up.
  const stretch = localStretch(start, (width - 1) / 2, (height - 1) / 2).scale;
  let shift = 0;
  for (let s = stretch; s > 1.5 && shift < 8; s /= 2) shift++;
  for (let s = stretch; s < 1 / 1.5 && shift > -8; s *= 2) shift--;
  const holes = fixed.holes || levels.holes;
  let matrix = start;
  let fit: LevelFit | undefined;
  let iterations = 0;
  let last = 0;
  const pairs: (readonly [number, number])[] = [];
  for (let l = fixed.planes.length - 1; l >= 0; l--) {
    if (l + shift >= 0 && l + shift < levels.planes.length) pairs.push([l, l + shift]);
  }
  const use = pairs.filter(([l], i) => l >= finest || i === 0);
  for (const [i, [l, k]] of use.entries()) {
    const plane = fixed.planes[l]!;
    const strips = new StripSums(arena, plane.height);
    const isLast = i === use.length - 1;
    const step = use.length - 1 - i;
    const found = alignLevel(strips, {
      ...{ fixed: plane, moving: levels.planes[k]!, family, metric, robust, holes },
      start: levelMap(matrix, l, k),
      iterations: ITERATIONS[Math.min(step, ITERATIONS.length - 1)]!,
      tolerance: TOLERANCE[Math.min(step, TOLERANCE.length - 1)]!,
      stray: isLast,
    });
    strips.free();
    iterations += found.iterations;
    // A level that makes it worse has lost its way: the next begins where this one did.
    if (isLast || found.ncc >= found.nccAtStart - 0.01) {
      matrix = fullMap(found.matrix, l, k);
      fit = found;
      last = l;
    }
  }
  if (!fit || fit.pixels === 0) return nothing(start, family, iterations);
  const gain = (fit.gain * fixed.scale) / levels.scale;
  return {
    movingFromFixed: matrix,
    family,
    ncc: fit.ncc,
    sigma: expectedError(fit, matrix, family, fixed.planes[last]!, 2 ** last, width, height),
    overlap: (fit.pixels * 4 ** last) / (width * height),
    iterations,
    converged: fit.converged,
    gain,
    offset: levels.pivot + fit.offset / levels.scale - gain * fixed.pivot,
  };
}

const nothing = (matrix: Matrix3, family: IntensityFamily, iterations: number): IntensityFit => ({
  movingFromFixed: matrix,
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

/** Pixels of a level to pixels of the finest: a level's pixel is the mean over a block. */
const fullFromLevel = (level: number): Matrix3 => {
  const s = 2 ** level;
  return [s, 0, (s - 1) / 2, 0, s, (s - 1) / 2, 0, 0, 1];
};

const levelMap = (full: Matrix3, fixed: number, moving: number): Matrix3 =>
  multiplyMatrix3(invertMatrix3(fullFromLevel(moving)), multiplyMatrix3(full, fullFromLevel(fixed)));

const fullMap = (level: Matrix3, fixed: number, moving: number): Matrix3 =>
  multiplyMatrix3(fullFromLevel(moving), multiplyMatrix3(level, invertMatrix3(fullFromLevel(fixed))));
