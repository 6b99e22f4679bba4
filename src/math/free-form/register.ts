import type { CourseStep } from "../../core/verdict.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { freeLevels, type IntensityLevels, intensityLevels } from "../intensity/levels.js";
import type { Plane } from "../plane.js";
import { bendingOf } from "./bending.js";
import { leastJacobian, stepWithoutFolds } from "./folding.js";
import { type LatticeShape, latticeOver, refineLattice } from "./lattice.js";
import { type NormalMatrix, normalMatrix } from "./normal.js";
import { type Stage, stagesOf } from "./schedule.js";
import { moveOf } from "./step-length.js";
import { type Moments, pullAt } from "./sums.js";
import { levelTables } from "./tables.js";

export interface FreeFormOptions {
  /**
   * `ssd`: square differences, up to one gain and one offset for all the image; `ncc`: of planes that were brought to local mean 0
   * and variance 1, so that light may change from place to place.
   */
  readonly metric: "ssd" | "ncc" | "mutual-information";
  /** Of the control lattice at the end, pixels of the fixed plane. */
  readonly spacing: number;
  /** Weight of the bending energy relative to the mean diagonal of the data term; 1e-3. */
  readonly bending?: number;
  readonly effort?: "fast" | "standard";
  /** Last pyramid level; 0. */
  readonly finest?: number;
}

export interface FreeFormFit {
  /** Displacement u in pixels of the fixed plane: moving(x + u(x)) looks like fixed(x). */
  readonly lattice: LatticeShape;
  /** Interleaved x, y, row by row: same meaning as Transform "bspline" (src/core/bending/control-lattice.ts). */
  readonly coefficients: Float64Array;
  /** Without displacement and with it, at the last level: mean square difference in units of the fixed plane's variance. */
  readonly measureBefore: number;
  readonly measureAfter: number;
  readonly iterations: number;
  readonly converged: boolean;
  readonly steps: readonly CourseStep[];
  /** Smallest determinant of I + grad u inside of the plane; folding is guarded, so > 0. */
  readonly leastJacobian: number;
  /** Share of the fixed plane's pixels that were compared. */
  readonly overlap: number;
}

/** No cell may shrink below this share of its area; between the samples that are looked at it may by a little. */
const LEAST_AREA = 0.05;
/** Steps are cut at this share of the spacing: linear only nearby. */
const LONGEST_STEP = 0.4;

/**
 * Registers two planes by a cubic B-spline lattice: Gauss-Newton over a pyramid, coarse to fine, the lattice refined along.
 *
 * Both planes are on ONE grid: a global fit has been applied to moving already. NaN is unobserved.
 *
 * D. Rueckert et al., IEEE TMI 18 (1999), doi:10.1109/42.796284
 */
export function registerFreeForm(arena: Arena, fixed: Plane, moving: Plane, options: FreeFormOptions): FreeFormFit {
  const f = intensityLevels(arena, fixed);
  const m = intensityLevels(arena, moving);
  const fit = registerLevels(arena, f, m, options);
  freeLevels(arena, f);
  freeLevels(arena, m);
  return fit;
}

function registerLevels(_arena: Arena, f: IntensityLevels, m: IntensityLevels, options: FreeFormOptions): FreeFormFit {
  using arena = kernels().arena();
  const { width, height } = f.planes[0]!;
  const { bending = 1e-3, effort = "standard", finest = 0 } = options;
  const spacing = Math.min(Math.max(2, options.spacing), 4 * Math.max(width, height));
  const stages = stagesOf(Math.min(f.planes.length, m.planes.length), { spacing, bending, effort, finest });
  const state: State = {
    ...{ gain: 1, offset: 0, lattice: latticeOver(width, height, stages[0]!.spacing) },
    ...{ coefficients: new Float64Array(0), iterations: 0, converged: false, steps: [] },
  };
  state.coefficients = new Float64Array(2 * state.lattice.columns * state.lattice.rows);
  let before: Moments | undefined;
  let after: Moments | undefined;
  for (const stage of stages) {
    while (state.lattice.spacing > stage.spacing) {
      const finer = latticeOver(width, height, state.lattice.spacing / 2);
      state.coefficients = refineLattice(state.coefficients, state.lattice, finer);
      state.lattice = finer;
    }
    const [fixed, moving] = [f.planes[stage.level]!, m.planes[stage.level]!];
    const tables = levelTables(arena, fixed, stage.level, width, height, state.lattice);
    const pull = (c: Float64Array, rowStep: number) =>
      pullAt(arena, fixed, moving, tables, state.lattice, c, {
        ...{ level: stage.level, rowStep, gain: state.gain, offset: state.offset },
      });
    const matrix = normalMatrix(arena, fixed, tables, state.lattice, {
      ...{ rowStep: stage.matrixStep, scale: stage.matrixStep / stage.rowStep, bending: stage.bending },
    });
    if (matrix) descend(stage, state, matrix, (c) => pull(c, stage.rowStep), width, height);
    matrix?.free();
    if (stage === stages.at(-1)) {
      const look = stage.rowStep * 2;
      before = pull(new Float64Array(state.coefficients.length), look).moments;
      after = pull(state.coefficients, look).moments;
      state.overlap = (after.pixels * look) / (fixed.width * fixed.height);
    }
    tables.free();
  }
  return {
    lattice: state.lattice,
    coefficients: state.coefficients,
    measureBefore: difference(before!),
    measureAfter: difference(after!),
    iterations: state.iterations,
    converged: state.converged,
    steps: state.steps,
    leastJacobian: leastJacobian(state.lattice, state.coefficients, width, height),
    overlap: Math.min(1, state.overlap ?? 0),
  };
}

interface State {
  lattice: LatticeShape;
  coefficients: Float64Array;
  /** Fixed intensities as gain times moving ones plus offset. */
  gain: number;
  offset: number;
  iterations: number;
  converged: boolean;
  overlap?: number;
  readonly steps: CourseStep[];
}

/** Mean square difference after gain and offset, beside the fixed plane's variance: 0 to 4, 2 where nothing is alike. */
function difference({ fixedVariance, movingVariance, covariance }: Moments): number {
  const both = Math.sqrt(fixedVariance * movingVariance);
  return both > 0 ? Math.max(0, 2 - (2 * covariance) / both) : 2;
}

/** Gauss-Newton at one level, with a matrix that stays. */
function descend(
  stage: Stage,
  state: State,
  matrix: NormalMatrix,
  pull: (c: Float64Array) => { readonly right: Float64Array; readonly moments: Moments },
  width: number,
  height: number,
): void {
  const pixel = 2 ** stage.level;
  state.converged = false;
  let last: { readonly value: number; readonly coefficients: Float64Array; readonly step: Float64Array } | undefined;
  for (let i = 0; i < stage.iterations && !state.converged; i++) {
    if (state.iterations === 0) brightness(state, pull(state.coefficients).moments);
    const { right, moments } = pull(state.coefficients);
    brightness(state, moments);
    if (!(moments.fixedVariance > 0 && moments.movingVariance > 0)) break;
    state.iterations++;
    // The data speak in pixels of the level, and so does the lattice here.
    const bend = bendingOf(state.lattice, state.coefficients);
    const value =
      difference(moments) * moments.fixedVariance + (matrix.bending * bend.energy) / (pixel ** 2 * moments.pixels);
    let step: Float64Array;
    let from = state.coefficients;
    if (last && value > last.value * 1.001) {
      // A step too far: half of it.
      step = last.step.map((v) => v / 2);
      from = last.coefficients;
    } else {
      const wanted = matrix.solve(right.map((v, k) => -v - (matrix.bending * bend.product[k]!) / pixel));
      const length = moveOf(state.lattice, wanted).longest;
      const most = (LONGEST_STEP * state.lattice.spacing) / pixel;
      const share = length > most ? most / length : 1;
      step = wanted.map((v) => v * share * pixel);
      last = { value, coefficients: from, step };
    }
    if (!step.every(Number.isFinite)) break;
    const next = stepWithoutFolds(state.lattice, from, step, width, height, LEAST_AREA);
    const move = moveOf(
      state.lattice,
      next.map((v, k) => v - state.coefficients[k]!),
    );
    state.steps.push({ level: stage.level, value: difference(moments), step: move.longest });
    if (last && step !== last.step) last = { ...last, step };
    state.coefficients = next;
    state.converged = move.rootMeanSquare < stage.tolerance * pixel;
  }
}

/** The gain and offset that give both planes one mean and one variance where they overlap. */
function brightness(state: State, moments: Moments): void {
  const { fixedVariance, movingVariance, fixedMean, movingMean, covariance } = moments;
  if (!(fixedVariance > 0 && movingVariance > 0 && covariance > 0)) return;
  state.gain = Math.sqrt(fixedVariance / movingVariance);
  state.offset = fixedMean - state.gain * movingMean;
}
