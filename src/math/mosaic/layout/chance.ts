import { exp } from "../../elementary.js";
import type { Capture } from "./directions.js";
import { median } from "./lattice.js";

/** How likely a score is where two tiles show nothing in common. */
export interface Chance {
  /** Probability that chance reaches a score. */
  of(score: number): number;
}

/** A capture that chance brings about less often than this shows something. */
export const CLEAR = 0.003;
/** No single capture is believed to be less likely by chance than this: tails of real images are heavy. */
const LEAST = 1e-5;

/**
 * What chance reaches, as the pairs themselves show it: b lies on one side of a at most, so that on the three others the
 * best score is one of chance. Scores that are each the largest of many follow a Gumbel distribution; its place and width
 * come from the median and the median departure, which a few odd pairs do not move.
 */
export function chanceOf(captures: readonly Capture[]): Chance {
  const byPair = new Map<unknown, number[]>();
  for (const { pair, score } of captures) byPair.set(pair, [...(byPair.get(pair) ?? []), score]);
  const elsewhere = [...byPair.values()].flatMap((scores) => scores.sort((a, b) => b - a).slice(1));
  const middle = median(elsewhere);
  const width = Math.max(median(elsewhere.map((v) => Math.abs(v - middle))) / 0.767, 0.08 * middle, 1e-6);
  // Of four, the largest was left out: the others lie a little low.
  const mode = middle - 0.3665 * width + 0.5 * width;
  return { of: (score) => Math.max(LEAST, Math.min(1, exp(-(score - mode) / width))) };
}
