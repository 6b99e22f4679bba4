import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { exp } from "../elementary.js";
import { emptyPlane, halfPlane, type Plane } from "../plane.js";

/** A plane and its coarser versions, smoothed, and with intensities v as (v − pivot) · scale. */
export interface IntensityLevels {
  /** Finest first; each is the mean over 2 × 2 pixels of the one before. */
  readonly planes: readonly Plane[];
  readonly pivot: number;
  readonly scale: number;
  /** Whether some pixels are not observed. */
  readonly holes: boolean;
}

/** Coarser levels have fewer pixels than this on their short side. */
export const LEAST_SIDE = 24;
const MOST_LEVELS = 9;

/**
 * Standard deviation of the smoothing of the finest level, pixels. Differences and bilinear samples of a picture that was not
 * smoothed at all disagree; more smoothing costs detail.
 */
export const SMOOTHING = 0.7;

/** @param like  take its pivot and scale, so that intensities can be compared as they are */
export function intensityLevels(arena: Arena, plane: Plane, like?: IntensityLevels): IntensityLevels {
  const k = kernels();
  const { width, height } = plane;
  const { pivot, scale } = like ?? spread(arena, plane);
  const counts = arena.bytes(4 * height);
  k.rows("countHoles", height, [plane.at, plane.stride, width, counts]);
  const holes = arena.i32(counts, height).some((count) => count > 0);
  arena.free(counts);
  const finest = smoothPlane(arena, plane, SMOOTHING, { pivot, scale });
  const planes = [finest];
  for (let last = finest; planes.length < MOST_LEVELS; planes.push(last)) {
    if (Math.min(last.width, last.height) < 2 * LEAST_SIDE) break;
    last = halfPlane(arena, last);
  }
  return { planes, pivot, scale, holes };
}

/** (blur(v) − pivot) · scale for all pixels. @param sigma  of a Gaussian that is cut at two pixels */
export function smoothPlane(
  arena: Arena,
  plane: Plane,
  sigma: number,
  { pivot, scale }: { readonly pivot: number; readonly scale: number },
): Plane {
  const { width, height } = plane;
  const k = kernels();
  const out = emptyPlane(arena, width, height);
  const [w1, w2] = [exp(-1 / (2 * sigma ** 2)), exp(-4 / (2 * sigma ** 2))];
  const sum = 1 + 2 * w1 + 2 * w2;
  const line = k.scratch(arena, 4 * (width + 48));
  k.rows("intensityLevel", height, [
    ...[plane.at, plane.stride, width, height, out.at, out.stride],
    ...[1 / sum, w1 / sum, w2 / sum, pivot, scale, line],
  ]);
  arena.free(line.base);
  return out;
}

export function freeLevels(arena: Arena, { planes }: IntensityLevels): void {
  for (const { at } of planes) arena.free(at);
}

/** Mean and reciprocal of the standard deviation of about 10⁴ pixels; 1 for the latter where all are alike. */
export function spread(
  arena: Arena,
  { at, stride, width, height }: Plane,
): { readonly pivot: number; readonly scale: number } {
  const step = Math.max(1, Math.floor(Math.sqrt((width * height) / 1e4)));
  const samples = arena.f32(at, stride * height);
  let count = 0;
  let sum = 0;
  for (let y = step >> 1; y < height; y += step) {
    for (let x = step >> 1; x < width; x += step) {
      const v = samples[y * stride + x]!;
      if (Number.isNaN(v)) continue;
      count++;
      sum += v;
    }
  }
  const pivot = count > 0 ? Math.fround(sum / count) : 0;
  let square = 0;
  for (let y = step >> 1; y < height; y += step) {
    for (let x = step >> 1; x < width; x += step) {
      const v = samples[y * stride + x]! - pivot;
      if (!Number.isNaN(v)) square += v * v;
    }
  }
  const scale = square > 0 ? Math.fround(1 / Math.sqrt(square / count)) : 1;
  return { pivot, scale: Number.isFinite(scale) && scale > 0 ? scale : 1 };
}
