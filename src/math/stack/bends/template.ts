import type { Arena } from "../../../kernel/memory.js";
import { emptyPlane, type Plane } from "../../plane.js";

/** From so many slices on the darkest and the brightest of a place do not count. */
const TRIMMED_FROM = 4;

/**
 * What slices have in common, place by place: their mean, without the darkest and the brightest of four or more, so that a
 * single slice that is strange somewhere does not lead the others. NaN where fewer than half of them show anything.
 */
export function templateOf(arena: Arena, planes: readonly Plane[]): Plane {
  const { width, height } = planes[0]!;
  const out = emptyPlane(arena, width, height);
  for (let y = 0; y < height; y++) {
    const rows = planes.map((p) => arena.f32(p.at + 4 * y * p.stride, width));
    const to = arena.f32(out.at + 4 * y * out.stride, width);
    for (let x = 0; x < width; x++) {
      let [n, sum] = [0, 0];
      let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (let p = 0; p < rows.length; p++) {
        const v = rows[p]![x]!;
        if (Number.isNaN(v)) continue;
        n++;
        sum += v;
        if (v < least) least = v;
        if (v > most) most = v;
      }
      const trimmed = n >= TRIMMED_FROM;
      to[x] = 2 * n < rows.length || n === 0 ? Number.NaN : trimmed ? (sum - least - most) / (n - 2) : sum / n;
    }
  }
  return out;
}
