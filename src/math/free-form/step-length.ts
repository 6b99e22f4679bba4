import type { LatticeShape } from "./lattice.js";

/** How far a step moves the plane, at the places of the nodes that lie in it: the longest move, and their root mean square. */
export function moveOf(
  { columns, rows }: LatticeShape,
  step: Float64Array,
): { readonly longest: number; readonly rootMeanSquare: number } {
  let square = 0;
  let longest = 0;
  let count = 0;
  // Nodes beyond the plane hardly show in it, and may move far.
  for (let i = 1; i < rows - 2; i++) {
    for (let j = 1; j < columns - 2; j++) {
      const along = (row: number, c: number) => {
        const at = 2 * (row * columns + j) + c;
        return step[at - 2]! + 4 * step[at]! + step[at + 2]!;
      };
      const move = (c: number) => (along(i - 1, c) + 4 * along(i, c) + along(i + 1, c)) / 36;
      const length = move(0) ** 2 + move(1) ** 2;
      square += length;
      longest = Math.max(longest, length);
      count++;
    }
  }
  return { longest: Math.sqrt(longest), rootMeanSquare: Math.sqrt(square / count) };
}
