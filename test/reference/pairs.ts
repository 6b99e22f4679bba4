import { doubles, type Plane } from "./plane.js";

/** Means of squares of `step` pixels, NaN where fewer than half of each step's four are observed (twice for step 4). */
export function coarser(p: Plane, step: number): Plane {
  if (step === 1) return p;
  const half = doubles(p.width >> 1, p.height >> 1, (x, y) => {
    const four = [0, 1, 2, 3].map((i) => p.data[(2 * y + (i >> 1)) * p.width + 2 * x + (i & 1)]!);
    const seen = four.filter((v) => !Number.isNaN(v));
    return seen.length < 2 ? Number.NaN : seen.reduce((a, b) => a + b, 0) / seen.length;
  });
  return coarser(half, step / 2);
}

const SMOOTH = [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16];
const BEND = [1 / 4, 0, -2 / 4, 0, 1 / 4];

/** Binomial Laplacian of Gaussian over 5 by 5 pixels; NaN where one of them is not observed or outside. */
export const whitened = (p: Plane): Plane =>
  doubles(p.width, p.height, (x, y) => {
    if (x < 2 || y < 2 || x >= p.width - 2 || y >= p.height - 2) return Number.NaN;
    let sum = 0;
    for (let j = 0; j < 5; j++)
      for (let i = 0; i < 5; i++)
        sum += (SMOOTH[j]! * BEND[i]! + BEND[j]! * SMOOTH[i]!) * p.data[(y + j - 2) * p.width + x + i - 2]!;
    return sum;
  });

/** Normalised correlation of whitened planes at a shift, over pixels that both show, and their number. */
export function correlationAt(a: Plane, b: Plane, dx: number, dy: number): { ncc: number; overlap: number } {
  let [ab, aa, bb, overlap] = [0, 0, 0, 0];
  for (let y = Math.max(0, dy); y < Math.min(a.height, b.height + dy); y++) {
    for (let x = Math.max(0, dx); x < Math.min(a.width, b.width + dx); x++) {
      const [u, v] = [a.data[y * a.width + x]!, b.data[(y - dy) * b.width + x - dx]!];
      if (Number.isNaN(u) || Number.isNaN(v)) continue;
      ab += u * v;
      aa += u * u;
      bb += v * v;
      overlap++;
    }
  }
  return { ncc: aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0, overlap };
}

const spline = (t: number): readonly number[] => {
  const u = 1 - t;
  return [u ** 3 / 6, (3 * t ** 3 - 6 * t * t + 4) / 6, (3 * u ** 3 - 6 * u * u + 4) / 6, t ** 3 / 6];
};

/** Value at a real place by cubic B-spline weights on the samples themselves; NaN where one of the 16 is not observed. */
function splineAt(p: Plane, x: number, y: number): number {
  const [ix, iy] = [Math.floor(x), Math.floor(y)];
  const [wx, wy] = [spline(x - ix), spline(y - iy)];
  let sum = 0;
  for (let j = 0; j < 4; j++) {
    for (let i = 0; i < 4; i++) {
      const [u, v] = [ix - 1 + i, iy - 1 + j];
      if (u < 0 || v < 0 || u >= p.width || v >= p.height) return Number.NaN;
      sum += wx[i]! * wy[j]! * p.data[v * p.width + u]!;
    }
  }
  return sum;
}

/**
 * The shift of b in a at which the mean slopes of both are orthogonal to what gain and offset leave of their difference, both
 * sampled half way towards each other; by small steps from a start.
 */
export function refinedShift(a: Plane, b: Plane, start: readonly [number, number]): readonly [number, number] {
  let [dx, dy] = start;
  const [ix, iy] = [Math.round(dx), Math.round(dy)];
  for (let round = 0; round < 12; round++) {
    const [hx, hy] = [(dx - ix) / 2, (dy - iy) / 2];
    const sampleA = (x: number, y: number) => splineAt(a, x + hx, y + hy);
    const sampleB = (x: number, y: number) => splineAt(b, x - ix - hx, y - iy - hy);
    const slope = (f: typeof sampleA, x: number, y: number, u: number, v: number) =>
      (8 * (f(x + u, y + v) - f(x - u, y - v)) - (f(x + 2 * u, y + 2 * v) - f(x - 2 * u, y - 2 * v))) / 12;
    const rows: number[][] = [];
    for (let y = 0; y < a.height; y++) {
      for (let x = 0; x < a.width; x++) {
        const row = [sampleA(x, y), sampleB(x, y)];
        for (const f of [sampleA, sampleB]) row.push(slope(f, x, y, 1, 0), slope(f, x, y, 0, 1));
        if (row.every((v) => !Number.isNaN(v))) rows.push(row);
      }
    }
    const n = rows.length;
    const mean = (of: (r: number[]) => number) => rows.reduce((sum, r) => sum + of(r), 0) / n;
    const [ma, mb] = [mean((r) => r[0]!), mean((r) => r[1]!)];
    const gain = mean((r) => (r[0]! - ma) * (r[1]! - mb)) / mean((r) => (r[1]! - mb) ** 2);
    const left = (r: number[]) => r[0]! - ma - gain * (r[1]! - mb);
    const gx = (r: number[]) => (r[2]! + gain * r[4]!) / 2;
    const gy = (r: number[]) => (r[3]! + gain * r[5]!) / 2;
    const [xx, xy, yy] = [mean((r) => gx(r) ** 2), mean((r) => gx(r) * gy(r)), mean((r) => gy(r) ** 2)];
    const [ex, ey] = [mean((r) => gx(r) * left(r)), mean((r) => gy(r) * left(r))];
    const det = xx * yy - xy * xy;
    dx -= (yy * ex - xy * ey) / det;
    dy -= (xx * ey - xy * ex) / det;
  }
  return [dx, dy];
}
