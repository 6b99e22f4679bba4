import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { LEAST_SIDE, SMOOTHING, spread } from "../intensity/levels.js";
import { emptyPlane, halfPlane, type Plane } from "../plane.js";
import { type Range, rangeOf } from "./range.js";
import { type Treatment, type View, viewOf } from "./view.js";

/** A plane and its coarser versions: each the mean over 2 × 2 pixels of the one before, of mean about 0 and variance about 1. */
export interface Levels {
  readonly count: number;
  readonly scale: number;
  /** @param radius  of local means and variances that are brought to 0 and 1, pixels of the level; 0: they stay */
  view(level: number, radius: number): View;
  /** What nearly all values of a level lie between. */
  range(level: number): Range;
  free(): void;
}

/**
 * Smoothing of coarser levels, pixels of theirs. Means over blocks that lie elsewhere in the other plane differ, and in flat areas
 * there is nothing else that could hold the lattice: without smoothing it ran away by tens of pixels in 11 of 20 photographs.
 */
const COARSE_SMOOTHING = 1.2;
/** Rows that are smoothed at a time where the whole would be too large; even. */
const BAND = 512;

export function freeFormLevels(arena: Arena, plane: Plane): Levels {
  const { pivot, scale } = spread(arena, plane);
  const finest: Treatment = { sigma: SMOOTHING, pivot, scale, radius: 0 };
  const smooth = viewOf(arena, plane, finest);
  const planes: Plane[] = [];
  for (let last: Plane = plane; Math.min(last.width, last.height) >= 2 * LEAST_SIDE; planes.push(last))
    last = last === plane ? halved(arena, smooth) : halfPlane(arena, last);
  return {
    ...{ count: 1 + planes.length, scale },
    view(level, radius) {
      if (level > 0) return viewOf(arena, planes[level - 1]!, { sigma: COARSE_SMOOTHING, pivot: 0, scale: 1, radius });
      if (!smooth.whole) return viewOf(arena, plane, { ...finest, radius });
      let view: View | undefined;
      smooth.rows(0, plane.height, (made) => {
        view = viewOf(arena, made, { ...finest, sigma: 0, radius });
      });
      return view!;
    },
    range(level) {
      if (level > 0) return rangeOf(arena, planes[level - 1]!);
      const [low, high] = rangeOf(arena, plane);
      return [(low - pivot) * scale, (high - pivot) * scale];
    },
    free() {
      smooth.free();
      for (const { at } of planes) arena.free(at);
    },
  };
}

function halved(arena: Arena, view: View): Plane {
  const { width, height } = view;
  const half = emptyPlane(arena, Math.ceil(width / 2), Math.ceil(height / 2));
  const band = view.whole ? height + (height & 1) : BAND;
  for (let y = 0; y < height; y += band) {
    const rows = Math.min(band, height - y);
    view.rows(y, y + rows, (plane) => {
      const to = half.at + 2 * y * half.stride;
      kernels().rows(
        "coarsen",
        Math.ceil(rows / 2),
        [plane.at + 4 * y * plane.stride, plane.stride, width, rows, to, half.stride, 2],
        16,
      );
    });
  }
  return half;
}
