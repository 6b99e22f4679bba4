import type { CourseStep } from "../../core/verdict.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import { type Descent, descend } from "./descend.js";
import { leastJacobian } from "./folding.js";
import type { Measure } from "./force.js";
import { mutualInformation } from "./information.js";
import { type LatticeShape, latticeOver, refineLattice } from "./lattice.js";
import { freeFormLevels, type Levels } from "./levels.js";
import { correlation, difference, type Moments } from "./moments.js";
import {
  type FreeFormOptions,
  type PreparedFreeForm,
  type PreparedStage,
  prepareStage,
  scheduleFor,
} from "./prepare.js";
import { squareDifference } from "./square-difference.js";

export { type FreeFormOptions, freePrepared, type PreparedFreeForm, prepareFreeForm } from "./prepare.js";

export interface FreeFormFit {
  /** Displacement u in pixels of the fixed plane: moving(x + u(x)) looks like fixed(x). */
  readonly lattice: LatticeShape;
  /** Interleaved x, y, row by row: same meaning as Transform "bspline" (src/core/bending/control-lattice.ts). */
  readonly coefficients: Float64Array;
  /**
   * Without displacement and with it, at the last level. `ssd`: mean square difference after gain and offset, in squares of the
   * fixed plane's intensities. `ncc`: correlation of the planes of local contrast, 1 where all is alike. `mutual-information`: nats.
   */
  readonly measureBefore: number;
  readonly measureAfter: number;
  readonly iterations: number;
  /** Whether the last step at the last level went nowhere. */
  readonly converged: boolean;
  readonly steps: readonly CourseStep[];
  /** Smallest determinant of I + grad u inside of the plane; folding is guarded, so > 0. */
  readonly leastJacobian: number;
  /** Share of the fixed plane's pixels that were compared. */
  readonly overlap: number;
}

/**
 * Registers two planes by a cubic B-spline lattice: Gauss-Newton over a pyramid, coarse to fine, the lattice refined along.
 *
 * Both planes are on ONE grid: a global fit has been applied to moving already. NaN is unobserved. What nothing is seen of follows
 * its surroundings smoothly.
 *
 * D. Rueckert et al., IEEE TMI 18 (1999), doi:10.1109/42.796284
 */
export function registerFreeForm(arena: Arena, fixed: Plane, moving: Plane, options: FreeFormOptions): FreeFormFit {
  const levels = freeFormLevels(arena, fixed);
  const schedule = scheduleFor(fixed, levels, options);
  // Made one after the other, so that only one stage's memory is held at a time.
  function* stages() {
    for (const stage of schedule) {
      const prepared = prepareStage(arena, fixed, levels, stage);
      yield prepared;
      prepared.free();
    }
  }
  const fit = registerStages(stages(), fixed, levels, moving, options);
  levels.free();
  return fit;
}

/** As `registerFreeForm`, for many moving planes of the fixed one's size. */
export function registerPreparedFreeForm(prepared: PreparedFreeForm, moving: Plane): FreeFormFit {
  return registerStages(prepared.stages, prepared, prepared.levels, moving, prepared.options);
}

function registerStages(
  stages: Iterable<PreparedStage>,
  size: { readonly width: number; readonly height: number },
  fixed: Levels,
  moving: Plane,
  { metric }: FreeFormOptions,
): FreeFormFit {
  if (moving.width !== size.width || moving.height !== size.height)
    throw new Error("Internal error: planes that are not on one grid");
  using arena = kernels().arena();
  const levels = freeFormLevels(arena, moving);
  const value = (moments: Moments) =>
    metric === "ncc" ? correlation(moments) : difference(moments) / (fixed.scale * fixed.scale);
  const brightness = { now: undefined };
  let descent: Descent | undefined;
  let lattice: LatticeShape | undefined;
  let measures = { before: 0, after: 0, overlap: 0 };
  for (const prepared of stages) {
    const { stage, geometry } = prepared;
    const view = levels.view(stage.level, stage.radius);
    const measure =
      metric === "mutual-information"
        ? mutualInformation(arena, prepared, view, {
            fixed: fixed.range(stage.level),
            moving: levels.range(stage.level),
          })
        : squareDifference(arena, prepared, view, brightness, value);
    descent = descend(arena, stage, geometry, measure, carried(descent, lattice, geometry.lattice, size), size);
    lattice = geometry.lattice;
    if (stage.isLast) measures = measuresOf(measure, prepared.fixed, descent, 2 * stage.rowStep);
    measure.free();
    view.free();
  }
  const { coefficients, converged, steps } = descent!;
  return {
    ...{ lattice: lattice!, coefficients, converged, steps, iterations: steps.length },
    ...{ measureBefore: measures.before, measureAfter: measures.after, overlap: measures.overlap },
    leastJacobian: leastJacobian(lattice!, coefficients, size.width, size.height),
  };
}

/** The same displacement on the next stage's lattice. */
function carried(
  descent: Descent | undefined,
  from: LatticeShape | undefined,
  to: LatticeShape,
  { width, height }: { readonly width: number; readonly height: number },
): Descent {
  if (!descent || !from) {
    const coefficients = new Float64Array(2 * to.columns * to.rows);
    return { coefficients, steps: [], converged: false };
  }
  let { coefficients } = descent;
  for (let lattice = from; lattice.spacing > to.spacing; ) {
    const finer = latticeOver(width, height, lattice.spacing / 2);
    coefficients = refineLattice(coefficients, lattice, finer);
    lattice = finer;
  }
  return { ...descent, coefficients };
}

/** The measure without displacement and with it, and what was compared, from some of the rows. */
function measuresOf(
  measure: Measure,
  { width, height }: { readonly width: number; readonly height: number },
  { coefficients }: Descent,
  step: number,
): { readonly before: number; readonly after: number; readonly overlap: number } {
  const rowStep = height < 64 ? 1 : step;
  const after = measure.look(coefficients, rowStep);
  const rows = Math.max(1, Math.ceil((height - 2) / rowStep));
  return {
    before: measure.look(new Float64Array(coefficients.length), rowStep).value,
    after: after.value,
    overlap: Math.min(1, after.pixels / (rows * width)),
  };
}
