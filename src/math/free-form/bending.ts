import type { LatticeShape } from "./lattice.js";

/** Nodes and weights of a difference of coefficients. */
type Difference = readonly (readonly [di: number, dj: number, weight: number])[];

/**
 * Second differences: their squares summed are the bending energy. First ones, which weigh little: bending alone goes on in a
 * straight line where nothing is seen, by tens of pixels across a sky.
 */
const FIRST = Math.sqrt(0.5);
const DIFFERENCES: readonly Difference[] = [
  [
    [0, 0, 1],
    [0, 1, -2],
    [0, 2, 1],
  ],
  [
    [0, 0, 1],
    [1, 0, -2],
    [2, 0, 1],
  ],
  [
    [0, 0, Math.SQRT2],
    [0, 1, -Math.SQRT2],
    [1, 0, -Math.SQRT2],
    [1, 1, Math.SQRT2],
  ],
  [
    [0, 0, FIRST],
    [0, 1, -FIRST],
  ],
  [
    [0, 0, FIRST],
    [1, 0, -FIRST],
  ],
];

/** The bending energy's matrix times the coefficients (interleaved), and the energy itself. */
export function bendingOf(
  { columns, rows }: LatticeShape,
  coefficients: Float64Array,
): { readonly product: Float64Array; readonly energy: number } {
  const product = new Float64Array(coefficients.length);
  let energy = 0;
  for (const difference of DIFFERENCES) {
    const steps = difference.map(([di, dj]) => 2 * (di * columns + dj));
    const weights = difference.map(([, , w]) => w);
    const [di, dj] = difference.at(-1)!;
    const count = steps.length;
    for (let i = 0; i + di < rows; i++) {
      const end = 2 * (i * columns + columns - dj);
      // x and y follow each other, and are treated alike.
      for (let at = 2 * i * columns; at < end; at++) {
        let sum = 0;
        for (let k = 0; k < count; k++) sum += weights[k]! * coefficients[at + steps[k]!]!;
        energy += sum * sum;
        for (let k = 0; k < count; k++) {
          const to = at + steps[k]!;
          product[to] = product[to]! + weights[k]! * sum;
        }
      }
    }
  }
  return { product, energy };
}

/**
 * Adds the bending energy's matrix times a weight to a stencil (see `freeFormStencil`): the same in x and in y.
 *
 * @param plane  elements of a plane of the stencil
 */
export function addBending(
  { columns, rows }: LatticeShape,
  weight: number,
  stencil: Float32Array,
  plane: number,
): void {
  for (const difference of DIFFERENCES) {
    const [lastRow, lastColumn] = difference.at(-1)!;
    for (const [di, dj, w] of difference) {
      for (const [ei, ej, v] of difference) {
        const [si, sj] = [ei - di, ej - dj];
        // Pairs are kept once.
        if (si < 0 || (si === 0 && sj < 0)) continue;
        const offset = si === 0 ? sj : 4 + 7 * (si - 1) + sj + 3;
        const add = weight * w * v;
        for (let i = di; i + lastRow - di < rows; i++) {
          const from = 3 * offset * plane + i * columns + dj;
          for (let at = from; at < from + columns - lastColumn; at++) {
            stencil[at] = stencil[at]! + add;
            stencil[at + 2 * plane] = stencil[at + 2 * plane]! + add;
          }
        }
      }
    }
  }
}
