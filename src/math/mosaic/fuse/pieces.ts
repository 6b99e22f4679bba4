import type { Window } from "../../../core/grid.js";

/** Sides of what a kernel takes at one time (src/kernel/assembly/fuse-tile.ts). */
const STRIP_WIDTH = 256;
const STRIP_HEIGHT = 32;

/** A part of a block in which the same rectangles lie. */
export interface Piece extends Window {
  /** Numbers of the rectangles, ascending; each covers all of the piece. */
  readonly tiles: readonly number[];
}

/**
 * Cuts a block along the edges of the rectangles in it, until no edge runs through a piece. Of the edges that could cut a
 * piece next the one with the shortest cut is taken: tiles that lie side by side then do not cut each other's rows.
 */
export function piecesOf(block: Window, tiles: readonly number[], rectangle: (tile: number) => Window): Piece[] {
  const done: Piece[] = [];
  const open: Piece[] = [{ ...block, tiles }];
  for (let piece = open.pop(); piece; piece = open.pop()) {
    const cut = shortestCut(piece, rectangle);
    if (!cut) done.push(piece);
    else {
      for (const half of halves(piece, cut)) {
        open.push({ ...half, tiles: piece.tiles.filter((t) => overlaps(rectangle(t), half)) });
      }
    }
  }
  return done;
}

interface Cut {
  readonly axis: "x" | "y";
  readonly at: number;
}

function shortestCut(piece: Piece, rectangle: (tile: number) => Window): Cut | undefined {
  const upright = piece.height <= piece.width;
  const axes = upright ? (["x", "y"] as const) : (["y", "x"] as const);
  for (const axis of axes) {
    const side = axis === "x" ? "width" : "height";
    // The edge nearest to the middle keeps the number of cuts small.
    let best: number | undefined;
    const middle = piece[axis] + piece[side] / 2;
    for (const t of piece.tiles) {
      const r = rectangle(t);
      for (const edge of [r[axis], r[axis] + r[side]]) {
        if (edge <= piece[axis] || edge >= piece[axis] + piece[side]) continue;
        if (best === undefined || Math.abs(edge - middle) < Math.abs(best - middle)) best = edge;
      }
    }
    if (best !== undefined) return { axis, at: best };
  }
  return undefined;
}

function halves({ x, y, width, height }: Window, { axis, at }: Cut): [Window, Window] {
  return axis === "x"
    ? [
        { x, y, width: at - x, height },
        { x: at, y, width: x + width - at, height },
      ]
    : [
        { x, y, width, height: at - y },
        { x, y: at, width, height: y + height - at },
      ];
}

const overlaps = (a: Window, b: Window): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/**
 * Pieces as the kernel `fuse` wants them: strips of six int32 each, and the lists of tiles that they point into.
 *
 * @param slots  the tile's record in the kernel's list, by number
 */
export function pieceRecords(pieces: readonly Piece[], slots: ReadonlyMap<number, number>) {
  const strips: number[] = [];
  const indices: number[] = [];
  for (const { x, y, width, height, tiles } of pieces) {
    const first = indices.length;
    for (const t of tiles) indices.push(slots.get(t)!);
    for (let top = y; top < y + height; top += STRIP_HEIGHT) {
      for (let left = x; left < x + width; left += STRIP_WIDTH) {
        const across = Math.min(STRIP_WIDTH, x + width - left);
        strips.push(left, top, across, Math.min(STRIP_HEIGHT, y + height - top), first, tiles.length);
      }
    }
  }
  return { count: strips.length / 6, pieces: Int32Array.from(strips), indices: Int32Array.from(indices) };
}
