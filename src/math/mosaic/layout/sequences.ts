import type { Order, Source } from "./request.js";

/** A guess how a running number walks over a grid: places in steps, x along the way that is walked first. */
export interface Walk {
  readonly columns: number;
  readonly snake: boolean;
  readonly x: Int32Array;
  readonly y: Int32Array;
}

/** More guesses than this are not tried. */
const MOST = 60;

/**
 * All grids that a running number could walk over, the likely ones first: numbers of columns that divide the count of
 * cells, near the square before long strips; then those that leave the last line short.
 *
 * @param along  tiles per line that is walked, where it is known
 */
export function walks(
  { numbers }: Extract<Source, { kind: "sequence" }>,
  order: Order,
  along: number | undefined,
  lines: number | undefined,
): Walk[] {
  const least = numbers.reduce((m, v) => Math.min(m, v), Number.POSITIVE_INFINITY);
  const most = numbers.reduce((m, v) => Math.max(m, v), Number.NEGATIVE_INFINITY);
  // Tiles may be missing at the beginning: numbers count from 0 or 1.
  const bases = [least, ...(least > 1 && least <= 0.2 * most ? [1] : [])];
  const snakes = order === "auto" ? [true, false] : [order.endsWith("snake")];
  const out: Walk[] = [];
  for (const base of bases) {
    const cells = most - base + 1;
    const given = along ?? (lines ? Math.ceil(cells / lines) : undefined);
    const squareness = (n: number) => Math.abs(n - cells / n) / Math.min(n, cells / n);
    const all = Array.from({ length: Math.max(0, cells - 1) }, (_, i) => i + 2).sort(
      (p, q) => Number(cells % p !== 0) - Number(cells % q !== 0) || squareness(p) - squareness(q),
    );
    for (const columns of given ? [given] : all.slice(0, MOST)) {
      for (const snake of columns >= cells ? [false] : snakes) out.push(walkOf(numbers, base, columns, snake));
    }
  }
  return out;
}

function walkOf(numbers: Int32Array, base: number, columns: number, snake: boolean): Walk {
  const y = numbers.map((v) => Math.floor((v - base) / columns));
  const x = numbers.map((v, i) => {
    const at = (v - base) % columns;
    return snake && y[i]! % 2 === 1 ? columns - 1 - at : at;
  });
  return { columns, snake, x, y };
}
