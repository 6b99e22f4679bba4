// Sub-pixel shifts of many pairs of strips by symmetric Lucas-Kanade over their whole overlap, a pair per row.
import { BLOCK_BYTES, blockCovariance, blockSums, normalMatrix } from "./pair-blocks";
import { solveShift } from "./pair-solve";
import { stepSums } from "./pair-sums";
import { halveInto } from "./pair-whiten";

const JOB_BYTES: usize = 128;
const RESULT_BYTES: usize = 128;
const STATE_BYTES: usize = 2048;
/** Where the whole part of the shift is in the state. */
const WHOLE: usize = 936;

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

/** Farther from its start than this, pixels, a fit has run away. */
const LIMIT: f64 = 4;

/** Makes `settleWhole` choose anew. */
function forgetWhole(state: usize): void {
  store<f64>(state, Infinity, WHOLE);
  store<f64>(state, Infinity, WHOLE + 8);
}

/** Puts the whole part of the shift next to it. It stays while the rest is short, so that steps do not change their ground. */
function settleWhole(state: usize): void {
  for (let axis: usize = 0; axis < 16; axis += 8) {
    const d = load<f64>(state + axis);
    if (!(Math.abs(d - load<f64>(state + axis, WHOLE)) <= 0.7)) store<f64>(state + axis, Math.floor(d + 0.5), WHOLE);
  }
}

/**
 * What not knowing how gain and offset change adds to the variances of x and y, as factors, to the state at 1280: the inverse
 * of all normal equations at 768 over that of the first four alone, kept at 1024.
 */
function slopesShare(state: usize): void {
  store<f64>(state, 1, 1280);
  store<f64>(state, 1, 1288);
  if (!solveShift(state + 1024, state + 1152, state + 1184, 4)) return;
  store<f64>(state, Math.max(1, load<f64>(state, 768) / load<f64>(state, 1184)), 1280);
  store<f64>(state, Math.max(1, load<f64>(state, 840) / load<f64>(state, 1224)), 1288);
}

/** Steps at one level until they are shorter than `enough`; whether they came to rest within `limit` of the start. */
function descend(
  a: usize, aBytes: usize, wa: i32, ha: i32, b: usize, bBytes: usize, wb: i32, hb: i32, refA: f32, refB: f32,
  state: usize, limit: f64, enough: f64, rounds: i32, scratch: usize,
): bool {
  const startX = load<f64>(state), startY = load<f64>(state, 8);
  forgetWhole(state);
  for (let round = 0; round < rounds; round++) {
    settleWhole(state);
    if (!(stepSums(a, aBytes, wa, ha, b, bBytes, wb, hb, refA, refB, state, scratch) >= 64)) return false;
    regularise(state);
    for (let row: usize = 0; row < 4; row++) memory.copy(state + 1024 + 32 * row, state + 64 + 64 * row, 32);
    if (!solveShift(state + 64, state + 576, state + 768, 8)) return false;
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

/** Sums of all blocks, as a 4 x 4 matrix, its right side, and the rest: pixels, e e, squared slopes of a and of b. */
function totals(blocks: usize, count: i32, matrix: usize, right: usize, rest: usize): void {
  const t = rest + 64;
  memory.fill(t, 0, BLOCK_BYTES);
  for (let k = 0; k < count; k++) {
    const s = blocks + <usize>k * BLOCK_BYTES;
    for (let i: usize = 0; i < BLOCK_BYTES; i += 8) store<f64>(t + i, load<f64>(t + i) + load<f64>(s + i));
  }
  normalMatrix(t, matrix);
  memory.copy(right, t + 80, 32);
  store<f64>(rest, load<f64>(t, 72));
  store<f64>(rest, load<f64>(t, 112), 8);
  store<f64>(rest, load<f64>(t, 120), 16);
  store<f64>(rest, load<f64>(t, 128), 24);
}

/** Correlation of a and the adjusted b, and of their slopes, from the sums before a step. */
function correlations(matrix: usize, right: usize, rest: usize, out: usize): void {
  const n = load<f64>(rest);
  const sb = load<f64>(matrix, 88) / n, se = load<f64>(right, 24) / n;
  const bb = load<f64>(matrix, 80) / n - sb * sb, ee = load<f64>(rest, 8) / n - se * se;
  const be = load<f64>(right, 16) / n - sb * se;
  const aa = bb + 2 * be + ee;
  store<f64>(out, aa > 0 && bb > 0 ? (bb + be) / Math.sqrt(aa * bb) : 0, 40);
  const slopes = load<f64>(rest, 16) * load<f64>(rest, 24);
  store<f64>(out, slopes > 0 ? (load<f64>(matrix) + load<f64>(matrix, 40)) / Math.sqrt(slopes) : 0, 80);
  store<f64>(out, Math.sqrt(slopes), 88);
}

/** Pixels of a coarse version that suffice; pixels that suffice for precision, where the error then is below so much. */
const COARSE: i32 = 32768, PLENTY: i32 = 32768;
const PRECISE: f64 = 0.004;

/** Variance that fine texture adds between whole pixels, where a cubic spline does not quite follow it, pixels². */
const SPLINE: f64 = 5e-6;

/** Steps shorter than this are the last: the next one would be some thousandths of it. */
const SHORT: f64 = 0.03;

/**
 * Jobs [lo, hi): refines the place of the second strip in the first from a start within about 2 pixels.
 *
 * @param jobs  16 float64 each: address, stride, width, height of the first strip and of the second; start x, y; address and
 *   stride of halves of both, or 0
 * @param results  16 float64 each: x, y, xx, xy, yy, ncc, gain, offset, pixels, converged (1), correlation of slopes, texture
 * @param scratch  2048 bytes, two planes of `planeBytes` (a quarter of the largest strip), `lineBytes` for a view and four
 *   rows, and the blocks of the largest overlap
 */
export function refinePairs(
  lo: i32, hi: i32, jobs: usize, results: usize, planeBytes: usize, lineBytes: usize, scratch: usize,
): void {
  const state = scratch;
  const planeA = scratch + STATE_BYTES, planeB = planeA + planeBytes, work = planeB + planeBytes;
  const blocks = work + lineBytes;
  const matrix = state + 64, right = state + 192, weights = state + 256, rest = state + 320;
  const whole = state + 1536;
  for (let i = <usize>lo; i < <usize>hi; i++) {
    const job = jobs + i * JOB_BYTES;
    const out = results + i * RESULT_BYTES;
    const a = <usize>load<f64>(job), aBytes = <usize>load<f64>(job, 8) << 2;
    const wa = <i32>load<f64>(job, 16), ha = <i32>load<f64>(job, 24);
    const b = <usize>load<f64>(job, 32), bBytes = <usize>load<f64>(job, 40) << 2;
    const wb = <i32>load<f64>(job, 48), hb = <i32>load<f64>(job, 56);
    const startX = load<f64>(job, 64), startY = load<f64>(job, 72);
    memory.fill(out, 0, RESULT_BYTES);
    store<f64>(out, Infinity, 16);
    store<f64>(out, Infinity, 32);
    memory.fill(state, 0, STATE_BYTES);
    const refA = roughMean(a, aBytes, wa, ha), refB = roughMean(b, bBytes, wb, hb);
    // A coarser version first: it reaches farther, and finds how gain and offset change over the overlap.
    let level = 1;
    const across = min(wa, wb + <i32>startX) - max(0, <i32>startX), down = min(ha, hb + <i32>startY) - max(0, <i32>startY);
    while (level < 3 && (across >> level) * (down >> level) > COARSE && min(across, down) >> level > 48) level++;
    let coarseA = <usize>load<f64>(job, 80), coarseB = <usize>load<f64>(job, 96);
    let bytesA = <usize>load<f64>(job, 88) << 2, bytesB = <usize>load<f64>(job, 104) << 2;
    if (coarseA == 0) {
      bytesA = <usize>(((wa >> 1) + 19) & ~3) << 2;
      bytesB = <usize>(((wb >> 1) + 19) & ~3) << 2;
      halveInto(a, aBytes, planeA, bytesA, wa >> 1, ha >> 1);
      halveInto(b, bBytes, planeB, bytesB, wb >> 1, hb >> 1);
      coarseA = planeA;
      coarseB = planeB;
    }
    for (let l = 2; l <= level; l++) {
      // In place from the second time on: what is read lies ahead of what is written.
      halveInto(coarseA, bytesA, planeA, bytesA, wa >> l, ha >> l);
      halveInto(coarseB, bytesB, planeB, bytesB, wb >> l, hb >> l);
      coarseA = planeA;
      coarseB = planeB;
    }
    const scale = <f64>(1 << level);
    store<f64>(state, startX / scale);
    store<f64>(state, startY / scale, 8);
    store<f64>(state, 1, 16);
    if (
      descend(
        coarseA, bytesA, wa >> level, ha >> level, coarseB, bytesB, wb >> level, hb >> level, refA, refB, state,
        Math.max(1, 4 / scale), SHORT, 8, work,
      )
    ) {
      slopesShare(state);
      store<f64>(state, scale * load<f64>(state));
      store<f64>(state, scale * load<f64>(state, 8), 8);
    } else {
      memory.fill(state, 0, STATE_BYTES);
      store<f64>(state, startX);
      store<f64>(state, startY, 8);
      store<f64>(state, 1, 16);
      store<f64>(state, 1, 1280);
      store<f64>(state, 1, 1288);
    }
    forgetWhole(state);
    let rests = false;
    let every = max(1, across * down / PLENTY);
    for (let round = 0; round < 8 && !rests; round++) {
      settleWhole(state);
      const count = blockSums(a, aBytes, wa, ha, b, bBytes, wb, hb, refA, refB, state, every, blocks, work);
      totals(blocks, count, matrix, right, rest);
      const n = load<f64>(rest);
      store<f64>(out, n, 64);
      if (!(n >= 64)) {
        // The bands may lie where nothing is to be seen.
        if (every == 1) break;
        every = 1;
        continue;
      }
      correlations(matrix, right, rest, out);
      // What is known of the gain beforehand keeps blank overlaps regular.
      store<f64>(matrix, load<f64>(matrix, 80) + load<f64>(rest, 8) / n / (GAIN_SPREAD * GAIN_SPREAD), 80);
      memory.copy(whole, matrix, 128);
      if (!solveShift(matrix, right, weights, 4)) {
        if (every == 1) break;
        every = 1;
        continue;
      }
      const ux = load<f64>(right), uy = load<f64>(right, 8);
      const size = Math.sqrt(ux * ux + uy * uy);
      if (!(size < 1e6)) break;
      const f = size > 1 ? 1 / size : 1;
      const x = load<f64>(state) - f * ux, y = load<f64>(state, 8) - f * uy;
      if ((x - startX) * (x - startX) + (y - startY) * (y - startY) > LIMIT * LIMIT) break;
      store<f64>(state, x);
      store<f64>(state, y, 8);
      const gain = 1 + load<f64>(right, 16);
      for (let g: usize = 16; g < 64; g += 8) store<f64>(state + g, load<f64>(state + g) * gain);
      store<f64>(state, load<f64>(state, 24) + load<f64>(right, 24), 24);
      rests = size < SHORT;
      if (!rests) continue;
      blockCovariance(blocks, count, whole, right, out + 16, work);
      const sx = load<f64>(state, 1280), sy = load<f64>(state, 1288);
      if (every > 1 && load<f64>(out, 16) + load<f64>(out, 32) > PRECISE * PRECISE) {
        every = 1;
        rests = false;
        continue;
      }
      store<f64>(out, sx * load<f64>(out, 16) + SPLINE, 16);
      store<f64>(out, Math.sqrt(sx * sy) * load<f64>(out, 24), 24);
      store<f64>(out, sy * load<f64>(out, 32) + SPLINE, 32);
    }
    store<f64>(out, load<f64>(state));
    store<f64>(out, load<f64>(state, 8), 8);
    const gain = load<f64>(state, 16);
    store<f64>(out, gain, 48);
    store<f64>(out, <f64>refA + load<f64>(state, 24) - gain * <f64>refB, 56);
    store<f64>(out, rests ? 1 : 0, 72);
  }
}
