import { cellsOf } from "./cells.js";
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
  claimed: readonly Neighbours[],
  size: { readonly width: number; readonly height: number },
  bytes: number,
): Promise<{ readonly overlapping: number; readonly asked: number } | undefined> {
  const near = new Set(neighboursOf(places).flatMap(({ a, b }) => [`${a},${b}`, `${b},${a}`]));
  const pairs = claimed.filter(({ a, b }) => !near.has(`${a},${b}`));
  if (pairs.length < 2) return undefined;
  const { axes } = await findSteps(tiles, trialOrder(pairs), wideSearch(size, OVERLAP), bytes, ROUNDS);
  const asked = axes.reduce((sum, axis) => sum + axis.asked, 0);
  const overlapping = axes.reduce((sum, { found }) => sum + (found?.agreement.members.length ?? 0), 0);
  return overlapping >= 2 && overlapping >= LEAST * asked ? { overlapping, asked } : undefined;
}

/** Tiles may be empty where neither source can be told from the other; ends of rows, where numbers go on elsewhere, are few. */
const LEAST = 0.25;

/** Another say in who is whose neighbour. */
export interface Claim {
  readonly words: string;
  readonly pairs: readonly Neighbours[];
}

/** What the other sources say. */
export function claimsOf(others: readonly Source[]): Claim[] {
  return others.flatMap((other) =>
    other.kind === "places"
      ? []
      : [{ words: other.words, pairs: other.kind === "grid" ? neighboursOf(other) : consecutive(other.numbers) }],
  );
}

/**
 * The usual mistakes of a list of positions, where nothing else says who is whose neighbour: it is shifted against the
 * files, so that the last of a row belongs beside the first of the next, or every other row or column is turned around.
 */
export function usualMistakes(
  x: Float64Array,
  y: Float64Array,
  size: { readonly width: number; readonly height: number },
): Claim[] {
  const cells = cellsOf(x, y, size);
  if (!cells) return [];
  const { row, col } = cells;
  const at = new Map(Array.from(row, (r, i) => [`${r},${col[i]}`, i]));
  const [lastRow, lastCol] = [row, col].map((v) => v.reduce((m, n) => Math.max(m, n), 0)) as [number, number];
  const claim = (words: string, of: (r: number, c: number) => readonly [number, number] | undefined): Claim => ({
    words,
    pairs: Array.from(row, (r, a) => {
      const cell = of(r, col[a]!);
      return { a, b: (cell && at.get(cell.join(","))) ?? -1, axis: 0 as const, dx: 1, dy: 0 };
    }).filter(({ a, b }) => b >= 0 && b !== a),
  });
  return [
    claim("rows that go on in the next one", (r, c) => (c === lastCol ? [r + 1, 0] : undefined)),
    claim("columns that go on in the next one", (r, c) => (r === lastRow ? [0, c + 1] : undefined)),
    claim("rows that turn around at each end", (r, c) => [r + 1, lastCol - c]),
    claim("columns that turn around at each end", (r, c) => [lastRow - r, c + 1]),
  ];
}

function consecutive(numbers: Int32Array): Neighbours[] {
  const at = new Map(Array.from(numbers, (v, i) => [v, i]));
  return Array.from(numbers, (v, a) => ({ a, b: at.get(v + 1) ?? -1, axis: 0 as const, dx: 1, dy: 0 })).filter(
    ({ b }) => b >= 0,
  );
}
