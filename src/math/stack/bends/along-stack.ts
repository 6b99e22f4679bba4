import { median } from "../running.js";
import { localLine } from "../trend.js";

/** What was measured of a slice: the bend that brings it onto what others have in common, as these were bent then. */
export interface MeasuredBend {
  /** Places of the slice and of the others among those that are used. */
  readonly slice: number;
  readonly others: readonly number[];
  readonly coefficients: Float64Array;
  /** False where it leads nowhere. */
  readonly told: boolean;
}

export interface AlongOptions {
  /** Slices on a side that each was compared with, at most. */
  readonly range: number;
  /** Slices within which bends from slice to slice average out: standard deviation of the weights. */
  readonly length: number;
  /** Slices in the stack. */
  readonly count: number;
  /** False to count all comparisons as they are; true when absent. */
  readonly robust?: boolean;
}

/** Information by which every bend is held at 0, as what all slices share nobody can measure. */
const FREE = 1e-12;
/** How much a comparison counts that leads nowhere. */
const UNTOLD = 1e-6;
/** Rounds in which comparisons that the others contradict lose their weight, beyond so many times the usual residual. */
const [ROUNDS, BEYOND] = [6, 5];
/** Residuals below that contradict nothing, pixels. */
const LEAST_RESIDUAL = 0.05;
/** A comparison that counts less than that was found wrong. */
const OUTLIER = 0.1;

/**
 * The bends of all slices from what each shows against its neighbours, without what changes slowly along the stack.
 *
 * Each comparison says how a slice differs from the mean of some others. All together are solved for what each slice is bent
 * by (least squares, coefficient by coefficient), up to what all share. From that the straight line around each slice is
 * taken away: what structures really do from slice to slice runs on smoothly and stays, and nothing drifts. Comparisons that
 * the others contradict lose their weight; slices that are left with none bend as the mean of those beside them.
 *
 * Slices are compared with those before and with those behind them apart from each other: against the mean of both sides only
 * second differences along the stack would be known, from which errors add up several times as fast.
 *
 * @param used  numbers of the slices that were compared, ascending
 * @param before  the bends that these had when they were compared
 * @returns the bend of every slice in the stack, and which of them tell it themselves
 */
export function bendsAlongStack(
  used: readonly number[],
  measured: readonly MeasuredBend[],
  before: readonly Float64Array[],
  { range, length, count, robust = true }: AlongOptions,
): { readonly bends: readonly Float64Array[]; readonly known: readonly boolean[] } {
  const size = measured[0]!.coefficients.length;
  const told = toldSlices(used.length, measured);
  const rows = measured.map(({ slice, others, coefficients, told: leads }): Row => {
    const right = Float64Array.from(coefficients);
    for (const j of others) for (let c = 0; c < size; c++) right[c] = right[c]! - before[j]![c]! / others.length;
    const counts = leads && [slice, ...others].every((k) => told[k]);
    return { slice, others, right, weight: counts ? 1 : UNTOLD };
  });
  const { solution, held } = solveRobustly(used.length, rows, range, robust ? ROUNDS : 0);
  const all: Float64Array[] = Array.from({ length: count }, () => new Float64Array(size));
  const known = new Array<boolean>(count).fill(false);
  used.forEach((i, k) => {
    all[i] = solution[k]!;
  });
  held.forEach((holds, r) => {
    if (holds) known[used[measured[r]!.slice]!] = true;
  });
  const bends = all.map((own, i) => {
    if (!known[i]) return own;
    const line = localLine(all, known, i, length);
    return own.map((v, c) => v - line[c]!);
  });
  return { bends: bends.map((own, i) => (known[i] ? own : between(bends, known, i))), known };
}

/** Which slices some comparison of their own tells something of. */
function toldSlices(count: number, measured: readonly MeasuredBend[]): boolean[] {
  const told = new Array<boolean>(count).fill(false);
  for (const m of measured) if (m.told) told[m.slice] = true;
  return told;
}

interface Row {
  readonly slice: number;
  readonly others: readonly number[];
  readonly right: Float64Array;
  readonly weight: number;
}

/** Solves again and again, with less weight for rows that the others contradict (Geman and McClure). */
function solveRobustly(n: number, rows: readonly Row[], band: number, rounds: number) {
  let weighted = rows;
  let solution = solveDifferences(n, rows, band);
  for (let round = 0; round < rounds; round++) {
    const residual = rows.map((row) => residualOf(row, solution));
    const usual = Math.max(LEAST_RESIDUAL, median(residual.filter((_, r) => rows[r]!.weight > OUTLIER)));
    weighted = rows.map((row, r) => ({
      ...row,
      weight: Math.max(UNTOLD, row.weight / (1 + (residual[r]! / (BEYOND * usual)) ** 2) ** 2),
    }));
    solution = solveDifferences(n, weighted, band);
  }
  return { solution, held: weighted.map((row) => row.weight >= OUTLIER) };
}

function residualOf({ slice, others, right }: Row, solution: readonly Float64Array[]): number {
  let sum = 0;
  for (let c = 0; c < right.length; c++) {
    let mean = 0;
    for (const j of others) mean += solution[j]![c]! / others.length;
    sum += (solution[slice]![c]! - mean - right[c]!) ** 2;
  }
  return Math.sqrt(sum / right.length);
}

/**
 * Least squares of x[slice] − mean of x[others] = right, weighted, for all coefficients at a time: a band Cholesky
 * factorisation of the normal equations.
 *
 * @param band  how far apart the slices of a row can be
 */
function solveDifferences(n: number, rows: readonly Row[], band: number): Float64Array[] {
  const matrix = new Float64Array(n * (band + 1)); // row i, column i − d at [i (band + 1) + d]
  const out = Array.from({ length: n }, () => new Float64Array(rows[0]!.right.length));
  for (const { slice, others, right, weight } of rows) {
    const row = [[slice, 1] as const, ...others.map((j) => [j, -1 / others.length] as const)];
    for (const [i, a] of row) {
      const to = out[i]!;
      for (let c = 0; c < to.length; c++) to[c] = to[c]! + weight * a * right[c]!;
      for (const [j, b] of row) {
        const at = i * (band + 1) + i - j;
        if (j <= i) matrix[at] = matrix[at]! + weight * a * b;
      }
    }
  }
  for (let i = 0; i < n; i++) {
    const at = i * (band + 1);
    matrix[at] = matrix[at]! + FREE;
    for (let d = Math.min(band, i); d >= 0; d--) {
      const j = i - d;
      let sum = matrix[at + d]!;
      for (let k = Math.max(0, i - band, j - band); k < j; k++)
        sum -= matrix[at + i - k]! * matrix[j * (band + 1) + j - k]!;
      matrix[at + d] = d === 0 ? Math.sqrt(Math.max(sum, FREE)) : sum / matrix[j * (band + 1)]!;
    }
  }
  const take = (to: Float64Array, from: Float64Array, factor: number) => {
    for (let c = 0; c < to.length; c++) to[c] = to[c]! - factor * from[c]!;
  };
  const divide = (to: Float64Array, by: number) => {
    for (let c = 0; c < to.length; c++) to[c] = to[c]! / by;
  };
  for (let i = 0; i < n; i++) {
    for (let d = Math.min(band, i); d > 0; d--) take(out[i]!, out[i - d]!, matrix[i * (band + 1) + d]!);
    divide(out[i]!, matrix[i * (band + 1)]!);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let d = Math.min(band, n - 1 - i); d > 0; d--) take(out[i]!, out[i + d]!, matrix[(i + d) * (band + 1) + d]!);
    divide(out[i]!, matrix[i * (band + 1)]!);
  }
  return out;
}

/** The mean of the nearest known bends on either side, nearer ones more; of one side at an end. */
function between(bends: readonly Float64Array[], known: readonly boolean[], i: number): Float64Array {
  let [low, high] = [i - 1, i + 1];
  while (low >= 0 && !known[low]) low--;
  while (high < known.length && !known[high]) high++;
  const [a, b] = [bends[low], bends[high]];
  if (!a || !b) return Float64Array.from(a ?? b ?? new Float64Array(bends[i]!.length));
  const t = (i - low) / (high - low);
  return a.map((v, c) => v + t * (b[c]! - v));
}
