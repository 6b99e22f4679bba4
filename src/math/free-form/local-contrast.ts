import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { emptyPlane, type Plane } from "../plane.js";

/**
 * Variance that is added to the one around a pixel, where the plane's own is 1: where there is next to no contrast, noise is not
 * made to look like any.
 */
const FLOOR = 0.03;

/** The plane with local mean 0 and local variance 1, over squares of 2 radius + 1 pixels. @param plane  of variance about 1 */
export function locallyNormalised(arena: Arena, plane: Plane, radius: number): Plane {
  const { width, height } = plane;
  const out = emptyPlane(arena, width, height);
  const k = kernels();
  // A strip begins with the sums of a whole window.
  const stripRows = Math.max(64, 4 * radius);
  const scratch = k.scratch(arena, 24 * (width + 4));
  k.rows(
    "localContrast",
    Math.ceil(height / stripRows),
    [...[plane.at, plane.stride, width, height, out.at, out.stride], ...[radius, FLOOR, stripRows, scratch]],
    1,
  );
  arena.free(scratch.base);
  return out;
}
