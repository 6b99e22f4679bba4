import { doubles, type Plane } from "./plane.js";

/** Weights of a Gaussian from the centre outwards, summing to 1 over the whole kernel. */
export function gaussianTaps(sigma: number, radius: number): number[] {
  const taps = Array.from({ length: radius + 1 }, (_, k) => Math.exp((-k * k) / (2 * sigma * sigma)));
  const sum = taps.reduce((s, t, k) => s + (k === 0 ? t : 2 * t), 0);
  return taps.map((t) => t / sum);
}

const clamp = (v: number, n: number): number => Math.min(Math.max(v, 0), n - 1);

/** Sample at any whole position; outside, the nearest sample. */
const clampedAt = (p: Plane, x: number, y: number): number => p.data[clamp(y, p.height) * p.width + clamp(x, p.width)]!;

export function blurSeparable(p: Plane, taps: readonly number[]): Plane {
  const r = taps.length - 1;
  return doubles(p.width, p.height, (x, y) => {
    let sum = 0;
    for (let j = -r; j <= r; j++)
      for (let i = -r; i <= r; i++) sum += taps[Math.abs(i)]! * taps[Math.abs(j)]! * clampedAt(p, x + i, y + j);
    return sum;
  });
}

export function gradient(p: Plane, side: number, centre: number): { dx: Plane; dy: Plane } {
  const weights = [side, centre, side];
  const sum = (f: (k: number) => number) => weights.reduce((s, w, k) => s + w * f(k - 1), 0);
  return {
    dx: doubles(p.width, p.height, (x, y) => sum((j) => (clampedAt(p, x + 1, y + j) - clampedAt(p, x - 1, y + j)) / 2)),
    dy: doubles(p.width, p.height, (x, y) => sum((i) => (clampedAt(p, x + i, y + 1) - clampedAt(p, x + i, y - 1)) / 2)),
  };
}

/** Mean over blocks of the valid samples. */
export function coarsen(p: Plane, factor: number): Plane {
  return doubles(Math.ceil(p.width / factor), Math.ceil(p.height / factor), (x, y) => {
    const block: number[] = [];
    for (let j = y * factor; j < Math.min(p.height, (y + 1) * factor); j++)
      for (let i = x * factor; i < Math.min(p.width, (x + 1) * factor); i++) block.push(p.data[j * p.width + i]!);
    const valid = block.filter((v) => !Number.isNaN(v));
    return valid.reduce((s, v) => s + v, 0) / valid.length;
  });
}

/** Blur that leaves holes out: the mean of the valid samples with the kernel's weights; holes stay. */
export function blurAround(p: Plane, taps: readonly number[]): Plane {
  const seen = blurSeparable({ ...p, data: p.data.map((v) => (Number.isNaN(v) ? 0 : 1)) }, taps).data;
  const sums = blurSeparable({ ...p, data: p.data.map((v) => (Number.isNaN(v) ? 0 : v)) }, taps).data;
  return { ...p, data: p.data.map((v, i) => (Number.isNaN(v) ? v : sums[i]! / seen[i]!)) };
}
