import type { Window } from "../../../core/grid.js";
import { intersect } from "../../window.js";
import type { MosaicFrame } from "./frame.js";

/** Cells of a mosaic that are blended at one time, with pyramids of their own. */
const WIDTH = 1024;
const HEIGHT = 512;
const MOST_LEVELS = 5;

export interface Cells {
  /** Coarser levels beside the samples themselves. */
  readonly levels: number;
  /** Pyramids begin at multiples of this; a multiple of 4, for vectors. */
  readonly unit: number;
  /** Pixels around a cell that its own can depend on: each level reaches eight of its samples at most. */
  readonly margin: number;
}

/** As many levels as the usual overlap has room for: the coarsest seam is about four of the coarsest samples wide. */
export function cellsFor(frame: MosaicFrame): Cells {
  const overlap = usualOverlap(frame);
  let levels = 1;
  while (levels < MOST_LEVELS && 4 * 2 ** (levels + 1) <= overlap) levels++;
  const unit = Math.max(4, 2 ** levels);
  return { levels, unit, margin: 8 * unit };
}

/** Median width of the overlaps of tiles that lie side by side, pixels; 0 where none do. */
function usualOverlap({ tiles, index }: MosaicFrame): number {
  const widths: number[] = [];
  tiles.forEach(({ covers }, i) => {
    for (const j of index.touching(covers)) {
      if (j <= i) continue;
      const { width, height } = intersect(covers, tiles[j]!.covers)!;
      const long = Math.max(width, height);
      // Corners that touch say nothing of seams.
      if (2 * long >= Math.min(covers.width, covers.height)) widths.push(Math.min(width, height));
    }
  });
  return widths.sort((a, b) => a - b)[widths.length >> 1] ?? 0;
}

/** The cells that a window touches. */
export function cellsOf({ x, y, width, height }: Window): Window[] {
  const cells: Window[] = [];
  for (let top = Math.floor(y / HEIGHT) * HEIGHT; top < y + height; top += HEIGHT)
    for (let left = Math.floor(x / WIDTH) * WIDTH; left < x + width; left += WIDTH)
      cells.push({ x: left, y: top, width: WIDTH, height: HEIGHT });
  return cells;
}

export const grownCell = ({ x, y, width, height }: Window, { margin }: Cells): Window => ({
  x: x - margin,
  y: y - margin,
  width: width + 2 * margin,
  height: height + 2 * margin,
});

/** What the samples of a window can depend on, and where the window lies among the cells. */
export function reachOf(window: Window, cells: Cells): { readonly around: Window; readonly place: readonly number[] } {
  const x = Math.floor(window.x / WIDTH) * WIDTH;
  const y = Math.floor(window.y / HEIGHT) * HEIGHT;
  const right = Math.ceil((window.x + window.width) / WIDTH) * WIDTH;
  const bottom = Math.ceil((window.y + window.height) / HEIGHT) * HEIGHT;
  return {
    around: grownCell({ x, y, width: right - x, height: bottom - y }, cells),
    place: [window.x - x, window.y - y, cells.levels],
  };
}

/** A window, and some pixels around it, as far as `within` goes; begins and ends at multiples of `unit` from its corner. */
export function alignedPart(window: Window, around: number, within: Window, unit: number): Window | undefined {
  const along = (at: number, size: number, from: number, most: number) => {
    const start = Math.max(0, Math.floor((at - around - from) / unit) * unit);
    const end = Math.min(most, Math.ceil((at + size + around - from) / unit) * unit);
    return { start: from + start, size: end - start };
  };
  const x = along(window.x, window.width, within.x, within.width);
  const y = along(window.y, window.height, within.y, within.height);
  return x.size > 0 && y.size > 0 ? { x: x.start, y: y.start, width: x.size, height: y.size } : undefined;
}
