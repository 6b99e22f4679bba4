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

/** All differences of a lattice, by the number of their first node. */
function each({ columns, rows }: LatticeShape, visit: (difference: Difference, node: number) => void): void {
  for (const difference of DIFFERENCES) {
    const [di, dj] = difference.at(-1)!;
    for (let i = 0; i + di < rows; i++) for (let j = 0; j + dj < columns; j++) visit(difference, i * columns + j);
  }
}

/** The bending energy's matrix times the coefficients (interleaved), and the energy itself. */
export function bendingOf(
  lattice: LatticeShape,
  coefficients: Float64Array,
): { readonly product: Float64Array; readonly energy: number } {
  const { columns } = lattice;
  const product = new Float64Array(coefficients.length);
  let energy = 0;
  each(lattice, (difference, node) => {
    let [x, y] = [0, 0];
    for (const [di, dj, w] of difference) {
      const at = 2 * (node + di * columns + dj);
      x += w * coefficients[at]!;
      y += w * coefficients[at + 1]!;
    }
    energy += x * x + y * y;
    for (const [di, dj, w] of difference) {
      const at = 2 * (node + di * columns + dj);
      product[at] = product[at]! + w * x;
      product[at + 1] = product[at + 1]! + w * y;
    }
  });
  return { product, energy };
}

/**
 * Adds the bending energy's matrix times a weight to a stencil (see `freeFormStencil`): the same in x and in y.
 *
 * @param plane  elements of a plane of the stencil
 */
export function addBending(lattice: LatticeShape, weight: number, stencil: Float32Array, plane: number): void {
  const { columns } = lattice;
  each(lattice, (difference, node) => {
    for (const [di, dj, w] of difference) {
      for (const [ei, ej, v] of difference) {
        const [si, sj] = [ei - di, ej - dj];
        if (si < 0 || (si === 0 && sj < 0)) continue;
        const offset = si === 0 ? sj : 4 + 7 * (si - 1) + sj + 3;
        const at = 3 * offset * plane + node + di * columns + dj;
        stencil[at] = stencil[at]! + weight * w * v;
        stencil[at + 2 * plane] = stencil[at + 2 * plane]! + weight * w * v;
      }
    }
  });
}
