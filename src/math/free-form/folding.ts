import { cubicBasis } from "../../core/bending/control-lattice.js";
import type { LatticeShape } from "./lattice.js";

/** Places of a cell where the determinant is looked at, each way: a quarter of the spacing apart, edges included. */
const SAMPLES = 5;

/**
 * Smallest determinant of I + grad u inside of the plane of `width` x `height` pixels, a quarter of the spacing apart.
 *
 * @param coefficients  interleaved, in pixels
 */
export function leastJacobian(
  lattice: LatticeShape,
  coefficients: Float64Array,
  width: number,
  height: number,
): number {
  let least = 1;
  const sampler = new CellSampler(lattice, coefficients, width, height);
  for (let r = 0; r < lattice.rows - 3; r++)
    for (let c = 0; c < lattice.columns - 3; c++) least = Math.min(least, sampler.least(r, c));
  return least;
}

/** Whether no determinant can be below `bound`, by the differences of neighbouring coefficients alone. */
export function cannotFold({ columns, rows, spacing }: LatticeShape, c: Float64Array, bound: number): boolean {
  let [ux, uy, vx, vy] = [0, 0, 0, 0];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = 2 * (i * columns + j);
      if (j + 1 < columns) {
        ux = Math.max(ux, Math.abs(c[at + 2]! - c[at]!));
        vx = Math.max(vx, Math.abs(c[at + 3]! - c[at + 1]!));
      }
      if (i + 1 < rows) {
        uy = Math.max(uy, Math.abs(c[at + 2 * columns]! - c[at]!));
        vy = Math.max(vy, Math.abs(c[at + 2 * columns + 1]! - c[at + 1]!));
      }
    }
  }
  // The derivative of a B-spline is a mean of its coefficients' differences.
  return ux < spacing && (1 - ux / spacing) * (1 - vy / spacing) - (uy * vx) / spacing ** 2 > bound;
}

/**
 * A step that does not fold: `from` + t · `step`, t being 1 at most nodes and halved around cells whose determinant would fall
 * below `bound` until none does.
 *
 * Y. Choi, S. Lee, Graphical Models 62 (2000), doi:10.1006/gmod.1999.0507 bound the coefficients instead: what cannot fold by
 * their differences is not looked at here, and what may is measured.
 *
 * @returns the new coefficients; `from` itself where no step helps
 */
export function stepWithoutFolds(
  lattice: LatticeShape,
  from: Float64Array,
  step: Float64Array,
  width: number,
  height: number,
  bound: number,
): Float64Array {
  const { columns, rows } = lattice;
  const to = from.map((v, i) => v + step[i]!);
  if (cannotFold(lattice, to, bound)) return to;
  const share = new Float64Array(columns * rows).fill(1);
  for (let round = 0; round < 24; round++) {
    const sampler = new CellSampler(lattice, to, width, height);
    const marked = new Uint8Array(columns * rows);
    let folds = false;
    for (let r = 0; r < rows - 3; r++) {
      for (let c = 0; c < columns - 3; c++) {
        if (sampler.least(r, c) >= bound) continue;
        folds = true;
        for (let i = 0; i < 4; i++) for (let j = 0; j < 4; j++) marked[(r + i) * columns + c + j] = 1;
      }
    }
    if (!folds) return to;
    for (let n = 0; n < marked.length; n++) {
      if (!marked[n]) continue;
      share[n] = round < 12 ? share[n]! / 2 : 0;
      for (const k of [2 * n, 2 * n + 1]) to[k] = from[k]! + share[n]! * step[k]!;
    }
  }
  return from;
}

class CellSampler {
  readonly #across: readonly Float64Array[][];
  readonly #down: readonly Float64Array[][];

  constructor(
    readonly lattice: LatticeShape,
    readonly coefficients: Float64Array,
    width: number,
    height: number,
  ) {
    const of = (n: number, cells: number) => {
      const inLast = (n - 1) / lattice.spacing - (cells - 1);
      return [basisAt(1), basisAt(Math.min(1, inLast))];
    };
    this.#across = of(width, lattice.columns - 3);
    this.#down = of(height, lattice.rows - 3);
  }

  /** Smallest determinant at the samples of a cell. */
  least(row: number, column: number): number {
    const { columns, rows, spacing } = this.lattice;
    const c = this.coefficients;
    const across = this.#across[column === columns - 4 ? 1 : 0]!;
    const down = this.#down[row === rows - 4 ? 1 : 0]!;
    let least = Number.POSITIVE_INFINITY;
    const values = new Float64Array(16);
    for (const d of down) {
      // Of the four columns of nodes: u, v and their derivatives down.
      for (let j = 0; j < 4; j++) {
        let [u, v, uy, vy] = [0, 0, 0, 0];
        for (let i = 0; i < 4; i++) {
          const at = 2 * ((row + i) * columns + column + j);
          u += d[i]! * c[at]!;
          v += d[i]! * c[at + 1]!;
          uy += d[4 + i]! * c[at]!;
          vy += d[4 + i]! * c[at + 1]!;
        }
        values[4 * j] = u;
        values[4 * j + 1] = v;
        values[4 * j + 2] = uy;
        values[4 * j + 3] = vy;
      }
      for (const a of across) {
        let [ux, vx, uy, vy] = [0, 0, 0, 0];
        for (let j = 0; j < 4; j++) {
          ux += a[4 + j]! * values[4 * j]!;
          vx += a[4 + j]! * values[4 * j + 1]!;
          uy += a[j]! * values[4 * j + 2]!;
          vy += a[j]! * values[4 * j + 3]!;
        }
        least = Math.min(least, (1 + ux / spacing) * (1 + vy / spacing) - (uy * vx) / spacing ** 2);
      }
    }
    return least;
  }
}

/** Weights and their derivatives at equal steps from 0 to `end`. */
const basisAt = (end: number): Float64Array[] =>
  Array.from({ length: SAMPLES }, (_, k) => {
    const basis = new Float64Array(8);
    cubicBasis((end * k) / (SAMPLES - 1), basis);
    return basis;
  });
