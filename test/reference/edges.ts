import { gradient } from "./filter.js";
import { doubles, type Plane } from "./plane.js";

const clamp = (v: number, n: number): number => Math.min(Math.max(v, 0), n - 1);
const at = (p: Plane, x: number, y: number) => p.data[clamp(y, p.height) * p.width + clamp(x, p.width)]!;

export function gradientLength(p: Plane): Plane {
  const { dx, dy } = gradient(p, 1 / 4, 1 / 2);
  return { ...p, data: dx.data.map((v, i) => Math.sqrt(v * v + dy.data[i]! ** 2)) };
}

export const laplacian = (p: Plane): Plane =>
  doubles(
    p.width,
    p.height,
    (x, y) => at(p, x - 1, y) + at(p, x + 1, y) + at(p, x, y - 1) + at(p, x, y + 1) - 4 * at(p, x, y),
  );

/** Canny's mask: maxima along the gradient above `high`, and those above `low` within `reach` steps of one. */
export function canny(p: Plane, low: number, high: number, reach: number): Plane {
  const { dx, dy } = gradient(p, 1 / 4, 1 / 2);
  const length = gradientLength(p);
  const thin = doubles(p.width, p.height, (x, y) => {
    const i = y * p.width + x;
    const m = length.data[i]!;
    if (!(m >= low) || m === 0 || x === 0 || y === 0 || x === p.width - 1 || y === p.height - 1) return 0;
    const most = Math.max(Math.abs(dx.data[i]!), Math.abs(dy.data[i]!));
    const [ux, uy] = [dx.data[i]! / most, dy.data[i]! / most]; // one step on the ring of eight neighbours
    const ring = (s: number): number => {
      const [x0, y0] = [x + s * ux, y + s * uy];
      const [a, b] = [Math.floor(x0), Math.floor(y0)];
      const f = x0 - a + (y0 - b);
      const next: [number, number] = x0 > a ? [a + 1, b] : [a, b + 1];
      return f === 0 ? at(length, a, b) : (1 - f) * at(length, a, b) + f * at(length, ...next);
    };
    return m > ring(-1) && m >= ring(1) ? (m >= high ? 2 : 1) : 0;
  });
  let mask = thin.data.map((v) => (v === 2 ? 1 : 0));
  for (let step = 0; step < reach; step++) {
    mask = mask.map((on, i) => {
      if (on || thin.data[i] !== 1) return on;
      const [x, y] = [i % p.width, Math.floor(i / p.width)];
      for (let v = Math.max(0, y - 1); v <= Math.min(p.height - 1, y + 1); v++)
        for (let u = Math.max(0, x - 1); u <= Math.min(p.width - 1, x + 1); u++) if (mask[v * p.width + u]) return 1;
      return 0;
    });
  }
  return { ...p, data: mask.map((v) => 255 * v) };
}
