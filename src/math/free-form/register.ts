import type { CourseStep } from "../../core/verdict.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import { type Descent, descend } from "./descend.js";
import { leastJacobian } from "./folding.js";
import { type LatticeShape, latticeOver, refineLattice } from "./lattice.js";
import { freeFormLevels } from "./levels.js";
import { correlation, difference, type Moments } from "./moments.js";
import {
  type FreeFormOptions,
  type PreparedFreeForm,
  type PreparedStage,
  prepareStage,
  scheduleFor,
} from "./prepare.js";
import { pullAt } from "./sums.js";
import type { View } from "./view.js";

export { type FreeFormOptions, freePrepared, type PreparedFreeForm, prepareFreeForm } from "./prepare.js";

export interface FreeFormFit {
  /** Displacement u in pixels of the fixed plane: moving(x + u(x)) looks like fixed(x). */
  readonly lattice: LatticeShape;
  /** Interleaved x, y, row by row: same meaning as Transform "bspline" (src/core/bending/control-lattice.ts). */
  readonly coefficients: Float64Array;
  /**
   * Without displacement and with it, at the last level. `ssd`: mean square difference after gain and offset, in squares of the
   * fixed plane's intensities. `ncc`: correlation of the planes of local contrast, 1 where all is alike.
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
  const fit = registerStages(stages(), fixed, levels.scale, moving, options);
  levels.free();
  return fit;
}

/** As `registerFreeForm`, for many moving planes of the fixed one's size. */
export function registerPreparedFreeForm(prepared: PreparedFreeForm, moving: Plane): FreeFormFit {
  return registerStages(prepared.stages, prepared, prepared.levels.scale, moving, prepared.options);
}

function registerStages(
  stages: Iterable<PreparedStage>,
  size: { readonly width: number; readonly height: number },
  scale: number,
  moving: Plane,
  { metric }: FreeFormOptions,
): FreeFormFit {
  if (metric === "mutual-information") throw new Error("Internal error: mutual information drives no lattice yet");
  if (moving.width !== size.width || moving.height !== size.height)
    throw new Error("Internal error: planes that are not on one grid");
  using arena = kernels().arena();
  const levels = freeFormLevels(arena, moving);
  const value = (moments: Moments) => (metric === "ncc" ? correlation(moments) : difference(moments) / (scale * scale));
  let descent: Descent | undefined;
  let lattice: LatticeShape | undefined;
  let measures = { before: 0, after: 0, overlap: 0 };
  for (const prepared of stages) {
    const { stage, geometry } = prepared;
    const view = levels.view(stage.level, stage.radius);
    descent = descend(arena, prepared, view, carried(descent, lattice, geometry.lattice, size), value, size);
    lattice = geometry.lattice;
    if (stage.isLast) measures = measuresOf(arena, prepared, view, descent, value);
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
    return { coefficients, brightness: undefined, steps: [], converged: false };
  }
  let { coefficients } = descent;
  for (let lattice = from; lattice.spacing > to.spacing; ) {
    const finer = latticeOver(width, height, lattice.spacing / 2);
    coefficients = refineLattice(coefficients, lattice, finer);
    lattice = finer;
  }
  return { ...descent, coefficients };
}

/** The measure without displacement and with it, and what was compared, from every fourth row or so. */
function measuresOf(
  arena: Arena,
  { geometry, fixed }: PreparedStage,
  moving: View,
  { coefficients }: Descent,
  value: (moments: Moments) => number,
): { readonly before: number; readonly after: number; readonly overlap: number } {
  const rowStep = fixed.height < 64 ? 1 : 4;
  const look = (c: Float64Array) => pullAt(arena, fixed, moving, geometry, c, { rowStep, gain: 1, offset: 0 }).moments;
  const after = look(coefficients);
  const rows = Math.max(1, Math.ceil((fixed.height - 2) / rowStep));
  return {
    before: value(look(new Float64Array(coefficients.length))),
    after: value(after),
    overlap: Math.min(1, after.pixels / (rows * fixed.width)),
  };
}
