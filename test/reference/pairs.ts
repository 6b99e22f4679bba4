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
