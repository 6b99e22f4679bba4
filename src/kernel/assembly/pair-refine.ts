// Sub-pixel shifts of many pairs of strips by symmetric Lucas-Kanade over their whole overlap, a pair per row.
import { blockCovariance, settleWhole, stepSums } from "./pair-sums";
import { halveInto } from "./pair-whiten";

const JOB_BYTES: usize = 128;
const RESULT_BYTES: usize = 128;
const STATE_BYTES: usize = 1024;
const PARAMS: i32 = 8;

/** Mean of the observed pixels of some rows. */
function roughMean(at: usize, bytes: usize, width: i32, height: i32): f32 {
  let sum: f64 = 0, count: f64 = 0;
  const step = max(1, height >> 5);
  for (let y = 0; y < height; y += step) {
    for (let x = 0; x < width; x++) {
      const v = load<f32>(at + <usize>y * bytes + (<usize>x << 2));
      if (v == v) {
        sum += <f64>v;
        count++;
      }
    }
  }
  return count > 0 ? <f32>(sum / count) : f32.NaN;
}

/**
 * Solves the normal equations for the step, by Cholesky from the last parameter to the first; the two shifts come last, so
 * that what is left for them, once all else is free, can be looked at.
 *
 * @param m  8 x 8, upper triangle; overwritten
 * @param r  right side; overwritten with the solution
 * @param w  the first two rows of the inverse, 16 float64
 * @returns whether the shift is determined in both directions
 */
function solve(m: usize, r: usize, w: usize): bool {
  memory.fill(w, 0, 128);
  store<f64>(w, 1);
  store<f64>(w, 1, 72);
  // Eliminate parameters 7 down to 0: the matrix becomes U D U'.
  for (let k = PARAMS - 1; k >= 0; k--) {
    const pivot = load<f64>(m + (<usize>(k * PARAMS + k) << 3));
    if (!(pivot > 0)) return false;
    for (let i = 0; i < k; i++) {
      const f = load<f64>(m + (<usize>(i * PARAMS + k) << 3)) / pivot;
      if (f == 0) continue;
      for (let j = i; j < k; j++) {
        const at = m + (<usize>(i * PARAMS + j) << 3);
        store<f64>(at, load<f64>(at) - f * load<f64>(m + (<usize>(j * PARAMS + k) << 3)));
      }
      const ri = r + (<usize>i << 3);
      store<f64>(ri, load<f64>(ri) - f * load<f64>(r + (<usize>k << 3)));
      for (let s: usize = 0; s < 2; s++) {
        const wi = w + s * 64 + (<usize>i << 3);
        store<f64>(wi, load<f64>(wi) - f * load<f64>(w + s * 64 + (<usize>k << 3)));
      }
    }
  }
  for (let t: usize = 0; t < 3; t++) {
    const v = t == 0 ? r : w + (t - 1) * 64;
    for (let k = 0; k < PARAMS; k++) {
      let sum = load<f64>(v + (<usize>k << 3));
      for (let i = 0; i < k; i++) sum -= load<f64>(m + (<usize>(i * PARAMS + k) << 3)) * load<f64>(v + (<usize>i << 3));
      store<f64>(v + (<usize>k << 3), sum / load<f64>(m + (<usize>(k * PARAMS + k) << 3)));
    }
  }
  return true;
}

/** Expected sizes of slopes of gain over half of the overlap, and of the gain itself: what has no texture stays near 1. */
const GAIN_SPREAD: f64 = 1, SLOPE_SPREAD: f64 = 0.3;

/** The state's matrix with what is known beforehand of gains. */
function regularise(state: usize): void {
  const m = state + 64;
  const n = load<f64>(state, 640);
  const noise = load<f64>(state, 648) / Math.max(1, n);
  store<f64>(m, load<f64>(m, 144) + noise / (GAIN_SPREAD * GAIN_SPREAD), 144);
  store<f64>(m, load<f64>(m, 288) + noise / (SLOPE_SPREAD * SLOPE_SPREAD), 288);
  store<f64>(m, load<f64>(m, 432) + noise / (SLOPE_SPREAD * SLOPE_SPREAD), 432);
  // Offsets: as much as keeps the matrix regular.
  store<f64>(m, load<f64>(m, 216) + 1e-9 * n, 216);
  store<f64>(m, load<f64>(m, 360) + 1e-9 * n, 360);
  store<f64>(m, load<f64>(m, 504) + 1e-9 * n, 504);
}

/** Adds the step's gains, which are relative to the present ones, to the state. */
function updateGain(state: usize): void {
  const g = state + 16;
  const r = state + 576;
  const g0 = load<f64>(g), o0 = load<f64>(g, 8), g1 = load<f64>(g, 16), o1 = load<f64>(g, 24), g2 = load<f64>(g, 32), o2 = load<f64>(g, 40);
  const p2 = load<f64>(r, 16), p3 = load<f64>(r, 24), p4 = load<f64>(r, 32), p5 = load<f64>(r, 40), p6 = load<f64>(r, 48), p7 = load<f64>(r, 56);
  // (1 + p2 + p4 u + p6 v) (gain b + offset) + p3 + p5 u + p7 v, without products of slopes.
  store<f64>(g, g0 * (1 + p2));
  store<f64>(g, o0 * (1 + p2) + p3, 8);
  store<f64>(g, g1 * (1 + p2) + p4 * g0, 16);
  store<f64>(g, o1 * (1 + p2) + p4 * o0 + p5, 24);
  store<f64>(g, g2 * (1 + p2) + p6 * g0, 32);
  store<f64>(g, o2 * (1 + p2) + p6 * o0 + p7, 40);
}

/** Steps at one level until they are shorter than `enough`; whether they came to rest within `limit` of the start. */
function descend(
  a: usize, aBytes: usize, wa: i32, ha: i32, b: usize, bBytes: usize, wb: i32, hb: i32, refA: f32, refB: f32,
  state: usize, limit: f64, enough: f64, rounds: i32, scratch: usize,
): bool {
  const startX = load<f64>(state), startY = load<f64>(state, 8);
  store<f64>(state, Infinity, 936);
  store<f64>(state, Infinity, 944);
  for (let round = 0; round < rounds; round++) {
    settleWhole(state);
    if (!(stepSums(a, aBytes, wa, ha, b, bBytes, wb, hb, refA, refB, state, scratch) >= 64)) return false;
    regularise(state);
    if (!solve(state + 64, state + 576, state + 768)) return false;
    let ux = -load<f64>(state, 576), uy = -load<f64>(state, 584);
    const size = Math.sqrt(ux * ux + uy * uy);
    if (!(size < 1e6)) return false;
    if (size > 1) {
      ux /= size;
      uy /= size;
    }
    const x = load<f64>(state) + ux, y = load<f64>(state, 8) + uy;
    updateGain(state);
    store<f64>(state, x);
    store<f64>(state, y, 8);
    if ((x - startX) * (x - startX) + (y - startY) * (y - startY) > limit * limit) return false;
    if (size < enough) return true;
  }
  return false;
}

/**
 * Jobs [lo, hi): refines the place of the second strip in the first from a start within about 2 pixels.
 *
 * @param jobs  16 float64 each: address, stride, width, height of the first strip and of the second; start x, y
 * @param results  16 float64 each: x, y, xx, xy, yy, ncc, gain, offset, pixels, converged (1), correlation of slopes
 * @param scratch  1024 bytes, two planes of a quarter of the largest strip, 8 rows
 */
export function refinePairs(lo: i32, hi: i32, jobs: usize, results: usize, planeBytes: usize, scratch: usize): void {
  const state = scratch;
  const planeA = scratch + STATE_BYTES, planeB = planeA + planeBytes, work = planeB + planeBytes;
  for (let i = <usize>lo; i < <usize>hi; i++) {
    const job = jobs + i * JOB_BYTES;
    const out = results + i * RESULT_BYTES;
    const a = <usize>load<f64>(job), aBytes = <usize>load<f64>(job, 8) << 2;
    const wa = <i32>load<f64>(job, 16), ha = <i32>load<f64>(job, 24);
    const b = <usize>load<f64>(job, 32), bBytes = <usize>load<f64>(job, 40) << 2;
    const wb = <i32>load<f64>(job, 48), hb = <i32>load<f64>(job, 56);
    const startX = load<f64>(job, 64), startY = load<f64>(job, 72);
    memory.fill(state, 0, STATE_BYTES);
    const refA = roughMean(a, aBytes, wa, ha), refB = roughMean(b, bBytes, wb, hb);
    store<f64>(state, 1, 16);
    store<f64>(state, 0.5 * startX);
    store<f64>(state, 0.5 * startY, 8);
    // Half the size first: it reaches farther, and finds the gains.
    const w1 = wa >> 1, h1 = ha >> 1, w2 = wb >> 1, h2 = hb >> 1;
    const bytes1 = <usize>((w1 + 19) & ~3) << 2, bytes2 = <usize>((w2 + 19) & ~3) << 2;
    halveInto(a, aBytes, planeA, bytes1, w1, h1);
    halveInto(b, bBytes, planeB, bytes2, w2, h2);
    const coarse = descend(planeA, bytes1, w1, h1, planeB, bytes2, w2, h2, refA, refB, state, 2, 0.01, 8, work);
    if (coarse) {
      store<f64>(state, 2 * load<f64>(state));
      store<f64>(state, 2 * load<f64>(state, 8), 8);
    } else {
      memory.fill(state, 0, STATE_BYTES);
      store<f64>(state, 1, 16);
      store<f64>(state, startX);
      store<f64>(state, startY, 8);
    }
    const fine = descend(a, aBytes, wa, ha, b, bBytes, wb, hb, refA, refB, state, 2.5, 1e-3, 8, work);
    const x = load<f64>(state), y = load<f64>(state, 8);
    memory.fill(out, 0, RESULT_BYTES);
    store<f64>(out, x);
    store<f64>(out, y, 8);
    store<f64>(out, Infinity, 16);
    store<f64>(out, Infinity, 32);
    settleWhole(state);
    const n = stepSums(a, aBytes, wa, ha, b, bBytes, wb, hb, refA, refB, state, work);
    store<f64>(out, n, 64);
    if (n < 64) continue;
    // Correlation from sums of the adjusted b and of what is left: a = b + e.
    const m = state + 64, r = state + 576;
    const sb = load<f64>(m, 152) / n, se = load<f64>(r, 24) / n;
    const bb = load<f64>(m, 144) / n - sb * sb, ee = load<f64>(state, 648) / n - se * se;
    const be = load<f64>(r, 16) / n - sb * se;
    const aa = bb + 2 * be + ee;
    store<f64>(out, aa > 0 && bb > 0 ? (bb + be) / Math.sqrt(aa * bb) : 0, 40);
    const gain = load<f64>(state, 16);
    store<f64>(out, gain, 48);
    store<f64>(out, <f64>refA + load<f64>(state, 24) - gain * <f64>refB, 56);
    const slopes = load<f64>(state, 656) * load<f64>(state, 664);
    store<f64>(out, slopes > 0 ? (load<f64>(m) + load<f64>(m, 72)) / Math.sqrt(slopes) : 0, 80);
    regularise(state);
    if (!solve(m, r, state + 768)) continue;
    blockCovariance(a, aBytes, wa, ha, b, bBytes, wb, hb, refA, refB, state, work);
    const s = state + 896;
    const xx = load<f64>(s), yy = load<f64>(s, 16), fourth = load<f64>(s, 24);
    // Where few blocks hold all of the texture, their sum says less: as a variance from few values.
    const effective = fourth > 0 ? ((xx + yy) * (xx + yy)) / fourth : 0;
    const few = 1 + 2 / Math.max(0.5, effective - 1);
    store<f64>(out, xx * few, 16);
    store<f64>(out, load<f64>(s, 8) * few, 24);
    store<f64>(out, yy * few, 32);
    store<f64>(out, fine ? 1 : 0, 72);
  }
}
