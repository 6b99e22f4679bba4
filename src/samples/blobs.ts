import { type Bins, binAt, binDiscs, type Extent } from "./bins.js";

/** An elliptic body, such as a nucleus: centre, unit vector of its long axis, half axes, and two numbers of its own. */
export interface Body {
  readonly x: number;
  readonly y: number;
  readonly ux: number;
  readonly uy: number;
  readonly long: number;
  readonly short: number;
  /** How strongly it takes the stain, 0 to 1. */
  readonly stain: number;
  /** A random number in [0, 1) by which it differs from others. */
  readonly character: number;
}

/** Bodies that can be asked for by place. */
export interface Bodies {
  readonly count: number;
  readonly list: readonly Body[];
  readonly bins: Bins;
}

/** Keeps each body that lies far enough from all before it: `clearance` 1 lets them touch, less lets them overlap. */
export function spread(bodies: readonly Body[], extent: Extent, clearance: number): Body[] {
  const size = 16;
  const columns = Math.ceil((extent.x1 - extent.x0) / size) + 1;
  const cells = new Map<number, Body[]>();
  const kept: Body[] = [];
  for (const body of bodies) {
    const i = Math.floor((body.x - extent.x0) / size);
    const j = Math.floor((body.y - extent.y0) / size);
    let free = i >= 0 && j >= 0 && i < columns && body.y < extent.y1;
    for (let b = j - 2; free && b <= j + 2; b++) {
      for (let a = i - 2; free && a <= i + 2; a++) {
        for (const other of cells.get(b * columns + a) ?? []) {
          const dx = body.x - other.x;
          const dy = body.y - other.y;
          const reach = clearance * (reachOf(body, dx, dy) + reachOf(other, dx, dy));
          if (dx * dx + dy * dy < reach * reach) free = false;
        }
      }
    }
    if (!free) continue;
    kept.push(body);
    const cell = cells.get(j * columns + i);
    if (cell) cell.push(body);
    else cells.set(j * columns + i, [body]);
  }
  return kept;
}

/** Distance from the centre to the rim in the direction (dx, dy). */
function reachOf(body: Body, dx: number, dy: number): number {
  const length = Math.sqrt(dx * dx + dy * dy) || 1;
  const along = (dx * body.ux + dy * body.uy) / length / body.long;
  const across = (dy * body.ux - dx * body.uy) / length / body.short;
  return 1 / Math.sqrt(along * along + across * across);
}

export function bodiesOf(list: readonly Body[], extent: Extent, margin: number): Bodies {
  const bins = binDiscs(
    extent,
    8,
    list.map((b) => b.x),
    list.map((b) => b.y),
    list.map((b) => b.long + margin),
  );
  return { count: list.length, list, bins };
}

/** Index of the body that covers a point most deeply, or -1. */
export function bodyAt(bodies: Bodies, x: number, y: number): number {
  const bin = binAt(bodies.bins, x, y);
  if (bin < 0) return -1;
  const { starts, items } = bodies.bins;
  let found = -1;
  let depth = 1;
  for (let k = starts[bin]!; k < starts[bin + 1]!; k++) {
    const d = depthOf(bodies.list[items[k]!]!, x, y);
    if (d < depth) {
      depth = d;
      found = items[k]!;
    }
  }
  return found;
}

/** 0 at the centre, 1 on the rim, squared distance in between and beyond. */
export function depthOf(body: Body, x: number, y: number): number {
  const dx = x - body.x;
  const dy = y - body.y;
  const along = (dx * body.ux + dy * body.uy) / body.long;
  const across = (dy * body.ux - dx * body.uy) / body.short;
  return along * along + across * across;
}

/** A random unit vector, without any angle: a point of the disc, scaled. */
export function direction(random: () => number): readonly [number, number] {
  for (;;) {
    const x = 2 * random() - 1;
    const y = 2 * random() - 1;
    const s = x * x + y * y;
    if (s > 0.01 && s <= 1) return [x / Math.sqrt(s), y / Math.sqrt(s)];
  }
}
