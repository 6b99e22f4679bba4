import type { Window } from "../../../core/grid.js";

/** Finds the rectangles that a window touches, without looking at all of them. */
export interface TileIndex {
  /** Their numbers, ascending. */
  touching(window: Window): number[];
}

/** Sorts rectangles into cells of about their mean size. */
export function tileIndex(rectangles: readonly Window[]): TileIndex {
  const cells = new Map<string, number[]>();
  const mean = (side: (r: Window) => number) =>
    Math.max(1, Math.ceil(rectangles.reduce((sum, r) => sum + side(r), 0) / Math.max(1, rectangles.length)));
  const width = mean((r) => r.width);
  const height = mean((r) => r.height);
  const range = (from: number, size: number, cell: number) =>
    [Math.floor(from / cell), Math.floor((from + size - 1) / cell)] as const;
  const forCells = (r: Window, visit: (key: string) => void) => {
    const [x0, x1] = range(r.x, r.width, width);
    const [y0, y1] = range(r.y, r.height, height);
    for (let y = y0; y <= y1; y++) for (let x = x0; x <= x1; x++) visit(`${x} ${y}`);
  };
  rectangles.forEach((rectangle, i) => {
    forCells(rectangle, (key) => {
      const list = cells.get(key);
      if (list) list.push(i);
      else cells.set(key, [i]);
    });
  });
  return {
    touching(window) {
      const found = new Set<number>();
      forCells(window, (key) => {
        for (const i of cells.get(key) ?? []) if (touch(rectangles[i]!, window)) found.add(i);
      });
      return [...found].sort((a, b) => a - b);
    },
  };
}

const touch = (a: Window, b: Window): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
