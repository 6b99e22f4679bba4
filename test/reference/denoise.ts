import { doubles, type Plane } from "./plane.js";

const clamp = (v: number, n: number): number => Math.min(Math.max(v, 0), n - 1);

/** Samples of the square window around a pixel, with their offsets; beyond the plane the nearest sample. */
function around(p: Plane, x: number, y: number, radius: number): { v: number; dx: number; dy: number }[] {
  const list: { v: number; dx: number; dy: number }[] = [];
  for (let dy = -radius; dy <= radius; dy++)
    for (let dx = -radius; dx <= radius; dx++)
      list.push({ v: p.data[clamp(y + dy, p.height) * p.width + clamp(x + dx, p.width)]!, dx, dy });
  return list;
}

/** Middle of the valid samples (the lower of two); holes stay. */
export const median = (p: Plane, radius: number): Plane =>
  doubles(p.width, p.height, (x, y) => {
    if (Number.isNaN(p.data[y * p.width + x]!)) return Number.NaN;
    const valid = around(p, x, y, radius).flatMap(({ v }) => (Number.isNaN(v) ? [] : [v]));
    return valid.sort((a, b) => a - b)[Math.floor((valid.length - 1) / 2)]!;
  });

/** Mean weighted by place (a Gaussian) and by value ((1 - d² / 16 range²)⁸); holes stay. */
export const bilateral = (p: Plane, sigma: number, radius: number, range: number): Plane =>
  doubles(p.width, p.height, (x, y) => {
    const centre = p.data[y * p.width + x]!;
    let sum = 0;
    let total = 0;
    for (const { v, dx, dy } of around(p, x, y, radius)) {
      if (Number.isNaN(v)) continue;
      const alike = Math.max(0, 1 - (v - centre) ** 2 / (16 * range ** 2)) ** 8;
      const w = alike * Math.exp((-dx * dx - dy * dy) / (2 * sigma * sigma));
      sum += w * v;
      total += w;
    }
    return sum / total;
  });
