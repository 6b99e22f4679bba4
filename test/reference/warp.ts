import type { Matrix3 } from "../../src/core/transform.js";
import { doubles, type Plane } from "./plane.js";

export type Method = "nearest" | "linear" | "cubic" | "lanczos3";

const sinc = (t: number): number => (t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t));

function keys(t: number): number {
  const x = Math.abs(t);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/** Taps and weights of a kernel at position `s` on one axis. */
function taps(method: Method, s: number): { at: number; weight: number }[] {
  const base = Math.floor(s);
  const reach = method === "lanczos3" ? 3 : method === "cubic" ? 2 : 1;
  const list = Array.from({ length: 2 * reach }, (_, k) => base - reach + 1 + k).map((at) => ({
    at,
    weight:
      method === "lanczos3"
        ? sinc(s - at) * sinc((s - at) / 3)
        : method === "cubic"
          ? keys(s - at)
          : 1 - Math.abs(s - at),
  }));
  const sum = list.reduce((total, t) => total + t.weight, 0);
  return list.map((t) => ({ ...t, weight: t.weight / sum }));
}

/** The sample at a real position; NaN where the nearest sample does not exist. See the kernel `warp` for the rules. */
export function sampleAt(p: Plane, method: Method, sx: number, sy: number): number {
  const at = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < p.width && y < p.height ? p.data[y * p.width + x]! : Number.NaN;
  const nearest = at(Math.floor(sx + 0.5), Math.floor(sy + 0.5));
  if (method === "nearest" || Number.isNaN(nearest)) return nearest;
  let whole = 0;
  for (const y of taps(method, sy)) for (const x of taps(method, sx)) whole += x.weight * y.weight * at(x.at, y.at);
  if (!Number.isNaN(whole)) return whole;
  let sum = 0;
  let weight = 0;
  for (const y of taps("linear", sy)) {
    for (const x of taps("linear", sx)) {
      const v = at(x.at, y.at);
      if (Number.isNaN(v)) continue;
      sum += x.weight * y.weight * v;
      weight += x.weight * y.weight;
    }
  }
  return sum / weight;
}

/** Output pixel (x, y) of the window that begins at (x0, y0) pulls from where the matrix sends it. */
export function warp(
  p: Plane,
  method: Method,
  m: Matrix3,
  out: { x: number; y: number; width: number; height: number },
): Plane {
  return doubles(out.width, out.height, (i, j) => {
    const x = out.x + i;
    const y = out.y + j;
    const w = m[6] * x + m[7] * y + m[8];
    if (!(w > 1e-12)) return Number.NaN;
    return sampleAt(p, method, (m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w);
  });
}
