import { log10 } from "../../elementary.js";
import { type Chance, CLEAR } from "./chance.js";
import type { Capture } from "./directions.js";

/** Captures that agree on one step, and how unlikely that is by chance. */
export interface Agreement {
  readonly members: readonly Capture[];
  /** Half the side of the square in which they lie, pixels. */
  readonly tolerance: number;
  /** How many such agreements chance would bring about, as log10. */
  readonly log10Nfa: number;
}

/** Agreement by chance once in a thousand layouts is no evidence. */
export const ESTABLISHED = -3;

/** How exact stages are is not known beforehand: shares of the tile's side. */
const TOLERANCES = [0.012, 0.025, 0.05];

/**
 * The place at which most clear captures of one direction agree.
 *
 * Two things speak for it, and their chances multiply: each of these scores is one that chance hardly reaches, and they lie
 * together, when each could lie anywhere within reach.
 *
 * @param captures  one of each pair that was asked
 * @param departures  of each capture, from what was expected of it, pixels
 * @param area  pixels² within reach of one capture
 * @param side  of a tile, pixels
 */
export function agreementOf(
  captures: readonly Capture[],
  departures: readonly (readonly [x: number, y: number])[],
  chance: Chance,
  area: number,
  side: number,
): Agreement | undefined {
  const n = captures.length;
  const chances = captures.map(({ score }) => chance.of(score));
  let best: Agreement | undefined;
  for (const share of TOLERANCES) {
    const tolerance = Math.max(2, share * side);
    const nearby = Math.min(1, (2 * tolerance + 1) ** 2 / area);
    for (const [i, [cx, cy]] of departures.entries()) {
      if (chances[i]! > CLEAR) continue;
      const near = departures.flatMap(([x, y], j) =>
        Math.abs(x - cx) <= tolerance && Math.abs(y - cy) <= tolerance && chances[j]! <= CLEAR ? [j] : [],
      );
      // All tolerances, directions and centres were tried; the centre itself has to be clear, but may lie anywhere.
      const log10Nfa = log10(12 * n) + log10(chances[i]!) + log10Tail(n - 1, near.length - 1, CLEAR * nearby);
      if (!best || log10Nfa < best.log10Nfa) best = { members: near.map((j) => captures[j]!), tolerance, log10Nfa };
    }
  }
  return best;
}

function log10Choose(n: number, k: number): number {
  let sum = 0;
  const least = Math.min(k, n - k);
  for (let i = 1; i <= least; i++) sum += log10((n - least + i) / i);
  return sum;
}

/** Log10 of the chance that k or more of n independent events of a small chance p happen. */
function log10Tail(n: number, k: number, p: number): number {
  if (k <= 0) return 0;
  let sum = 0;
  let term = 1;
  for (let i = k; i <= n && term > 1e-12; i++) {
    sum += term;
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
  }
  return Math.min(0, log10Choose(n, k) + k * log10(p) + log10(sum));
}
