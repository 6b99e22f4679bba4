import { type Affine2, composeAffine, invertAffine } from "../../core/grid.js";
import type { Arena } from "../../kernel/memory.js";
import { blurPlane } from "../blur.js";
import { halfPlane, type Plane } from "../plane.js";

/** A small version of a slice with its slow changes of brightness taken away: what slices are told alike by. */
export interface Look {
  readonly width: number;
  readonly height: number;
  /** Pixels of the slice to one of these. */
  readonly factor: number;
  /** Row-major; NaN where nothing was observed. */
  readonly data: Float32Array;
}

/** Longest side of a look, pixels. */
const LONGEST = 160;
/** Bands that pass: differences of Gaussians of these widths, pixels of the look. */
const [FINE, COARSE] = [0.8, 2.4];

export function lookOf(arena: Arena, plane: Plane): Look {
  let [small, factor] = [plane, 1];
  while (Math.max(small.width, small.height) > LONGEST) {
    const next = halfPlane(arena, small);
    if (small !== plane) arena.free(small.at);
    [small, factor] = [next, 2 * factor];
  }
  const fine = blurPlane(arena, small, FINE);
  const coarse = blurPlane(arena, small, COARSE);
  const { width, height } = small;
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const [f, c] = [fine, coarse].map((p) => arena.f32(p.at + 4 * y * p.stride, width)) as [Float32Array, Float32Array];
    for (let x = 0; x < width; x++) data[y * width + x] = f[x]! - c[x]!;
  }
  for (const p of small === plane ? [fine, coarse] : [small, fine, coarse]) arena.free(p.at);
  return { width, height, factor, data };
}

export interface Likeness {
  /** Correlation of the looks under the map, −1 to 1. */
  readonly score: number;
  /** Correlations under maps that cannot be right: what chance gives. */
  readonly chance: readonly number[];
}

/** Shifts, as shares of the sides, under which slices cannot correspond. */
const ELSEWHERE = [
  [0.31, 0.07],
  [-0.29, 0.11],
  [0.09, 0.33],
  [-0.05, -0.27],
  [0.23, -0.21],
  [-0.19, 0.25],
] as const;

/**
 * How alike two slices are where a map lays the second on the first.
 *
 * @param bFromA  pixels of the slices
 * @param withChance  whether to look at what chance gives too, which takes six times as long
 */
export function likeness(a: Look, b: Look, bFromA: Affine2, withChance = true): Likeness {
  const up = (f: number): Affine2 => [f, 0, (f - 1) / 2, 0, f, (f - 1) / 2];
  const m = composeAffine(composeAffine(up(a.factor), bFromA), invertAffine(up(b.factor)));
  const laid = pulled(b, m, a.width, a.height);
  const score = correlation(a, laid, 0, 0);
  const places = withChance ? ELSEWHERE : [];
  const chance = places.map(([x, y]) => correlation(a, laid, Math.round(x * a.width), Math.round(y * a.height)));
  return { score, chance };
}

function pulled(b: Look, m: Affine2, width: number, height: number): Float32Array {
  const out = new Float32Array(width * height);
  const { data, width: w } = b;
  const [lastX, lastY] = [w - 1, b.height - 1];
  for (let y = 0; y < height; y++) {
    let u = m[1] * y + m[2];
    let v = m[4] * y + m[5];
    for (let x = 0; x < width; x++, u += m[0], v += m[3]) {
      const o = y * width + x;
      if (!(u >= 0 && v >= 0 && u < lastX && v < lastY)) {
        out[o] = Number.NaN;
        continue;
      }
      const [i, j] = [u | 0, v | 0];
      const [f, g] = [u - i, v - j];
      const at = j * w + i;
      const top = data[at]! + f * (data[at + 1]! - data[at]!);
      const below = data[at + w]! + f * (data[at + w + 1]! - data[at + w]!);
      out[o] = top + g * (below - top);
    }
  }
  return out;
}

/** Correlation of a with `other` moved by whole pixels, where both are seen; 0 where they share less than a tenth. */
function correlation(a: Look, other: Float32Array, dx: number, dy: number): number {
  const { width, height, data } = a;
  let [n, sa, sb, aa, bb, ab] = [0, 0, 0, 0, 0, 0];
  const [x0, x1] = [Math.max(0, -dx), Math.min(width, width - dx)];
  for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
    const [row, from] = [y * width, (y + dy) * width + dx];
    for (let x = x0; x < x1; x++) {
      const u = data[row + x]!;
      const v = other[from + x]!;
      const uv = u * v;
      if (Number.isNaN(uv)) continue;
      n++;
      sa += u;
      sb += v;
      aa += u * u;
      bb += v * v;
      ab += uv;
    }
  }
  if (n < 0.1 * width * height) return 0;
  const va = aa - (sa * sa) / n;
  const vb = bb - (sb * sb) / n;
  return va > 0 && vb > 0 ? (ab - (sa * sb) / n) / Math.sqrt(va * vb) : 0;
}
