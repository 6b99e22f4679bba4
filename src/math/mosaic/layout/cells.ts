import { median } from "./lattice.js";

/** Rows and columns of places that make a grid; nothing where two tiles would share a cell. */
export function cellsOf(x: Float64Array, y: Float64Array, size: { readonly width: number; readonly height: number }) {
  const col = ranks(x, 0.4 * size.width);
  const row = ranks(y, 0.4 * size.height);
  const distinct = new Set(Array.from(row, (r, i) => `${r},${col[i]}`)).size;
  return distinct === x.length ? { row, col } : undefined;
}

/** Values by groups: a gap wider than `gap` begins the next; one of several steps skips ranks. */
function ranks(values: Float64Array, gap: number): Int32Array {
  const order = Array.from(values.keys()).sort((i, j) => values[i]! - values[j]!);
  const groups: number[][] = [];
  for (const [n, i] of order.entries()) {
    if (n === 0 || values[i]! - values[order[n - 1]!]! > gap) groups.push([]);
    groups.at(-1)!.push(i);
  }
  const centres = groups.map((g) => g.reduce((sum, i) => sum + values[i]!, 0) / g.length);
  const step = median(centres.slice(1).map((c, n) => c - centres[n]!));
  const out = new Int32Array(values.length);
  let rank = 0;
  for (const [n, group] of groups.entries()) {
    if (n > 0) rank += Math.max(1, Math.round((centres[n]! - centres[n - 1]!) / step));
    for (const i of group) out[i] = rank;
  }
  return out;
}
