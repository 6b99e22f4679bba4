// The last Lucas-Kanade steps, over full pixels and block by block, so that blocks tell how far off the result may be.
import { solveShift } from "./pair-solve";
import { MARGIN, openView, ringRow, sampleRows, slope, sum4, X0, X1, Y0, Y1 } from "./pair-view";

/** Size of a block: more than the noise of neighbouring pixels has in common, and whole vectors. */
export const BLOCK_WIDTH: i32 = 64, BLOCK_HEIGHT: i32 = 16;

/** float64 sums of a block: see `blockSums`. */
export const BLOCK_BYTES: usize = 272;
const SUMS: usize = 17;

/** Rows that are left out or looked at together. */
const BAND: i32 = 32;

@inline function add(at: usize, value: v128): void {
  v128.store(at, f32x4.add(v128.load(at), value));
}

/**
 * One pass over the overlap at the shift of the state, b adjusted by its gains.
 *
 * Sums per block: xx, xy, yy (slopes of a times slopes of b, so that their noise does not count as texture); x b, y b, x, y
 * (mean slopes); b b, b, pixels; x e, y e, b e, e; e e; squared slopes of a, of b. e is a − b.
 *
 * @param state  shift x, y at 0 and 8; gains at 16; whole part of the shift at 936
 * @param refA, refB  what is taken off all values
 * @param every  of so many bands of rows one is looked at
 * @param blocks  as many as the overlap has, at most (width / 64) (height / 16), rounded up
 * @param scratch  128 bytes, and 11 rows of the width + 16 float32
 * @returns number of blocks; 0 where nothing overlaps
 */
export function blockSums(
  a: usize, aBytes: usize, wa: i32, ha: i32, b: usize, bBytes: usize, wb: i32, hb: i32, refA: f32, refB: f32,
  state: usize, every: i32, blocks: usize, scratch: usize,
): i32 {
  const view = scratch;
  const dx = load<f64>(state), dy = load<f64>(state, 8);
  const wholeX = load<f64>(state, 936), wholeY = load<f64>(state, 944);
  if (!openView(a, aBytes, wa, ha, b, bBytes, wb, hb, dx, dy, wholeX, wholeY, view)) return 0;
  const x0 = <i32>load<f64>(view, X0) + MARGIN, x1 = <i32>load<f64>(view, X1) - MARGIN;
  const y0 = <i32>load<f64>(view, Y0) + MARGIN, y1 = <i32>load<f64>(view, Y1) - MARGIN;
  const columns = x1 - x0;
  const perRow = (columns + BLOCK_WIDTH - 1) / BLOCK_WIDTH;
  const count = perRow * ((y1 - y0 + BLOCK_HEIGHT - 1) / BLOCK_HEIGHT);
  memory.fill(blocks, 0, <usize>count * BLOCK_BYTES);
  const half = f32x4.splat(0.5), lanes = f32x4(0, 1, 2, 3);
  const cx = 0.5 * <f64>(x0 + x1 - 1), cy = 0.5 * <f64>(y0 + y1 - 1);
  const sx = 2 / <f64>(x1 - x0), sy = 2 / <f64>(y1 - y0);
  const g = state + 16;
  const slopeGain = f32x4.splat(<f32>load<f64>(g, 16)), slopeOffset = f32x4.splat(<f32>load<f64>(g, 24));
  for (let y = y0; y < y1; y++) {
    const row = y - y0; // the row's own samples are `MARGIN` further on
    const band = row / BAND;
    if (band % every != every >> 1) continue;
    if (row == 0 || (every > 1 && row % BAND == 0)) {
      for (let r = row; r < row + 2 * MARGIN; r++) sampleRows(view, r, aBytes, bBytes, refA, refB);
    }
    sampleRows(view, row + 2 * MARGIN, aBytes, bBytes, refA, refB);
    const whole = columns + 2 * MARGIN;
    const a0 = ringRow(view, whole, 0, row) + 8, a1 = ringRow(view, whole, 0, row + 1) + 8;
    const a2 = ringRow(view, whole, 0, row + 2), a3 = ringRow(view, whole, 0, row + 3) + 8;
    const a4 = ringRow(view, whole, 0, row + 4) + 8, b0 = ringRow(view, whole, 1, row) + 8;
    const b1 = ringRow(view, whole, 1, row + 1) + 8, b2 = ringRow(view, whole, 1, row + 2);
    const b3 = ringRow(view, whole, 1, row + 3) + 8, b4 = ringRow(view, whole, 1, row + 4) + 8;
    const v = (<f64>y - cy) * sy;
    const rowGain = f32x4.splat(<f32>(load<f64>(g) + load<f64>(g, 32) * v));
    const rowOffset = f32x4.splat(<f32>(load<f64>(g, 8) + load<f64>(g, 40) * v));
    let block = blocks + <usize>((y - y0) / BLOCK_HEIGHT * perRow) * BLOCK_BYTES;
    for (let left = 0; left < columns; left += BLOCK_WIDTH) {
      let xx = f32x4.splat(0), xy = xx, yy = xx, xb = xx, yb = xx, xs = xx, ys = xx, bb = xx, bs = xx, n = xx;
      let xe = xx, ye = xx, be = xx, es = xx, ee = xx, aa = xx, bbs = xx;
      const end = min(columns, left + BLOCK_WIDTH);
      const inside = f32x4.splat(<f32>columns);
      for (let x = left; x < end; x += 4) {
        const at = <usize>x << 2;
        const index = f32x4.add(lanes, f32x4.splat(<f32>x));
        const u = f32x4.mul(f32x4.add(index, f32x4.splat(<f32>(<f64>x0 - cx))), f32x4.splat(<f32>sx));
        const gain = f32x4.add(rowGain, f32x4.mul(slopeGain, u));
        let pa = v128.load(a2 + at, 8);
        let ax = slope(v128.load(a2 + at), v128.load(a2 + at, 4), v128.load(a2 + at, 12), v128.load(a2 + at, 16));
        let ay = slope(v128.load(a0 + at), v128.load(a1 + at), v128.load(a3 + at), v128.load(a4 + at));
        let pb = v128.load(b2 + at, 8);
        pb = f32x4.add(f32x4.mul(pb, gain), f32x4.add(rowOffset, f32x4.mul(slopeOffset, u)));
        let bx = slope(v128.load(b2 + at), v128.load(b2 + at, 4), v128.load(b2 + at, 12), v128.load(b2 + at, 16));
        let by = slope(v128.load(b0 + at), v128.load(b1 + at), v128.load(b3 + at), v128.load(b4 + at));
        bx = f32x4.mul(gain, bx);
        by = f32x4.mul(gain, by);
        // What is not observed, or beyond the end, becomes 0 throughout.
        const all = f32x4.add(f32x4.add(pa, pb), f32x4.add(f32x4.add(ax, ay), f32x4.add(bx, by)));
        const seen = v128.and(f32x4.eq(all, all), f32x4.lt(index, inside));
        pa = v128.and(pa, seen);
        pb = v128.and(pb, seen);
        ax = v128.and(ax, seen);
        ay = v128.and(ay, seen);
        bx = v128.and(bx, seen);
        by = v128.and(by, seen);
        const e = f32x4.sub(pa, pb);
        const gx = f32x4.mul(half, f32x4.add(ax, bx)), gy = f32x4.mul(half, f32x4.add(ay, by));
        xx = f32x4.add(xx, f32x4.mul(ax, bx));
        xy = f32x4.add(xy, f32x4.add(f32x4.mul(ax, by), f32x4.mul(ay, bx)));
        yy = f32x4.add(yy, f32x4.mul(ay, by));
        xb = f32x4.add(xb, f32x4.mul(gx, pb));
        yb = f32x4.add(yb, f32x4.mul(gy, pb));
        xs = f32x4.add(xs, gx);
        ys = f32x4.add(ys, gy);
        bb = f32x4.add(bb, f32x4.mul(pb, pb));
        bs = f32x4.add(bs, pb);
        n = f32x4.add(n, v128.and(f32x4.splat(1), seen));
        xe = f32x4.add(xe, f32x4.mul(gx, e));
        ye = f32x4.add(ye, f32x4.mul(gy, e));
        be = f32x4.add(be, f32x4.mul(pb, e));
        es = f32x4.add(es, e);
        ee = f32x4.add(ee, f32x4.mul(e, e));
        aa = f32x4.add(aa, f32x4.add(f32x4.mul(ax, ax), f32x4.mul(ay, ay)));
        bbs = f32x4.add(bbs, f32x4.add(f32x4.mul(bx, bx), f32x4.mul(by, by)));
      }
      add(block, xx);
      add(block + 16, xy);
      add(block + 32, yy);
      add(block + 48, xb);
      add(block + 64, yb);
      add(block + 80, xs);
      add(block + 96, ys);
      add(block + 112, bb);
      add(block + 128, bs);
      add(block + 144, n);
      add(block + 160, xe);
      add(block + 176, ye);
      add(block + 192, be);
      add(block + 208, es);
      add(block + 224, ee);
      add(block + 240, aa);
      add(block + 256, bbs);
      block += BLOCK_BYTES;
    }
  }
  // Four partial sums each become one.
  for (let k: usize = 0; k < <usize>count; k++) {
    const block = blocks + k * BLOCK_BYTES;
    for (let i: usize = 0; i < SUMS; i++) store<f64>(block + (i << 3), sum4(v128.load(block + (i << 4))));
    store<f64>(block, 0.5 * load<f64>(block, 8), 8);
  }
  return count;
}

/** The normal equations of a block or of all, from its sums: 4 x 4, upper triangle, for shift x, y, gain, offset. */
export function normalMatrix(sums: usize, matrix: usize): void {
  store<f64>(matrix, load<f64>(sums));
  store<f64>(matrix, load<f64>(sums, 8), 8);
  store<f64>(matrix, load<f64>(sums, 24), 16);
  store<f64>(matrix, load<f64>(sums, 40), 24);
  store<f64>(matrix, load<f64>(sums, 16), 40);
  store<f64>(matrix, load<f64>(sums, 32), 48);
  store<f64>(matrix, load<f64>(sums, 48), 56);
  store<f64>(matrix, load<f64>(sums, 56), 80);
  store<f64>(matrix, load<f64>(sums, 64), 88);
  store<f64>(matrix, load<f64>(sums, 72), 120);
}

@inline function element(matrix: usize, i: i32, j: i32): f64 {
  return load<f64>(matrix + (<usize>(i < j ? 4 * i + j : 4 * j + i) << 3));
}

/**
 * The covariance of the shift by leaving out each block once: the sum over blocks of the product of what that changes. It
 * holds however the noise of neighbouring pixels is correlated, and where a single block decides it is as large as it should.
 *
 * @param whole  the normal equations of all blocks, with what is known beforehand; see `normalMatrix`
 * @param step  the last step taken: shift x, y, gain, offset
 * @param out  xx, xy, yy; infinite where without one of the blocks the shift is not determined
 * @param scratch  384 bytes
 */
export function blockCovariance(blocks: usize, count: i32, whole: usize, step: usize, out: usize, scratch: usize): void {
  const own = scratch, rest = own + 128, left = rest + 128, rows = left + 32;
  let xx: f64 = 0, xy: f64 = 0, yy: f64 = 0;
  for (let k = 0; k < count; k++) {
    const sums = blocks + <usize>k * BLOCK_BYTES;
    if (load<f64>(sums, 72) == 0) continue;
    normalMatrix(sums, own);
    // What the block pulls at after the step.
    for (let i = 0; i < 4; i++) {
      let pull = load<f64>(sums + (<usize>i << 3), 80);
      for (let j = 0; j < 4; j++) pull -= element(own, i, j) * load<f64>(step + (<usize>j << 3));
      store<f64>(left + (<usize>i << 3), pull);
    }
    for (let i: usize = 0; i < 128; i += 8) store<f64>(rest + i, load<f64>(whole + i) - load<f64>(own + i));
    if (!solveShift(rest, left, rows, 4)) {
      xx = Infinity;
      yy = Infinity;
      xy = 0;
      break;
    }
    const x = load<f64>(left), y = load<f64>(left, 8);
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  store<f64>(out, xx);
  store<f64>(out, xy, 8);
  store<f64>(out, yy, 16);
}
