import { type Agreement, agreementOf, ESTABLISHED } from "./agreement.js";
import { CLEAR, chanceOf } from "./chance.js";
import {
  askPairs,
  type Capture,
  type Direction,
  directions,
  type Question,
  type Reach,
  reachOf,
} from "./directions.js";
import type { Neighbours } from "./lattice.js";
import { type TrialTiles, tileBytes } from "./trial-tiles.js";

/** What trial pairs show along one axis of the places. */
export interface AxisEvidence {
  /** Where the next tile along the axis lies, when that is established. */
  readonly found?: { readonly direction: Direction; readonly agreement: Agreement };
  /** Pairs that were looked at. */
  readonly asked: number;
  /** Those of them that show something in some direction. */
  readonly telling: number;
  /** Of these, the ones that show something else than `found`: their clearest captures. */
  readonly odd: readonly Capture[];
}

export interface Evidence {
  readonly axes: readonly [AxisEvidence, AxisEvidence];
  /** Every capture, for whoever wants to look closer. */
  readonly captures: readonly Capture[];
}

/** What is looked at: expected place and reach of b for a pair and a direction, full pixels. */
export interface Search {
  expected(pair: Neighbours, direction: Direction): readonly [x: number, y: number];
  reach(pair: Neighbours, direction: Direction): Reach;
}

/** Pairs of both axes together that are looked at, more in each round until the steps are established. */
const ROUNDS = [12, 24, 48, 96];

/** All shifts with an overlap between two shares of the tile's side: for grids whose step is not known. */
export function wideSearch(
  size: { readonly width: number; readonly height: number },
  overlap: readonly [number, number],
): Search {
  const reaches = new Map(directions.map((d) => [d, reachOf(d, size, overlap)]));
  return { expected: () => [0, 0], reach: (_, direction) => reaches.get(direction)! };
}

/**
 * Shifts near where the places say, or would say if their axes were swapped or turned over.
 *
 * @param share  half-width of the reach, of the tile's side
 */
export function nearSearch(
  { width, height }: { readonly width: number; readonly height: number },
  share: number,
): Search {
  const expected = ({ axis, dx, dy }: Neighbours, direction: Direction) => {
    const [along, aside] = axis === 0 ? [dx, dy] : [dy, dx];
    if (direction === "right") return [along, aside] as const;
    if (direction === "left") return [-along, aside] as const;
    return direction === "below" ? ([aside, along] as const) : ([aside, -along] as const);
  };
  return {
    expected,
    reach(pair, direction) {
      const [x, y] = expected(pair, direction);
      return { x: [x - share * width, x + share * width], y: [y - share * height, y + share * height] };
    },
  };
}

/**
 * Looks for the next tile along each axis in all four directions, in a few pairs and then in more, until both axes are
 * established or pairs run out.
 *
 * @param pairs  in the order of trying, see `trialOrder`
 * @param tiles  tiles that hold nothing are not asked
 * @param bytes  kernel memory that tiles may take
 */
export async function findSteps(
  tiles: TrialTiles,
  pairs: readonly Neighbours[],
  search: Search,
  bytes: number,
  rounds: readonly number[] = ROUNDS,
): Promise<Evidence> {
  const captures: Capture[] = [];
  const { width, height } = tiles.images[0]!.grid;
  const judge = (axis: 0 | 1): AxisEvidence => judgeAxis(captures, axis, search, Math.max(width, height));
  let next = 0;
  let axes: Evidence["axes"] = [judge(0), judge(1)];
  for (const until of rounds) {
    const questions: Question[] = [];
    const wanted = new Set(tiles.planes.keys());
    for (; next < pairs.length && next < until; next++) {
      const pair = pairs[next]!;
      wanted.add(pair.a).add(pair.b);
      if (wanted.size * tileBytes(tiles) > bytes) break;
      if (axes[pair.axis].found) continue;
      for (const direction of directions) questions.push({ pair, direction, reach: search.reach(pair, direction) });
    }
    if (questions.length === 0) break;
    const answers = await askPairs(tiles, questions);
    captures.push(...answers.filter(({ pair }) => !tiles.blank.has(pair.a) && !tiles.blank.has(pair.b)));
    axes = [judge(0), judge(1)];
    const open = axes.some(({ found }, axis) => !found && pairs.some((pair) => pair.axis === axis));
    if (!open) break;
  }
  return { axes, captures };
}

function judgeAxis(all: readonly Capture[], axis: 0 | 1, search: Search, side: number): AxisEvidence {
  const captures = all.filter(({ pair }) => pair.axis === axis);
  const chance = chanceOf(all);
  let found: AxisEvidence["found"];
  for (const direction of directions) {
    const here = captures.filter((c) => c.direction === direction);
    if (here.length === 0) continue;
    const departures = here.map((c) => {
      const [x, y] = search.expected(c.pair, direction);
      return [c.x - x, c.y - y] as const;
    });
    const { x, y } = search.reach(here[0]!.pair, direction);
    const agreement = agreementOf(here, departures, chance, (x[1] - x[0]) * (y[1] - y[0]), side);
    if (!agreement || agreement.log10Nfa > ESTABLISHED) continue;
    if (!found || agreement.log10Nfa < found.agreement.log10Nfa) found = { direction, agreement };
  }
  const clearest = new Map<Neighbours, Capture>();
  for (const c of captures) {
    if (chance.of(c.score) <= CLEAR && !(c.score <= (clearest.get(c.pair)?.score ?? -1))) clearest.set(c.pair, c);
  }
  const members = new Set(found?.agreement.members.map(({ pair }) => pair));
  const odd = [...clearest.values()].filter(({ pair }) => !members.has(pair));
  return { asked: captures.length / directions.length, telling: clearest.size, odd, ...(found ? { found } : {}) };
}
