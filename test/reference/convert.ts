import { type DType, rangeOf } from "../../src/core/image.js";

/** Samples as numbers; nodata, NaN and infinity as NaN. */
export const widen = (data: ArrayLike<number>, nodata?: number): number[] =>
  Array.from(data, (v) => (Number.isFinite(v) && v !== nodata ? v : Number.NaN));

function roundHalfEven(v: number): number {
  const r = Math.round(v);
  return r - v === 0.5 && r % 2 !== 0 ? r - 1 : r;
}

/** Numbers as samples: rounded, clamped, NaN as `fill`; a valid integer never comes out as `fill` when `keepClear`. */
export function narrow(values: ArrayLike<number>, dtype: DType, fill: number, keepClear: boolean): number[] {
  const [low, high] = rangeOf(dtype);
  return Array.from(values, (v) => {
    if (Number.isNaN(v)) return dtype === "float32" ? Math.fround(fill) : fill;
    if (dtype === "float32") return Math.fround(v);
    const n = Math.min(Math.max(roundHalfEven(v), low), high);
    return (keepClear && n === fill ? (fill === high ? n - 1 : n + 1) : n) + 0; // + 0: no negative zero
  });
}
