import type { CourseStep } from "../../core/verdict.js";
import type { Arena } from "../../kernel/memory.js";
import { bendingOf } from "./bending.js";
import { stepWithoutFolds } from "./folding.js";
import type { Measure } from "./force.js";
import { type NormalMatrix, normalMatrix } from "./normal.js";
import type { Stage } from "./schedule.js";
import { moveOf } from "./step-length.js";
import type { StageGeometry } from "./tables.js";

/** Where a descent stands, from level to level. */
export interface Descent {
  /** Interleaved, pixels of level 0. */
  readonly coefficients: Float64Array;
  readonly steps: readonly CourseStep[];
  /** Whether the last step went nowhere. */
  readonly converged: boolean;
}

/**
 * Bending weighs at least so much times the mean square of what is left: it is noise to the lattice whatever it is, be it shading
 * or what one plane alone shows. Second differences of neighbouring nodes are expected to be about 1 / √5 pixels of a level.
 */
const BENDING_OF_RESIDUAL = 5;
/** No cell may shrink below this share of its area; between the places that are looked at it may by a little. */
const LEAST_AREA = 0.05;
/** Steps are cut at this share of the spacing: linear only nearby. */
const LONGEST_STEP = 0.4;
/** An energy that grows by more than this share was a step too far. */
const GROWTH = 1e-3;

/** Shares of the step before by which the next may go on, and back. */
const MOST_ON = 2;
const MOST_BACK = 0.7;

/** Gauss-Newton at one level. @param size  of level 0 */
export function descend(
  arena: Arena,
  stage: Stage,
  { lattice }: StageGeometry,
  measure: Measure,
  start: Descent,
  size: { readonly width: number; readonly height: number },
): Descent {
  const pixel = 2 ** stage.level;
  const steps: CourseStep[] = [];
  let { coefficients } = start;
  let converged = false;
  let bending: number | undefined;
  let normal: NormalMatrix | undefined;
  let last: { readonly energy: number; readonly from: Float64Array; readonly step: Float64Array } | undefined;
  let previous: { readonly from: Float64Array; readonly full: Float64Array } | undefined;
  while (steps.length < stage.iterations && !converged) {
    const force = measure.force(coefficients);
    const { matrix } = force;
    if (!(force.isTelling && matrix.diagonal > 0)) break;
    // It stays while a level lasts, so that energies compare.
    bending ??= Math.max(stage.bending * matrix.diagonal, (BENDING_OF_RESIDUAL * force.residual) / stage.rowStep);
    const bend = bendingOf(lattice, coefficients);
    // The data speak in pixels of the level, and so does bending.
    const energy = force.energy + (bending * bend.energy) / (pixel ** 2 * force.pixels);
    if (last && energy > last.energy + GROWTH * Math.abs(last.energy))
      last = { ...last, step: last.step.map((v) => v / 2) };
    else {
      if (!normal || measure.isCurved) {
        normal?.free();
        normal = normalMatrix(arena, matrix, lattice, bending);
      }
      const weight = bending / pixel;
      const wanted = normal.solve(force.right.map((v, k) => -v - weight * bend.product[k]!));
      const full = wanted.map((v) => v * pixel);
      const mixed = hastened(coefficients, full, previous);
      previous = { from: coefficients, full };
      const longest = LONGEST_STEP * lattice.spacing;
      const share = Math.min(1, longest / moveOf(lattice, mixed).longest);
      last = { energy, from: coefficients, step: mixed.map((v) => v * share) };
    }
    if (!last.step.every(Number.isFinite)) break;
    const next = stepWithoutFolds(lattice, last.from, last.step, size.width, size.height, LEAST_AREA);
    const before = coefficients;
    const move = moveOf(
      lattice,
      next.map((v, k) => v - before[k]!),
    );
    steps.push({ level: stage.level, value: force.value, step: move.longest });
    coefficients = next;
    converged = move.rootMeanSquare < stage.tolerance * pixel;
  }
  normal?.free();
  return { coefficients, converged, steps: [...start.steps, ...steps] };
}

/**
 * A step in the light of the one before: where both point the same way it goes on farther, where they point against each other it
 * ends between the two.
 *
 * D. Anderson, J. ACM 12 (1965), doi:10.1145/321296.321305, with one step of memory
 */
function hastened(
  at: Float64Array,
  full: Float64Array,
  previous: { readonly from: Float64Array; readonly full: Float64Array } | undefined,
): Float64Array {
  if (!previous) return full;
  let [along, square] = [0, 0];
  for (let k = 0; k < full.length; k++) {
    const change = full[k]! - previous.full[k]!;
    along += full[k]! * change;
    square += change * change;
  }
  if (!(square > 0)) return full;
  const back = Math.min(MOST_BACK, Math.max(-MOST_ON, along / square));
  return full.map((v, k) => (1 - back) * v + back * (previous.from[k]! + previous.full[k]! - at[k]!));
}
