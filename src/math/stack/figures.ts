import type { Arena } from "../../kernel/memory.js";
import { halfPlane, type Plane } from "../plane.js";

/** What can be said of a slice by itself. */
export interface SliceFigures {
  /** Share of pixels with an observation. */
  readonly valid: number;
  readonly mean: number;
  readonly deviation: number;
  /** Mean squared difference of neighbouring pixels, from fine to coarse: at the level itself, and at each half size of it. */
  readonly detail: readonly number[];
}

const LEVELS = 4;
/** Rows that are looked at: one in so many, at the finest level. */
const STEP = 8;

export function figuresOf(arena: Arena, plane: Plane): SliceFigures {
  let [n, sum, squares] = [0, 0, 0];
  let seen = 0;
  const detail: number[] = [];
  let level = plane;
  for (let l = 0; l < LEVELS && Math.min(level.width, level.height) >= 8; l++) {
    let [count, energy] = [0, 0];
    for (let y = 0; y + 1 < level.height; y += STEP >> Math.min(l, 3)) {
      const row = arena.f32(level.at + 4 * y * level.stride, level.width);
      const next = arena.f32(level.at + 4 * (y + 1) * level.stride, level.width);
      for (let x = 0; x + 1 < level.width; x++) {
        const v = row[x]!;
        if (l === 0) {
          seen++;
          if (!Number.isNaN(v)) {
            n++;
            sum += v;
            squares += v * v;
          }
        }
        const e = (row[x + 1]! - v) ** 2 + (next[x]! - v) ** 2;
        if (Number.isNaN(e)) continue;
        count++;
        energy += e;
      }
    }
    detail.push(count > 0 ? energy / count : 0);
    const half = halfPlane(arena, level);
    if (level !== plane) arena.free(level.at);
    level = half;
  }
  if (level !== plane) arena.free(level.at);
  const mean = n > 0 ? sum / n : Number.NaN;
  return {
    valid: seen > 0 ? n / seen : 0,
    mean,
    deviation: n > 0 ? Math.sqrt(Math.max(0, squares / n - mean * mean)) : 0,
    detail,
  };
}

/** Nothing to see: no observations, or all of one brightness but for the rounding of the sums. */
export const isBlank = ({ valid, mean, deviation }: SliceFigures): boolean =>
  !(valid > 0.02) || !(deviation > 1e-6 * Math.abs(mean));
