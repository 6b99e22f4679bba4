// What joint histograms say: how much information they hold, and what each of their cells is worth to a sample.

/** Counts below this are as good as none. */
const NONE: f64 = 1e-6;

/** Numbers of a region: samples, sum of v log v over cells, over fixed bins, over moving bins, cells with half a sample or more. */
const REGION_BYTES: usize = 5 * 8;

/**
 * Adds up the histograms of the chunks of regions [lo, hi), in order, and what their entropies are made of.
 *
 * @param histograms  (bins + 1) * row float32 for each chunk; the last row does not count. The first of a region becomes its sum
 * @param logs  out, per region: log of the count of each cell, (bins + 1) * row float32, the last row 0
 * @param margins  out, per region: log of the count of each moving bin, row float64
 * @param out  5 f64 per region
 */
export function informationEntropies(
  lo: i32, hi: i32, histograms: usize, chunks: i32, bins: i32, row: i32, logs: usize, margins: usize, out: usize,
): void {
  const cells = bins * row, size = <usize>(cells + row) << 2;
  for (let region = lo; region < hi; region++) {
    const first = histograms + <usize>(region * chunks) * size, log = logs + <usize>region * size;
    const margin = margins + (<usize>(region * row) << 3), o = out + <usize>region * REGION_BYTES;
    for (let c = 1; c < chunks; c++) {
      const next = first + <usize>c * size;
      for (let i: usize = 0; i < <usize>cells << 2; i += 16) v128.store(first + i, f32x4.add(v128.load(first + i), v128.load(next + i)));
    }
    memory.fill(margin, 0, <usize>row << 3);
    memory.fill(log, 0, size);
    let total: f64 = 0, joint: f64 = 0, fixed: f64 = 0, moving: f64 = 0, occupied: f64 = 0;
    for (let l = 0; l < bins; l++) {
      let sum: f64 = 0;
      for (let k = 0; k < bins; k++) {
        const at = <usize>(l * row + k) << 2, v = <f64>load<f32>(first + at), m = margin + (<usize>k << 3);
        const logarithm = v > NONE ? Math.log(v) : -13.815510557964274;
        store<f32>(log + at, <f32>logarithm);
        if (!(v > NONE)) continue;
        sum += v;
        store<f64>(m, load<f64>(m) + v);
        joint += v * logarithm;
        if (v >= 0.5) occupied++;
      }
      total += sum;
      if (sum > NONE) fixed += sum * Math.log(sum);
    }
    for (let k = 0; k < bins; k++) {
      const m = margin + (<usize>k << 3), v = load<f64>(m), logarithm = Math.log(max(v, NONE));
      if (v > NONE) moving += v * logarithm;
      store<f64>(m, logarithm);
    }
    store<f64>(o, total);
    store<f64>(o, joint, 8);
    store<f64>(o, fixed, 16);
    store<f64>(o, moving, 24);
    store<f64>(o, occupied, 32);
  }
}

/**
 * What each cell of regions [lo, hi) is worth to a sample: a sample that moves from cell to cell adds the difference.
 *
 * For mutual information in nats that is log p(l, k) / p(k): what the margins change cancels (P. Thévenaz, M. Unser, IEEE TIP 9
 * (2000), doi:10.1109/83.887976). For the normalised kind N = (H(F) + H(M)) / H(F, M) (C. Studholme et al., Pattern
 * Recognition 32 (1999), doi:10.1016/S0031-3203(98)00091-0) it is log p(l, k) - log p(k) / N, in units of N / H(F, M), so that
 * both kinds have much the same slopes and curvature.
 *
 * @param part  1, or 1 / N for the normalised kind
 * @param tables  in: logs of the counts; out: what the cells are worth, (bins + 1) * row float32 per region, the last row 0
 * @param margins  as of `informationEntropies`; `entropies`: its `out`
 */
export function informationWorth(
  lo: i32, hi: i32, bins: i32, row: i32, part: f64, tables: usize, margins: usize, entropies: usize,
): void {
  for (let region = lo; region < hi; region++) {
    const table = tables + (<usize>(region * (bins + 1) * row) << 2), margin = margins + (<usize>(region * row) << 3);
    const all = (1 - part) * Math.log(max(load<f64>(entropies + <usize>region * REGION_BYTES), NONE));
    for (let k = 0; k < bins; k++) {
      const less = <f32>(part * load<f64>(margin + (<usize>k << 3)) + all);
      for (let l = 0; l < bins; l++) {
        const at = table + (<usize>(l * row + k) << 2);
        store<f32>(at, load<f32>(at) - less);
      }
    }
  }
}
