import type { Matrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import { gridUnder, type StructurePair } from "./refine.js";
import { REACH } from "./tie-grid.js";

/** What the images' edges say of a map that was found without them. */
export interface EdgeLook {
  /** Blocks with edges in both images. */
  readonly blocks: number;
  /** Share of them whose edges fit best, of all shifts within 8 pixels, where the map puts them; chance gives 4.5 %. */
  readonly consistency: number;
}

/** The level at which maps are compared in a search by structure, too. */
const LAYOUT = { longSide: 192, side: 24, step: 12 } as const;
/** What agrees lies within so many pixels. */
const AGREES = 2;

/** @param matrix  pixels of the fixed channels to pixels of the moving ones */
export function lookAtEdges(pair: StructurePair, matrix: Matrix3): EdgeLook | undefined {
  using arena = kernels().arena();
  const grid = gridUnder(arena, pair, matrix, LAYOUT)?.grid;
  if (!grid) return undefined;
  let agreeing = 0;
  for (let n = 0; n < grid.count; n++) {
    const [x, y] = [grid.peaks[2 * n]! - REACH, grid.peaks[2 * n + 1]! - REACH];
    if (x * x + y * y <= AGREES * AGREES) agreeing++;
  }
  return { blocks: grid.count, consistency: agreeing / grid.count };
}
