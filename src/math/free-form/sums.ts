import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { overBands, putLattice } from "./bands.js";
import { MOMENTS, type Moments, momentsOf } from "./moments.js";
import type { StageGeometry } from "./tables.js";
import type { View } from "./view.js";

export interface Pull {
  /** Per node, interleaved x and y: sum of residual times slope times weight. */
  readonly right: Float64Array;
  readonly moments: Moments;
}

export interface PullOptions {
  /** Only every so many rows are summed. */
  readonly rowStep: number;
  /** Fixed intensities as gain times moving ones plus offset. */
  readonly gain: number;
  readonly offset: number;
}

/**
 * What the pixels of a level pull at the lattice. Strips are the same whatever the number of threads, and are added up in order.
 *
 * @param coefficients  interleaved, pixels of level 0
 */
export function pullAt(
  arena: Arena,
  fixed: View,
  moving: View,
  geometry: StageGeometry,
  coefficients: Float64Array,
  how: PullOptions,
): Pull {
  const { lattice, tables, level } = geometry;
  const { columns, rows } = lattice;
  const count = tables.strips.from.length;
  const size = MOMENTS + 8 * columns;
  const k = kernels();
  const at = putLattice(arena, coefficients, level);
  const out = arena.bytes(8 * size * count);
  const scratch = k.scratch(arena, 16 * (columns + 8) + 48 * tables.longest);
  overBands(geometry, tables.strips, fixed, moving, coefficients, (f, m, top, end, first, some) =>
    k.rows(
      "freeFormSums",
      some,
      [
        ...[tables.strips.at + 16 * first, how.rowStep, f.at, f.stride, m.at, m.stride, m.width, top, end],
        ...[tables.cells, tables.cellCount, tables.longest, tables.across, tables.down],
        ...[at, columns, rows, how.gain, how.offset, out + 8 * size * first, scratch],
      ],
      1,
    ),
  );
  const table = arena.f64(out, size * count);
  const sums = new Float64Array(MOMENTS);
  for (let s = 0; s < count; s++) for (let i = 0; i < MOMENTS; i++) sums[i] = sums[i]! + table[s * size + i]!;
  const right = new Float64Array(2 * columns * rows);
  for (let s = 0; s < count; s++) addNodes(right, table, s * size + MOMENTS, columns, tables.strips.nodeRow[s]!);
  for (const block of [at, out, scratch.base]) arena.free(block);
  return { right, moments: momentsOf(sums) };
}

/** Adds four rows of nodes' sums, those in x and those in y of each, to all nodes' from a row on. */
export function addNodes(
  right: Float64Array,
  table: Float64Array,
  from: number,
  columns: number,
  nodeRow: number,
): void {
  for (let i = 0; i < 4; i++) {
    const at = from + 2 * i * columns;
    const to = 2 * (nodeRow + i) * columns;
    for (let j = 0; j < columns; j++) {
      right[to + 2 * j] = right[to + 2 * j]! + table[at + j]!;
      right[to + 2 * j + 1] = right[to + 2 * j + 1]! + table[at + columns + j]!;
    }
  }
}
