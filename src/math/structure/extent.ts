import { kernels } from "../../kernel/lane.js";
import type { Plane } from "../plane.js";

/** Where a plane has something to see. */
export interface Extent {
  /** The box around it, in whole pixels; empty where there is nothing. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** How many pixels there are to see. */
  readonly count: number;
  /** Both ends of each row that has any: x, y, x, y, … */
  readonly ends: Float64Array;
}

/** @param least  what counts: values from here on, and never NaN */
export function extentOf({ at, width, height, stride }: Plane, least = Number.NEGATIVE_INFINITY): Extent {
  const k = kernels();
  using arena = k.arena();
  const rows = arena.bytes(12 * height);
  k.rows("rowExtents", height, [at, stride, width, least, rows]);
  const numbers = arena.i32(rows, 3 * height);
  const ends: number[] = [];
  let [left, right, count] = [width, -1, 0];
  for (let y = 0; y < height; y++) {
    const [first, last, seen] = [numbers[3 * y]!, numbers[3 * y + 1]!, numbers[3 * y + 2]!];
    if (seen === 0) continue;
    left = Math.min(left, first);
    right = Math.max(right, last);
    count += seen;
    ends.push(first, y, last, y);
  }
  if (count === 0) return { x: 0, y: 0, width: 0, height: 0, count, ends: new Float64Array(0) };
  const top = ends[1]!;
  const bottom = ends[ends.length - 1]!;
  const box = { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
  return { ...box, count, ends: Float64Array.from(ends) };
}

/** What fills less of the box around it counts as if it filled this much. */
const LEAST_FILL = 0.45;

/**
 * The long side, in pixels, of what there is to see: of the box around it, or of one as much smaller as it fills little of
 * that, as an image that was turned and padded does. 0 where there is nothing.
 */
export function visibleSide(plane: Plane): number {
  const { width, height, count } = extentOf(plane);
  const fill = count / Math.max(1, width * height);
  return Math.max(width, height) * Math.sqrt(Math.max(LEAST_FILL, fill));
}
