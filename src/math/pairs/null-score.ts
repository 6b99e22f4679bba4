import { logarithm } from "../../core/logarithm.js";
import type { Arena } from "../../kernel/memory.js";
import { type CaptureOptions, capturePairs } from "./capture.js";
import type { PairJob } from "./pair-job.js";

/**
 * The score that pairs which cannot correspond exceed with probability `alpha`.
 *
 * @param jobs  pairs of strips that do not overlap, with the reach that real pairs have; some 30 and more
 * @returns 1 without jobs: nothing then counts as found
 */
export function nullScore(arena: Arena, jobs: readonly PairJob[], alpha = 0.01, options: CaptureOptions = {}): number {
  if (jobs.length === 0) return 1;
  const scores = capturePairs(arena, jobs, options).map(({ score }) => score);
  return chanceScore(scores, alpha);
}

/**
 * The (1 − alpha) quantile of scores that are each the largest of many: of the values themselves where there are enough of
 * them, else not below that of the Gumbel distribution with their mean and spread.
 */
export function chanceScore(scores: readonly number[], alpha: number): number {
  const sorted = [...scores].sort((a, b) => a - b);
  const at = (1 - alpha) * (sorted.length - 1);
  const low = Math.floor(at);
  const quantile = sorted[low]! + (at - low) * ((sorted[low + 1] ?? sorted[low]!) - sorted[low]!);
  if (sorted.length * alpha >= 3) return quantile;
  const mean = sorted.reduce((sum, v) => sum + v, 0) / sorted.length;
  const variance = sorted.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, sorted.length - 1);
  const beta = Math.sqrt(6 * variance) / Math.PI;
  const gumbel = mean - beta * (0.5772156649 + logarithm(-logarithm(1 - alpha)));
  return Math.min(1, Math.max(quantile, gumbel));
}
