import { ok, type Result } from "../core/diagnostic.js";
import type { Matrix3 } from "../core/transform.js";
import { boundingSide } from "./bounds.js";
import { type Family, fitMap } from "./fit.js";
import { type ErrorEstimate, estimateError } from "./held-out.js";
import type { Consensus } from "./null-test.js";
import { type RobustFit, robustFit } from "./robust.js";
import { type Ties, type WeightedFit, weightedFit } from "./weighted-fit.js";

/** What an estimator may choose from: one family, or the stiffest that does. */
export type Model = Family | "auto";

/** What `auto` chooses from, stiffest first. A looser family holds all maps of a stiffer one. */
const ladder = ["similarity", "affine", "projective"] as const satisfies readonly Family[];

/** Fewer tie points than that say nothing about a projective map that they were not bent to. */
const LEAST_FOR_PROJECTIVE = 16;

export const familiesOf = (model: Model): readonly Family[] => (model === "auto" ? ladder : [model]);

export interface Choice {
  readonly family: Family;
  readonly fit: RobustFit;
  readonly consensus: Consensus;
}

/**
 * The family whose consensus chance explains least: the a-contrario number of false alarms weighs more inliers against a
 * looser map [1]. A looser family must win by three decades, since it is tried besides.
 *
 * @param supportOf  how much the tie points support a map as one of a family
 * @returns the choice, or why none of the families has a fit
 *
 * [1] P. Moulon, P. Monasse, R. Marlet, "Adaptive structure from motion with a contrario model estimation", ACCV 2012,
 *   doi:10.1007/978-3-642-37447-0_20
 */
export function chooseFamily(
  families: readonly Family[],
  fixed: Float64Array,
  moving: Float64Array,
  options: Parameters<typeof robustFit>[3],
  supportOf: (family: Family, matrix: Matrix3) => Consensus,
): Result<Choice> {
  let best: Choice | undefined;
  let failure: Result<never> | undefined;
  for (const family of families) {
    const fit = robustFit(family, fixed, moving, options);
    if (!fit.ok) {
      failure ??= fit;
      continue;
    }
    const consensus = supportOf(family, fit.value.matrix);
    if (!best || consensus.log10Nfa < best.consensus.log10Nfa - 3) best = { family, fit: fit.value, consensus };
  }
  return best ? ok(best) : failure!;
}

export interface Settled {
  readonly family: Family;
  readonly fit: WeightedFit;
}

/**
 * The stiffest family that follows accurate tie points as far as they go: a looser one is taken when it lowers the expected
 * error by a tenth and by a hundredth of a pixel, and the places that it was not fitted to say so.
 *
 * @param places  where the error is compared, interleaved fixed points: the overlap
 */
export function settleFamily(
  families: readonly Family[],
  ties: Ties,
  start: WeightedFit,
  threshold: number,
  movingSpacing: number,
  places: Float64Array,
): Settled | undefined {
  let best: (Settled & { readonly error: ErrorEstimate }) | undefined;
  const cell = boundingSide(places) / 6;
  for (const family of families) {
    if (family === "projective" && start.use.length < LEAST_FOR_PROJECTIVE) continue;
    // From the inliers at hand: a stiffer family may not reach all of them from the looser map itself.
    const first = fitMap(family, ties.fixed, ties.moving, start.use, start.weight);
    if (!first.ok) continue;
    const fit = weightedFit(family, ties, first.value, threshold, movingSpacing);
    const { fixed, moving } = ties;
    const error = estimateError(
      family,
      fit.matrix,
      fixed,
      moving,
      fit.use,
      fit.weight,
      places,
      cell,
      0.01 * movingSpacing,
    );
    // A stiff map that keeps half of the tie points only fits those well.
    const kept = best ? fit.use.length / best.fit.use.length : 1;
    const gain = best
      ? best.error.expected - error.expected > Math.max(0.1 * best.error.expected, 0.01 * movingSpacing)
      : true;
    if (!best || !Number.isFinite(best.error.expected) || (kept >= 0.9 && gain) || kept > 1.25)
      best = { family, fit, error };
  }
  return best;
}
