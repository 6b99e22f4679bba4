import type { LevelFits } from "./level-fit.js";
import { LEVELS, SHARES, type ZoneLevels } from "./zone-quantiles.js";

/** Levels that may stand for the light: the extremes are left to noise and to rare things. */
const SHARE_MIN = 0.05;
/**
 * How many times what chance gives a square must be in order to count, by what is above that: with few groups chance itself is
 * known badly, and the level was chosen for its small figure.
 */
export const aboveChance = (groups: number): number => 18 / Math.max(1, groups - 1);

/** How light changes over a tile. */
export interface Shape {
  /** Which level tells of it. */
  readonly level: number;
  /** Mean of that level over the tile, the dark signal included. */
  readonly mean: number;
  /** Factors of the terms, relative to the mean above the dark signal. */
  readonly factors: Float64Array;
  /** Expected error of the light, root mean square over the tile, as a share: of those terms that count. */
  readonly error: number;
  /** Root mean square departure of the light from even, as a share. */
  readonly depth: number;
}

/**
 * The light as that level shows it whose terms are most certain: which background is, in tiles where it has the most.
 *
 * Errors are those of groups of tiles left out in turn (the jackknife), pooled over the terms of one degree. Terms are shrunk by the
 * share that chance explains (James and Stein).
 *
 * @param dark  the signal without light
 * @param usable  which levels may be taken
 * @returns `undefined` where no level is above `dark`
 */
export function lightShape(
  fits: LevelFits,
  { groups }: ZoneLevels,
  dark: number,
  usable: (level: number) => boolean,
): Shape | undefined {
  let best: { shape: Shape; total: number } | undefined;
  for (let level = 0; level < LEVELS; level++) {
    const share = SHARES[level];
    if (!usable(level) || (share !== undefined && (share < SHARE_MIN || share > 1 - SHARE_MIN))) continue;
    const found = shapeOf(fits, groups, level, dark);
    if (found && (!best || found.total < best.total)) best = found;
  }
  return best?.shape;
}

function shapeOf(fits: LevelFits, groups: number, level: number, dark: number) {
  const count = fits.terms.length;
  const at = (g: number) => (g * LEVELS + level) * (count + 1);
  const mean = fits.factors[at(groups)]!;
  const above = mean - dark;
  for (let g = 0; g <= groups; g++) if (!(fits.factors[at(g)]! - dark > 1e-6 * Math.abs(mean))) return undefined;
  const relative = (g: number, t: number) => fits.factors[at(g) + t + 1]! / (fits.factors[at(g)]! - dark);
  const degrees = fits.terms.map(({ i, j }) => i + j);
  const squares = new Float64Array(degrees.at(-1)! + 1);
  const chance = new Float64Array(squares.length);
  for (let t = 0; t < count; t++) {
    let sum = 0;
    for (let g = 0; g < groups; g++) sum += relative(g, t);
    let spread = 0;
    for (let g = 0; g < groups; g++) spread += (relative(g, t) - sum / groups) ** 2;
    const d = degrees[t]!;
    squares[d] = squares[d]! + relative(groups, t) ** 2;
    chance[d] = chance[d]! + (spread * (groups - 1)) / groups;
  }
  const keep = squares.map((e, d) => (e > 0 ? Math.max(0, 1 - (aboveChance(groups) * chance[d]!) / e) : 0));
  const factors = Float64Array.from(degrees, (d, t) => keep[d]! * relative(groups, t));
  const total = Math.sqrt(chance.reduce((sum, v) => sum + v, 0));
  const error = Math.sqrt(chance.reduce((sum, v, d) => sum + (keep[d]! > 0 ? v : 0), 0));
  const depth = Math.sqrt(factors.reduce((sum, f) => sum + f * f, 0));
  return { shape: { level, mean, factors, error, depth } satisfies Shape, total, above };
}
