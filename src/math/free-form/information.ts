import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { overBands, putLattice } from "./bands.js";
import { CELL_BYTES, type DataMatrix, matrixOf } from "./data-matrix.js";
import type { Measure } from "./force.js";
import type { PreparedStage } from "./prepare.js";
import type { Range } from "./range.js";
import { regionalInformation, regionsOf } from "./regional-information.js";
import { addNodes } from "./sums.js";
import type { View } from "./view.js";

/** Of a moving value: one before the range's low end, and three after its high end, which the B-spline reaches. */
const PADDING = 4;

/**
 * What stands for the mean square residual: the energy is in nats already. With less, shading and noise bent the lattice; with more it
 * was too stiff (six pairs of other brightness, shaded and noisy: 0.2 to 3 tried).
 */
const UNTOLD = 0.4;

/**
 * Mutual information of the fixed plane and the displaced moving one, given the region they lie in: from joint histograms of all
 * pixels with a cubic Parzen window over the moving values, one for each region, so that light may change from place to place.
 *
 * With the histograms held, the mean of log p(f, m) / p(m) is a log-likelihood whose derivative in m is a pixel's score: the force is
 * the score times the gradient of M, and the curvature the sum of their outer products, which is never negative.
 *
 * D. Mattes et al., IEEE TMI 22 (2003), doi:10.1109/TMI.2003.809072; given the place: D. Loeckx et al., IEEE TMI 29 (2010),
 * doi:10.1109/TMI.2009.2021843
 */
export function mutualInformation(
  arena: Arena,
  { stage, geometry, fixed }: PreparedStage,
  moving: View,
  ranges: { readonly fixed: Range; readonly moving: Range },
): Measure {
  const { bins } = stage;
  const { lattice, tables, level } = geometry;
  const { columns, rows } = lattice;
  const { bands, cellCount } = tables;
  const k = kernels();
  const count = bands.from.length;
  const scale = ([low, high]: Range, n: number) => (high > low ? n / (high - low) : 0);
  const binning = [
    ...[bins, ranges.fixed[0], scale(ranges.fixed, bins)],
    ...[ranges.moving[0], scale(ranges.moving, bins - PADDING)],
  ];
  const regions = regionsOf(cellCount, count, lattice.spacing);
  const regionsAt = arena.put(regions.ofColumn);
  const regionRowsAt = arena.put(regions.ofRow);
  const size = bins * bins;
  const scratch = k.scratch(arena, 16 * (columns + 8) + 96 * tables.longest + 64);
  let matrix: DataMatrix | undefined;

  /** Runs a kernel over rows of cells. @param more  its last arguments, for pieces from one on */
  const run = (
    kernel: string,
    coefficients: Float64Array,
    at: number,
    rowStep: number,
    more: (first: number) => readonly number[],
  ) =>
    overBands(geometry, bands, fixed, moving, coefficients, (f, m, top, end, first, some) =>
      k.rows(
        kernel,
        some,
        [
          ...[bands.at + 8 * first, rowStep, f.at, f.stride, m.at, m.stride, m.width, top, end],
          ...[tables.cells, cellCount, tables.longest, tables.across, tables.down, at, columns, rows, first],
          ...[...binning, regionsAt, regions.columns, ...more(first), scratch],
        ],
        1,
      ),
    );

  const informationAt = (coefficients: Float64Array, at: number, rowStep: number) => {
    const perRow = regions.columns * size;
    const out = arena.bytes(4 * perRow * count);
    run("freeFormHistogram", coefficients, at, rowStep, (first) => [out + 4 * perRow * first]);
    const found = arena.f32(out, perRow * count);
    const sums = new Float64Array(perRow * regions.rows);
    for (let r = 0; r < count; r++) {
      const to = perRow * regions.ofRow[r]!;
      for (let i = 0; i < perRow; i++) sums[to + i] = sums[to + i]! + found[perRow * r + i]!;
    }
    arena.free(out);
    return regionalInformation(sums, bins, regions);
  };

  return {
    isCurved: true,
    force(coefficients) {
      const at = putLattice(arena, coefficients, level);
      const { pixels, information, tables: values } = informationAt(coefficients, at, stage.rowStep);
      const tablesAt = arena.put(values);
      const nodes = 8 * columns;
      const out = arena.bytes(8 * nodes * count);
      const cells = CELL_BYTES * cellCount;
      const products = arena.bytes(cells * count);
      run("freeFormScores", coefficients, at, stage.rowStep, (first) => [
        ...[regionRowsAt + 4 * first, tablesAt, out + 8 * nodes * first, products + cells * first],
      ]);
      const right = new Float64Array(2 * columns * rows);
      const sums = arena.f64(out, nodes * count);
      for (let r = 0; r < count; r++) addNodes(right, sums, r * nodes, columns, r);
      if (matrix) arena.free(matrix.stencil);
      matrix = matrixOf(arena, geometry, products);
      for (const block of [at, tablesAt, out, products]) arena.free(block);
      return {
        ...{ isTelling: information > 0, pixels, right: right.map((v) => -v), matrix },
        ...{ energy: -2 * information, residual: UNTOLD, value: information },
      };
    },
    look(coefficients, rowStep) {
      const at = putLattice(arena, coefficients, level);
      const { pixels, information } = informationAt(coefficients, at, rowStep);
      arena.free(at);
      return { value: information, pixels };
    },
    free() {
      if (matrix) arena.free(matrix.stencil);
      for (const block of [regionsAt, regionRowsAt, scratch.base]) arena.free(block);
    },
  };
}
