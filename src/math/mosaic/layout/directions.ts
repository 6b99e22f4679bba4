import { capturePairs } from "../../pairs/capture.js";
import type { PairJob } from "../../pairs/pair-job.js";
import type { Neighbours } from "./lattice.js";
import { loadTiles, type TrialTiles } from "./trial-tiles.js";

/** Where b may lie as seen from a. */
export const directions = ["right", "below", "left", "above"] as const;
export type Direction = (typeof directions)[number];
export const isHorizontal = (direction: Direction): boolean => direction === "right" || direction === "left";
export const signOf = (direction: Direction): 1 | -1 => (direction === "right" || direction === "below" ? 1 : -1);

/** Shifts of b's first pixel in a's pixels that are looked at, full pixels. */
export interface Reach {
  readonly x: readonly [from: number, to: number];
  readonly y: readonly [from: number, to: number];
}

/** What the overlap of a pair shows when b is looked for in one direction. */
export interface Capture {
  readonly pair: Neighbours;
  readonly direction: Direction;
  /** Place of b's first pixel in a's pixels, full pixels. */
  readonly x: number;
  readonly y: number;
  readonly score: number;
  readonly rival: number;
}

/** How far a neighbour may lie aside of where rows and columns are exact, as a share of the tile's side. */
export const ASIDE = 0.12;

/** All shifts in one direction with an overlap between two shares of the tile's side. */
export function reachOf(
  direction: Direction,
  { width, height }: { readonly width: number; readonly height: number },
  overlap: readonly [least: number, most: number],
): Reach {
  const side = isHorizontal(direction) ? width : height;
  const [near, far] = [(1 - overlap[1]) * side, (1 - overlap[0]) * side];
  const along = signOf(direction) > 0 ? ([near, far] as const) : ([-far, -near] as const);
  const across = ASIDE * (isHorizontal(direction) ? height : width);
  const aside = [-across, across] as const;
  return isHorizontal(direction) ? { x: along, y: aside } : { x: aside, y: along };
}

export interface Question {
  readonly pair: Neighbours;
  readonly direction: Direction;
  readonly reach: Reach;
}

/** Looks for b in a, for each question; tiles are read when first wanted, and what was looked at before is not looked at again. */
export async function askPairs(tiles: TrialTiles, questions: readonly Question[]): Promise<Capture[]> {
  await loadTiles(
    tiles,
    questions.flatMap(({ pair }) => [pair.a, pair.b]),
  );
  const { known } = tiles;
  const fresh = new Map<string, Asked>();
  const asked = questions.map(({ pair, reach }) => asAsked(pair, reach));
  for (const one of asked) if (!known.has(one.key)) fresh.set(one.key, one);
  const list = [...fresh.values()];
  const found = capturePairs(
    tiles.arena,
    list.map((one) => jobOf(tiles, one)),
  );
  for (const [i, { x, y, score, rival }] of found.entries()) known.set(list[i]!.key, { x, y, score, rival });
  return questions.map(({ pair, direction }, i) => {
    const { x, y, score, rival } = known.get(asked[i]!.key)!;
    const by = asked[i]!.turned ? -tiles.factor : tiles.factor;
    return { pair, direction, x: x * by, y: y * by, score, rival };
  });
}

/** A question the same whichever tile is named first. */
interface Asked {
  readonly a: number;
  readonly b: number;
  readonly reach: Reach;
  readonly turned: boolean;
  readonly key: string;
}

function asAsked({ a, b }: Neighbours, reach: Reach): Asked {
  const turned = a > b;
  const back = ([from, to]: readonly [number, number]) => [-to, -from] as const;
  const here = turned ? { x: back(reach.x), y: back(reach.y) } : reach;
  const [first, second] = turned ? [b, a] : [a, b];
  return { a: first, b: second, reach: here, turned, key: [first, second, ...here.x, ...here.y].join(",") };
}

function jobOf({ factor, planes }: TrialTiles, { a, b, reach }: Asked): PairJob {
  const middle = ([from, to]: readonly [number, number]) => (from + to) / 2 / factor;
  const half = ([from, to]: readonly [number, number]) => (to - from) / 2 / factor;
  return {
    a: planes.get(a)!,
    b: planes.get(b)!,
    expected: [middle(reach.x), middle(reach.y)],
    reach: [half(reach.x), half(reach.y)],
  };
}
