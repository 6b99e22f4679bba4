import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { log } from "../elementary.js";
import { overBands, putLattice } from "./bands.js";
import { CELL_BYTES, type DataMatrix, matrixOf } from "./data-matrix.js";
import type { Measure } from "./force.js";
import type { PreparedStage } from "./prepare.js";
import type { Range } from "./range.js";
import { addNodes } from "./sums.js";
import type { View } from "./view.js";

/** Of a moving value: one before the range's low end, and three after its high end, which the B-spline reaches. */
const PADDING = 4;
/** Density of a bin that no pixel is in, as a share of one pixel. */
const EMPTY = 0.1;

/**
 * Mutual information of the fixed plane and the displaced moving one, from the joint histogram of all pixels with a cubic Parzen
 * window over the moving values.
 *
 * With the histogram held, the mean of log p(f, m) / p(m) is a log-likelihood whose derivative in m is a pixel's score: the force is
 * the score times the gradient of M, and the curvature the sum of their outer products, which is never negative.
 *
 * D. Mattes et al., IEEE TMI 22 (2003), doi:10.1109/TMI.2003.809072
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
  const { bands } = tables;
  const k = kernels();
  const count = bands.from.length;
  const scale = ([low, high]: Range, n: number) => (high > low ? n / (high - low) : 0);
  const binning = [
    ...[bins, ranges.fixed[0], scale(ranges.fixed, bins)],
    ...[ranges.moving[0], scale(ranges.moving, bins - PADDING)],
  ];
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
          ...[tables.cells, tables.cellCount, tables.longest, tables.across, tables.down, at, columns, rows, first],
          ...[...binning, ...more(first), scratch],
        ],
        1,
      ),
    );

  const histogram = (coefficients: Float64Array, at: number, rowStep: number) => {
    const out = arena.bytes(4 * bins * bins * count);
    run("freeFormHistogram", coefficients, at, rowStep, (first) => [out + 4 * bins * bins * first]);
    const table = arena.f32(out, bins * bins * count);
    const sum = new Float64Array(bins * bins);
    for (let i = 0; i < table.length; i++) sum[i % sum.length] = sum[i % sum.length]! + table[i]!;
    arena.free(out);
    return informationOf(sum, bins);
  };

  return {
    isCurved: true,
    force(coefficients) {
      const at = putLattice(arena, coefficients, level);
      const { pixels, information, table } = histogram(coefficients, at, stage.rowStep);
      const tableAt = arena.put(table);
      const size = 8 * columns;
      const out = arena.bytes(8 * size * count);
      const products = arena.bytes(CELL_BYTES * tables.cellCount * count);
      run("freeFormScores", coefficients, at, stage.rowStep, (first) => [
        ...[tableAt, out + 8 * size * first, products + CELL_BYTES * tables.cellCount * first],
      ]);
      const right = new Float64Array(2 * columns * rows);
      const sums = arena.f64(out, size * count);
      for (let r = 0; r < count; r++) addNodes(right, sums, r * size, columns, r);
      if (matrix) arena.free(matrix.stencil);
      matrix = matrixOf(arena, geometry, products);
      for (const block of [at, tableAt, out, products]) arena.free(block);
      return {
        ...{ isTelling: information > 0, pixels, right: right.map((v) => -v), matrix },
        ...{ energy: -2 * information, residual: 1, value: information },
      };
    },
    look(coefficients, rowStep) {
      const at = putLattice(arena, coefficients, level);
      const { pixels, information } = histogram(coefficients, at, rowStep);
      arena.free(at);
      return { value: information, pixels };
    },
    free() {
      if (matrix) arena.free(matrix.stencil);
      arena.free(scratch.base);
    },
  };
}

/** @param histogram  rows are bins of the fixed plane */
function informationOf(
  histogram: Float64Array,
  bins: number,
): { readonly pixels: number; readonly information: number; readonly table: Float32Array } {
  const ofFixed = new Float64Array(bins);
  const ofMoving = new Float64Array(bins);
  let pixels = 0;
  for (let l = 0; l < bins; l++) {
    for (let m = 0; m < bins; m++) {
      const h = histogram[l * bins + m]!;
      ofFixed[l] = ofFixed[l]! + h;
      ofMoving[m] = ofMoving[m]! + h;
      pixels += h;
    }
  }
  const table = new Float32Array(bins * bins);
  let information = 0;
  for (let l = 0; l < bins; l++) {
    for (let m = 0; m < bins; m++) {
      const h = histogram[l * bins + m]!;
      const ratio = log((h + EMPTY) / (ofMoving[m]! + EMPTY));
      table[l * bins + m] = ratio;
      if (h > 0) information += h * (log(h / ofMoving[m]!) - log(ofFixed[l]! / pixels));
    }
  }
  return { pixels: Math.round(pixels), information: pixels > 0 ? information / pixels : 0, table };
}
