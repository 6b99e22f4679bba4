import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { addBending } from "./bending.js";
import { conjugateGradients } from "./conjugate-gradients.js";
import type { DataMatrix } from "./data-matrix.js";
import { factorTiles, freeFactors, solveTiles } from "./factors.js";
import type { LatticeShape } from "./lattice.js";
import { tilesOf } from "./tiles.js";

/** The matrix of the normal equations at a level: data, bending, and a little of the identity. */
export interface NormalMatrix {
  /** The step that a right-hand side asks for; interleaved x and y. */
  solve(right: Float64Array): Float64Array;
  free(): void;
}

/** Share of the mean diagonal that is added to it: what no pixel says and bending does not hold stays where it is. */
const LEVENBERG = 1e-4;

/**
 * Adds bending to the data's matrix and factors it: whole for small lattices; for large ones in overlapping tiles that
 * precondition conjugate gradients (additive Schwarz).
 *
 * @param bending  weight of the bending energy beside the sums over pixels
 * @param whole  see `tilesOf`
 */
export function normalMatrix(
  arena: Arena,
  { stencil, plane, diagonal }: DataMatrix,
  lattice: LatticeShape,
  bending: number,
  whole?: number,
): NormalMatrix {
  const own = arena.bytes(4 * 75 * plane);
  const values = arena.f32(own, 75 * plane);
  values.set(arena.f32(stencil, 75 * plane));
  addBending(lattice, bending, values, plane);
  const tiles = tilesOf(lattice, whole);
  const factors = factorTiles(arena, tiles, own, plane, lattice, LEVENBERG * diagonal);
  const byTiles = (right: Float64Array) => solveTiles(arena, factors, right, lattice);
  return {
    solve: (right) =>
      tiles.length === 1
        ? byTiles(right)
        : conjugateGradients(right, (v) => product(arena, own, plane, lattice, v), byTiles),
    free() {
      arena.free(own);
      freeFactors(arena, factors);
    },
  };
}

/** The matrix times a vector, interleaved x and y. */
function product(
  arena: Arena,
  stencil: number,
  plane: number,
  { columns, rows }: LatticeShape,
  vector: Float64Array,
): Float64Array {
  const nodes = columns * rows;
  // Zeros around each of the two planes: the kernel reads beyond the lattice's edge, and multiplies by 0.
  const margin = 3 * (columns + 1) + 8;
  const length = nodes + 2 * margin;
  const at = arena.bytes(8 * length);
  const planes = arena.f32(at, 2 * length);
  planes.fill(0);
  for (let i = 0; i < nodes; i++) {
    planes[margin + i] = vector[2 * i]!;
    planes[length + margin + i] = vector[2 * i + 1]!;
  }
  const out = arena.bytes(8 * plane);
  const grain = Math.max(1, Math.ceil(rows / 64));
  kernels().rows("freeFormProduct", rows, [stencil, plane, columns, rows, at + 4 * margin, length, out], grain);
  const found = arena.f32(out, 2 * plane);
  const result = new Float64Array(2 * nodes);
  for (let i = 0; i < nodes; i++) {
    result[2 * i] = found[i]!;
    result[2 * i + 1] = found[plane + i]!;
  }
  for (const block of [at, out]) arena.free(block);
  return result;
}
