import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import type { LatticeShape } from "./lattice.js";
import type { LevelTables } from "./tables.js";

/** What all pixels say that are observed in both planes. */
export interface Moments {
  readonly pixels: number;
  readonly fixedMean: number;
  readonly movingMean: number;
  readonly fixedVariance: number;
  readonly movingVariance: number;
  readonly covariance: number;
}

export interface Pull {
  /** Per node, interleaved x and y: sum of residual times slope times weight. */
  readonly right: Float64Array;
  readonly moments: Moments;
}

const MOMENTS = 6;

/**
 * What the pixels of a level pull at the lattice. Strips are the same whatever the number of threads, and are added up in order.
 *
 * @param coefficients  interleaved, pixels of level 0
 */
export function pullAt(
  arena: Arena,
  fixed: Plane,
  moving: Plane,
  tables: LevelTables,
  lattice: LatticeShape,
  coefficients: Float64Array,
  how: { readonly level: number; readonly rowStep: number; readonly gain: number; readonly offset: number },
): Pull {
  const { columns, rows } = lattice;
  const nodes = columns * rows;
  const size = MOMENTS + 8 * columns;
  const k = kernels();
  const at = arena.bytes(8 * nodes);
  const planes = arena.f32(at, 2 * nodes);
  const scale = 2 ** -how.level;
  for (let i = 0; i < nodes; i++) {
    planes[i] = scale * coefficients[2 * i]!;
    planes[nodes + i] = scale * coefficients[2 * i + 1]!;
  }
  const out = arena.bytes(8 * size * tables.stripCount);
  const scratch = k.scratch(arena, 16 * (columns + 8) + 48 * tables.longest);
  k.rows(
    "freeFormSums",
    tables.stripCount,
    [
      ...[tables.strips, how.rowStep, fixed.at, fixed.stride],
      ...[moving.at, moving.stride, moving.width, 0, moving.height],
      ...[tables.cells, tables.cellCount, tables.longest, tables.across, tables.down],
      ...[at, columns, rows, how.gain, how.offset, out, scratch],
    ],
    1,
  );
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

function momentsOf([n, f, m, ff, fm, mm]: Float64Array): Moments {
  const pixels = n!;
  if (!(pixels > 0))
    return { pixels: 0, fixedMean: 0, movingMean: 0, fixedVariance: 0, movingVariance: 0, covariance: 0 };
  const [fixedMean, movingMean] = [f! / pixels, m! / pixels];
  return {
    ...{ pixels, fixedMean, movingMean },
    fixedVariance: variance(ff! / pixels, fixedMean),
    movingVariance: variance(mm! / pixels, movingMean),
    covariance: fm! / pixels - fixedMean * movingMean,
  };
}

/** 0 where rounding is all there is. */
function variance(meanSquare: number, mean: number): number {
  const found = meanSquare - mean ** 2;
  return found > 1e-6 * meanSquare ? found : 0;
}
