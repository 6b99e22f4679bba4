// The matrix of free-form registration: what a node's displacement changes at the pixels that another's changes too.
import { VECTOR_BYTES } from "./free-form-warp";

/** Products of two weights of the four of a direction: 00 01 02 03 11 12 13 22 23 33, in a row of 12. */
const PAIR_ROW: i32 = 12;
/** Sums of a cell: for gx gx, gx gy and gy gy each 10 products of weights down times a row of products across. */
export const COMPONENT: i32 = 10 * PAIR_ROW;
export const CELL_BYTES: usize = 3 * COMPONENT * 4;

@inline
function total(v: v128): f32 {
  return (f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** Products of the gradient of a stretch of F, into three lines; 0 where it is not observed or a lane is no pixel. */
function gradientProducts(f: usize, rowBytes: usize, across: usize, vectors: i32, line: usize, lineBytes: usize): void {
  const half = f32x4.splat(0.5), zero = f32x4.splat(0);
  for (let i = 0; i < vectors; i++) {
    let gx = f32x4.mul(half, f32x4.sub(v128.load(f, 4), v128.load(f - 4)));
    let gy = f32x4.mul(half, f32x4.sub(v128.load(f + rowBytes), v128.load(f - rowBytes)));
    const all = f32x4.add(f32x4.add(gx, gy), v128.load(f));
    const seen = v128.and(f32x4.eq(all, all), f32x4.ge(v128.load(across), zero));
    gx = v128.and(gx, seen); gy = v128.and(gy, seen);
    v128.store(line, f32x4.mul(gx, gx));
    v128.store(line + lineBytes, f32x4.mul(gx, gy));
    v128.store(line + 2 * lineBytes, f32x4.mul(gy, gy));
    f += 16; line += 16; across += VECTOR_BYTES;
  }
}

/** Sums of a line times products of the weights across, into 10 f32. */
export function sumPairs(line: usize, across: usize, vectors: i32, pairs: usize): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0, s9 = s0;
  for (let i = 0; i < vectors; i++) {
    const g = v128.load(line);
    const b0 = v128.load(across, 16), b1 = v128.load(across, 32), b2 = v128.load(across, 48), b3 = v128.load(across, 64);
    const g0 = f32x4.mul(g, b0), g1 = f32x4.mul(g, b1), g2 = f32x4.mul(g, b2);
    s0 = f32x4.add(s0, f32x4.mul(g0, b0)); s1 = f32x4.add(s1, f32x4.mul(g0, b1)); s2 = f32x4.add(s2, f32x4.mul(g0, b2)); s3 = f32x4.add(s3, f32x4.mul(g0, b3));
    s4 = f32x4.add(s4, f32x4.mul(g1, b1)); s5 = f32x4.add(s5, f32x4.mul(g1, b2)); s6 = f32x4.add(s6, f32x4.mul(g1, b3));
    s7 = f32x4.add(s7, f32x4.mul(g2, b2)); s8 = f32x4.add(s8, f32x4.mul(g2, b3));
    s9 = f32x4.add(s9, f32x4.mul(f32x4.mul(g, b3), b3));
    line += 16; across += VECTOR_BYTES;
  }
  store<f32>(pairs, total(s0)); store<f32>(pairs, total(s1), 4); store<f32>(pairs, total(s2), 8); store<f32>(pairs, total(s3), 12);
  store<f32>(pairs, total(s4), 16); store<f32>(pairs, total(s5), 20); store<f32>(pairs, total(s6), 24); store<f32>(pairs, total(s7), 28);
  store<f32>(pairs, total(s8), 32); store<f32>(pairs, total(s9), 36);
}

/** sums[p] += k_i k_j pairs for the 10 pairs of weights down. */
@inline
export function spreadPairs(pairs: usize, k: usize, sums: usize): void {
  const a = v128.load(pairs), b = v128.load(pairs, 16), c = v128.load(pairs, 32);
  for (let i: usize = 0; i < 4; i++) {
    for (let j = i; j < 4; j++) {
      const w = f32x4.splat(load<f32>(k + (i << 2)) * load<f32>(k + (j << 2)));
      v128.store(sums, f32x4.add(v128.load(sums), f32x4.mul(w, a)));
      v128.store(sums, f32x4.add(v128.load(sums, 16), f32x4.mul(w, b)), 16);
      v128.store(sums, f32x4.add(v128.load(sums, 32), f32x4.mul(w, c)), 32);
      sums += PAIR_ROW << 2;
    }
  }
}

/**
 * For rows of cells [lo, hi): per cell the sums of products of the gradient of F, times products of two weights down and of two
 * across; all that the matrix is made of (see `freeFormStencil`).
 *
 * @param bands  i32: first row and end of each row of cells
 * @param out  360 f32 for each cell
 * @param scratch  48 longest + 64 bytes of each lane
 */
export function freeFormProducts(
  lo: i32, hi: i32, bands: usize, rowStep: i32, fixed: usize, fixedStride: i32,
  cells: usize, cellCount: i32, longest: i32, across: usize, down: usize, out: usize, scratch: usize,
): void {
  const rowBytes = <usize>fixedStride << 2, lineBytes = <usize>longest << 4, line = scratch + 64;
  memory.fill(scratch, 0, 64);
  for (let r = lo; r < hi; r++) {
    const y0 = load<i32>(bands + (<usize>r << 3)), end = load<i32>(bands + (<usize>r << 3), 4);
    const sums = out + <usize>(r * cellCount) * CELL_BYTES;
    memory.fill(sums, 0, <usize>cellCount * CELL_BYTES);
    for (let y = y0 + (rowStep - (y0 - 1) % rowStep) % rowStep; y < end; y += rowStep) {
      let basis = across;
      for (let c = 0; c < cellCount; c++) {
        const x = load<i32>(cells + (<usize>c << 3)), n = load<i32>(cells + (<usize>c << 3), 4);
        gradientProducts(fixed + <usize>y * rowBytes + (<usize>x << 2), rowBytes, basis, n, line, lineBytes);
        for (let k: usize = 0; k < 3; k++) {
          sumPairs(line + k * lineBytes, basis, n, scratch);
          spreadPairs(scratch, down + (<usize>y << 4), sums + <usize>c * CELL_BYTES + k * (COMPONENT << 2));
        }
        basis += <usize>n * VECTOR_BYTES;
      }
    }
  }
}

/** Place of the pair (i, j) of weights, i <= j. */
@inline
function pairAt(i: i32, j: i32): i32 {
  return 4 * i - (i * (i + 1)) / 2 + j;
}

/**
 * Rows of nodes [lo, hi) of the matrix. Between a node and one that lies (di, dj) from it, rows and columns, stands the symmetric
 * 2 x 2 block xx, xy, yy; pairs are kept once: offset 0 is the node itself, 1 to 3 are (0, 1) to (0, 3), and 4 + 7 (di - 1) + dj + 3
 * the others.
 *
 * @param products  see `freeFormProducts`
 * @param stencil  f32, 25 offsets x 3 planes of `plane` elements; node (i, j) is number i columns + j
 */
export function freeFormStencil(
  lo: i32, hi: i32, products: usize, cellRows: i32, cellCount: i32, columns: i32, stencil: usize, plane: i32,
): void {
  for (let i = lo; i < hi; i++) {
    for (let o = 0; o < 25; o++) {
      const di = o < 4 ? 0 : (o - 4) / 7 + 1, dj = o < 4 ? o : (o - 4) % 7 - 3;
      for (let j = 0; j < columns; j++) {
        let xx: f32 = 0, xy: f32 = 0, yy: f32 = 0;
        for (let a = 0; a + di < 4; a++) {
          const r = i - a;
          if (r < 0 || r >= cellRows) continue;
          for (let b = max(0, -dj); b < min(4, 4 - dj); b++) {
            const c = j - b;
            if (c < 0 || c >= cellCount) continue;
            const e = PAIR_ROW * pairAt(a, a + di) + (dj < 0 ? pairAt(b + dj, b) : pairAt(b, b + dj));
            const p = products + <usize>(r * cellCount + c) * CELL_BYTES + (<usize>e << 2);
            xx += load<f32>(p);
            xy += load<f32>(p + (COMPONENT << 2));
            yy += load<f32>(p + (COMPONENT << 3));
          }
        }
        const at = stencil + ((<usize>(3 * o * plane + i * columns + j)) << 2);
        store<f32>(at, xx);
        store<f32>(at + (<usize>plane << 2), xy);
        store<f32>(at + (<usize>plane << 3), yy);
      }
    }
  }
}
