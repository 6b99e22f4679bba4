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

/** Rows of cells that are summed at a time where planes are made band by band. */
const BAND = 512;

/**
 * Sums grad F grad Fᵀ B Bᵀ over every `rowStep`-th row, times `scale`. F alone: it stays the same while the lattice moves.
 */
export function dataMatrix(
  arena: Arena,
  fixed: View,
  { lattice, tables }: StageGeometry,
  { rowStep, scale }: { readonly rowStep: number; readonly scale: number },
): DataMatrix {
  const { columns, rows } = lattice;
  const { cellCount, cellRows, bandFrom, bandTo } = tables;
  const k = kernels();
  const nodes = columns * rows;
  const cellBytes = 4 * 360 * cellCount;
  const products = arena.bytes(cellBytes * cellRows);
  const scratch = k.scratch(arena, 48 * tables.longest + 64);
  for (let first = 0; first < cellRows; ) {
    let end = first + 1;
    while (end < cellRows && (fixed.whole || bandTo[end]! - bandFrom[first]! <= BAND)) end++;
    fixed.rows(bandFrom[first]! - 1, bandTo[end - 1]! + 1, (f) =>
      k.rows(
        "freeFormProducts",
        end - first,
        [
          ...[tables.bands + 8 * first, rowStep, f.at, f.stride, tables.cells, cellCount, tables.longest],
          ...[tables.across, tables.down, products + cellBytes * first, scratch],
        ],
        1,
      ),
    );
    first = end;
  }
  arena.free(scratch.base);
  // Whole vectors of a row may reach beyond the last node, into what must be 0.
  const plane = nodes + 8 - (nodes % 4);
  const stencil = arena.bytes(4 * 75 * plane);
  arena.f32(stencil, 75 * plane).fill(0);
  k.rows("freeFormStencil", rows, [products, cellRows, cellCount, columns, scale, stencil, plane], 4);
  arena.free(products);
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
