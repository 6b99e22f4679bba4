/** What the names of files say of the tiles' order: two numbers that make a grid, or one that counts. */
export type NamedPlaces =
  | {
      readonly kind: "grid";
      /** Two coordinates of each tile, in steps; which of them runs along x is not known. */
      readonly first: Int32Array;
      readonly second: Int32Array;
      /** What stands before the numbers: `r` and `c`, `row` and `col`, or nothing. */
      readonly labels: readonly [string, string];
    }
  | { readonly kind: "sequence"; readonly numbers: Int32Array };

interface Token {
  readonly value: number;
  readonly label: string;
}

const rowLabels = /^(r|row|y|iy|j)$/i;
const colLabels = /^(c|col|column|x|ix|i)$/i;
export const saysRow = (label: string): boolean => rowLabels.test(label);
export const saysCol = (label: string): boolean => colLabels.test(label);

/**
 * Looks for the numbers in names: `tile_r00_c03`, `scan[Grid@1 2]`, `A07`. A letter by itself counts too: `B12` is (1, 12).
 *
 * @param names  of files; folders and extensions do not count
 * @returns `undefined` when the names do not share a pattern, or their numbers do not tell them apart
 */
export function placesInNames(names: readonly string[]): NamedPlaces | undefined {
  const split = names.map((name) => tokens(stem(name)));
  const pattern = split[0]?.pattern;
  if (pattern === undefined || split.some((s) => s.pattern !== pattern)) return undefined;
  const slots = split[0]!.found.map((_, slot) => split.map(({ found }) => found[slot]!.value));
  const varying = slots.flatMap((values, slot) => (new Set(values).size > 1 ? [slot] : []));
  const label = (slot: number) => split[0]!.found[slot]!.label;
  let best: { readonly share: number; readonly pair: readonly [number, number] } | undefined;
  for (const [i, s] of varying.entries()) {
    for (const t of varying.slice(i + 1)) {
      const share = gridShare(steps(slots[s]!), steps(slots[t]!));
      const named = (saysRow(label(s)) && saysCol(label(t))) || (saysCol(label(s)) && saysRow(label(t)));
      const worth = share + (named ? 1 : 0);
      if (share >= LEAST_SHARE && (!best || worth > best.share)) best = { share: worth, pair: [s, t] };
    }
  }
  if (best) {
    const [s, t] = best.pair;
    return { kind: "grid", first: steps(slots[s]!), second: steps(slots[t]!), labels: [label(s), label(t)] };
  }
  const counting = varying.findLast((slot) => new Set(slots[slot]!).size === names.length);
  return counting === undefined ? undefined : { kind: "sequence", numbers: Int32Array.from(slots[counting]!) };
}

/** Fewer of a grid's cells than this have a tile, and two numbers are no grid. */
const LEAST_SHARE = 0.3;

/** Share of the cells between the least and the greatest that have a tile; 0 when two tiles are in one cell. */
function gridShare(a: Int32Array, b: Int32Array): number {
  const cells = new Set(Array.from(a, (v, i) => `${v},${b[i]}`));
  const [rows, cols] = [greatest(a) + 1, greatest(b) + 1];
  return cells.size === a.length && rows > 1 && cols > 1 ? a.length / (rows * cols) : 0;
}

const greatest = (values: Int32Array): number => values.reduce((most, v) => Math.max(most, v), 0);

/** Numbers as steps from the least: 3, 4, 6 are 0, 1, 3; numbers that are far apart (0, 461, 922) are counted by rank. */
export function steps(values: ArrayLike<number>): Int32Array {
  const distinct = [...new Set(Array.from(values))].sort((a, b) => a - b);
  const [least, most] = [distinct[0]!, distinct.at(-1)!];
  if (most - least < 3 * distinct.length) return Int32Array.from(values, (v) => v - least);
  const rank = new Map(distinct.map((v, i) => [v, i]));
  return Int32Array.from(values, (v) => rank.get(v)!);
}

/** The name without folders and extensions. */
export const stem = (name: string): string => baseName(name).replace(/(\.ome)?\.[A-Za-z]\w{0,7}$/i, "");
export const baseName = (name: string): string => name.split(/[\\/]/).at(-1)!;

function tokens(name: string): { readonly pattern: string; readonly found: readonly Token[] } {
  const found: Token[] = [];
  const pattern = name.replace(/\d+|(?<![A-Za-z])[A-Za-z](?![A-Za-z])/g, (text, at: number) => {
    const label = /([A-Za-z]*)[^A-Za-z0-9]?$/.exec(name.slice(0, at))![1]!;
    const value = /\d/.test(text) ? Number(text.slice(-9)) : text.toUpperCase().charCodeAt(0) - 65;
    found.push({ value, label });
    return /\d/.test(text) ? "#" : "@";
  });
  return { pattern, found };
}
