import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { emptyPlane, halfPlane, type Plane } from "../plane.js";

/** A plane and its coarser versions. Nothing is smoothed: a smoothed picture has no longer the intensities that depend on each other. */
export interface InformationLevels {
  /** Finest first, which is the plane itself; each is the mean over 2 × 2 pixels of the one before. */
  readonly planes: readonly Plane[];
  /** Of each level: the intensities that bins divide. */
  readonly ranges: readonly IntensityRange[];
}

export interface IntensityRange {
  readonly low: number;
  /** Not above `low` where all is alike, or nothing observed. */
  readonly high: number;
  /** Whether some lie outside. */
  readonly hasOutliers?: boolean;
}

/** Coarser levels have fewer pixels than this on their short side. */
const LEAST_SIDE = 24;
const MOST_LEVELS = 9;

export function informationLevels(arena: Arena, plane: Plane): InformationLevels {
  const planes = [plane];
  const ranges = [intensityRange(arena, plane)];
  // A pixel far from all others would be most of what its coarser ones show.
  const held = ranges[0]!.hasOutliers ? heldWithin(arena, plane, ranges[0]!) : plane;
  for (let last = held; planes.length < MOST_LEVELS; planes.push(last)) {
    if (Math.min(last.width, last.height) < 2 * LEAST_SIDE) break;
    last = halfPlane(arena, last);
    ranges.push(intensityRange(arena, last));
  }
  if (held !== plane) arena.free(held.at);
  return { planes, ranges };
}

function heldWithin(arena: Arena, { at, stride, width, height }: Plane, { low, high }: IntensityRange): Plane {
  const out = emptyPlane(arena, width, height);
  kernels().rows("linearMap", height, [at, stride, out.at, out.stride, width, 0, 1, low, high]);
  return out;
}

/** Frees what was made; the plane itself stays. */
export function freeLevels(arena: Arena, { planes }: InformationLevels): void {
  for (const { at } of planes.slice(1)) arena.free(at);
}

/** About as many pixels are looked at, and so many of them at either end may lie outside of the bins. */
const SAMPLES = 4096;
const TAIL = 0.002;

/** How far the range reaches beyond the quantiles at its ends, where there is anything: a share of what is between. */
const MARGIN = 0.05;

/** Where intensities are; few that are far from all others do not widen it, or hot pixels would leave one bin to the rest. */
export function intensityRange(arena: Arena, { at, stride, width, height }: Plane): IntensityRange {
  const step = Math.max(1, Math.floor(Math.sqrt((width * height) / SAMPLES)));
  const samples = arena.f32(at, stride * height);
  const seen: number[] = [];
  for (let y = step >> 1; y < height; y += step) {
    for (let x = step >> 1; x < width; x += step) {
      const v = samples[y * stride + x]!;
      if (Number.isFinite(v)) seen.push(v);
    }
  }
  if (seen.length === 0) return { low: 0, high: 0 };
  const sorted = Float32Array.from(seen).sort();
  const last = sorted.length - 1;
  const tail = Math.floor(TAIL * sorted.length);
  const margin = MARGIN * (sorted[last - tail]! - sorted[tail]!);
  const low = Math.fround(Math.max(sorted[0]!, sorted[tail]! - margin));
  const high = Math.fround(Math.min(sorted[last]!, sorted[last - tail]! + margin));
  if (!Number.isFinite(high - low)) return { low: 0, high: 0 };
  return { low, high, hasOutliers: sorted[0]! < low || sorted[last]! > high };
}
