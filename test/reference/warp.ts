import type { Interpolation } from "../../src/core/interpolation.js";
import type { Matrix3 } from "../../src/core/transform.js";
import { doubles, type Plane } from "./plane.js";
import { fold, splineCoefficients } from "./spline.js";

export type Method = Interpolation;

const sinc = (t: number): number => (t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t));

function keys(t: number, a: number): number {
  const x = Math.abs(t);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/** The centred cubic B-spline by powers of what lies beyond its knots. */
function bspline(t: number): number {
  const cube = (v: number) => Math.max(0, v) ** 3;
  const x = Math.abs(t);
  return (cube(2 - x) - 4 * cube(1 - x)) / 6;
}

const kernels: Readonly<Record<Exclude<Method, "nearest">, { reach: number; at: (t: number) => number }>> = {
  linear: { reach: 1, at: (t) => Math.max(0, 1 - Math.abs(t)) },
  cubic: { reach: 2, at: (t) => keys(t, -0.5) },
  "cubic-sharp": { reach: 2, at: (t) => keys(t, -0.75) },
  // Mitchell's kernel is a third of the B-spline and two thirds of Catmull and Rom's.
  mitchell: { reach: 2, at: (t) => bspline(t) / 3 + (2 / 3) * keys(t, -0.5) },
  "cubic-smooth": { reach: 2, at: bspline },
  bspline3: { reach: 2, at: bspline },
  lanczos3: { reach: 3, at: (t) => (Math.abs(t) < 3 ? sinc(t) * sinc(t / 3) : 0) },
};

/** Taps and weights of a kernel at position `s` on one axis. */
function taps(method: Exclude<Method, "nearest">, s: number): { at: number; weight: number }[] {
  const base = Math.floor(s);
  const { reach, at: kernel } = kernels[method];
  const list = Array.from({ length: 2 * reach }, (_, k) => base - reach + 1 + k).map((at) => ({
    at,
    weight: kernel(s - at),
  }));
  const sum = list.reduce((total, t) => total + t.weight, 0);
  return list.map((t) => ({ ...t, weight: t.weight / sum }));
}

const splines = new WeakMap<Plane, Plane>();

function splineOf(p: Plane): Plane {
  const found = splines.get(p) ?? splineCoefficients(p);
  splines.set(p, found);
  return found;
}

/** The sample at a real position; NaN where the nearest sample does not exist. See the kernel `warp` for the rules. */
export function sampleAt(p: Plane, method: Method, sx: number, sy: number): number {
  const at = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < p.width && y < p.height ? p.data[y * p.width + x]! : Number.NaN;
  const nearest = at(Math.floor(sx + 0.5), Math.floor(sy + 0.5));
  if (method === "nearest" || Number.isNaN(nearest)) return nearest;
  const pulled =
    method === "bspline3"
      ? (x: number, y: number) => splineOf(p).data[fold(y, p.height) * p.width + fold(x, p.width)]!
      : at;
  let whole = 0;
  for (const y of taps(method, sy)) for (const x of taps(method, sx)) whole += x.weight * y.weight * pulled(x.at, y.at);
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
