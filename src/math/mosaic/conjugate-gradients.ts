import type { NormalEquations } from "./normal-equations.js";

/**
 * Solves the normal equations by conjugate gradients, preconditioned by the tiles' own blocks: for grids so large that the
 * factor of an envelope does not fit. Sums go in order, so that the result is the same everywhere.
 *
 * @param start  x, y of each tile
 * @param tolerance  of the residual, relative to the right side
 */
export function conjugateGradients(
  equations: NormalEquations,
  start: Float64Array,
  { tolerance = 1e-10, iterations = 4000 }: { readonly tolerance?: number; readonly iterations?: number } = {},
): Float64Array {
  const n = 2 * equations.count;
  const x = Float64Array.from(start);
  const r = new Float64Array(n);
  const ap = multiply(equations, x);
  for (let i = 0; i < n; i++) r[i] = equations.right[i]! - ap[i]!;
  let z = precondition(equations, r);
  const p = Float64Array.from(z);
  let rz = dot(r, z);
  const enough = tolerance * tolerance * dot(equations.right, precondition(equations, equations.right));
  for (let k = 0; k < iterations && rz > enough; k++) {
    const q = multiply(equations, p);
    const alpha = rz / dot(p, q);
    for (let i = 0; i < n; i++) {
      x[i]! += alpha * p[i]!;
      r[i]! -= alpha * q[i]!;
    }
    z = precondition(equations, r);
    const next = dot(r, z);
    const beta = next / rz;
    rz = next;
    for (let i = 0; i < n; i++) p[i] = z[i]! + beta * p[i]!;
  }
  return x;
}

function multiply({ count, a, b, edges, tiles }: NormalEquations, x: Float64Array): Float64Array {
  const out = new Float64Array(2 * count);
  for (let t = 0; t < count; t++) {
    out[2 * t] = tiles[3 * t]! * x[2 * t]! + tiles[3 * t + 1]! * x[2 * t + 1]!;
    out[2 * t + 1] = tiles[3 * t + 1]! * x[2 * t]! + tiles[3 * t + 2]! * x[2 * t + 1]!;
  }
  for (let e = 0; e < a.length; e++) {
    const [p, q] = [2 * a[e]!, 2 * b[e]!];
    const [xx, xy, yy] = [edges[3 * e]!, edges[3 * e + 1]!, edges[3 * e + 2]!];
    out[p]! -= xx * x[q]! + xy * x[q + 1]!;
    out[p + 1]! -= xy * x[q]! + yy * x[q + 1]!;
    out[q]! -= xx * x[p]! + xy * x[p + 1]!;
    out[q + 1]! -= xy * x[p]! + yy * x[p + 1]!;
  }
  return out;
}

function precondition({ count, tiles }: NormalEquations, r: Float64Array): Float64Array {
  const z = new Float64Array(2 * count);
  for (let t = 0; t < count; t++) {
    const [xx, xy, yy] = [tiles[3 * t]!, tiles[3 * t + 1]!, tiles[3 * t + 2]!];
    const det = xx * yy - xy * xy;
    z[2 * t] = (yy * r[2 * t]! - xy * r[2 * t + 1]!) / det;
    z[2 * t + 1] = (xx * r[2 * t + 1]! - xy * r[2 * t]!) / det;
  }
  return z;
}

function dot(p: Float64Array, q: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += p[i]! * q[i]!;
  return sum;
}
