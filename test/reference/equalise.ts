import { doubles, type Plane } from "./plane.js";

/** Contrast-limited adaptive equalisation of whole numbers from 0 to 255, tiles from the upper left corner. */
export function equaliseBytes(p: Plane, side: number, limit: number): Plane {
  const across = Math.ceil(p.width / side);
  const down = Math.ceil(p.height / side);
  const tables = Array.from({ length: across * down }, (_, t) => {
    const counts = new Array<number>(256).fill(0);
    let total = 0;
    for (let y = Math.floor(t / across) * side; y < Math.min(p.height, (Math.floor(t / across) + 1) * side); y++)
      for (let x = (t % across) * side; x < Math.min(p.width, ((t % across) + 1) * side); x++) {
        const v = p.data[y * p.width + x]!;
        if (Number.isNaN(v)) continue;
        counts[v]!++;
        total++;
      }
    if (total === 0) return counts.map((_, v) => (v + 1) / 256);
    const most = Math.max(1, (limit * total) / 256);
    const excess = counts.reduce((sum, n) => sum + Math.max(0, n - most), 0);
    let sum = 0;
    return counts.map((n) => (sum += (Math.min(n, most) + excess / 256) / total));
  });
  return doubles(p.width, p.height, (x, y) => {
    const v = p.data[y * p.width + x]!;
    if (Number.isNaN(v)) return v;
    const gx = (x + 0.5) / side - 0.5;
    const gy = (y + 0.5) / side - 0.5;
    const at = (i: number, j: number) =>
      tables[Math.min(Math.max(j, 0), down - 1) * across + Math.min(Math.max(i, 0), across - 1)]![v]!;
    const [i, j] = [Math.floor(gx), Math.floor(gy)];
    const [fx, fy] = [gx - i, gy - j];
    const top = at(i, j) * (1 - fx) + at(i + 1, j) * fx;
    const bottom = at(i, j + 1) * (1 - fx) + at(i + 1, j + 1) * fx;
    return 255 * (top * (1 - fy) + bottom * fy);
  });
}
