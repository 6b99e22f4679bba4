import type { DetectOptions } from "./frame.js";
import { type Keypoints, pickKeypoints, strongest } from "./keypoints.js";
import type { ImageViews } from "./views.js";

/** Least contrast of a blob, as a share of the range 0..1: the root of the Hessian's determinant. */
export const SURF_THRESHOLD = 0.02;
/** Sizes of the first filter of each octave, and from one to the next [1, figure 9]. Samples are twice as far apart in each. */
const OCTAVES = [
  [9, 6],
  [15, 12],
  [27, 24],
  [51, 48],
] as const;
/** The blur that the filter of 9 pixels stands for: 1.2 pixels. */
const BLUR_PER_SIZE = 1.2 / 9;
/** Part of the descriptor's window that weighs most, in sizes of the keypoint: that must have been observed. */
const SUPPORT = 6;

/**
 * Finds blobs by the determinant of the Hessian, with box filters in place of Gaussians, refined in place and scale [1].
 *
 * @returns the strongest first; of equals, in the order of octaves and rows
 *
 * [1] H. Bay et al., "Speeded-up robust features (SURF)", CVIU 110 (2008), doi:10.1016/j.cviu.2007.09.014
 */
export function detectSurf(views: ImageViews, options: DetectOptions): Keypoints {
  const { width, height } = views;
  const found = { x: [], y: [], scale: [], response: [], octave: [] } as Record<string, number[]>;
  const threshold = options.threshold ?? SURF_THRESHOLD;
  OCTAVES.forEach(([size, gap], octave) => {
    if (Math.min(width, height) > size + 3 * gap)
      maxima(views, octave, size, gap, threshold * threshold, found, options.reach ?? 0);
  });
  const all: Keypoints = {
    ...{ count: found.x!.length, x: Float64Array.from(found.x!), y: Float64Array.from(found.y!) },
    ...{ scale: Float64Array.from(found.scale!), response: Float32Array.from(found.response!) },
    ...{ octave: Int8Array.from(found.octave!), level: new Int8Array(found.x!.length) },
  };
  return pickKeypoints(all, strongest(all, options.limit, views, options.spread));
}

function maxima(
  views: ImageViews,
  octave: number,
  size: number,
  gap: number,
  least: number,
  found: Record<string, number[]>,
  reach: number,
): void {
  const { kernels: k, width, height } = views;
  using arena = k.arena();
  const step = 2 ** octave;
  const columns = Math.floor((width - 1) / step) + 1;
  const rows = Math.floor((height - 1) / step) + 1;
  const capacity = Math.max(8, columns >> 1);
  const counts = arena.bytes(4 * rows);
  const out = arena.bytes(16 * capacity * rows);
  const ring = k.scratch(arena, 48 * (columns + 16));
  const { at, stride } = views.integral;
  const args = [at, stride, width, height, step, size, gap, least, ring, counts, out, capacity];
  k.rows("surfMaxima", rows, args, views.grain ?? 32);
  const count = arena.i32(counts, rows);
  const records = arena.f32(out, 4 * capacity * rows);
  for (let row = 0; row < rows; row++) {
    for (let n = 0; n < count[row]!; n++) {
      const record = 4 * (row * capacity + n);
      const [x, y] = [records[record]!, records[record + 1]!];
      const scale = BLUR_PER_SIZE * records[record + 2]!;
      if (!views.holds(x, y, reach * scale) || !views.isClear(x, y, SUPPORT * scale)) continue;
      found.x!.push(x);
      found.y!.push(y);
      found.scale!.push(scale);
      found.response!.push(Math.max(0, records[record + 3]!));
      found.octave!.push(octave);
    }
  }
}
