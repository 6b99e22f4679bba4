// Right-hand side of free-form registration by square differences, strip by strip of rows.
import { combineRows, projectCell, spreadRow, VECTOR_BYTES, warpCell } from "./free-form-warp";

/** Sums of a strip that are no node's: pixels, F, M, F F, F M, M M; then nodes. */
const MOMENTS: i32 = 6;

@inline
function bump(at: usize, v: v128): void {
  store<f64>(at, load<f64>(at) + <f64>((f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))));
}

/**
 * The residuals of a cell, gain M + offset - F, times their slope: the mean of the gradient of F and of gain M. Lines `mx` and
 * `my` hold the derivatives of M and get the products; 0 where anything is not observed.
 */
function pullCell(f: usize, rowBytes: usize, m: usize, mx: usize, my: usize, vectors: i32, gain: f32, offset: f32, moments: usize): void {
  const G = f32x4.splat(gain), O = f32x4.splat(offset), half = f32x4.splat(<f32>0.5 * gain), quarter = f32x4.splat(0.25), one = f32x4.splat(1);
  let n = f32x4.splat(0), sf = n, sm = n, ff = n, fm = n, mm = n;
  for (let i = 0; i < vectors; i++) {
    const v = v128.load(f), w = v128.load(m);
    const gx = f32x4.add(f32x4.mul(quarter, f32x4.sub(v128.load(f, 4), v128.load(f - 4))), f32x4.mul(half, v128.load(mx)));
    const gy = f32x4.add(f32x4.mul(quarter, f32x4.sub(v128.load(f + rowBytes), v128.load(f - rowBytes))), f32x4.mul(half, v128.load(my)));
    const r = f32x4.sub(f32x4.add(f32x4.mul(G, w), O), v);
    // NaN of any of these is NaN of the sum.
    const all = f32x4.add(r, f32x4.add(gx, gy)), seen = f32x4.eq(all, all);
    const fv = v128.and(v, seen), mv = v128.and(w, seen);
    v128.store(mx, v128.and(f32x4.mul(r, gx), seen));
    v128.store(my, v128.and(f32x4.mul(r, gy), seen));
    n = f32x4.add(n, v128.and(one, seen));
    sf = f32x4.add(sf, fv); sm = f32x4.add(sm, mv);
    ff = f32x4.add(ff, f32x4.mul(fv, fv)); fm = f32x4.add(fm, f32x4.mul(fv, mv)); mm = f32x4.add(mm, f32x4.mul(mv, mv));
    f += 16; m += 16; mx += 16; my += 16;
  }
  bump(moments, n); bump(moments + 8, sf); bump(moments + 16, sm); bump(moments + 24, ff); bump(moments + 32, fm); bump(moments + 40, mm);
}

/**
 * For strips [lo, hi) of rows: what the pixels pull at the nodes of the lattice, sum of (gain M + offset - F) J B, where M is the
 * moving plane displaced by the lattice, J the mean of the gradients of F and gain M, and B the node's weight.
 *
 * @param strips  i32: first row, end, row of cells that they lie in, unused
 * @param rowStep  only rows 1, 1 + rowStep, ... of the plane count
 * @param cells  i32: first pixel and number of vectors of each
 * @param longest  most vectors of a cell
 * @param across  weights along a row (see free-form-warp); `down` f32 x 4 for each row of the plane
 * @param lattice  f32, displacement in x of all nodes in pixels, row by row, then in y
 * @param out  per strip f64: the moments, then 4 rows of nodes from the strip's first on: pulls in x, pulls in y
 * @param scratch  16 (columns + 8) + 48 longest bytes of each lane
 */
export function freeFormSums(
  lo: i32, hi: i32, strips: usize, rowStep: i32, fixed: usize, fixedStride: i32,
  moving: usize, movingStride: i32, movingWidth: i32, movingTop: i32, movingEnd: i32,
  cells: usize, cellCount: i32, longest: i32, across: usize, down: usize,
  lattice: usize, columns: i32, rows: i32, gain: f64, offset: f64, out: usize, scratch: usize,
): void {
  const rowBytes = <usize>fixedStride << 2, lineBytes = <usize>longest << 4, nodeBytes = <usize>(columns + 8) << 2;
  const u = scratch, v = u + nodeBytes, pullX = v + nodeBytes, pullY = pullX + nodeBytes, line = pullY + nodeBytes;
  const stripBytes = <usize>(MOMENTS + 8 * columns) << 3;
  for (let s = lo; s < hi; s++) {
    const strip = strips + (<usize>s << 4), sums = out + <usize>s * stripBytes;
    const y0 = load<i32>(strip), end = load<i32>(strip, 4), nodeRow = load<i32>(strip, 8);
    const nodes = lattice + ((<usize>(nodeRow * columns)) << 2), nodesY = nodes + ((<usize>(rows * columns)) << 2);
    memory.fill(sums, 0, stripBytes);
    for (let y = y0 + (rowStep - (y0 - 1) % rowStep) % rowStep; y < end; y += rowStep) {
      const k = down + (<usize>y << 4);
      combineRows(nodes, columns, k, u);
      combineRows(nodesY, columns, k, v);
      memory.fill(pullX, 0, 2 * nodeBytes);
      let basis = across;
      for (let c = 0; c < cellCount; c++) {
        const x = load<i32>(cells + (<usize>c << 3)), n = load<i32>(cells + (<usize>c << 3), 4), node = <usize>c << 2;
        warpCell(moving, movingStride, movingWidth, movingTop, movingEnd, basis, n, y, u + node, v + node, line, lineBytes);
        pullCell(fixed + <usize>y * rowBytes + (<usize>x << 2), rowBytes, line, line + lineBytes, line + 2 * lineBytes, n, <f32>gain, <f32>offset, sums);
        projectCell(line + lineBytes, line + 2 * lineBytes, basis, n, pullX + node, pullY + node);
        basis += <usize>n * VECTOR_BYTES;
      }
      spreadRow(pullX, pullY, columns, k, sums + (<usize>MOMENTS << 3));
    }
  }
}
