import type { LatticeShape } from "./lattice.js";

/** A part of the lattice whose matrix is factored as one. */
export interface Tile {
  readonly rows: readonly [from: number, to: number];
  readonly columns: readonly [from: number, to: number];
}

/** Largest number of nodes times squared width that is factored in one piece: a few milliseconds. */
const WHOLE = 1e6;
/** Nodes of a tile's side without and with its margin to either side. */
const CORE = 16;
const MARGIN = 2;

/** The whole lattice if it is small; else tiles that overlap. @param whole  what is small */
export function tilesOf({ columns, rows }: LatticeShape, whole = WHOLE): readonly Tile[] {
  if (columns * rows * Math.min(columns, rows) ** 2 <= whole) return [{ rows: [0, rows], columns: [0, columns] }];
  const along = (count: number) => {
    const pieces = Math.max(1, Math.round(count / CORE));
    return Array.from({ length: pieces }, (_, k) => {
      const cut = (i: number) => Math.floor((count * i) / pieces);
      return [Math.max(0, cut(k) - MARGIN), Math.min(count, cut(k + 1) + MARGIN)] as const;
    });
  };
  const across = along(columns);
  return along(rows).flatMap((r) => across.map((c) => ({ rows: r, columns: c })));
}

/** Numbers run along a tile's short side, so that the band is narrow. */
export const isTurned = ({ rows, columns }: Tile): boolean => rows[1] - rows[0] < columns[1] - columns[0];

export const nodesOf = ({ rows, columns }: Tile): number => (rows[1] - rows[0]) * (columns[1] - columns[0]);

/** Elements of a tile's factor: see `freeFormFactor`. */
export function factorSize(tile: Tile): number {
  const side = Math.min(tile.rows[1] - tile.rows[0], tile.columns[1] - tile.columns[0]);
  return 2 * nodesOf(tile) * (6 * side + 8);
}
