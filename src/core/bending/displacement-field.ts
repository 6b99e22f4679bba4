import { type Grid, invertAffine } from "../grid.js";
import { jetSize } from "./jets.js";

/**
 * A displacement given at the pixels of a grid, linear between their centres: p + d(p).
 *
 * Defined on the area that the pixels cover; the half pixel beyond the outermost centres takes the nearest of them. NaN
 * elsewhere, and next to a NaN.
 */
export interface DisplacementField {
  readonly grid: Grid;
  /** Interleaved, row by row: displacement in x and in y, world units; NaN where there is none. */
  readonly offsets: Float32Array;
}

/** See `JetMap`; derivatives are those of the cell that the point lies in. */
export function displacementAt(
  { grid, offsets }: DisplacementField,
  points: Float64Array,
  derivatives: boolean,
): Float64Array {
  const { width, height } = grid;
  const [a, b, c, d, e, f] = invertAffine(grid.worldFromPixel);
  const size = jetSize(derivatives);
  const count = points.length / 2;
  const out = new Float64Array(size * count);
  for (let i = 0; i < count; i++) {
    const x = points[2 * i]!;
    const y = points[2 * i + 1]!;
    const at = size * i;
    const s = a * x + b * y + c;
    const t = d * x + e * y + f;
    // A hair beyond the edge is rounding of whoever made the point.
    if (!(s >= -0.5 - 1e-9 && t >= -0.5 - 1e-9 && s <= width - 0.5 + 1e-9 && t <= height - 0.5 + 1e-9)) {
      out.fill(Number.NaN, at, at + size);
      continue;
    }
    const cs = Math.min(Math.max(s, 0), width - 1);
    const ct = Math.min(Math.max(t, 0), height - 1);
    const column = Math.min(Math.floor(cs), Math.max(0, width - 2));
    const row = Math.min(Math.floor(ct), Math.max(0, height - 2));
    const p = cs - column;
    const q = ct - row;
    const first = 2 * (row * width + column);
    // A neighbour of weight 0 is not looked at: it may be NaN, or not exist.
    const right = p > 0 ? 2 : 0;
    const below = q > 0 ? 2 * width : 0;
    for (let k = 0; k < 2; k++) {
      const v00 = offsets[first + k]!;
      const v10 = offsets[first + right + k]!;
      const v01 = offsets[first + below + k]!;
      const v11 = offsets[first + right + below + k]!;
      const top = v00 + p * (v10 - v00);
      const bottom = v01 + p * (v11 - v01);
      out[at + k] = (k === 0 ? x : y) + top + q * (bottom - top);
      if (!derivatives) continue;
      const ds = s === cs ? v10 - v00 + q * (v11 - v01 - v10 + v00) : 0;
      const dt = t === ct ? bottom - top : 0;
      out[at + 2 + 2 * k] = (k === 0 ? 1 : 0) + ds * a + dt * d;
      out[at + 3 + 2 * k] = (k === 0 ? 0 : 1) + ds * b + dt * e;
    }
    if (!(Math.abs(out[at]!) < Number.POSITIVE_INFINITY && Math.abs(out[at + 1]!) < Number.POSITIVE_INFINITY))
      out.fill(Number.NaN, at, at + size);
  }
  return out;
}
