// A stretch of a row of the moving plane, as the fixed plane's pixels see it through a control lattice; and back to the lattice.
//
// A row falls into cells, the stretches between two neighbouring columns of the lattice. Each has whole vectors of 4 pixels; a
// vector of the table `across` is 80 bytes: the pixels' columns (far below 0 where a lane stands for no pixel), then the four
// weights of the lattice columns around the cell. Planes are f32, row-major, strides in elements; NaN is no observation.
import { pair, whole } from "./intensity-warp";

/** Bytes of a vector of 4 pixels in the table `across`. */
export const VECTOR_BYTES: usize = 80;

/** combined[j] = sum of k[i] lattice[i][j] over the four rows of nodes around a row of pixels. */
export function combineRows(nodes: usize, columns: i32, k: usize, combined: usize): void {
  const bytes = <usize>columns << 2;
  const k0 = v128.load32_splat(k), k1 = v128.load32_splat(k, 4), k2 = v128.load32_splat(k, 8), k3 = v128.load32_splat(k, 12);
  for (let j: usize = 0; j < bytes; j += 16) {
    const p = nodes + j, q = p + 2 * bytes;
    v128.store(combined + j, f32x4.add(
      f32x4.add(f32x4.mul(k0, v128.load(p)), f32x4.mul(k1, v128.load(p + bytes))),
      f32x4.add(f32x4.mul(k2, v128.load(q)), f32x4.mul(k3, v128.load(q + bytes)))));
  }
}

/**
 * The moving plane at x + u, y + v for the pixels of a cell, and its derivatives in x and in y, all of them from the same four
 * samples. NaN where a place lies outside of the rows [top, end) or the columns [0, width), or beside a hole.
 *
 * @param row  the pixels' row; places are relative to it in whole pixels, so that they are as exact in a large image as in a small one
 * @param u, v  four coefficients each: those of the columns around the cell, combined for this row
 * @param line  gets the samples; the derivatives follow after `lineBytes` each
 */
export function warpCell(
  moving: usize, stride: i32, width: i32, top: i32, end: i32,
  across: usize, vectors: i32, row: i32, u: usize, v: usize, line: usize, lineBytes: usize,
): void {
  const rowBytes = <usize>stride << 2, strides = i32x4.splat(stride), zero = f32x4.splat(0);
  const u0 = v128.load32_splat(u), u1 = v128.load32_splat(u, 4), u2 = v128.load32_splat(u, 8), u3 = v128.load32_splat(u, 12);
  const v0 = v128.load32_splat(v), v1 = v128.load32_splat(v, 4), v2 = v128.load32_splat(v, 8), v3 = v128.load32_splat(v, 12);
  const lastX = f32x4.splat(<f32>(width - 2)), first = f32x4.splat(<f32>top), lastY = f32x4.splat(<f32>(end - 2)), Y = f32x4.splat(<f32>row);
  for (let i = 0; i < vectors; i++) {
    const b0 = v128.load(across, 16), b1 = v128.load(across, 32), b2 = v128.load(across, 48), b3 = v128.load(across, 64);
    const dx = f32x4.add(f32x4.add(f32x4.mul(b0, u0), f32x4.mul(b1, u1)), f32x4.add(f32x4.mul(b2, u2), f32x4.mul(b3, u3)));
    const dy = f32x4.add(f32x4.add(f32x4.mul(b0, v0), f32x4.mul(b1, v1)), f32x4.add(f32x4.mul(b2, v2), f32x4.mul(b3, v3)));
    const xd = f32x4.floor(dx), yd = f32x4.floor(dy), fx = f32x4.sub(dx, xd), fy = f32x4.sub(dy, yd);
    let x = f32x4.add(v128.load(across), xd), y = f32x4.add(Y, yd);
    const inside = v128.and(v128.and(f32x4.ge(x, zero), f32x4.le(x, lastX)), v128.and(f32x4.ge(y, first), f32x4.le(y, lastY)));
    x = v128.and(x, inside);
    y = v128.bitselect(y, first, inside);
    const at = i32x4.shl(i32x4.add(i32x4.mul(whole(y), strides), whole(x)), 2);
    const p0 = moving + <usize>i32x4.extract_lane(at, 0);
    let a: v128, b: v128, c: v128, d: v128;
    if (i32x4.all_true(i32x4.eq(at, i32x4.add(i32x4.splat(i32x4.extract_lane(at, 0)), i32x4(0, 4, 8, 12))))) {
      // Side by side, as they mostly are.
      a = v128.load(p0); b = v128.load(p0, 4);
      c = v128.load(p0 + rowBytes); d = v128.load(p0 + rowBytes, 4);
    } else {
      const p1 = moving + <usize>i32x4.extract_lane(at, 1), p2 = moving + <usize>i32x4.extract_lane(at, 2), p3 = moving + <usize>i32x4.extract_lane(at, 3);
      const e = pair(p0, p1), f = pair(p2, p3), g = pair(p0 + rowBytes, p1 + rowBytes), h = pair(p2 + rowBytes, p3 + rowBytes);
      a = v128.shuffle<f32>(e, f, 0, 2, 4, 6); b = v128.shuffle<f32>(e, f, 1, 3, 5, 7);
      c = v128.shuffle<f32>(g, h, 0, 2, 4, 6); d = v128.shuffle<f32>(g, h, 1, 3, 5, 7);
    }
    const upper = f32x4.sub(b, a), lower = f32x4.sub(d, c), left = f32x4.add(a, f32x4.mul(fx, upper));
    const my = f32x4.sub(f32x4.add(c, f32x4.mul(fx, lower)), left);
    v128.store(line, v128.or(f32x4.add(left, f32x4.mul(fy, my)), v128.not(inside)));
    v128.store(line + lineBytes, f32x4.add(upper, f32x4.mul(fy, f32x4.sub(lower, upper))));
    v128.store(line + 2 * lineBytes, my);
    line += 16;
    across += VECTOR_BYTES;
  }
}

/** Sums of four vectors, as one. */
@inline
function totals(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 1, 4, 5), v128.shuffle<f32>(a, b, 2, 3, 6, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 1, 4, 5), v128.shuffle<f32>(c, d, 2, 3, 6, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 2, 4, 6), v128.shuffle<f32>(ab, cd, 1, 3, 5, 7));
}

/** Adds to four nodes of a row what the pixels of a cell pull at them: sums of pull times weight. */
export function projectCell(pullX: usize, pullY: usize, across: usize, vectors: i32, nodesX: usize, nodesY: usize): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
  for (let i = 0; i < vectors; i++) {
    const x = v128.load(pullX), y = v128.load(pullY);
    const b0 = v128.load(across, 16), b1 = v128.load(across, 32), b2 = v128.load(across, 48), b3 = v128.load(across, 64);
    s0 = f32x4.add(s0, f32x4.mul(x, b0)); s1 = f32x4.add(s1, f32x4.mul(x, b1));
    s2 = f32x4.add(s2, f32x4.mul(x, b2)); s3 = f32x4.add(s3, f32x4.mul(x, b3));
    t0 = f32x4.add(t0, f32x4.mul(y, b0)); t1 = f32x4.add(t1, f32x4.mul(y, b1));
    t2 = f32x4.add(t2, f32x4.mul(y, b2)); t3 = f32x4.add(t3, f32x4.mul(y, b3));
    pullX += 16;
    pullY += 16;
    across += VECTOR_BYTES;
  }
  v128.store(nodesX, f32x4.add(v128.load(nodesX), totals(s0, s1, s2, s3)));
  v128.store(nodesY, f32x4.add(v128.load(nodesY), totals(t0, t1, t2, t3)));
}

/** Adds weight[i] times a row's pulls to four rows of nodes, f64: per row of nodes those in x, then those in y. */
export function spreadRow(nodesX: usize, nodesY: usize, columns: i32, k: usize, out: usize): void {
  const rowBytes = <usize>columns << 3;
  for (let i: usize = 0; i < 4; i++) {
    const w = <f64>load<f32>(k + (i << 2)), x = out + 2 * i * rowBytes, y = x + rowBytes;
    for (let j: usize = 0; j < <usize>columns; j++) {
      const p = j << 2, q = j << 3;
      store<f64>(x + q, load<f64>(x + q) + w * <f64>load<f32>(nodesX + p));
      store<f64>(y + q, load<f64>(y + q) + w * <f64>load<f32>(nodesY + p));
    }
  }
}
