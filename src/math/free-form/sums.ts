import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
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

/** Rows of pixels that are summed at a time where planes are made band by band. */
const BAND = 512;

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
  const nodes = columns * rows;
  const size = MOMENTS + 8 * columns;
  const k = kernels();
  const at = arena.bytes(8 * nodes);
  const planes = arena.f32(at, 2 * nodes);
  const scale = 2 ** -level;
  for (let i = 0; i < nodes; i++) {
    planes[i] = scale * coefficients[2 * i]!;
    planes[nodes + i] = scale * coefficients[2 * i + 1]!;
  }
  const out = arena.bytes(8 * size * tables.stripCount);
  const scratch = k.scratch(arena, 16 * (columns + 8) + 48 * tables.longest);
  const sum = (f: Plane, m: Plane, top: number, end: number, first: number, count: number) =>
    k.rows(
      "freeFormSums",
      count,
      [
        ...[tables.strips + 16 * first, how.rowStep, f.at, f.stride, m.at, m.stride, m.width, top, end],
        ...[tables.cells, tables.cellCount, tables.longest, tables.across, tables.down],
        ...[at, columns, rows, how.gain, how.offset, out + 8 * size * first, scratch],
      ],
      1,
    );
  const whole = fixed.whole && moving.whole;
  for (const { first, count, from, to } of groups(geometry, whole ? Number.POSITIVE_INFINITY : BAND)) {
    const nodeRows = [tables.stripRows[first]!, tables.stripRows[first + count - 1]! + 4] as const;
    const [least, most] = rangeDown(coefficients, columns, nodeRows, scale);
    const top = Math.min(Math.max(0, from + Math.floor(least)), Math.max(0, moving.height - 2));
    const end = Math.max(Math.min(moving.height, to + Math.floor(most) + 2), Math.min(top + 2, moving.height));
    fixed.rows(from - 1, to + 1, (f) =>
      moving.rows(top, end, (m) => sum(f, m, whole ? 0 : top, whole ? m.height : end, first, count)),
    );
  }
  const table = arena.f64(out, size * tables.stripCount);
  const right = new Float64Array(2 * nodes);
  const sums = new Float64Array(MOMENTS);
  for (let s = 0; s < tables.stripCount; s++) {
    for (let i = 0; i < MOMENTS; i++) sums[i] = sums[i]! + table[s * size + i]!;
    for (let i = 0; i < 4; i++) {
      const from = s * size + MOMENTS + 2 * i * columns;
      const to = 2 * (tables.stripRows[s]! + i) * columns;
      for (let j = 0; j < columns; j++) {
        right[to + 2 * j] = right[to + 2 * j]! + table[from + j]!;
        right[to + 2 * j + 1] = right[to + 2 * j + 1]! + table[from + columns + j]!;
      }
    }
  }
  for (const block of [at, out, scratch.base]) arena.free(block);
  return { right, moments: momentsOf(sums) };
}

interface Group {
  readonly first: number;
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/** Strips that follow each other, of about so many rows together. */
function groups({ tables: { stripCount, stripFrom, stripTo } }: StageGeometry, rows: number): Group[] {
  const all: Group[] = [];
  for (let first = 0; first < stripCount; ) {
    const from = stripFrom[first]!;
    let end = first + 1;
    while (end < stripCount && stripTo[end]! - from <= rows) end++;
    all.push({ first, count: end - first, from, to: stripTo[end - 1]! });
    first = end;
  }
  return all;
}

/** Least and most displacement down that some rows of nodes can make, pixels of the level. */
function rangeDown(
  coefficients: Float64Array,
  columns: number,
  [from, to]: readonly [number, number],
  scale: number,
): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 2 * from * columns + 1; i < 2 * to * columns; i += 2) {
    least = Math.min(least, coefficients[i]!);
    most = Math.max(most, coefficients[i]!);
  }
  // What float32 rounds is less than this.
  return [scale * least - 0.01, scale * most + 0.01];
}
