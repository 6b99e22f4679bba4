// Contrast-limited adaptive histogram equalisation (Zuiderveld 1994).

@inline function binOf(p: f32, bins: i32): i32 {
  return p > 0 ? min(<i32>(p < 1e9 ? p : 1e9), bins - 1) : 0;
}

/**
 * The equalising table of each tile [lo, hi): share of its samples up to a value, for `bins` values from `first` on.
 *
 * Tiles are numbered along rows, `across` in each; tile t covers columns [left + (t % across) * side, …) of the plane,
 * cut off at its ends. Counts above `limit` times the mean count go to all bins alike.
 *
 * @param tables  bins + 1 float32 for each tile: entry k is the share of samples below bin k, from 0 to 1
 */
export function equaliseTables(
  lo: i32, hi: i32, src: usize, stride: i32, width: i32, height: i32, left: i32, top: i32, side: i32, across: i32,
  first: f32, scale: f32, bins: i32, limit: f32, tables: usize,
): void {
  for (let t = lo; t < hi; t++) {
    const x0 = left + (t % across) * side;
    const y0 = top + (t / across) * side;
    const table = tables + <usize>t * (<usize>(bins + 1) << 2);
    const counts = table + 4;
    memory.fill(table, 0, <usize>(bins + 1) << 2);
    let total: f32 = 0;
    for (let y = max(y0, 0); y < min(y0 + side, height); y++) {
      const row = src + ((<usize>y * <usize>stride) << 2);
      for (let x = max(x0, 0); x < min(x0 + side, width); x++) {
        const v = load<f32>(row + (<usize>x << 2));
        if (v != v) continue;
        const at = counts + (<usize>binOf((v - first) * scale, bins) << 2);
        store<f32>(at, load<f32>(at) + 1);
        total += 1;
      }
    }
    const most = max(limit * total / <f32>bins, 1);
    let excess: f32 = 0;
    for (let k = 0; k < bins; k++) {
      const n = load<f32>(counts + (<usize>k << 2));
      if (n > most) {
        excess += n - most;
        store<f32>(counts + (<usize>k << 2), most);
      }
    }
    // A tile without samples gets the table that changes nothing.
    const extra = total > 0 ? excess / <f32>bins : 1;
    const norm = total > 0 ? <f32>1 / total : <f32>1 / <f32>bins;
    let sum: f32 = 0;
    for (let k = 0; k < bins; k++) {
      sum += load<f32>(counts + (<usize>k << 2)) + extra;
      store<f32>(counts + (<usize>k << 2), min(sum * norm, 1));
    }
  }
}

/** Between a table entry and the next. */
@inline function between(entry: usize, f: f32): f32 {
  const a = load<f32>(entry);
  return a + f * (load<f32>(entry, 4) - a);
}

/**
 * Samples through the tables of the four nearest tiles, linear between their centres; times `full`. `dst` may be `src`.
 *
 * @param left  column of the plane where the first tile begins; may lie outside, as may `top`
 * @param step  0 to take a bin as one value, its upper end (for integers that fill one bin each); 1 to go linearly through it
 */
export function equalise(
  lo: i32, hi: i32, src: usize, srcStride: i32, dst: usize, dstStride: i32, width: i32, left: i32, top: i32,
  side: i32, across: i32, down: i32, first: f32, scale: f32, bins: i32, tables: usize, full: f32, step: i32,
): void {
  const size = <usize>(bins + 1) << 2;
  const span = 2 * side;
  const last = <f32>bins;
  for (let y = lo; y < hi; y++) {
    const from = src + ((<usize>y * <usize>srcStride) << 2);
    const to = dst + ((<usize>y * <usize>dstStride) << 2);
    // Whole numbers first, so that a pixel's weights do not depend on where the plane begins.
    const gy = 2 * (y - top) + 1 - side;
    const ty = gy < 0 ? -1 : gy / span;
    const fy = <f32>(gy - ty * span) / <f32>span;
    const upper = <usize>(max(ty, 0) * across) * size;
    const lower = <usize>(min(ty + 1, down - 1) * across) * size;
    for (let x = 0; x < width; x++) {
      const v = load<f32>(from + (<usize>x << 2));
      if (v != v) {
        store<f32>(to + (<usize>x << 2), v);
        continue;
      }
      const gx = 2 * (x - left) + 1 - side;
      const tx = gx < 0 ? -1 : gx / span;
      const fx = <f32>(gx - tx * span) / <f32>span;
      const here = <usize>max(tx, 0) * size;
      const next = <usize>min(tx + 1, across - 1) * size;
      let p = (v - first) * scale;
      if (step == 0) p = Mathf.floor(p) + 1;
      p = p < 0 ? 0 : p > last ? last : p;
      const k = min(<i32>p, bins - 1);
      const f = p - <f32>k;
      const entry = tables + (<usize>k << 2);
      const a = between(entry + upper + here, f);
      const b = between(entry + upper + next, f);
      const c = between(entry + lower + here, f);
      const d = between(entry + lower + next, f);
      const u = a + fx * (b - a);
      store<f32>(to + (<usize>x << 2), full * (u + fy * (c + fx * (d - c) - u)));
    }
  }
}
