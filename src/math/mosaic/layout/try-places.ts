import { type AxisEvidence, type Evidence, findSteps, type Search } from "./find-steps.js";
import { fitSteps, type Matrix2, type StepFit, uprightOf } from "./fit-steps.js";
import { type Neighbours, neighboursOf, type Places, trialOrder } from "./lattice.js";
import type { TrialTiles } from "./trial-tiles.js";

/** What the overlaps say of places. */
export interface Trial {
  readonly evidence: Evidence;
  readonly pairs: readonly Neighbours[];
  /** `agree`: on a step along every axis; `part`: along one of two; `contradict`; `silent`: the overlaps show nothing. */
  readonly outcome: "agree" | "part" | "contradict" | "silent";
  readonly upright?: Matrix2;
  readonly fit?: StepFit;
  /** Log10 of the false alarms of both axes together. */
  readonly log10Nfa: number;
}

/** So many of the pairs that show something may show something else: one in five, and never two. */
const ODD = 0.2;

export async function tryPlaces(
  tiles: TrialTiles,
  places: Places,
  search: Search,
  bytes: number,
  rounds?: readonly number[],
): Promise<Trial> {
  const pairs = trialOrder(neighboursOf(places));
  const evidence = await findSteps(tiles, pairs, search, bytes, rounds);
  const { axes } = evidence;
  const has = [0, 1].map((axis) => pairs.some((pair) => pair.axis === axis));
  const log10Nfa = axes.reduce((sum, { found }) => sum + (found?.agreement.log10Nfa ?? 0), 0);
  const upright = uprightOf(axes);
  const found = axes.filter((axis) => axis.found).length;
  const base = { evidence, pairs, log10Nfa };
  if (!upright || axes.some(isContradicted)) return { ...base, outcome: "contradict" };
  if (found === 0) return { ...base, outcome: "silent" };
  const fit = fitSteps(evidence, upright);
  if (!fit) return { ...base, outcome: "silent" };
  return { ...base, outcome: found === has.filter(Boolean).length ? "agree" : "part", upright, fit };
}

/** Pairs show something, and more than a few not what the others show. */
function isContradicted({ telling, odd }: AxisEvidence): boolean {
  return odd.length > Math.max(2, ODD * telling);
}
