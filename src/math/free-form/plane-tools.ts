import { pixelGrid, wholeWindow } from "../../core/grid.js";
import type { Arena } from "../../kernel/memory.js";
import { blurPlane } from "../blur.js";
import { emptyPlane, type Plane } from "../plane.js";
import { blockPositions, pixelMapping } from "../positions.js";
import { warpBandAlong } from "../warp-kernel.js";
import { latticeMap, type PlaneLattice } from "./lattice-map.js";

/** A plane pulled through a lattice: pixel x of the result is the plane's at x + u(x); NaN where that is outside. */
export function bentPlane(arena: Arena, plane: Plane, field: PlaneLattice): Plane {
  const grid = pixelGrid(plane.width, plane.height);
  const at = blockPositions(arena, pixelMapping(latticeMap(field, grid), grid, grid), wholeWindow(grid));
  const out = emptyPlane(arena, plane.width, plane.height);
  const band = (p: Plane) => ({
    ...{ at: p.at, dtype: "float32" as const, stride: p.stride },
    window: { x: 0, y: 0, width: p.width, height: p.height },
  });
  warpBandAlong(
    arena,
    band(plane),
    band(out),
    { at, stride: plane.width },
    { interpolation: "cubic", fill: Number.NaN, keepClear: false },
  );
  arena.free(at);
  return out;
}

/**
 * A plane without what is smooth, so that shading and vignettes do not make images alike, and with what stands out most held
 * back, so that some bright spots do not speak for all: d / sqrt(1 + (d / s)²), s being its mean length.
 */
export function detailPlane(arena: Arena, plane: Plane, sigma: number): Plane {
  const { width, height } = plane;
  const smooth = blurPlane(arena, plane, sigma);
  const out = emptyPlane(arena, width, height);
  const [p, q, to] = [plane, smooth, out].map(({ at, stride }) => arena.f32(at, stride * height)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  let [sum, count] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const d = p[y * plane.stride + x]! - q[y * smooth.stride + x]!;
      to[y * out.stride + x] = d;
      if (Number.isNaN(d)) continue;
      sum += Math.abs(d);
      count++;
    }
  }
  arena.free(smooth.at);
  const s = sum > 0 ? sum / count : 1;
  for (let y = 0; y < height; y++) {
    for (let i = y * out.stride; i < y * out.stride + width; i++) {
      const d = to[i]! / s;
      to[i] = d / Math.sqrt(1 + d * d);
    }
  }
  return out;
}

/** A plane moved by whole pixels: pixel (x, y) of the result is the plane's at (x + dx, y + dy); NaN where that is outside. */
export function shiftedPlane(arena: Arena, plane: Plane, dx: number, dy: number): Plane {
  const { width, height } = plane;
  const out = emptyPlane(arena, width, height);
  const [from, to] = [arena.f32(plane.at, plane.stride * height), arena.f32(out.at, out.stride * height)];
  to.fill(Number.NaN);
  const [x0, x1] = [Math.max(0, -dx), Math.min(width, width - dx)];
  for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
    if (x1 <= x0) break;
    const row = (y + dy) * plane.stride + dx;
    to.set(from.subarray(row + x0, row + x1), y * out.stride + x0);
  }
  return out;
}

/** What two planes have in common over the pixels that both show. */
interface Moments {
  readonly pixels: number;
  readonly means: readonly [number, number];
  readonly variances: readonly [number, number];
  readonly covariance: number;
}

function moments(arena: Arena, a: Plane, b: Plane): Moments {
  const [p, q] = [arena.f32(a.at, a.stride * a.height), arena.f32(b.at, b.stride * b.height)];
  // About the first values, as intensities may be large beside their differences.
  let [n, f, m, ff, mm, fm] = [0, 0, 0, 0, 0, 0];
  let [f0, m0] = [0, 0];
  for (let y = 0; y < a.height; y++) {
    for (let x = 0; x < a.width; x++) {
      const u = p[y * a.stride + x]!;
      const v = q[y * b.stride + x]!;
      if (Number.isNaN(u + v)) continue;
      if (n === 0) [f0, m0] = [u, v];
      n++;
      const [s, t] = [u - f0, v - m0];
      [f, m, ff, mm, fm] = [f + s, m + t, ff + s * s, mm + t * t, fm + s * t];
    }
  }
  const count = Math.max(1, n);
  const [s, t] = [f / count, m / count];
  return {
    ...{ pixels: n, means: [f0 + s, m0 + t], covariance: fm / count - s * t },
    variances: [Math.max(0, ff / count - s * s), Math.max(0, mm / count - t * t)],
  };
}

/** Correlation of two planes over the pixels that both show, and how many those are; NaN where either is flat. */
export function correlation(arena: Arena, a: Plane, b: Plane): { readonly ncc: number; readonly pixels: number } {
  const { pixels, variances, covariance } = moments(arena, a, b);
  const both = Math.sqrt(variances[0] * variances[1]);
  return { ncc: both > 0 ? covariance / both : Number.NaN, pixels };
}

/** The gain and offset that give `b` the mean and the variance of `a`; 1 and 0 where either is flat. */
export function brightness(arena: Arena, a: Plane, b: Plane): { readonly gain: number; readonly offset: number } {
  const { means, variances, covariance } = moments(arena, a, b);
  if (!(covariance > 0)) return { gain: 1, offset: 0 };
  const gain = Math.sqrt(variances[0] / variances[1]);
  return { gain, offset: means[0] - gain * means[1] };
}
