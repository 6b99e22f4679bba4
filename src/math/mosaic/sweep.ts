import type { Window } from "../../core/grid.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { PairJob } from "../pairs/pair-job.js";
import { emptyPlane, type Plane } from "../plane.js";
import type { Rectangles, TilePairs } from "./neighbours.js";
import { type StripPair, stripsOf } from "./strips.js";
import { sweepOrder } from "./sweep-order.js";

/** Both strips of an edge, in kernel memory. */
export interface EdgeJob extends PairJob {
  readonly edge: number;
  readonly strips: StripPair;
}

export interface Sweep {
  readonly tiles: Rectangles;
  readonly pairs: TilePairs;
  /** Where b is expected in a's pixels: x, y of each pair. */
  readonly expected: Float64Array;
  /** Half-widths, pixels. */
  readonly reach: readonly [x: number, y: number];
  /** Decodes a whole tile, called once for each; nothing where it cannot be read. */
  read(tile: number, arena: Arena): Promise<Plane | undefined>;
  /** Takes jobs that are complete; their planes are freed when it returns. */
  take(jobs: readonly EdgeJob[]): void;
  /** Tells how many tiles are done. */
  progress?(count: number): void;
}

/** Jobs go out in batches of so many, or as soon as their strips take so many bytes. */
const BATCH = { jobs: 32, bytes: 24e6 };

/**
 * Reads all tiles once, cuts the strips that edges need, and hands out each edge when both its tiles have come. What waits is one
 * row or column of strips, whatever the number of tiles. The next tile is read while the edges of this one are computed.
 */
export async function sweepEdges({ tiles, pairs, expected, reach, read, take, progress }: Sweep): Promise<void> {
  const count = tiles.x.length;
  const strips = Array.from(pairs.a, (a, e) =>
    stripsOf(tiles, a, pairs.b[e]!, [expected[2 * e]!, expected[2 * e + 1]!], reach),
  );
  const bytes = strips.map((s) => (s ? 4 * s.a.width * s.a.height : 0));
  const edgesOf: number[][] = Array.from({ length: count }, () => []);
  strips.forEach((s, e) => {
    if (!s) return;
    edgesOf[pairs.a[e]!]!.push(e);
    edgesOf[pairs.b[e]!]!.push(e);
  });
  const order = sweepOrder(tiles, pairs, bytes);
  using arena = kernels().arena();
  const waiting = new Map<number, Plane>();
  const gone = new Set<number>();
  let ready: EdgeJob[] = [];
  const flush = () => {
    if (ready.length > 0) take(ready);
    for (const { a, b } of ready) {
      arena.free(a.at);
      arena.free(b.at);
    }
    ready = [];
  };
  let next = order.length > 0 ? read(order[0]!, arena) : undefined;
  for (let k = 0; k < order.length; k++) {
    const tile = order[k]!;
    const plane = await next!;
    if (k + 1 < order.length) next = read(order[k + 1]!, arena);
    if (!plane) gone.add(tile);
    for (const e of edgesOf[tile]!) {
      const isA = pairs.a[e] === tile;
      const partner = isA ? pairs.b[e]! : pairs.a[e]!;
      const other = waiting.get(e);
      if (!plane) {
        if (other) arena.free(other.at);
        waiting.delete(e);
        continue;
      }
      if (gone.has(partner)) continue;
      const strip = cut(arena, plane, isA ? strips[e]!.a : strips[e]!.b);
      if (!other) {
        waiting.set(e, strip);
        continue;
      }
      waiting.delete(e);
      const [a, b] = isA ? [strip, other] : [other, strip];
      ready.push({ a, b, expected: strips[e]!.expected, reach, edge: e, strips: strips[e]! });
    }
    if (plane) arena.free(plane.at);
    if (ready.length >= BATCH.jobs || sizeOf(ready) > BATCH.bytes) flush();
    progress?.(k + 1);
  }
  flush();
}

function cut(arena: Arena, from: Plane, { x, y, width, height }: Window): Plane {
  const strip = emptyPlane(arena, width, height);
  const source = arena.f32(from.at, from.stride * from.height);
  const target = arena.f32(strip.at, strip.stride * height);
  for (let row = 0; row < height; row++) {
    const at = (y + row) * from.stride + x;
    target.set(source.subarray(at, at + width), row * strip.stride);
  }
  return strip;
}

const sizeOf = (jobs: readonly EdgeJob[]): number =>
  jobs.reduce((sum, { a, b }) => sum + 4 * (a.stride * a.height + b.stride * b.height), 0);
