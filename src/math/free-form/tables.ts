import { cubicBasis } from "../../core/bending/control-lattice.js";
import type { Arena } from "../../kernel/memory.js";
import type { LatticeShape } from "./lattice.js";

/** What the kernels want to know of a level's pixels and a lattice's cells; see free-form-warp. */
export interface LevelTables {
  readonly cells: number;
  readonly cellCount: number;
  readonly cellRows: number;
  /** Most vectors of a cell. */
  readonly longest: number;
  readonly across: number;
  readonly down: number;
  /** Rows of cells, each cut into strips that fit the threads' work; rows at the plane's edge are in none. */
  readonly strips: number;
  readonly stripCount: number;
  /** First row of nodes of each strip, and its rows of pixels. */
  readonly stripRows: readonly number[];
  readonly stripFrom: readonly number[];
  readonly stripTo: readonly number[];
  /** Rows of pixels of each row of cells. */
  readonly bands: number;
  readonly bandFrom: readonly number[];
  readonly bandTo: readonly number[];
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
  const cellRows = lattice.rows - 3;

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

  const strips: number[] = [];
  const stripRows: number[] = [];
  const stripFrom: number[] = [];
  const stripTo: number[] = [];
  const bandFrom: number[] = [];
  const bandTo: number[] = [];
  for (let r = 0; r < cellRows; r++) {
    const [from, to] = [Math.max(1, y.starts[r]!), Math.min(plane.height - 1, y.starts[r + 1]!)];
    bandFrom.push(from);
    bandTo.push(Math.max(from, to));
    const pieces = Math.ceil((to - from) / STRIP_ROWS);
    for (let p = 0; p < pieces; p++) {
      const cut = (k: number) => from + Math.floor(((to - from) * k) / pieces);
      strips.push(cut(p), cut(p + 1), r, 0);
      stripRows.push(r);
      stripFrom.push(cut(p));
      stripTo.push(cut(p + 1));
    }
  }
  const at = [
    arena.put(cells),
    arena.put(Float32Array.from(vectors)),
    arena.put(Float32Array.from(y.weights)),
    arena.put(Int32Array.from(strips)),
    arena.put(Int32Array.from(bandFrom.flatMap((from, r) => [from, bandTo[r]!]))),
  ] as const;
  return {
    ...{ cells: at[0], across: at[1], down: at[2], strips: at[3], bands: at[4] },
    ...{ bandFrom, bandTo, cellCount, cellRows, longest, stripCount: stripRows.length, stripRows, stripFrom, stripTo },
    free() {
      for (const block of at) arena.free(block);
    },
  };
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
