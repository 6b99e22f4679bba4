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
