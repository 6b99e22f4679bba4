import { log } from "../elementary.js";

/** A plane's intensities as bins, row by row; BINS where nothing is observed. */
export type BinnedPlane = Uint8Array;

/** Bins of each side: coarse, as a table is made of some ten thousand pixels. */
export const BINS = 24;
/** Row length of a table: the last row and column stand for what is not observed, and are worth nothing. */
export const ROW = BINS + 1;

/** Share of the pixels that may lie outside of the range that is divided, at either end. */
const TAIL = 0.002;

/** @param samples  row by row; NaN where nothing is observed */
export function binned(samples: Float32Array): BinnedPlane {
  const sorted = samples.filter((v) => !Number.isNaN(v)).sort();
  const out = new Uint8Array(samples.length).fill(BINS);
  if (sorted.length === 0) return out;
  const low = sorted[Math.floor(TAIL * (sorted.length - 1))]!;
  const high = sorted[Math.ceil((1 - TAIL) * (sorted.length - 1))]!;
  const scale = high > low ? BINS / (high - low) : 0;
  for (let i = 0; i < out.length; i++) {
    const v = samples[i]!;
    if (!Number.isNaN(v)) out[i] = Math.min(BINS - 1, Math.max(0, Math.floor((v - low) * scale)));
  }
  return out;
}

/** What is added to counts that are expected, so that an empty cell is worth something finite. */
const PRIOR = 0.5;

/**
 * What each pair of intensities is worth: log p(f, m) / (p(f) p(m)), whose mean over all pixels is the mutual information (point
 * similarity, P. Rogelj, S. Kovačič, J. Gee, Comput. Vis. Image Underst. 92 (2003), doi:10.1016/j.cviu.2003.07.001).
 *
 * @param use  which pixels the table is made of
 */
export function worthTable(
  fixed: BinnedPlane,
  moving: BinnedPlane,
  width: number,
  use: (x: number, y: number) => boolean,
): Float64Array {
  const counts = new Float64Array(ROW * ROW);
  for (let i = 0; i < fixed.length; i++) {
    if (use(i % width, Math.floor(i / width))) counts[ROW * fixed[i]! + moving[i]!]!++;
  }
  const joint = smooth(counts);
  const [f, m] = [new Float64Array(BINS), new Float64Array(BINS)];
  let total = 0;
  for (let a = 0; a < BINS; a++) {
    for (let b = 0; b < BINS; b++) {
      const n = joint[ROW * a + b]!;
      f[a] = f[a]! + n;
      m[b] = m[b]! + n;
      total += n;
    }
  }
  const worth = new Float64Array(ROW * ROW);
  if (total === 0) return worth;
  for (let a = 0; a < BINS; a++) {
    for (let b = 0; b < BINS; b++) {
      const expected = (f[a]! * m[b]!) / total;
      worth[ROW * a + b] = log((joint[ROW * a + b]! + PRIOR) / (expected + PRIOR));
    }
  }
  return worth;
}

/** Each count spread over its neighbours, 1 : 2 : 1 either way, and kept within the table. */
function smooth(counts: Float64Array): Float64Array {
  const within = (k: number) => Math.min(BINS - 1, Math.max(0, k));
  const along = (from: Float64Array, step: number, across: number) => {
    const out = new Float64Array(ROW * ROW);
    for (let a = 0; a < BINS; a++) {
      for (let b = 0; b < BINS; b++) {
        const n = from[across * a + step * b]!;
        for (const [d, share] of [
          [-1, 0.25],
          [0, 0.5],
          [1, 0.25],
        ] as const) {
          const k = across * a + step * within(b + d);
          out[k] = out[k]! + share * n;
        }
      }
    }
    return out;
  };
  return along(along(counts, 1, ROW), ROW, 1);
}
