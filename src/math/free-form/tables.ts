import { cubicBasis } from "../../core/bending/control-lattice.js";
import type { Arena } from "../../kernel/memory.js";
import type { LatticeShape } from "./lattice.js";

/** Pieces of rows that are summed on their own: first row and end of each, and its first row of nodes. */
export interface Pieces {
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly nodeRow: readonly number[];
}

/** What the kernels want to know of a level's pixels and a lattice's cells; see free-form-warp. */
export interface LevelTables {
  readonly cells: number;
  readonly cellCount: number;
  /** Most vectors of a cell. */
  readonly longest: number;
  readonly across: number;
  readonly down: number;
  /** Rows of pixels of each row of cells; those at the plane's edge are left out. */
  readonly bands: Pieces & { readonly at: number };
  /** The same, cut so that threads share the work. */
  readonly strips: Pieces & { readonly at: number };
  free(): void;
}

/** A level of the pyramid with the lattice over it. */
export interface StageGeometry {
  readonly level: number;
  readonly lattice: LatticeShape;
  readonly tables: LevelTables;
}

/** Rows of a strip, at most. */
const STRIP_ROWS = 32;
/** Column of a lane that is no pixel. */
const NOWHERE = -1e9;

/** @param level  pyramid level of the plane; the lattice is in pixels of level 0, whose size is `width` x `height` */
export function levelTables(
  arena: Arena,
  plane: { readonly width: number; readonly height: number },
  level: number,
  width: number,
  height: number,
  lattice: LatticeShape,
): LevelTables {
  const x = cellsOf(plane.width, level, width, lattice.spacing);
  const y = cellsOf(plane.height, level, height, lattice.spacing);
  const cellCount = lattice.columns - 3;
  const cells = new Int32Array(2 * cellCount);
  const vectors: number[] = [];
  let longest = 1;
  for (let c = 0; c < cellCount; c++) {
    const [from, to] = [x.starts[c]!, x.starts[c + 1]!];
    const count = Math.ceil((to - from) / 4);
    cells.set([from, count], 2 * c);
    longest = Math.max(longest, count);
    for (let v = 0; v < count; v++) {
      const lanes = [0, 1, 2, 3].map((k) => from + 4 * v + k);
      for (const i of lanes) vectors.push(i < to && i > 0 && i < plane.width - 1 ? i : NOWHERE);
      for (let k = 0; k < 4; k++) for (const i of lanes) vectors.push(i < to ? x.weights[4 * i + k]! : 0);
    }
  }
  const bands = bandsOf(y.starts, plane.height);
  const strips = stripsOf(bands);
  const rows = (pieces: Pieces, more: (i: number) => readonly number[]) =>
    arena.put(Int32Array.from(pieces.from.flatMap((from, i) => [from, pieces.to[i]!, ...more(i)])));
  const at = {
    cells: arena.put(cells),
    across: arena.put(Float32Array.from(vectors)),
    down: arena.put(Float32Array.from(y.weights)),
  };
  const bandsAt = rows(bands, () => []);
  const stripsAt = rows(strips, (i) => [strips.nodeRow[i]!, 0]);
  return {
    ...{ ...at, cellCount, longest, bands: { ...bands, at: bandsAt }, strips: { ...strips, at: stripsAt } },
    free() {
      for (const block of [...Object.values(at), bandsAt, stripsAt]) arena.free(block);
    },
  };
}

function bandsOf(starts: Int32Array, height: number): Pieces {
  const from = Array.from(starts.subarray(0, -1), (start) => Math.max(1, start));
  const to = from.map((start, r) => Math.max(start, Math.min(height - 1, starts[r + 1]!)));
  return { from, to, nodeRow: from.map((_, r) => r) };
}

function stripsOf(bands: Pieces): Pieces {
  const strips = { from: [] as number[], to: [] as number[], nodeRow: [] as number[] };
  bands.from.forEach((from, r) => {
    const rows = bands.to[r]! - from;
    const count = Math.ceil(rows / STRIP_ROWS);
    for (let p = 0; p < count; p++) {
      strips.from.push(from + Math.floor((rows * p) / count));
      strips.to.push(from + Math.floor((rows * (p + 1)) / count));
      strips.nodeRow.push(r);
    }
  });
  return strips;
}

/** Weights of each pixel along one direction, and the first pixel of each cell. */
function cellsOf(count: number, level: number, fullCount: number, spacing: number) {
  const cells = Math.floor((fullCount - 1) / spacing) + 1;
  const weights = new Float64Array(4 * count);
  const starts = new Int32Array(cells + 1);
  const basis = new Float64Array(8);
  let filled = 0;
  for (let i = 0; i < count; i++) {
    // Pixels of the last block may stand beyond the plane's edge.
    const place = Math.min(2 ** level * (i + 0.5) - 0.5, fullCount - 1) / spacing;
    const cell = Math.floor(place);
    cubicBasis(place - cell, basis);
    weights.set(basis.subarray(0, 4), 4 * i);
    while (filled < cell) starts[++filled] = i;
  }
  while (filled < cells) starts[++filled] = count;
  return { weights, starts };
}
