import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import { addBending } from "./bending.js";
import type { LatticeShape } from "./lattice.js";
import type { LevelTables } from "./tables.js";
import { factorSize, isTurned, nodesOf, type Tile, tilesOf } from "./tiles.js";

/** The matrix of the normal equations at a level: data, bending, and a little of the identity. */
export interface NormalMatrix {
  /** Weight of the bending energy beside the sums over pixels. */
  readonly bending: number;
  /** The step that a right-hand side asks for; interleaved x and y. */
  solve(right: Float64Array): Float64Array;
  free(): void;
}

/** Share of the mean diagonal that is added to it: what no pixel says and bending does not hold stays where it is. */
const LEVENBERG = 1e-4;
/** Conjugate gradients end at this share of the first residual, or after so many steps; the next step makes up for the rest. */
const ENOUGH = 1e-2;
const MOST_STEPS = 40;

/**
 * Sums grad F grad Fᵀ B Bᵀ over every `rowStep`-th row, times `scale`; adds bending and factors it: whole for small lattices, for
 * large ones in overlapping tiles that precondition conjugate gradients (additive Schwarz).
 *
 * @param bending  relative to the mean diagonal of the data's part
 * @returns undefined where the plane has no gradient at all
 */
export function normalMatrix(
  arena: Arena,
  fixed: Plane,
  tables: LevelTables,
  lattice: LatticeShape,
  how: { readonly rowStep: number; readonly scale: number; readonly bending: number },
): NormalMatrix | undefined {
  const { columns, rows } = lattice;
  const k = kernels();
  const nodes = columns * rows;
  const plane = nodes + 4 - (nodes % 4) + 4;
  const products = arena.bytes(4 * 360 * tables.cellRows * tables.cellCount);
  const scratch = k.scratch(arena, 48 * tables.longest + 64);
  k.rows(
    "freeFormProducts",
    tables.cellRows,
    [
      ...[tables.bands, how.rowStep, fixed.at, fixed.stride, tables.cells, tables.cellCount, tables.longest],
      ...[tables.across, tables.down, products, scratch],
    ],
    1,
  );
  arena.free(scratch.base);
  const stencil = arena.bytes(4 * 75 * plane);
  arena.f32(stencil, 75 * plane).fill(0);
  k.rows("freeFormStencil", rows, [products, tables.cellRows, tables.cellCount, columns, how.scale, stencil, plane], 4);
  arena.free(products);

  const values = arena.f32(stencil, 75 * plane);
  const diagonal = meanDiagonal(values, plane, nodes);
  if (!(diagonal > 0)) {
    arena.free(stencil);
    return undefined;
  }
  const bending = how.bending * diagonal;
  addBending(lattice, bending, values, plane);
  const tiles = tilesOf(lattice);
  const factors = factorTiles(arena, tiles, stencil, plane, lattice, LEVENBERG * diagonal);
  const solveTiles = (right: Float64Array) => tileSolution(arena, tiles, factors, right, lattice);
  return {
    bending,
    solve: (right) =>
      tiles.length === 1
        ? solveTiles(right)
        : conjugateGradients(right, (v) => product(arena, stencil, plane, lattice, v), solveTiles),
    free() {
      for (const block of [stencil, factors.table, factors.at]) arena.free(block);
    },
  };
}

/** Mean over the nodes that see a gradient. */
function meanDiagonal(stencil: Float32Array, plane: number, nodes: number): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < nodes; i++) {
    const d = stencil[i]! + stencil[2 * plane + i]!;
    if (!(d > 0)) continue;
    sum += d / 2;
    count++;
  }
  return count > 0 ? sum / count : 0;
}

interface Factors {
  readonly table: number;
  readonly at: number;
}

/** Adds to the diagonal as much as positive definiteness needs, at least `damping`. */
function factorTiles(
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
  const at = { table: arena.put(table), at: arena.bytes(4 * size) };
  const done = arena.bytes(4 * tiles.length);
  for (let add = damping, sum = 0; ; sum += add, add = 9 * sum) {
    const values = arena.f32(stencil, 75 * plane);
    for (let i = 0; i < columns * rows; i++) {
      values[i] = values[i]! + add;
      values[2 * plane + i] = values[2 * plane + i]! + add;
    }
    kernels().rows("freeFormFactor", tiles.length, [at.table, stencil, plane, columns, at.at, done], 1);
    // Rounding alone can make it indefinite: ten times the damping is more than enough in the end.
    if (arena.i32(done, tiles.length).every((ok) => ok === 1) || sum > 1e6 * damping) break;
  }
  arena.free(done);
  return at;
}

/** Sum of the tiles' own solutions, in order. */
function tileSolution(
  arena: Arena,
  tiles: readonly Tile[],
  factors: Factors,
  right: Float64Array,
  { columns, rows }: LatticeShape,
): Float64Array {
  const nodes = columns * rows;
  const at = arena.bytes(8 * nodes);
  const planes = arena.f32(at, 2 * nodes);
  for (let i = 0; i < nodes; i++) {
    planes[i] = right[2 * i]!;
    planes[nodes + i] = right[2 * i + 1]!;
  }
  const total = tiles.reduce((sum, tile) => sum + nodesOf(tile), 0);
  const out = arena.bytes(8 * total);
  kernels().rows("freeFormSolve", tiles.length, [factors.table, factors.at, at, nodes, columns, out], 1);
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
  for (const block of [at, out]) arena.free(block);
  return solution;
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
  kernels().rows(
    "freeFormProduct",
    rows,
    [stencil, plane, columns, rows, at + 4 * margin, length, out],
    Math.max(1, Math.ceil(rows / 64)),
  );
  const found = arena.f32(out, 2 * plane);
  const result = new Float64Array(2 * nodes);
  for (let i = 0; i < nodes; i++) {
    result[2 * i] = found[i]!;
    result[2 * i + 1] = found[plane + i]!;
  }
  for (const block of [at, out]) arena.free(block);
  return result;
}

function conjugateGradients(
  right: Float64Array,
  multiply: (v: Float64Array) => Float64Array,
  precondition: (v: Float64Array) => Float64Array,
): Float64Array {
  const n = right.length;
  const dot = (a: Float64Array, b: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += a[i]! * b[i]!;
    return sum;
  };
  const x = new Float64Array(n);
  const r = right.slice();
  let z = precondition(r);
  const p = z.slice();
  let rz = dot(r, z);
  const enough = rz * ENOUGH ** 2;
  for (let step = 0; step < MOST_STEPS && rz > enough; step++) {
    const q = multiply(p);
    const pq = dot(p, q);
    if (!(pq > 0)) break;
    const alpha = rz / pq;
    for (let i = 0; i < n; i++) {
      x[i] = x[i]! + alpha * p[i]!;
      r[i] = r[i]! - alpha * q[i]!;
    }
    z = precondition(r);
    const next = dot(r, z);
    const beta = next / rz;
    rz = next;
    for (let i = 0; i < n; i++) p[i] = z[i]! + beta * p[i]!;
  }
  return x;
}
