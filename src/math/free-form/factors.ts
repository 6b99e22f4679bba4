import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { LatticeShape } from "./lattice.js";
import { factorSize, isTurned, nodesOf, type Tile } from "./tiles.js";

/** Cholesky factors of tiles of a matrix, in kernel memory. */
export interface Factors {
  readonly tiles: readonly Tile[];
  readonly table: number;
  readonly at: number;
}

/**
 * Factors a stencil's tiles, after adding to its diagonal: `damping`, and more where rounding has made it indefinite.
 *
 * @param plane  elements of a plane of the stencil, which is changed
 */
export function factorTiles(
  arena: Arena,
  tiles: readonly Tile[],
  stencil: number,
  plane: number,
  { columns, rows }: LatticeShape,
  damping: number,
): Factors {
  const table = new Int32Array(8 * tiles.length);
  let [size, first] = [0, 0];
  tiles.forEach((tile, t) => {
    table.set([...tile.rows, ...tile.columns, isTurned(tile) ? 1 : 0, size, first], 8 * t);
    size += factorSize(tile);
    first += nodesOf(tile);
  });
  const factors = { tiles, table: arena.put(table), at: arena.bytes(4 * size) };
  const done = arena.bytes(4 * tiles.length);
  let total = 0;
  for (let add = damping; ; add = 9 * total) {
    total += add;
    const values = arena.f32(stencil, 75 * plane);
    for (let i = 0; i < columns * rows; i++) {
      values[i] = values[i]! + add;
      values[2 * plane + i] = values[2 * plane + i]! + add;
    }
    kernels().rows("freeFormFactor", tiles.length, [factors.table, stencil, plane, columns, factors.at, done], 1);
    if (arena.i32(done, tiles.length).every((ok) => ok === 1)) break;
    if (!(total < 1e9 * damping)) throw new Error("Internal error: a matrix that no damping makes positive definite");
  }
  arena.free(done);
  return factors;
}

/** Sum of the tiles' own solutions, in order: the solution, where there is one tile. @param right  interleaved x and y */
export function solveTiles(
  arena: Arena,
  { tiles, table, at }: Factors,
  right: Float64Array,
  { columns, rows }: LatticeShape,
): Float64Array {
  const nodes = columns * rows;
  const vector = arena.bytes(8 * nodes);
  const planes = arena.f32(vector, 2 * nodes);
  for (let i = 0; i < nodes; i++) {
    planes[i] = right[2 * i]!;
    planes[nodes + i] = right[2 * i + 1]!;
  }
  const total = tiles.reduce((sum, tile) => sum + nodesOf(tile), 0);
  const out = arena.bytes(8 * total);
  kernels().rows("freeFormSolve", tiles.length, [table, at, vector, nodes, columns, out], 1);
  const found = arena.f32(out, 2 * total);
  const solution = new Float64Array(2 * nodes);
  let from = 0;
  for (const tile of tiles) {
    const [i0, i1] = tile.rows;
    const [j0, j1] = tile.columns;
    const turned = isTurned(tile);
    const side = turned ? i1 - i0 : j1 - j0;
    for (let i = i0; i < i1; i++) {
      for (let j = j0; j < j1; j++) {
        const p = from + 2 * (turned ? (j - j0) * side + i - i0 : (i - i0) * side + j - j0);
        const to = 2 * (i * columns + j);
        solution[to] = solution[to]! + found[p]!;
        solution[to + 1] = solution[to + 1]! + found[p + 1]!;
      }
    }
    from += 2 * nodesOf(tile);
  }
  for (const block of [vector, out]) arena.free(block);
  return solution;
}

export function freeFactors(arena: Arena, { table, at }: Factors): void {
  for (const block of [table, at]) arena.free(block);
}
