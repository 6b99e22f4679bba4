// Free-form registration by mutual information: the joint histogram of two planes under a lattice, and what it pulls at the nodes.
//
// A pixel of the fixed plane falls into one bin; one of the moving plane is spread over four by the cubic B-spline (Parzen window
// of D. Mattes et al., IEEE TMI 22 (2003), doi:10.1109/TMI.2003.809072). Bins are counted from the range's low end; values beyond
// the range count as its ends.
import { CELL_BYTES, COMPONENT, spreadPairs, sumPairs } from "./free-form-products";
import { combineRows, projectCell, spreadRow, VECTOR_BYTES, warpCell } from "./free-form-warp";
import { whole } from "./intensity-warp";

/** Number of a moving value's place among the bins; its four bins are the floor of this, one before and two after. */
@inline
function place(v: v128, low: v128, scale: v128, last: v128): v128 {
  return f32x4.min(f32x4.max(f32x4.add(f32x4.mul(f32x4.sub(v, low), scale), f32x4.splat(1)), f32x4.splat(1)), last);
}

/** First of the four values that belong to each lane: (fixed bin) bins + moving bin - 1, as a byte offset. */
@inline
function offsets(fixedBin: v128, movingBin: v128, bins: i32): v128 {
  return i32x4.shl(i32x4.add(i32x4.mul(whole(fixedBin), i32x4.splat(bins)), i32x4.sub(whole(movingBin), i32x4.splat(1))), 2);
}

@inline
function addTo(at: usize, v: v128): void {
  v128.store(at, f32x4.add(v128.load(at), v));
}

function countCell(
  f: usize, m: usize, across: usize, vectors: i32, bins: i32, fixedLow: f32, fixedScale: f32, movingLow: f32, movingScale: f32, histogram: usize,
): void {
  const fl = f32x4.splat(fixedLow), fs = f32x4.splat(fixedScale), ml = f32x4.splat(movingLow), ms = f32x4.splat(movingScale);
  const zero = f32x4.splat(0), one = f32x4.splat(1), lastFixed = f32x4.splat(<f32>(bins - 1)), lastMoving = f32x4.splat(<f32>bins - 3.001), sixth = f32x4.splat(1.0 / 6.0), three = f32x4.splat(3), six = f32x4.splat(6), four = f32x4.splat(4);
  for (let i = 0; i < vectors; i++) {
    const v = v128.load(f), w = v128.load(m), all = f32x4.add(v, w);
    const seen = v128.and(f32x4.eq(all, all), f32x4.ge(v128.load(across), zero)), lanes = i32x4.bitmask(seen);
    f += 16; m += 16; across += VECTOR_BYTES;
    if (lanes == 0) continue;
    const l = f32x4.floor(f32x4.min(f32x4.max(f32x4.mul(f32x4.sub(v128.and(v, seen), fl), fs), zero), lastFixed));
    const b = place(v128.and(w, seen), ml, ms, lastMoving), k = f32x4.floor(b), t = f32x4.sub(b, k), r = f32x4.sub(one, t);
    const w0 = f32x4.mul(sixth, f32x4.mul(r, f32x4.mul(r, r))), w3 = f32x4.mul(sixth, f32x4.mul(t, f32x4.mul(t, t)));
    const w1 = f32x4.mul(sixth, f32x4.add(f32x4.mul(f32x4.mul(t, t), f32x4.sub(f32x4.mul(three, t), six)), four));
    const w2 = f32x4.mul(sixth, f32x4.add(f32x4.mul(f32x4.mul(r, r), f32x4.sub(f32x4.mul(three, r), six)), four));
    const p = v128.shuffle<f32>(w0, w1, 0, 4, 1, 5), q = v128.shuffle<f32>(w2, w3, 0, 4, 1, 5), at = offsets(l, k, bins);
    const p2 = v128.shuffle<f32>(w0, w1, 2, 6, 3, 7), q2 = v128.shuffle<f32>(w2, w3, 2, 6, 3, 7);
    if (lanes & 1) addTo(histogram + <usize>i32x4.extract_lane(at, 0), v128.shuffle<f32>(p, q, 0, 1, 4, 5));
    if (lanes & 2) addTo(histogram + <usize>i32x4.extract_lane(at, 1), v128.shuffle<f32>(p, q, 2, 3, 6, 7));
    if (lanes & 4) addTo(histogram + <usize>i32x4.extract_lane(at, 2), v128.shuffle<f32>(p2, q2, 0, 1, 4, 5));
    if (lanes & 8) addTo(histogram + <usize>i32x4.extract_lane(at, 3), v128.shuffle<f32>(p2, q2, 2, 3, 6, 7));
  }
}

/**
 * For rows of cells [lo, hi): joint histograms of the fixed plane and the moving one displaced by the lattice, `bins` x `bins` f32 for
 * each row of cells and column of regions. Other arguments are those of `freeFormSums`.
 *
 * @param regions  i32: column of regions of each cell
 * @param bands  i32: first row and end of each row of cells
 * @param scratch  16 (columns + 8) + 96 longest bytes of each lane
 */
export function freeFormHistogram(
  lo: i32, hi: i32, bands: usize, rowStep: i32, fixed: usize, fixedStride: i32,
  moving: usize, movingStride: i32, movingWidth: i32, movingTop: i32, movingEnd: i32,
  cells: usize, cellCount: i32, longest: i32, across: usize, down: usize, lattice: usize, columns: i32, rows: i32, firstRow: i32,
  bins: i32, fixedLow: f64, fixedScale: f64, movingLow: f64, movingScale: f64, regions: usize, regionColumns: i32, out: usize, scratch: usize,
): void {
  const nodeBytes = <usize>(columns + 8) << 2, u = scratch, v = u + nodeBytes, line = v + 3 * nodeBytes, lineBytes = <usize>longest << 4;
  for (let s = lo; s < hi; s++) {
    const y0 = load<i32>(bands + (<usize>s << 3)), end = load<i32>(bands + (<usize>s << 3), 4);
    const nodes = lattice + ((<usize>((firstRow + s) * columns)) << 2), nodesY = nodes + ((<usize>(rows * columns)) << 2);
    const tableBytes = (<usize>(bins * bins)) << 2, histograms = out + <usize>(s * regionColumns) * tableBytes;
    memory.fill(histograms, 0, <usize>regionColumns * tableBytes);
    for (let y = y0 + (rowStep - (y0 - 1) % rowStep) % rowStep; y < end; y += rowStep) {
      const k = down + (<usize>y << 4);
      combineRows(nodes, columns, k, u);
      combineRows(nodesY, columns, k, v);
      let basis = across;
      for (let c = 0; c < cellCount; c++) {
        const x = load<i32>(cells + (<usize>c << 3)), n = load<i32>(cells + (<usize>c << 3), 4), node = <usize>c << 2;
        warpCell(moving, movingStride, movingWidth, movingTop, movingEnd, basis, n, y, u + node, v + node, line, lineBytes);
        const histogram = histograms + <usize>load<i32>(regions + node) * tableBytes;
        countCell(fixed + <usize>y * (<usize>fixedStride << 2) + (<usize>x << 2), line, basis, n, bins, <f32>fixedLow, <f32>fixedScale, <f32>movingLow, <f32>movingScale, histogram);
        basis += <usize>n * VECTOR_BYTES;
      }
    }
  }
}

/**
 * Scores of a cell: the derivative of the table's value in m, times the gradient of M, into the lines `mx` and `my`; and the products
 * of those, into the three lines after them.
 */
function scoreCell(
  f: usize, m: usize, lineBytes: usize, across: usize, vectors: i32, bins: i32, fixedLow: f32, fixedScale: f32, movingLow: f32, movingScale: f32, table: usize,
): void {
  const fl = f32x4.splat(fixedLow), fs = f32x4.splat(fixedScale), ml = f32x4.splat(movingLow), ms = f32x4.splat(movingScale);
  const zero = f32x4.splat(0), one = f32x4.splat(1), lastFixed = f32x4.splat(<f32>(bins - 1)), lastMoving = f32x4.splat(<f32>bins - 3.001), half = f32x4.splat(0.5), three = f32x4.splat(3), four = f32x4.splat(4);
  for (let i = 0; i < vectors; i++) {
    const v = v128.load(f), w = v128.load(m), all = f32x4.add(v, w);
    const seen = v128.and(f32x4.eq(all, all), f32x4.ge(v128.load(across), zero));
    const l = f32x4.floor(f32x4.min(f32x4.max(f32x4.mul(f32x4.sub(v128.and(v, seen), fl), fs), zero), lastFixed));
    const b = place(v128.and(w, seen), ml, ms, lastMoving), k = f32x4.floor(b), t = f32x4.sub(b, k), r = f32x4.sub(one, t), at = offsets(l, k, bins);
    const a0 = v128.load(table + <usize>i32x4.extract_lane(at, 0)), a1 = v128.load(table + <usize>i32x4.extract_lane(at, 1));
    const a2 = v128.load(table + <usize>i32x4.extract_lane(at, 2)), a3 = v128.load(table + <usize>i32x4.extract_lane(at, 3));
    const p = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5), q = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5), p2 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7), q2 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
    const t0 = v128.shuffle<f32>(p, q, 0, 1, 4, 5), t1 = v128.shuffle<f32>(p, q, 2, 3, 6, 7), t2 = v128.shuffle<f32>(p2, q2, 0, 1, 4, 5), t3 = v128.shuffle<f32>(p2, q2, 2, 3, 6, 7);
    const d0 = f32x4.neg(f32x4.mul(r, r)), d3 = f32x4.mul(t, t);
    const d1 = f32x4.mul(t, f32x4.sub(f32x4.mul(three, t), four)), d2 = f32x4.neg(f32x4.mul(r, f32x4.sub(f32x4.mul(three, r), four)));
    const slope = f32x4.add(f32x4.add(f32x4.mul(d0, t0), f32x4.mul(d1, t1)), f32x4.add(f32x4.mul(d2, t2), f32x4.mul(d3, t3)));
    // Where a value is beyond the range, it may change without changing its bin.
    const inside = v128.and(f32x4.gt(b, one), f32x4.lt(b, lastMoving));
    const score = v128.and(f32x4.mul(f32x4.mul(half, ms), slope), v128.and(seen, inside));
    const gx = v128.and(f32x4.mul(score, v128.load(m + lineBytes)), seen), gy = v128.and(f32x4.mul(score, v128.load(m + 2 * lineBytes)), seen);
    v128.store(m + lineBytes, gx);
    v128.store(m + 2 * lineBytes, gy);
    v128.store(m + 3 * lineBytes, f32x4.mul(gx, gx));
    v128.store(m + 4 * lineBytes, f32x4.mul(gx, gy));
    v128.store(m + 5 * lineBytes, f32x4.mul(gy, gy));
    f += 16; m += 16; across += VECTOR_BYTES;
  }
}

/**
 * For rows of cells [lo, hi): sums of score times gradient of M times weight at the nodes, and the sums of products of which the
 * matrix is made (see `freeFormProducts`), score times gradient in place of the gradient.
 *
 * @param regionRows  i32: row of regions of each row of cells
 * @param tables  `bins` x `bins` f32 of each region: log of the joint density over that of the moving plane
 * @param out  per row of cells f64: 4 rows of nodes, in x and in y each
 * @param products  per cell 360 f32
 * @param scratch  16 (columns + 8) + 96 longest + 64 bytes of each lane
 */
export function freeFormScores(
  lo: i32, hi: i32, bands: usize, rowStep: i32, fixed: usize, fixedStride: i32,
  moving: usize, movingStride: i32, movingWidth: i32, movingTop: i32, movingEnd: i32,
  cells: usize, cellCount: i32, longest: i32, across: usize, down: usize, lattice: usize, columns: i32, rows: i32, firstRow: i32,
  bins: i32, fixedLow: f64, fixedScale: f64, movingLow: f64, movingScale: f64, regions: usize, regionColumns: i32, regionRows: usize, tables: usize, out: usize, products: usize, scratch: usize,
): void {
  const pairs = scratch, nodeBytes = <usize>(columns + 8) << 2, u = pairs + 64, v = u + nodeBytes, pullX = v + nodeBytes, pullY = pullX + nodeBytes;
  const line = pullY + nodeBytes, lineBytes = <usize>longest << 4;
  memory.fill(pairs, 0, 64);
  for (let s = lo; s < hi; s++) {
    const y0 = load<i32>(bands + (<usize>s << 3)), end = load<i32>(bands + (<usize>s << 3), 4);
    const nodes = lattice + ((<usize>((firstRow + s) * columns)) << 2), nodesY = nodes + ((<usize>(rows * columns)) << 2);
    const tableBytes = (<usize>(bins * bins)) << 2, ofRow = tables + <usize>(load<i32>(regionRows + (<usize>s << 2)) * regionColumns) * tableBytes;
    const sums = out + <usize>s * (<usize>(8 * columns) << 3), cellSums = products + <usize>(s * cellCount) * CELL_BYTES;
    memory.fill(sums, 0, <usize>(8 * columns) << 3);
    memory.fill(cellSums, 0, <usize>cellCount * CELL_BYTES);
    for (let y = y0 + (rowStep - (y0 - 1) % rowStep) % rowStep; y < end; y += rowStep) {
      const k = down + (<usize>y << 4);
      combineRows(nodes, columns, k, u);
      combineRows(nodesY, columns, k, v);
      memory.fill(pullX, 0, 2 * nodeBytes);
      let basis = across;
      for (let c = 0; c < cellCount; c++) {
        const x = load<i32>(cells + (<usize>c << 3)), n = load<i32>(cells + (<usize>c << 3), 4), node = <usize>c << 2;
        warpCell(moving, movingStride, movingWidth, movingTop, movingEnd, basis, n, y, u + node, v + node, line, lineBytes);
        const table = ofRow + <usize>load<i32>(regions + node) * tableBytes;
        scoreCell(fixed + <usize>y * (<usize>fixedStride << 2) + (<usize>x << 2), line, lineBytes, basis, n, bins, <f32>fixedLow, <f32>fixedScale, <f32>movingLow, <f32>movingScale, table);
        projectCell(line + lineBytes, line + 2 * lineBytes, basis, n, pullX + node, pullY + node);
        for (let i: usize = 0; i < 3; i++) {
          sumPairs(line + (3 + i) * lineBytes, basis, n, pairs);
          spreadPairs(pairs, k, cellSums + <usize>c * CELL_BYTES + i * (COMPONENT << 2));
        }
        basis += <usize>n * VECTOR_BYTES;
      }
      spreadRow(pullX, pullY, columns, k, sums);
    }
  }
}
