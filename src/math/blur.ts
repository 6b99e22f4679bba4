import type { Image } from "../core/image.js";
import { kernels } from "../kernel/lane.js";
import type { Arena } from "../kernel/memory.js";
import { gaussianRadius, gaussianWeights } from "./gaussian.js";
import { filterImage } from "./lazy.js";
import { emptyPlane, type Plane } from "./plane.js";

/**
 * Gaussian blur of a plane into a new one; outside, the nearest sample holds.
 *
 * Pixels without observation count nothing and stay without (normalised convolution, doi:10.1109/CVPR.1993.341081).
 *
 * @param sigma  in pixels, above 0
 */
export function blurPlane(arena: Arena, plane: Plane, sigma: number): Plane {
  const k = kernels();
  const { width, height } = plane;
  const radius = gaussianRadius(sigma);
  const weights = arena.put(gaussianWeights(sigma));
  const line = k.scratch(arena, 4 * (width + 2 * radius + 32));
  const blurred = (from: Plane): Plane => {
    const to = emptyPlane(arena, from.width, from.height);
    k.rows("blurSeparable", from.height, [
      ...[from.at, from.stride, to.at, to.stride, from.width, from.height, weights, radius, line],
    ]);
    return to;
  };
  let result: Plane;
  const counts = arena.bytes(4 * height);
  k.rows("countHoles", height, [plane.at, plane.stride, width, counts]);
  if (arena.i32(counts, height).every((holes) => holes === 0)) result = blurred(plane);
  else {
    const valid = emptyPlane(arena, width, height);
    const filled = emptyPlane(arena, width, height);
    k.rows("splitHoles", height, [plane.at, plane.stride, filled.at, valid.at, valid.stride, width]);
    result = blurred(filled);
    const share = blurred(valid);
    const one = emptyPlane(arena, 1, 1);
    arena.f32(one.at, 1)[0] = 1;
    const whole = blurred(one);
    const sum = arena.f32(whole.at, 1)[0]!;
    k.rows("joinHoles", height, [result.at, share.at, valid.at, result.stride, width, sum]);
    for (const at of [share.at, one.at, whole.at, valid.at, filled.at]) arena.free(at);
  }
  for (const at of [weights, line.base, counts]) arena.free(at);
  return result;
}

/** A lazy Gaussian blur, as float32; see `blurPlane`. */
export const blurImage = (image: Image, sigma: number): Image =>
  filterImage(image, { halo: gaussianRadius(sigma), dtype: "float32" }, (arena, plane) =>
    blurPlane(arena, plane, sigma),
  );
