import { kernels } from "../kernel/lane.js";
import type { Arena } from "../kernel/memory.js";
import { exp } from "./elementary.js";
import type { Plane } from "./plane.js";

export interface RefineOptions {
  /** Longest shift to accept, pixels. */
  readonly limit: number;
  readonly iterations?: number;
}

export interface Refined {
  /** Shift to add to each moving point, interleaved, pixels; NaN where it failed. */
  readonly shift: Float64Array;
  /** Correlation of the two patches after the shift, −1 to 1; −2 where it failed. */
  readonly correlation: Float32Array;
  /**
   * Standard deviation of the shift, pixels, in its worse direction: noise from what the patches do not share, over the
   * patch's texture. Infinite where it failed.
   */
  readonly sigma: Float64Array;
}

/** Effective number of independent samples under the Gaussian weights of a patch (σ = 4 px): 4πσ². */
const SAMPLES = 4 * Math.PI * 16;

/**
 * Finds for each tie point the sub-pixel shift of the moving point at which the two patches of 16 × 16 pixels look most
 * alike, by symmetric Lucas-Kanade steps on patches of mean 0 and variance 1.
 *
 * B. Lucas, T. Kanade, IJCAI 1981; E. Malis, ICRA 2004, doi:10.1109/ROBOT.2004.1308092
 *
 * @param fixed, moving  images of the same scale and orientation, near alignment
 * @param points  quadruples (fixed x, fixed y, moving x, moving y), pixels
 */
export function refineShifts(
  arena: Arena,
  fixed: Plane,
  moving: Plane,
  points: Float64Array,
  options: RefineOptions,
): Refined {
  const count = points.length / 4;
  const k = kernels();
  const weights = new Float32Array(256);
  let total = 0;
  for (let j = 0; j < 16; j++) {
    for (let i = 0; i < 16; i++) total += weights[16 * j + i] = exp(-((i - 7.5) ** 2 + (j - 7.5) ** 2) / 32);
  }
  for (let i = 0; i < 256; i++) weights[i] = weights[i]! / total;
  const pointsAt = arena.put(points);
  const weightsAt = arena.put(weights);
  const outAt = arena.bytes(count * 24);
  const scratch = k.scratch(arena, 12288);
  k.rows(
    "lucasKanade",
    count,
    [
      fixed.at,
      fixed.stride,
      fixed.width,
      fixed.height,
      moving.at,
      moving.stride,
      moving.width,
      moving.height,
      pointsAt,
      outAt,
      weightsAt,
      options.limit,
      options.iterations ?? 12,
      scratch,
    ],
    32,
  );
  const out = arena.f32(outAt, count * 6).slice();
  for (const at of [pointsAt, weightsAt, outAt, scratch.base]) arena.free(at);
  const shift = new Float64Array(2 * count).fill(Number.NaN);
  const correlation = new Float32Array(count);
  const sigma = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < count; i++) {
    const c = out[6 * i + 2]!;
    correlation[i] = c;
    if (!(c > -1.5)) continue;
    shift[2 * i] = out[6 * i]!;
    shift[2 * i + 1] = out[6 * i + 1]!;
    const a = out[6 * i + 3]!;
    const b = out[6 * i + 4]!;
    const d = out[6 * i + 5]!;
    const least = (a + d - Math.sqrt((a - d) * (a - d) + 4 * b * b)) / 2;
    // Both patches have variance 1, so what they do not share has variance 2 (1 − c), half of it in each.
    sigma[i] = least > 0 ? Math.sqrt((2 * Math.max(1e-4, 1 - c)) / (SAMPLES * least)) : Number.POSITIVE_INFINITY;
  }
  return { shift, correlation, sigma };
}

/** Well-determined places of an image, best first. */
export interface Corners {
  /** Interleaved points, pixels. */
  readonly points: Float64Array;
  /** How many of them, from the first on, stand out from the image's own noise: four times its weakest tenth. */
  readonly textured: number;
}

/**
 * Places where a patch is well determined in both directions, spread over the image: the best of each square cell, best first.
 *
 * J. Shi, C. Tomasi, CVPR 1994, doi:10.1109/CVPR.1994.323794
 *
 * @param count  about how many; sets the size of a cell
 */
export function spreadCorners(arena: Arena, image: Plane, count: number): Corners {
  const cell = Math.max(8, Math.ceil(Math.sqrt((image.width * image.height) / count)));
  const columns = Math.ceil(image.width / cell);
  const rows = Math.ceil(image.height / cell);
  const at = arena.bytes(columns * rows * 12);
  const args = [image.at, image.stride, image.width, image.height, cell, columns, 14, at];
  kernels().rows("bestCorners", rows, args, 1);
  const out = arena.f32(at, columns * rows * 3).slice();
  arena.free(at);
  const strength = (i: number) => out[3 * i + 2]!;
  const order: number[] = [];
  for (let i = 0; i < columns * rows; i++) if (strength(i) > 0) order.push(i);
  order.sort((a, b) => strength(b) - strength(a) || a - b);
  const points = new Float64Array(2 * order.length);
  order.forEach((i, k) => {
    points[2 * k] = out[3 * i]!;
    points[2 * k + 1] = out[3 * i + 1]!;
  });
  const weakest = order.length > 0 ? strength(order[Math.floor(0.9 * (order.length - 1))]!) : 0;
  return { points, textured: order.filter((i) => strength(i) >= 4 * weakest).length };
}
