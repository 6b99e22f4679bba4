import type { Rectangles, TilePairs } from "./neighbours.js";

/**
 * The order in which tiles are read, each once: row by row, or column by column where then fewer strips wait for their
 * partners at a time.
 *
 * @param bytes  what the strip of either tile of each pair takes while it waits
 */
export function sweepOrder(tiles: Rectangles, pairs: TilePairs, bytes: ArrayLike<number>): Int32Array {
  const rows = sortBy(tiles.y, tiles.x);
  const columns = sortBy(tiles.x, tiles.y);
  return peak(columns, pairs, bytes) < peak(rows, pairs, bytes) ? columns : rows;
}

function sortBy(first: ArrayLike<number>, second: ArrayLike<number>): Int32Array {
  const order = Int32Array.from({ length: first.length }, (_, i) => i);
  return order.sort((i, j) => first[i]! - first[j]! || second[i]! - second[j]! || i - j);
}

/** Most bytes that wait at one time. */
function peak(order: Int32Array, pairs: TilePairs, bytes: ArrayLike<number>): number {
  const turn = new Int32Array(order.length);
  order.forEach((tile, k) => {
    turn[tile] = k;
  });
  const change = new Float64Array(order.length + 1);
  for (let e = 0; e < pairs.a.length; e++) {
    const [p, q] = [turn[pairs.a[e]!]!, turn[pairs.b[e]!]!];
    change[Math.min(p, q)]! += bytes[e]!;
    change[Math.max(p, q)]! -= bytes[e]!;
  }
  let most = 0;
  let now = 0;
  for (const c of change) {
    now += c;
    most = Math.max(most, now);
  }
  return most;
}
