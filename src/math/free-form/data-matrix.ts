import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { StageGeometry } from "./tables.js";
import type { View } from "./view.js";

/** What a node's displacement changes at the pixels that another's changes too: see `freeFormStencil`. */
export interface DataMatrix {
  /** 25 offsets × 3 planes of f32. */
  readonly stencil: number;
  /** Elements of a plane. */
  readonly plane: number;
  /** Mean of the diagonal over the nodes that see a gradient; 0 where none does. */
  readonly diagonal: number;
}

/** Bytes of the sums of products of a cell: see `freeFormProducts`. */
export const CELL_BYTES = 4 * 360;
/** Rows of pixels that are summed at a time where planes are made band by band. */
const BAND = 512;

/** Sums grad F grad Fᵀ B Bᵀ over every `rowStep`-th row. F alone: it stays the same while the lattice moves. */
export function dataMatrix(arena: Arena, fixed: View, geometry: StageGeometry, rowStep: number): DataMatrix {
  const { tables } = geometry;
  const { cellCount, bands } = tables;
  const k = kernels();
  const cellRows = bands.from.length;
  const products = arena.bytes(CELL_BYTES * cellCount * cellRows);
  const scratch = k.scratch(arena, 48 * tables.longest + 64);
  for (let first = 0; first < cellRows; ) {
    let end = first + 1;
    while (end < cellRows && (fixed.whole || bands.to[end]! - bands.from[first]! <= BAND)) end++;
    fixed.rows(bands.from[first]! - 1, bands.to[end - 1]! + 1, (f) =>
      k.rows(
        "freeFormProducts",
        end - first,
        [
          ...[bands.at + 8 * first, rowStep, f.at, f.stride, tables.cells, cellCount, tables.longest],
          ...[tables.across, tables.down, products + CELL_BYTES * cellCount * first, scratch],
        ],
        1,
      ),
    );
    first = end;
  }
  const matrix = matrixOf(arena, geometry, products);
  for (const block of [scratch.base, products]) arena.free(block);
  return matrix;
}

/** The matrix that the cells' sums of products make. */
export function matrixOf(
  arena: Arena,
  { lattice: { columns, rows }, tables }: StageGeometry,
  products: number,
): DataMatrix {
  const nodes = columns * rows;
  // Whole vectors of a row may reach beyond the last node, into what must be 0.
  const plane = nodes + 8 - (nodes % 4);
  const stencil = arena.bytes(4 * 75 * plane);
  arena.f32(stencil, 75 * plane).fill(0);
  const cellRows = tables.bands.from.length;
  kernels().rows("freeFormStencil", rows, [products, cellRows, tables.cellCount, columns, stencil, plane], 4);
  return { stencil, plane, diagonal: meanDiagonal(arena.f32(stencil, 3 * plane), plane, nodes) };
}

function meanDiagonal(first: Float32Array, plane: number, nodes: number): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < nodes; i++) {
    const d = first[i]! + first[2 * plane + i]!;
    if (!(d > 0)) continue;
    sum += d / 2;
    count++;
  }
  return count > 0 ? sum / count : 0;
}
