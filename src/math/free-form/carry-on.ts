import { leastJacobian } from "./folding.js";
import type { PlaneLattice } from "./lattice-map.js";

/** Sweeps per node along the longer side, and the factor by which each overshoots. */
const SWEEPS = 4;
const OVERSHOOT = 1.8;

/**
 * A lattice whose nodes without anything to go by lie amid their neighbours: coefficients there become the harmonic
 * continuation of those that pixels tell, which never goes beyond them. Least bending energy alone would carry a slope on as a
 * straight line, and end tens of pixels away at the far side of an empty sky.
 *
 * @param told  1 for each node that pixels tell
 * @returns the lattice as it was where the other would fold
 */
export function carryOn<T extends PlaneLattice & { readonly leastJacobian: number }>(
  fit: T,
  told: Uint8Array,
  width: number,
  height: number,
): T {
  const { columns, rows } = fit.lattice;
  const free = farFrom(told, columns, rows);
  if (free.every((one) => one === 0)) return fit;
  const c = fit.coefficients.slice();
  if (free.every((one) => one === 1)) c.fill(0);
  else relax(c, free, columns, rows);
  const least = leastJacobian(fit.lattice, c, width, height);
  return least >= Math.min(0.05, fit.leastJacobian) ? { ...fit, coefficients: c, leastJacobian: least } : fit;
}

/** 1 for nodes that neither are told themselves nor have a neighbour that is: pixels of the neighbour's cell speak of them too. */
function farFrom(told: Uint8Array, columns: number, rows: number): Uint8Array {
  return told.map((_, k) => {
    const [i, j] = [Math.floor(k / columns), k % columns];
    for (let y = Math.max(0, i - 1); y <= Math.min(rows - 1, i + 1); y++)
      for (let x = Math.max(0, j - 1); x <= Math.min(columns - 1, j + 1); x++)
        if (told[y * columns + x] === 1) return 0;
    return 1;
  });
}

/** Successive over-relaxation of Laplace's equation at the free nodes; beyond the lattice nothing pulls. */
function relax(c: Float64Array, free: Uint8Array, columns: number, rows: number): void {
  const sweeps = SWEEPS * Math.max(columns, rows) + 50;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const k = i * columns + j;
        if (free[k] === 0) continue;
        let [u, v, n] = [0, 0, 0];
        const add = (other: number) => {
          u += c[2 * other]!;
          v += c[2 * other + 1]!;
          n++;
        };
        if (j > 0) add(k - 1);
        if (j + 1 < columns) add(k + 1);
        if (i > 0) add(k - columns);
        if (i + 1 < rows) add(k + columns);
        c[2 * k] = c[2 * k]! + OVERSHOOT * (u / n - c[2 * k]!);
        c[2 * k + 1] = c[2 * k + 1]! + OVERSHOOT * (v / n - c[2 * k + 1]!);
      }
    }
  }
}
