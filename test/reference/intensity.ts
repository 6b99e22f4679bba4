import type { Plane } from "./plane.js";

/** Normalised convolution by k2 k1 k0 k1 k2 in both directions, brought to (v - pivot) * scale; see `intensityLevel`. */
export function levelSlowly(src: Plane, [k0, k1, k2]: readonly number[], pivot: number, scale: number): Float64Array {
  const { width, height, data } = src;
  const kernel = [k2!, k1!, k0!, k1!, k2!];
  const clamp = (v: number, n: number) => Math.min(n - 1, Math.max(0, v));
  return Float64Array.from(data, (own, at) => {
    if (Number.isNaN(own)) return Number.NaN;
    const [x, y] = [at % width, Math.floor(at / width)];
    let sum = 0;
    let weight = 0;
    for (let j = -2; j <= 2; j++) {
      for (let i = -2; i <= 2; i++) {
        const v = data[clamp(y + j, height) * width + clamp(x + i, width)]!;
        if (Number.isNaN(v)) continue;
        sum += kernel[i + 2]! * kernel[j + 2]! * v;
        weight += kernel[i + 2]! * kernel[j + 2]!;
      }
    }
    return weight >= 0.8 ? (sum / weight - pivot) * scale : Number.NaN;
  });
}

export interface SlowSums {
  /** 28 products x 5 powers of Y. */
  readonly products: Float64Array;
  /** 7 columns times M x 3 powers of Y. */
  readonly rhs: Float64Array;
  readonly count: number;
  readonly square: number;
}

/** Sums of the normal equations pixel by pixel, from the whole image; see `intensitySums`. */
export function sumsSlowly(
  fixed: Plane,
  moving: Plane,
  m: readonly number[],
  support: readonly number[],
  keep: number,
  weights?: { readonly gain: number; readonly offset: number; readonly cut: number },
): SlowSums {
  const at = (p: Plane, x: number, y: number) => p.data[y * p.width + x]!;
  const place = (h: readonly number[], x: number, y: number) => {
    const w = h[6]! * x + h[7]! * y + h[8]!;
    return [(h[0]! * x + h[1]! * y + h[2]!) / w, (h[3]! * x + h[4]! * y + h[5]!) / w] as const;
  };
  const isInside = (x: number, y: number) => {
    const [u, v] = place(support, x, y);
    return u >= keep && v >= keep && u <= moving.width - 1 - keep && v <= moving.height - 1 - keep;
  };
  const products = new Float64Array(140);
  const rhs = new Float64Array(21);
  let count = 0;
  let square = 0;
  for (let y = 1; y < fixed.height - 1; y++) {
    const xs = Array.from({ length: fixed.width - 2 }, (_, i) => i + 1).filter((x) => isInside(x, y));
    // Whole vectors alone are summed.
    xs.length -= xs.length % 4;
    count += xs.length;
    for (const x of xs) {
      const [u, v] = place(m, x, y);
      const [i, j] = [Math.floor(u), Math.floor(v)];
      const mix = (a: number, b: number, t: number) => a + t * (b - a);
      const row = (k: number) => mix(at(moving, i, k), at(moving, i + 1, k), u - i);
      const M = mix(row(j), row(j + 1), v - j);
      const gx = (at(fixed, x + 1, y) - at(fixed, x - 1, y)) / 2;
      const gy = (at(fixed, x, y + 1) - at(fixed, x, y - 1)) / 2;
      const F = at(fixed, x, y);
      const [X, Y] = [x - (fixed.width - 1) / 2, y - (fixed.height - 1) / 2];
      let weight = 1;
      if (weights) {
        const e = weights.cut > 0 ? (M - weights.gain * F - weights.offset) / weights.cut : 0;
        weight = Math.abs(e) < 1 ? (1 - e * e) ** 2 : 0;
        if (Number.isNaN(M + gx + gy + F)) weight = 0;
        if (weight === 0) continue;
      }
      const columns = [gx * X * X, gx * X, gx, gy * X, gy, F, 1];
      let k = 0;
      for (let a = 0; a < 7; a++) {
        for (let b = a; b < 7; b++, k++)
          for (let p = 0; p < 5; p++)
            products[5 * k + p] = products[5 * k + p]! + weight * columns[a]! * columns[b]! * Y ** p;
        for (let p = 0; p < 3; p++) rhs[3 * a + p] = rhs[3 * a + p]! + weight * columns[a]! * M * Y ** p;
      }
      square += weight * M * M;
    }
  }
  return { products, rhs, count, square };
}
