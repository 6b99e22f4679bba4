import type { Plane } from "./plane.js";

/** Node (i, j) stands at pixel (spacing (j - 1), spacing (i - 1)). */
export interface SlowLattice {
  readonly columns: number;
  readonly rows: number;
  readonly spacing: number;
  /** Interleaved, pixels. */
  readonly coefficients: Float64Array;
}

/** The centred cubic B-spline. */
export function bump(t: number): number {
  const a = Math.abs(t);
  return a < 1 ? (4 - 6 * a * a + 3 * a ** 3) / 6 : a < 2 ? (2 - a) ** 3 / 6 : 0;
}

/** Weight of every node at a place. */
export function weightsAt({ columns, rows, spacing }: SlowLattice, x: number, y: number): Float64Array {
  return Float64Array.from({ length: columns * rows }, (_, n) => {
    const [i, j] = [Math.floor(n / columns), n % columns];
    return bump(x / spacing - (j - 1)) * bump(y / spacing - (i - 1));
  });
}

export function displacementAt(lattice: SlowLattice, x: number, y: number): readonly [number, number] {
  let [u, v] = [0, 0];
  weightsAt(lattice, x, y).forEach((w, n) => {
    u += w * lattice.coefficients[2 * n]!;
    v += w * lattice.coefficients[2 * n + 1]!;
  });
  return [u, v];
}

export interface SlowPull {
  /** Interleaved. */
  readonly right: Float64Array;
  /** Pixels, F, M, F F, F M, M M. */
  readonly moments: Float64Array;
}

/** The right-hand side of free-form registration, pixel by pixel; see `freeFormSums`. */
export function pullSlowly(
  fixed: Plane,
  moving: Plane,
  lattice: SlowLattice,
  rowStep: number,
  gain: number,
  offset: number,
): SlowPull {
  const right = new Float64Array(lattice.coefficients.length);
  const moments = new Float64Array(6);
  const at = (p: Plane, x: number, y: number) => p.data[y * p.width + x]!;
  for (let y = 1; y < fixed.height - 1; y += rowStep) {
    for (let x = 1; x < fixed.width - 1; x++) {
      const [u, v] = displacementAt(lattice, x, y);
      const [i, j] = [x + Math.floor(u), y + Math.floor(v)];
      const [s, t] = [u - Math.floor(u), v - Math.floor(v)];
      if (i < 0 || j < 0 || i > moving.width - 2 || j > moving.height - 2) continue;
      const [a, b, c, d] = [at(moving, i, j), at(moving, i + 1, j), at(moving, i, j + 1), at(moving, i + 1, j + 1)];
      const M = (1 - t) * ((1 - s) * a + s * b) + t * ((1 - s) * c + s * d);
      const F = at(fixed, x, y);
      const gx = (at(fixed, x + 1, y) - at(fixed, x - 1, y)) / 4 + (gain / 2) * ((1 - t) * (b - a) + t * (d - c));
      const gy = (at(fixed, x, y + 1) - at(fixed, x, y - 1)) / 4 + (gain / 2) * ((1 - s) * (c - a) + s * (d - b));
      const r = gain * M + offset - F;
      if (Number.isNaN(r + gx + gy)) continue;
      [1, F, M, F * F, F * M, M * M].forEach((value, k) => {
        moments[k] = moments[k]! + value;
      });
      weightsAt(lattice, x, y).forEach((w, n) => {
        right[2 * n] = right[2 * n]! + r * gx * w;
        right[2 * n + 1] = right[2 * n + 1]! + r * gy * w;
      });
    }
  }
  return { right, moments };
}

export interface Binning {
  readonly bins: number;
  readonly fixed: readonly [low: number, high: number];
  readonly moving: readonly [low: number, high: number];
}

/** Every pixel that is observed in both planes: its bin, its place among the moving bins, M's gradient there, and its nodes' weights. */
function* pairsOf(fixed: Plane, moving: Plane, lattice: SlowLattice, rowStep: number, binning: Binning) {
  const at = (p: Plane, x: number, y: number) => p.data[y * p.width + x]!;
  const clamp = (v: number, low: number, high: number) => Math.min(high, Math.max(low, v));
  const { bins } = binning;
  const scale = ([low, high]: readonly [number, number], n: number) => n / (high - low);
  for (let y = 1; y < fixed.height - 1; y += rowStep) {
    for (let x = 1; x < fixed.width - 1; x++) {
      const [u, v] = displacementAt(lattice, x, y);
      const [i, j] = [x + Math.floor(u), y + Math.floor(v)];
      const [s, t] = [u - Math.floor(u), v - Math.floor(v)];
      if (i < 0 || j < 0 || i > moving.width - 2 || j > moving.height - 2) continue;
      const [a, b, c, d] = [at(moving, i, j), at(moving, i + 1, j), at(moving, i, j + 1), at(moving, i + 1, j + 1)];
      const M = (1 - t) * ((1 - s) * a + s * b) + t * ((1 - s) * c + s * d);
      const F = at(fixed, x, y);
      if (Number.isNaN(M + F)) continue;
      const bin = Math.floor(clamp((F - binning.fixed[0]) * scale(binning.fixed, bins), 0, bins - 1));
      const place = clamp((M - binning.moving[0]) * scale(binning.moving, bins - 4) + 1, 1, bins - 3.001);
      const gradient = [(1 - t) * (b - a) + t * (d - c), (1 - s) * (c - a) + s * (d - b)];
      yield { bin, place, gradient, weights: weightsAt(lattice, x, y), moved: scale(binning.moving, bins - 4) };
    }
  }
}

/** Joint histogram, rows of fixed bins; the moving values spread by the cubic B-spline. */
export function histogramSlowly(fixed: Plane, moving: Plane, lattice: SlowLattice, rowStep: number, binning: Binning) {
  const out = new Float64Array(binning.bins ** 2);
  for (const { bin, place } of pairsOf(fixed, moving, lattice, rowStep, binning))
    for (let k = 0; k < binning.bins; k++) out[bin * binning.bins + k] = out[bin * binning.bins + k]! + bump(place - k);
  return out;
}

/** Sums of score times gradient times weight, and of products of two of those; see `freeFormScores`. */
export function scoresSlowly(
  fixed: Plane,
  moving: Plane,
  lattice: SlowLattice,
  rowStep: number,
  binning: Binning,
  table: Float64Array,
) {
  const n = lattice.coefficients.length;
  const right = new Float64Array(n);
  const matrix = new Float64Array(n * n);
  for (const { bin, place, gradient, weights, moved } of pairsOf(fixed, moving, lattice, rowStep, binning)) {
    if (place <= 1 || place >= binning.bins - 3.001) continue;
    const value = (at: number) => {
      let sum = 0;
      for (let k = 0; k < binning.bins; k++) sum += bump(at - k) * table[bin * binning.bins + k]!;
      return sum;
    };
    const score = (moved * (value(place + 1e-4) - value(place - 1e-4))) / 2e-4;
    const c = Float64Array.from(right, (_, p) => score * gradient[p & 1]! * weights[p >> 1]!);
    for (let p = 0; p < n; p++) {
      if (c[p] === 0) continue;
      right[p] = right[p]! + c[p]!;
      for (let q = 0; q < n; q++) matrix[p * n + q] = matrix[p * n + q]! + c[p]! * c[q]!;
    }
  }
  return { right, matrix };
}

/** The matrix of the data, all of it: 2 nodes x 2 nodes, unknowns interleaved; see `freeFormStencil`. */
export function matrixSlowly(fixed: Plane, lattice: SlowLattice, rowStep: number): Float64Array {
  const n = lattice.coefficients.length;
  const out = new Float64Array(n * n);
  const at = (x: number, y: number) => fixed.data[y * fixed.width + x]!;
  for (let y = 1; y < fixed.height - 1; y += rowStep) {
    for (let x = 1; x < fixed.width - 1; x++) {
      const g = [(at(x + 1, y) - at(x - 1, y)) / 2, (at(x, y + 1) - at(x, y - 1)) / 2];
      if (Number.isNaN(g[0]! + g[1]! + at(x, y))) continue;
      const w = weightsAt(lattice, x, y);
      for (let p = 0; p < n; p++) {
        const a = w[p >> 1]! * g[p & 1]!;
        if (a !== 0) for (let q = 0; q < n; q++) out[p * n + q] = out[p * n + q]! + a * w[q >> 1]! * g[q & 1]!;
      }
    }
  }
  return out;
}

/** Squares of second differences of coefficients, down, across, and mixed, and half of those of first ones. */
export function bendingSlowly({ columns, rows }: SlowLattice, values: Float64Array): number {
  let energy = 0;
  for (const c of [0, 1]) {
    const at = (i: number, j: number) => values[2 * (i * columns + j) + c]!;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        if (j + 1 < columns) energy += 0.5 * (at(i, j) - at(i, j + 1)) ** 2;
        if (i + 1 < rows) energy += 0.5 * (at(i, j) - at(i + 1, j)) ** 2;
        if (j + 2 < columns) energy += (at(i, j) - 2 * at(i, j + 1) + at(i, j + 2)) ** 2;
        if (i + 2 < rows) energy += (at(i, j) - 2 * at(i + 1, j) + at(i + 2, j)) ** 2;
        if (i + 1 < rows && j + 1 < columns)
          energy += 2 * (at(i, j) - at(i, j + 1) - at(i + 1, j) + at(i + 1, j + 1)) ** 2;
      }
    }
  }
  return energy;
}

/** (v - mean) / sqrt(variance + floor), both over the square around each pixel; see `localContrast`. */
export function localContrastSlowly({ data, width, height }: Plane, radius: number, floor: number): Float64Array {
  return data.map((v, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const seen: number[] = [];
    for (let b = Math.max(0, y - radius); b <= Math.min(height - 1, y + radius); b++)
      for (let a = Math.max(0, x - radius); a <= Math.min(width - 1, x + radius); a++)
        if (!Number.isNaN(data[b * width + a]!)) seen.push(data[b * width + a]!);
    const mean = seen.reduce((sum, w) => sum + w, 0) / seen.length;
    const variance = seen.reduce((sum, w) => sum + (w - mean) ** 2, 0) / seen.length;
    return (v - mean) / Math.sqrt(variance + floor);
  });
}
