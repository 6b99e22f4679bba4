import { bendsAlongStack, type MeasuredBend } from "./along-stack.js";

/** What the way along the stack makes of errors: root mean squares over the slices. */
export interface AlongErrors {
  /**
   * Error of the result for an error of 1 in what each slice shows against those on one side. What a slice shows against the
   * next and the next against it comes of the same pixels, so that both have the same error.
   */
  readonly ofMeasuring: number;
  /** What stays of bends of size 1 that have nothing to do with each other, as change along the stack is kept. */
  readonly kept: number;
  /** What is found of such bends. */
  readonly found: number;
}

/** Slices that stand for a longer stack. */
const MOST = 80;

/** By solving for each comparison's and each slice's part alone. */
export function alongErrors(used: readonly number[], range: number, length: number): AlongErrors {
  const part = used.slice(0, MOST).map((i) => i - used[0]!);
  const n = part.length;
  const sides = comparisons(n, range);
  const solve = (
    size: number,
    value: (side: (typeof sides)[number], s: number) => readonly (readonly [number, number])[],
  ) => {
    const measured = sides.map((side, s): MeasuredBend => {
      const coefficients = new Float64Array(size);
      for (const [j, v] of value(side, s)) coefficients[j] = v;
      return { ...side, coefficients, told: true };
    });
    const none = new Float64Array(size);
    const options = { range, length, count: part[n - 1]! + 1, robust: false };
    const before = part.map(() => none);
    const { bends } = bendsAlongStack(part, measured, before, options);
    return part.map((i) => bends[i]!);
  };
  const meanSquare = (table: readonly Float64Array[], less: (k: number, j: number) => number) =>
    table.reduce((s, row, k) => s + row.reduce((t, v, j) => t + (v - less(k, j)) ** 2, 0), 0) / n;
  const measuring = solve(sides.length, (_, s) => [[s, 1]]);
  const bends = solve(n, ({ slice, others }) => [[slice, 1], ...others.map((j) => [j, -1 / others.length] as const)]);
  return {
    ofMeasuring: Math.sqrt(2 * meanSquare(measuring, () => 0)),
    kept: Math.sqrt(meanSquare(bends, (k, j) => (k === j ? 1 : 0))),
    found: Math.sqrt(meanSquare(bends, () => 0)),
  };
}

/** What each of n slices is compared with: those before it, and those behind it. */
function comparisons(n: number, range: number): { readonly slice: number; readonly others: readonly number[] }[] {
  return Array.from({ length: n }, (_, slice) =>
    [-1, 1].flatMap((step) => {
      const others = Array.from({ length: range }, (_, d) => slice + step * (d + 1)).filter((j) => j >= 0 && j < n);
      return others.length > 0 ? [{ slice, others }] : [];
    }),
  ).flat();
}
