import { applyAffine } from "../../core/grid.js";
import { RobustWeight } from "../robust.js";
import { type GroupedOptions, groupedFit } from "./grouped-fit.js";
import { locallyConsistent } from "./local-consistency.js";
import type { StraightPart } from "./straight-part.js";

export interface SmoothOptions extends GroupedOptions {
  /** Longest residual of an inlier, moving world units. */
  readonly distance: number;
  readonly movingSpacing: number;
}

/** Tie points that lie further from the straight map than so many times the distance that it was found at are wrong. */
const WIDE = 6;
const ROUNDS = 4;
/** Knots are enough to tell what is wrong; the map itself has more. */
const KNOTS = 150;

/** Blocks were looked for near a map, up to about this share of the distance at which they have nothing in common. */
const SEARCHED = 0.125;
/** So many standard deviations from the map, tie points whose errors are alike are wrong: they stray together, as a bend does. */
const ALIKE = 12;

/**
 * The tie points that a smooth map agrees with, and their weights.
 *
 * Those near the straight map that move as their neighbours do are fitted. Each is then held against the map that has not
 * seen it, and every other candidate against the map; weights fall smoothly to 0 at six standard deviations of these
 * residuals, never beyond the inlier distance; and the map is fitted again.
 *
 * Of tie points whose errors are alike all are fitted: neighbours that agree say nothing, and none can lie far from the map
 * that it was looked for at. Weights fall to 0 no nearer than what was searched.
 *
 * @param trust  confidence in each tie point; 0 takes it out
 */
export function smoothInliers(
  fixed: Float64Array,
  moving: Float64Array,
  trust: Float64Array,
  straight: StraightPart,
  options: SmoothOptions,
  signal: AbortSignal,
): { use: Int32Array; weight: Float64Array } {
  const n = trust.length;
  const departure = applyAffine(straight.matrix, fixed).map((v, i) => moving[i]! - v);
  const square = (v: Float64Array, i: number) => v[2 * i]! ** 2 + v[2 * i + 1]! ** 2;
  const widest = (WIDE * straight.distance) ** 2;
  const { correlationLength } = options;
  const areAlike = correlationLength !== undefined;
  const candidates = Int32Array.from(trust.keys()).filter(
    (i) => trust[i]! > 0 && (areAlike || square(departure, i) <= widest),
  );
  const [a, b, , d, e] = straight.matrix;
  const searched = SEARCHED * (correlationLength ?? 0) * Math.sqrt(Math.abs(a * e - b * d));
  let use = areAlike ? candidates : locallyConsistent(fixed, departure, candidates, options.distance);
  let weight = Float64Array.from(trust);
  for (let round = 0; round < ROUNDS && use.length > 3; round++) {
    signal.throwIfAborted();
    const made = groupedFit(fixed, moving, use, weight, straight.matrix, {
      ...options,
      maxKnots: areAlike ? options.maxKnots : Math.min(options.maxKnots, KNOTS),
    });
    if (!made.ok) break;
    const residual = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
    for (const i of candidates) residual[i] = square(made.value.residual, i);
    for (const [k, i] of use.entries()) {
      const unseen = square(made.value.heldOutResidual, k);
      if (!Number.isNaN(unseen)) residual[i] = unseen;
    }
    const sorted = Float64Array.from(use, (i) => residual[i]!).sort();
    // Median of a Rayleigh distribution is 1.1774 sigma.
    const spread = Math.sqrt(sorted[sorted.length >> 1]!) / 1.1774;
    const weigh = new RobustWeight(
      areAlike
        ? Math.max(ALIKE * spread, searched, options.distance)
        : Math.min(options.distance, Math.max(6 * spread, options.movingSpacing)),
    );
    const next = new Float64Array(n);
    for (const i of candidates) next[i] = trust[i]! * weigh.of(residual[i]!);
    const kept = candidates.filter((i) => next[i]! > 0);
    if (kept.length < Math.max(4, use.length / 2)) break;
    const same = kept.length === use.length && kept.every((i, k) => i === use[k]);
    use = kept;
    weight = next;
    if (same) break;
  }
  return { use, weight };
}
