import type { NormalEquations } from "./normal-equations.js";

/**
 * Lower triangle of a symmetric matrix of which each row is kept from its first element that is not zero. With tiles in the
 * order of a sweep, a grid of r × c tiles takes about 4·r·c·min(r, c) numbers, and the factor fits into the same places.
 */
export interface Envelope {
  readonly size: number;
  /** Column at which each row begins. */
  readonly first: Int32Array;
  /** Place of (row, 0) in `values`, were it kept. */
  readonly row: Float64Array;
  readonly values: Float64Array;
}

/** How many numbers an envelope takes. @param order  tile by place */
export function envelopeSize(equations: NormalEquations, order: Int32Array): number {
  const first = firstColumns(equations, order);
  let size = 0;
  for (let i = 0; i < first.length; i++) size += i - first[i]! + 1;
  return size;
}

/** Unknown 2k and 2k + 1 are x and y of the tile that is k-th in the order. */
export function envelopeOf(equations: NormalEquations, order: Int32Array): Envelope {
  const first = firstColumns(equations, order);
  const size = first.length;
  const row = new Float64Array(size);
  let total = 0;
  for (let i = 0; i < size; i++) {
    row[i] = total - first[i]!;
    total += i - first[i]! + 1;
  }
  const values = new Float64Array(total);
  const place = placeOf(order);
  const add = (i: number, j: number, v: number) => {
    values[row[i]! + j]! += v;
  };
  for (let t = 0; t < equations.count; t++) {
    const k = 2 * place[t]!;
    add(k, k, equations.tiles[3 * t]!);
    add(k + 1, k, equations.tiles[3 * t + 1]!);
    add(k + 1, k + 1, equations.tiles[3 * t + 2]!);
  }
  for (let e = 0; e < equations.a.length; e++) {
    const [p, q] = [place[equations.a[e]!]!, place[equations.b[e]!]!];
    const [i, j] = [2 * Math.max(p, q), 2 * Math.min(p, q)];
    const [xx, xy, yy] = [equations.edges[3 * e]!, equations.edges[3 * e + 1]!, equations.edges[3 * e + 2]!];
    if (xx === 0 && yy === 0) continue;
    add(i, j, -xx);
    add(i, j + 1, -xy);
    add(i + 1, j, -xy);
    add(i + 1, j + 1, -yy);
  }
  return { size, first, row, values };
}

/** Cholesky's factor, in place. @returns false when the matrix is not safely positive definite */
export function factorise({ size, first, row, values }: Envelope): boolean {
  for (let i = 0; i < size; i++) {
    const ri = row[i]!;
    const diagonal = values[ri + i]!;
    for (let j = first[i]!; j <= i; j++) {
      const rj = row[j]!;
      let sum = values[ri + j]!;
      for (let k = Math.max(first[i]!, first[j]!); k < j; k++) sum -= values[ri + k]! * values[rj + k]!;
      if (j < i) values[ri + j] = sum / values[rj + j]!;
      else if (sum > 1e-13 * diagonal) values[ri + j] = Math.sqrt(sum);
      else return false;
    }
  }
  return true;
}

/** Solves L Lᵀ x = right for x, y of each tile. */
export function solveFactored(
  { size, first, row, values }: Envelope,
  order: Int32Array,
  right: Float64Array,
): Float64Array {
  const x = new Float64Array(size);
  for (let i = 0; i < size; i++) x[i] = right[2 * order[i >> 1]! + (i & 1)]!;
  for (let i = 0; i < size; i++) {
    let sum = x[i]!;
    for (let k = first[i]!; k < i; k++) sum -= values[row[i]! + k]! * x[k]!;
    x[i] = sum / values[row[i]! + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    x[i]! /= values[row[i]! + i]!;
    for (let k = first[i]!; k < i; k++) x[k]! -= values[row[i]! + k]! * x[i]!;
  }
  const out = new Float64Array(size);
  for (let i = 0; i < size; i++) out[2 * order[i >> 1]! + (i & 1)] = x[i]!;
  return out;
}

/**
 * Those elements of the inverse that lie in the envelope, exactly, by the recursion of Takahashi, Fagan and Chin (1973):
 * as much work as the factor took. They hold the covariance of each tile and of each pair that an edge joins.
 */
export function invertFactored({ size, first, row, values }: Envelope): Envelope {
  const z = new Float64Array(values.length);
  const last = lastRows(first);
  for (let j = size - 1; j >= 0; j--) {
    const pivot = values[row[j]! + j]!;
    const below: number[] = [];
    for (let i = j + 1; i <= last[j]!; i++) if (first[i]! <= j) below.push(i);
    let diagonal = 1 / pivot;
    for (const i of below) {
      let sum = 0;
      for (const k of below) {
        const zik = k <= i ? z[row[i]! + k]! : z[row[k]! + i]!;
        sum += values[row[k]! + j]! * zik;
      }
      z[row[i]! + j] = -sum / pivot;
    }
    for (const k of below) diagonal -= values[row[k]! + j]! * z[row[k]! + j]!;
    z[row[j]! + j] = diagonal / pivot;
  }
  return { size, first, row, values: z };
}

/** The last row that reaches each column. */
function lastRows(first: Int32Array): Int32Array {
  const last = Int32Array.from(first, (_, i) => i);
  first.forEach((j, i) => {
    last[j] = Math.max(last[j]!, i);
  });
  for (let j = 1; j < last.length; j++) last[j] = Math.max(last[j]!, last[j - 1]!);
  return last;
}

/** Covariance of one tile: xx, xy, yy. */
export function tileBlock({ row, values }: Envelope, place: Int32Array, tile: number): [number, number, number] {
  const k = 2 * place[tile]!;
  return [values[row[k]! + k]!, values[row[k + 1]! + k]!, values[row[k + 1]! + k + 1]!];
}

export function placeOf(order: Int32Array): Int32Array {
  const place = new Int32Array(order.length);
  order.forEach((tile, k) => {
    place[tile] = k;
  });
  return place;
}

function firstColumns({ count, a, b, edges }: NormalEquations, order: Int32Array): Int32Array {
  const place = placeOf(order);
  const first = Int32Array.from({ length: count }, (_, k) => k);
  for (let e = 0; e < a.length; e++) {
    if (edges[3 * e] === 0 && edges[3 * e + 2] === 0) continue;
    const [p, q] = [place[a[e]!]!, place[b[e]!]!];
    const far = Math.max(p, q);
    first[far] = Math.min(first[far]!, p, q);
  }
  return Int32Array.from({ length: 2 * count }, (_, i) => 2 * first[i >> 1]!);
}
