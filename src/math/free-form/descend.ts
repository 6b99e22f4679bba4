import type { CourseStep } from "../../core/verdict.js";
import type { Arena } from "../../kernel/memory.js";
import { bendingOf } from "./bending.js";
import { stepWithoutFolds } from "./folding.js";
import { difference, isTelling, type Moments } from "./moments.js";
import { type NormalMatrix, normalMatrix } from "./normal.js";
import type { PreparedStage } from "./prepare.js";
import { moveOf } from "./step-length.js";
import { type Pull, pullAt } from "./sums.js";
import type { View } from "./view.js";

/** Where a descent stands, from level to level. */
export interface Descent {
  /** Interleaved, pixels of level 0. */
  readonly coefficients: Float64Array;
  /** Fixed intensities as gain times moving ones plus offset; undefined before anything was compared. */
  readonly brightness: { readonly gain: number; readonly offset: number } | undefined;
  readonly steps: readonly CourseStep[];
  /** Whether the last step went nowhere. */
  readonly converged: boolean;
}

/**
 * Bending weighs at least so much times the mean square of what is left: it is noise to the lattice whatever it is, be it shading
 * or what one plane alone shows. Intensities are in units of their standard deviation; second differences of neighbouring nodes
 * are expected to be about 1 / √5 pixels of a level.
 */
const BENDING_OF_RESIDUAL = 5;
/** No cell may shrink below this share of its area; between the places that are looked at it may by a little. */
const LEAST_AREA = 0.05;
/** Steps are cut at this share of the spacing: linear only nearby. */
const LONGEST_STEP = 0.4;
/** A value that grows by more than this share was a step too far. */
const GROWTH = 1.001;

/**
 * Gauss-Newton at one level, with a matrix that stays: residuals' slopes are the mean of both planes' gradients, which takes the
 * error of either linearisation out of the other.
 *
 * @param value  what the course shows of the moments
 */
export function descend(
  arena: Arena,
  { stage, geometry, fixed, matrix }: PreparedStage,
  moving: View,
  start: Descent,
  value: (moments: Moments) => number,
  size: { readonly width: number; readonly height: number },
): Descent {
  if (!(matrix.diagonal > 0)) return { ...start, converged: false };
  const { lattice } = geometry;
  const pixel = 2 ** stage.level;
  const steps: CourseStep[] = [];
  let { coefficients, brightness } = start;
  let converged = false;
  let bending = 0;
  let normal: NormalMatrix | undefined;
  let last: { readonly energy: number; readonly from: Float64Array; readonly step: Float64Array } | undefined;
  const pull = (): Pull => {
    const { gain, offset } = brightness ?? { gain: 1, offset: 0 };
    return pullAt(arena, fixed, moving, geometry, coefficients, { rowStep: stage.rowStep, gain, offset });
  };
  while (steps.length < stage.iterations && !converged) {
    if (!brightness) brightness = alike(pull().moments) ?? { gain: 1, offset: 0 };
    const { right, moments } = pull();
    if (!isTelling(moments)) break;
    brightness = alike(moments) ?? brightness;
    if (!normal) {
      const floor = (BENDING_OF_RESIDUAL * difference(moments)) / stage.rowStep;
      bending = Math.max(stage.bending * matrix.diagonal, floor);
      normal = normalMatrix(arena, matrix, lattice, bending);
    }
    const bend = bendingOf(lattice, coefficients);
    // The data speak in pixels of the level, and so does bending.
    const energy = difference(moments) + (bending * bend.energy) / (pixel ** 2 * moments.pixels);
    if (last && energy > GROWTH * last.energy) last = { ...last, step: last.step.map((v) => v / 2) };
    else {
      const wanted = normal.solve(right.map((v, k) => -v - (bending * bend.product[k]!) / pixel));
      const longest = (LONGEST_STEP * lattice.spacing) / pixel;
      const share = pixel * Math.min(1, longest / moveOf(lattice, wanted).longest);
      last = { energy, from: coefficients, step: wanted.map((v) => v * share) };
    }
    if (!last.step.every(Number.isFinite)) break;
    const next = stepWithoutFolds(lattice, last.from, last.step, size.width, size.height, LEAST_AREA);
    const before = coefficients;
    const move = moveOf(
      lattice,
      next.map((v, k) => v - before[k]!),
    );
    steps.push({ level: stage.level, value: value(moments), step: move.longest });
    coefficients = next;
    converged = move.rootMeanSquare < stage.tolerance * pixel;
  }
  normal?.free();
  return { coefficients, brightness, converged, steps: [...start.steps, ...steps] };
}

/** The gain and offset that give the moving plane the fixed one's mean and variance; undefined where they look unlike. */
function alike(moments: Moments): Descent["brightness"] {
  if (!(isTelling(moments) && moments.covariance > 0)) return undefined;
  const gain = Math.sqrt(moments.fixedVariance / moments.movingVariance);
  return { gain, offset: moments.fixedMean - gain * moments.movingMean };
}
