import { choleskySolve } from "../least-squares.js";
import { type CentredMap, cornerDistance, directions, type InformationFamily, moved } from "./families.js";
import type { Information, JointHistogram, Slopes } from "./joint-histogram.js";

export interface LevelRequest {
  readonly family: InformationFamily;
  readonly start: CentredMap;
  readonly iterations: number;
  /** Ends when no corner moves farther, pixels of the moving plane. */
  readonly tolerance: number;
  /** Share of the cells that must be looked up under every map that is taken. */
  readonly least: number;
  /** Called before each step that is taken: the information there, and how far the step moves a corner. */
  readonly onStep?: (value: number, step: number) => void;
}

export interface LevelFit {
  readonly map: CentredMap;
  readonly found: Information;
  readonly atStart: Information;
  readonly iterations: number;
  readonly converged: boolean;
  readonly lastStep: number;
}

/** Damping at the start, and within these; nearly none where steps succeed. */
const DAMPING = 1e-3;
const LEAST_DAMPING = 1e-4;
const MOST_DAMPING = 1e4;
const FACTOR = 8;

/**
 * Climbs to the map with the most information, at one level: the steps of Levenberg and Marquardt.
 *
 * With the worth of the cells held fixed, its sum over the samples is a log-likelihood and a lower bound of the information,
 * which the joint histogram maximises; so the samples' scores give its Fisher information, which is never negative, however
 * far the start (see `joint-histogram.ts`; D. Marquardt, SIAM J. 11 (1963), doi:10.1137/0111030).
 */
export function climbLevel(joint: JointHistogram, request: LevelRequest): LevelFit {
  const { family, tolerance, least } = request;
  const { width, height } = joint.fixed;
  const measure = ({ information, normalised }: Information) =>
    joint.options.metric === "normalised" ? normalised : information;
  const enough = least * joint.cells;
  let map = request.start;
  const atStart = joint.at(map);
  let found = atStart;
  let damping = DAMPING;
  let iterations = 0;
  let converged = false;
  let lastStep = Number.POSITIVE_INFINITY;
  while (iterations < request.iterations && !converged) {
    const equations = equationsOf(joint.slopes(), family, map);
    let next: CentredMap | undefined;
    let there: Information | undefined;
    let length = 0;
    for (; damping < MOST_DAMPING; damping = Math.max(FACTOR * damping, 1e-2)) {
      const step = damped(equations, damping);
      if (!step) continue;
      const trial = moved(family, map, step);
      length = cornerDistance(trial, map, width, height);
      if (!Number.isFinite(length)) continue;
      const seen = joint.at(trial);
      if (seen.samples >= enough && measure(seen) >= measure(found)) {
        next = trial;
        there = seen;
        break;
      }
      if (length < tolerance) break;
    }
    iterations++;
    // No step makes it better: this is the top, if steps came down to nothing on the way.
    if (!next || !there) {
      converged = length > 0 && length < tolerance;
      lastStep = Math.min(lastStep, length);
      joint.at(map);
      break;
    }
    request.onStep?.(measure(found), length);
    map = next;
    found = there;
    lastStep = length;
    damping = Math.max(damping / FACTOR, LEAST_DAMPING);
    converged = length < tolerance;
  }
  return { map, found, atStart, iterations, converged, lastStep };
}

export interface Equations {
  readonly size: number;
  readonly gradient: Float64Array;
  readonly normal: Float64Array;
}

/** Slopes and outer products along a family's unknowns. */
export function equationsOf({ gradient, outer }: Slopes, family: InformationFamily, map: CentredMap): Equations {
  const along = directions(family, map);
  const size = along.length;
  const normal = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++) {
      let sum = 0;
      for (let a = 0; a < 6; a++) for (let b = 0; b < 6; b++) sum += along[i]![a]! * along[j]![b]! * outer[6 * a + b]!;
      normal[size * i + j] = normal[size * j + i] = sum;
    }
  }
  return { size, gradient: alongEach(along, gradient), normal };
}

/** A slope along each direction. */
export const alongEach = (along: readonly CentredMap[], gradient: ArrayLike<number>): Float64Array =>
  Float64Array.from(along, (direction) => direction.reduce((sum, v, i) => sum + v * gradient[i]!, 0));

function damped({ size, gradient, normal }: Equations, damping: number): Float64Array | undefined {
  const A = normal.slice();
  for (let i = 0; i < size; i++) A[size * i + i] = A[size * i + i]! * (1 + damping);
  return choleskySolve(A, gradient, size);
}
