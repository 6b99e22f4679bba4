import { findSteps, wideSearch } from "./find-steps.js";
import { type Neighbours, neighboursOf, type Places, trialOrder } from "./lattice.js";
import type { Source } from "./request.js";
import type { TrialTiles } from "./trial-tiles.js";

/** Overlaps in which neighbours by the other source are looked for. */
const OVERLAP = [0.015, 0.4] as const;
/** Pairs that are looked at, in two rounds. */
const ROUNDS = [8, 24];

/**
 * Looks at tiles that are neighbours by another source, such as the numbers in their names, and not by these places. Where
 * most of them overlap all the same, places belong to other tiles: rows of a list that were shifted or turned around.
 *
 * @returns how many of how many overlap, when that is more than chance; nothing when the sources agree
 */
export async function contradictedBy(
  tiles: TrialTiles,
  places: Places,
  other: Source,
  size: { readonly width: number; readonly height: number },
  bytes: number,
): Promise<{ readonly overlapping: number; readonly asked: number } | undefined> {
  if (other.kind === "places") return undefined;
  const near = new Set(neighboursOf(places).flatMap(({ a, b }) => [`${a},${b}`, `${b},${a}`]));
  const claimed = other.kind === "grid" ? neighboursOf(other) : consecutive(other.numbers);
  const pairs = claimed.filter(({ a, b }) => !near.has(`${a},${b}`));
  if (pairs.length < 2) return undefined;
  const { axes } = await findSteps(tiles, trialOrder(pairs), wideSearch(size, OVERLAP), bytes, ROUNDS);
  const asked = axes.reduce((sum, axis) => sum + axis.asked, 0);
  const overlapping = axes.reduce((sum, { found }) => sum + (found?.agreement.members.length ?? 0), 0);
  return overlapping >= 2 && overlapping >= LEAST * asked ? { overlapping, asked } : undefined;
}

/** Tiles may be empty where neither source can be told from the other; ends of rows, where numbers go on elsewhere, are few. */
const LEAST = 0.25;

function consecutive(numbers: Int32Array): Neighbours[] {
  const at = new Map(Array.from(numbers, (v, i) => [v, i]));
  return Array.from(numbers, (v, a) => ({ a, b: at.get(v + 1) ?? -1, axis: 0 as const, dx: 1, dy: 0 })).filter(
    ({ b }) => b >= 0,
  );
}
