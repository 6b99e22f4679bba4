/** Log of how much brighter tile b is than tile a where both lie. */
export interface LogRatio {
  readonly a: number;
  readonly b: number;
  readonly log: number;
  readonly weight: number;
}

/** Share of an overlap's mean weight with which each tile is pulled towards a gain of 1. */
const PRIOR = 1e-3;
const ROUNDS = 12;
/** Residuals below this count in full, whatever their spread: no gain is better known. */
const LEAST_SCALE = 0.002;

/**
 * Logs of gains that balance tiles: g(a) - g(b) should be the log of the ratio b / a. Least squares, weights iterated after
 * Huber at 1.5 robust standard deviations, each system solved by conjugate gradients.
 */
export function balancedLogs(count: number, ratios: readonly LogRatio[]): Float64Array {
  const logs = new Float64Array(count);
  if (ratios.length === 0) return logs;
  const mean = ratios.reduce((sum, { weight }) => sum + weight, 0) / ratios.length;
  const weights = ratios.map(({ weight }) => weight / mean);
  let robust = weights;
  for (let round = 0; round < ROUNDS; round++) {
    solve(logs, ratios, robust);
    const off = ratios.map(({ a, b, log }) => Math.abs(logs[a]! - logs[b]! - log));
    const scale = Math.max(LEAST_SCALE, 1.4826 * [...off].sort((x, y) => x - y)[off.length >> 1]!);
    robust = weights.map((w, k) => w * Math.min(1, (1.5 * scale) / Math.max(off[k]!, 1e-12)));
  }
  return logs;
}

/** Improves `x` to the solution of the normal equations. */
function solve(x: Float64Array, ratios: readonly LogRatio[], weights: readonly number[]): void {
  const n = x.length;
  const times = (p: Float64Array): Float64Array => {
    const out = p.map((v) => PRIOR * v);
    ratios.forEach(({ a, b }, k) => {
      const d = weights[k]! * (p[a]! - p[b]!);
      out[a]! += d;
      out[b]! -= d;
    });
    return out;
  };
  const r = times(x).map((v) => -v);
  ratios.forEach(({ a, b, log }, k) => {
    r[a]! += weights[k]! * log;
    r[b]! -= weights[k]! * log;
  });
  const dot = (p: Float64Array, q: Float64Array) => p.reduce((sum, v, i) => sum + v * q[i]!, 0);
  const p = r.slice();
  let square = dot(r, r);
  const goal = 1e-18 * n;
  for (let step = 0; step < 10 * n + 50 && square > goal; step++) {
    const q = times(p);
    const length = square / dot(p, q);
    for (let i = 0; i < n; i++) {
      x[i]! += length * p[i]!;
      r[i]! -= length * q[i]!;
    }
    const next = dot(r, r);
    for (let i = 0; i < n; i++) p[i] = r[i]! + (next / square) * p[i]!;
    square = next;
  }
}
