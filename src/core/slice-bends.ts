import { failed, ok, problem, type Result } from "./diagnostic.js";
import type { Table } from "./plugin.js";

/**
 * How slices of a stack bend: a cubic B-spline displacement each, all on one lattice, pixels of the common frame.
 *
 * What the frame shows at x is to be seen in the slice where the slice's own map of the common frame takes x + u(x).
 */
export interface SliceBends {
  /** Slices that bend, in the order of the stack; any other slice does not. */
  readonly slices: readonly string[];
  readonly lattice: {
    readonly columns: number;
    readonly rows: number;
    /** Between nodes, pixels of the common frame. */
    readonly spacing: number;
    /** Place of node (0, 0). */
    readonly origin: readonly [x: number, y: number];
  };
  /** Of each of the slices, interleaved x and y, row by row: B-spline coefficients, as those of a transform `bspline`. */
  readonly coefficients: readonly Float64Array[];
}

/** Displacements are told to a hundred-thousandth of a pixel. */
const PER_PIXEL = 1e5;

/** A row for each node of each slice. */
export function sliceBendsTable({ slices, lattice, coefficients }: SliceBends): Table {
  const { columns, rows, spacing, origin } = lattice;
  const nodes = columns * rows;
  const all = slices.flatMap((_, s) => Array.from({ length: nodes }, (_, k) => [s, k] as const));
  const rounded = (v: number) => Math.round(v * PER_PIXEL) / PER_PIXEL + 0;
  return {
    meaning: "slice-bends",
    columns: {
      file: all.map(([s]) => slices[s]!),
      x: all.map(([, k]) => origin[0] + (k % columns) * spacing),
      y: all.map(([, k]) => origin[1] + Math.floor(k / columns) * spacing),
      dx: all.map(([s, k]) => rounded(coefficients[s]![2 * k]!)),
      dy: all.map(([s, k]) => rounded(coefficients[s]![2 * k + 1]!)),
    },
  };
}

/** Reads a table with the columns file, x, y, dx and dy. @returns `not-slice-bends` where it is none, or its nodes lie on no lattice */
export function sliceBends({ columns }: Table): Result<SliceBends> {
  const names = ["x", "y", "dx", "dy"];
  const bad = ["file", ...names].find(
    (name) => !columns[name] || (name !== "file" && columns[name].some((v) => v === "" || !Number.isFinite(Number(v)))),
  );
  if (bad !== undefined)
    return wrong(`Expected a table with the columns file, x, y, dx, dy, but ${bad} is missing or holds no numbers`);
  const [x, y, dx, dy] = names.map((name) => Float64Array.from(columns[name]!, Number));
  const starts: number[] = [];
  const file = columns.file!.map(String);
  file.forEach((name, i) => {
    if (i === 0 || name !== file[i - 1]) starts.push(i);
  });
  if (starts.length === 0)
    return ok({ slices: [], lattice: { columns: 0, rows: 0, spacing: 1, origin: [0, 0] }, coefficients: [] });
  const nodes = (starts[1] ?? file.length) - starts[0]!;
  let across = 1;
  while (across < nodes && y![across] === y![0]) across++;
  const spacing = x![1]! - x![0]!;
  const lattice = { columns: across, rows: nodes / across, spacing, origin: [x![0]!, y![0]!] as const };
  const slices = starts.map((i) => file[i]!);
  const regular = file.every((_, i) => {
    const k = i % nodes;
    const [u, v] = [x![0]! + (k % across) * spacing, y![0]! + Math.floor(k / across) * spacing];
    return Math.abs(x![i]! - u) < 1e-3 * spacing && Math.abs(y![i]! - v) < 1e-3 * spacing;
  });
  const whole = across > 1 && nodes % across === 0 && starts.every((i, s) => i === s * nodes);
  if (!(spacing > 0 && regular && whole && file.length === starts.length * nodes))
    return wrong("Expected all nodes of a slice together, row by row, on the same square lattice for all slices");
  if (new Set(slices).size < slices.length) return wrong("Expected each slice once");
  const coefficients = starts.map((from) =>
    Float64Array.from({ length: 2 * nodes }, (_, k) => (k & 1 ? dy! : dx!)[from + (k >> 1)]!),
  );
  return ok({ slices, lattice, coefficients });
}

const wrong = (message: string): Result<never> =>
  failed(problem("not-slice-bends", message, "Give the table of a step stack/bspline as it came."));
