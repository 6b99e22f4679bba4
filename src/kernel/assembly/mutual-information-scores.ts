// How the information that two planes have in common changes with an affine map: sums over samples.

/** Samples of which sums are float32; beyond they are float64. */
const BLOCK: i32 = 2048;

/** 6 sums of scores times columns, then 21 of products: the upper triangle row by row. */
const STRIP_BYTES: usize = 27 * 8;

@inline function total(v: v128): f64 {
  return <f64>((f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3)));
}

@inline function add(at: usize, v: v128): void {
  store<f64>(at, load<f64>(at) + total(v));
}

@inline function plus(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

/** Slopes of the cubic B-spline weights at t, times what four cells are worth. */
@inline function slopes(table: usize, place: u32, t: v128): v128 {
  const inner = f32x4.add(f32x4(1, -2, 1, 0), f32x4.mul(t, f32x4(-0.5, 1.5, -1.5, 0.5)));
  const weights = f32x4.add(f32x4(-0.5, 0, 0.5, 0), f32x4.mul(t, inner));
  return f32x4.mul(weights, v128.load(table + ((<usize>place >>> 16) << 2)));
}

/** d information / d intensity of four samples: the table's slope where each falls, in bins times `scale`. */
@inline export function scores(table: usize, p: v128, scale: v128): v128 {
  const t = f32x4.mul(f32x4.convert_i32x4_s(v128.and(p, i32x4.splat(0xffff))), f32x4.splat(1.0 / 65536));
  const r0 = slopes(table, i32x4.extract_lane(p, 0), v128.shuffle<f32>(t, t, 0, 0, 0, 0));
  const r1 = slopes(table, i32x4.extract_lane(p, 1), v128.shuffle<f32>(t, t, 1, 1, 1, 1));
  const r2 = slopes(table, i32x4.extract_lane(p, 2), v128.shuffle<f32>(t, t, 2, 2, 2, 2));
  const r3 = slopes(table, i32x4.extract_lane(p, 3), v128.shuffle<f32>(t, t, 3, 3, 3, 3));
  const u = f32x4.add(v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), v128.shuffle<f32>(r0, r1, 2, 6, 3, 7));
  const v = f32x4.add(v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), v128.shuffle<f32>(r2, r3, 2, 6, 3, 7));
  return f32x4.mul(scale, f32x4.add(v128.shuffle<f32>(u, v, 0, 1, 4, 5), v128.shuffle<f32>(u, v, 2, 3, 6, 7)));
}

/**
 * For strips [lo, hi) of `strip` samples: sums of s c and of s s c c^T, s being the score of a sample and
 * c = (gx X, gx Y, gx, gy X, gy Y, gy) what the six numbers of an affine map do to its moving intensity.
 *
 * @param tables  what the cells are worth, as of `informationWorth`: `tableBytes` for each region, which has so many `strips`
 * @param scale  bins per unit of moving intensity
 * @param xs  samples, places and slopes as of `informationHistogram`
 * @param out  27 f64 for each strip: 6 sums, and the upper triangle of 6 x 6
 */
export function informationScores(
  lo: i32, hi: i32, tables: usize, tableBytes: i32, strips: i32, xs: usize, ys: usize, places: usize, gxs: usize, gys: usize, all: i32, strip: i32,
  scale: f64, out: usize,
): void {
  const S = f32x4.splat(<f32>scale);
  for (let c = lo; c < hi; c++) {
    const table = tables + <usize>(c / strips) * <usize>tableBytes;
    const o = out + <usize>c * STRIP_BYTES, h = o + 48, end = min((c + 1) * strip, all);
    memory.fill(o, 0, STRIP_BYTES);
    for (let from = c * strip; from < end; from += BLOCK) {
      const zero = f32x4.splat(0);
      let g0 = zero, g1 = zero, g2 = zero, g3 = zero, g4 = zero, g5 = zero;
      let h00 = zero, h01 = zero, h02 = zero, h03 = zero, h04 = zero, h05 = zero, h11 = zero, h12 = zero, h14 = zero, h15 = zero;
      let h22 = zero, h25 = zero, h33 = zero, h34 = zero, h35 = zero, h44 = zero, h45 = zero, h55 = zero;
      for (let i = <usize>from << 2, to = <usize>min(from + BLOCK, end) << 2; i < to; i += 16) {
        const s = scores(table, v128.load(places + i), S), x = v128.load(xs + i), y = v128.load(ys + i);
        const a = f32x4.mul(s, v128.load(gxs + i)), b = f32x4.mul(s, v128.load(gys + i));
        const ax = f32x4.mul(a, x), ay = f32x4.mul(a, y), bx = f32x4.mul(b, x), by = f32x4.mul(b, y);
        g0 = f32x4.add(g0, ax); g1 = f32x4.add(g1, ay); g2 = f32x4.add(g2, a);
        g3 = f32x4.add(g3, bx); g4 = f32x4.add(g4, by); g5 = f32x4.add(g5, b);
        h00 = plus(h00, ax, ax); h01 = plus(h01, ax, ay); h02 = plus(h02, ax, a); h11 = plus(h11, ay, ay); h12 = plus(h12, ay, a); h22 = plus(h22, a, a);
        h03 = plus(h03, ax, bx); h04 = plus(h04, ax, by); h05 = plus(h05, ax, b); h14 = plus(h14, ay, by); h15 = plus(h15, ay, b); h25 = plus(h25, a, b);
        h33 = plus(h33, bx, bx); h34 = plus(h34, bx, by); h35 = plus(h35, bx, b); h44 = plus(h44, by, by); h45 = plus(h45, by, b); h55 = plus(h55, b, b);
      }
      add(o, g0); add(o + 8, g1); add(o + 16, g2); add(o + 24, g3); add(o + 32, g4); add(o + 40, g5);
      // Entries (1, 3), (2, 3) and (2, 4) are those of (0, 4), (0, 5) and (1, 5).
      add(h, h00); add(h + 8, h01); add(h + 16, h02); add(h + 24, h03); add(h + 32, h04); add(h + 40, h05);
      add(h + 48, h11); add(h + 56, h12); add(h + 64, h04); add(h + 72, h14); add(h + 80, h15);
      add(h + 88, h22); add(h + 96, h05); add(h + 104, h15); add(h + 112, h25);
      add(h + 120, h33); add(h + 128, h34); add(h + 136, h35); add(h + 144, h44); add(h + 152, h45); add(h + 160, h55);
    }
  }
}
