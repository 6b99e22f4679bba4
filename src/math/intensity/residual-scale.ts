import type { Matrix3 } from "../../core/transform.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";

/** About as many pixels are looked at. */
const SAMPLES = 4000;

/**
 * Standard deviation of what gain and offset leave between two planes, from the median of its size, so that outliers do not
 * count (P. Huber, Robust Statistics, 1981). From places on a lattice.
 */
export function residualScale(
  arena: Arena,
  fixed: Plane,
  moving: Plane,
  m: Matrix3,
  gain: number,
  offset: number,
): number {
  const step = Math.max(1, Math.floor(Math.sqrt((fixed.width * fixed.height) / SAMPLES)));
  const f = arena.f32(fixed.at, fixed.stride * fixed.height);
  const g = arena.f32(moving.at, moving.stride * moving.height);
  const left: number[] = [];
  for (let y = step >> 1; y < fixed.height; y += step) {
    for (let x = step >> 1; x < fixed.width; x += step) {
      const w = m[6] * x + m[7] * y + m[8];
      const u = (m[0] * x + m[1] * y + m[2]) / w;
      const v = (m[3] * x + m[4] * y + m[5]) / w;
      if (!(w > 0 && u >= 0 && v >= 0 && u < moving.width - 1 && v < moving.height - 1)) continue;
      const [i, j] = [Math.floor(u), Math.floor(v)];
      const at = j * moving.stride + i;
      const top = g[at]! + (u - i) * (g[at + 1]! - g[at]!);
      const bottom = g[at + moving.stride]! + (u - i) * (g[at + moving.stride + 1]! - g[at + moving.stride]!);
      const r = Math.abs(top + (v - j) * (bottom - top) - gain * f[y * fixed.stride + x]! - offset);
      if (!Number.isNaN(r)) left.push(r);
    }
  }
  left.sort((a, b) => a - b);
  // Never 0: equal images would weigh nothing at all.
  return Math.max(1e-6, 1.4826 * (left[left.length >> 1] ?? 1));
}
