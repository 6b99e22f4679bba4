// What a joint histogram says: its mutual information, and what each of its cells is worth to a sample.

/** Counts below this are as good as none. */
const NONE: f64 = 1e-6;

/**
 * Adds up the histograms of `chunks` chunks, in order, and finds the information that the intensities have in common.
 *
 * A sample that moves from cell to cell adds the difference of their worth. For mutual information in nats that is
 * log p(l, k) / p(k): terms of the margins cancel (P. Thévenaz, M. Unser, IEEE TIP 9 (2000), doi:10.1109/83.887976). For the
 * normalised kind N = (H(F) + H(M)) / H(F, M) (C. Studholme et al., Pattern Recognition 32 (1999),
 * doi:10.1016/S0031-3203(98)00091-0) it is log p(l, k) - log p(k) / N, in units of N / H(F, M), so that both have much the
 * same size and curvature.
 *
 * @param histograms  (bins + 1) * row float32 for each chunk; the last row does not count
 * @param normalised  whether the table is for the normalised kind
 * @param work  bins * row + row float64
 * @param table  out: worth of each cell, (bins + 1) * row float32, the last row 0
 * @param out  7 f64: mutual information in nats, the normalised kind, samples that count, entropies of the fixed and of the
 *   moving bins and of both, cells that hold at least half a sample
 */
export function informationTable(
  histograms: usize, chunks: i32, bins: i32, row: i32, normalised: bool, work: usize, table: usize, out: usize,
): void {
  const cells = bins * row, margin = work + (<usize>cells << 3);
  memory.fill(work, 0, <usize>(cells + row) << 3);
  for (let c = 0; c < chunks; c++) {
    const from = histograms + (<usize>(c * (cells + row)) << 2);
    for (let i: usize = 0; i < <usize>cells; i++) {
      const at = work + (i << 3);
      store<f64>(at, load<f64>(at) + <f64>load<f32>(from + (i << 2)));
    }
  }
  let total: f64 = 0, fixedSum: f64 = 0, jointSum: f64 = 0, occupied: f64 = 0;
  for (let l = 0; l < bins; l++) {
    let sum: f64 = 0;
    for (let k = 0; k < bins; k++) {
      const v = load<f64>(work + (<usize>(l * row + k) << 3)), m = margin + (<usize>k << 3);
      sum += v;
      store<f64>(m, load<f64>(m) + v);
      if (v >= 0.5) occupied++;
      if (v > NONE) jointSum += v * Math.log(v);
    }
    total += sum;
    if (sum > NONE) fixedSum += sum * Math.log(sum);
  }
  let movingSum: f64 = 0;
  for (let k = 0; k < bins; k++) {
    const v = load<f64>(margin + (<usize>k << 3));
    if (v > NONE) movingSum += v * Math.log(v);
  }
  // H = log n - sum v log v / n
  const some = total > 0.5, logTotal = some ? Math.log(total) : 0;
  const fixed = some ? max(0, logTotal - fixedSum / total) : 0, moving = some ? max(0, logTotal - movingSum / total) : 0;
  const joint = some ? max(0, logTotal - jointSum / total) : 0;
  const ratio = joint > 1e-9 ? (fixed + moving) / joint : 1;
  store<f64>(out, max(0, fixed + moving - joint));
  store<f64>(out, ratio, 8);
  store<f64>(out, some ? total : 0, 16);
  store<f64>(out, fixed, 24);
  store<f64>(out, moving, 32);
  store<f64>(out, joint, 40);
  store<f64>(out, occupied, 48);
  const part = normalised ? 1 / ratio : 1;
  for (let k = 0; k < bins; k++) {
    const m = margin + (<usize>k << 3);
    store<f64>(m, part * Math.log(max(load<f64>(m), NONE)) + (1 - part) * logTotal);
  }
  memory.fill(table, 0, <usize>(cells + row) << 2);
  for (let l = 0; l < bins; l++) {
    for (let k = 0; k < bins; k++) {
      const i = <usize>(l * row + k), v = max(load<f64>(work + (i << 3)), NONE);
      store<f32>(table + (i << 2), <f32>(Math.log(v) - load<f64>(margin + (<usize>k << 3))));
    }
  }
}
