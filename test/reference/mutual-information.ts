import type { Plane } from "./plane.js";

export interface SlowSample {
  /** Pixels from the plane's middle. */
  readonly x: number;
  readonly y: number;
  /** Bin of the fixed intensity; undefined where it does not count. */
  readonly bin: number | undefined;
}

const scramble = (value: number): number => {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

/** Intensity between pixels, bilinear, and its slopes; undefined outside and where a pixel is not observed. */
function between(p: Plane, x: number, y: number) {
  if (!(x >= 0 && y >= 0 && x < p.width - 1 && y < p.height - 1)) return undefined;
  const [i, j] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [x - i, y - j];
  const at = (k: number, l: number) => p.data[(j + l) * p.width + i + k]!;
  const [a, b, c, d] = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
  const value = (1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * c + u * d);
  if (Number.isNaN(value)) return undefined;
  return { value, dx: (1 - v) * (b - a) + v * (d - c), dy: (1 - u) * (c - a) + u * (d - b) };
}

/** Cubic where all 16 pixels are there, else bilinear. */
function smoothly(p: Plane, x: number, y: number): number | undefined {
  const [i, j] = [Math.floor(x), Math.floor(y)];
  const weights = (t: number) =>
    [-1, 0, 1, 2].map((k) => {
      const d = Math.abs(k - t);
      return d <= 1 ? 1.5 * d ** 3 - 2.5 * d * d + 1 : -0.5 * d ** 3 + 2.5 * d * d - 4 * d + 2;
    });
  const [wx, wy] = [weights(x - i), weights(y - j)];
  let sum = 0;
  for (let l = 0; l < 4; l++) {
    for (let k = 0; k < 4; k++) {
      const [u, v] = [i + k - 1, j + l - 1];
      const inside = u >= 0 && v >= 0 && u < p.width && v < p.height;
      sum += inside ? wx[k]! * wy[l]! * p.data[v * p.width + u]! : Number.NaN;
    }
  }
  return Number.isNaN(sum) ? between(p, x, y)?.value : sum;
}

/** One sample in each cell, row by row; see `informationSamples`. */
export function samplesSlowly(
  p: Plane,
  { step, seed, columns, rows, low, scale, bins }: Readonly<Record<string, number>>,
): SlowSample[] {
  const samples: SlowSample[] = [];
  for (let r = 0; r < rows!; r++) {
    for (let c = 0; c < columns!; c++) {
      const bits = scramble(scramble(seed! + Math.imul(r, 0x9e3779b1)) + Math.imul(c, 0x85ebca77));
      const [u, v] = [((bits & 0xffff) + 0.5) / 65536, ((bits >>> 16) + 0.5) / 65536];
      const [cx, cy] = [(p.width - 1) / 2, (p.height - 1) / 2];
      const [x, y] = [Math.fround((c + u) * step! - cx), Math.fround((r + v) * step! - cy)];
      const inside = x + cx >= 0 && y + cy >= 0 && x + cx < p.width - 1 && y + cy < p.height - 1;
      const seen = inside ? smoothly(p, x + cx, y + cy) : undefined;
      const bin = seen === undefined ? undefined : Math.floor(Math.min(bins! - 1, Math.max(0, (seen - low!) * scale!)));
      samples.push({ x, y, bin });
    }
  }
  return samples;
}

/** Cubic B-spline and its slope. */
const spline = (d: number): number => {
  const a = Math.abs(d);
  return a < 1 ? (4 - 6 * a * a + 3 * a ** 3) / 6 : a < 2 ? (2 - a) ** 3 / 6 : 0;
};
const splineSlope = (d: number): number => {
  const a = Math.abs(d);
  return Math.sign(d) * (a < 1 ? -2 * a + 1.5 * a * a : a < 2 ? -0.5 * (2 - a) ** 2 : 0);
};

export interface SlowInformation {
  /** bins × bins, row by row of fixed bins. */
  readonly histogram: Float64Array;
  readonly information: number;
  readonly normalised: number;
  /** Sum over the samples of how the information (times the samples) changes with the six numbers of the map. */
  readonly gradient: Float64Array;
  readonly outer: Float64Array;
}

/** Joint histogram, information and scores sample by sample; see `informationHistogram` and its kin. */
export function informationSlowly(
  samples: readonly SlowSample[],
  moving: Plane,
  m: readonly number[],
  { low, scale, bins }: Readonly<Record<string, number>>,
  normalised: boolean,
): SlowInformation {
  const n = bins!;
  const histogram = new Float64Array(n * n);
  const seen: { c: readonly number[]; l: number; at: number }[] = [];
  for (const { x, y, bin: l } of samples) {
    const there = between(moving, m[0]! * x + m[1]! * y + m[2]!, m[3]! * x + m[4]! * y + m[5]!);
    if (l === undefined || !there) continue;
    const free = (there.value - low!) * scale! + 1;
    const at = Math.min(n - 3 - 0.001, Math.max(1, free));
    for (let k = 0; k < n; k++) histogram[n * l + k] = histogram[n * l + k]! + spline(k - at);
    const s = at === free ? scale! : 0;
    seen.push({
      l,
      at,
      c: [there.dx * x, there.dx * y, there.dx, there.dy * x, there.dy * y, there.dy].map((v) => v * s),
    });
  }
  const total = histogram.reduce((a, b) => a + b, 0);
  const margin = (of: (l: number, k: number) => number) => {
    const sums = new Float64Array(n);
    for (let l = 0; l < n; l++) for (let k = 0; k < n; k++) sums[of(l, k)] = sums[of(l, k)]! + histogram[n * l + k]!;
    return sums;
  };
  const [rows, columns] = [margin((l) => l), margin((_, k) => k)];
  const entropy = (counts: Float64Array) =>
    -counts.reduce((sum, v) => sum + (v > 0 ? (v / total) * Math.log(v / total) : 0), 0);
  const [f, g, joint] = [entropy(rows), entropy(columns), entropy(histogram)];
  const ratio = (f + g) / joint;
  const part = normalised ? 1 / ratio : 1;
  const gradient = new Float64Array(6);
  const outer = new Float64Array(36);
  for (const { l, at, c } of seen) {
    let s = 0;
    for (let k = Math.floor(at) - 1; k <= Math.floor(at) + 2; k++) {
      const worth = Math.log(Math.max(1e-6, histogram[n * l + k]!) / total) - part * Math.log(columns[k]! / total);
      s += -splineSlope(k - at) * worth;
    }
    for (let i = 0; i < 6; i++) {
      gradient[i] = gradient[i]! + s * c[i]!;
      for (let j = 0; j < 6; j++) outer[6 * i + j] = outer[6 * i + j]! + s * s * c[i]! * c[j]!;
    }
  }
  return { histogram, information: f + g - joint, normalised: ratio, gradient, outer };
}
