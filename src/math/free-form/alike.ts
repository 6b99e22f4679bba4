import type { Image } from "../../core/image.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { lazyImage } from "../lazy.js";
import { intensityRange } from "../mutual-information/levels.js";
import { emptyPlane, type Plane } from "../plane.js";
import { readGray, writeSamples } from "../read-plane.js";

/** What brightness of the fixed image goes with each brightness of the moving one: knots evenly from `low` to `high`, linear between. */
export interface BrightnessMap {
  readonly low: number;
  readonly high: number;
  readonly values: Float64Array;
}

const KNOTS = 64;

/** A knot is drawn towards its neighbours as if by so many pixels, so that a few do not speak for a brightness. */
const DRAWN = 16;

/**
 * The mean fixed brightness at each moving brightness, over the pixels that both planes show. It makes images of different
 * kinds as alike as one curve can (the correlation ratio: A. Roche et al., MICCAI 1998, doi:10.1007/BFb0056301).
 */
export function brightnessMap(arena: Arena, fixed: Plane, moving: Plane): BrightnessMap {
  const { low, high } = intensityRange(arena, moving);
  const scale = high > low ? (KNOTS - 1) / (high - low) : 0;
  const [sums, counts] = [new Float64Array(KNOTS), new Float64Array(KNOTS)];
  const { width, height } = fixed;
  const [f, m] = [arena.f32(fixed.at, fixed.stride * height), arena.f32(moving.at, moving.stride * height)];
  let [sum, count] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [v, w] = [f[y * fixed.stride + x]!, m[y * moving.stride + x]!];
      if (Number.isNaN(v + w)) continue;
      const at = Math.min(KNOTS - 1, Math.max(0, (w - low) * scale));
      const knot = Math.min(KNOTS - 2, Math.floor(at));
      const share = at - knot;
      sums[knot] = sums[knot]! + (1 - share) * v;
      counts[knot] = counts[knot]! + 1 - share;
      sums[knot + 1] = sums[knot + 1]! + share * v;
      counts[knot + 1] = counts[knot + 1]! + share;
      sum += v;
      count++;
    }
  }
  const mean = count > 0 ? sum / count : 0;
  let values = Float64Array.from(sums, (s, k) => (counts[k]! > 0 ? s / counts[k]! : mean));
  // Each pass reaches one knot farther, so that what nothing is known of follows what is.
  for (let pass = 0; pass < KNOTS; pass++) {
    values = values.map((_, k) => {
      const around = (values[Math.max(0, k - 1)]! + values[Math.min(KNOTS - 1, k + 1)]!) / 2;
      return (sums[k]! + DRAWN * around) / (counts[k]! + DRAWN);
    });
  }
  return { low, high, values };
}

/** A plane of moving brightness in that of the fixed image. */
export function alikePlane(arena: Arena, plane: Plane, map: BrightnessMap): Plane {
  const { width, height } = plane;
  const out = emptyPlane(arena, width, height);
  const [from, to] = [arena.f32(plane.at, plane.stride * height), arena.f32(out.at, out.stride * height)];
  const scale = map.high > map.low ? (KNOTS - 1) / (map.high - map.low) : 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const v = from[y * plane.stride + x]!;
      if (Number.isNaN(v)) {
        to[y * out.stride + x] = v;
        continue;
      }
      const at = Math.min(KNOTS - 1, Math.max(0, (v - map.low) * scale));
      const knot = Math.min(KNOTS - 2, Math.floor(at));
      const [a, b] = [map.values[knot]!, map.values[knot + 1]!];
      to[y * out.stride + x] = a + (at - knot) * (b - a);
    }
  }
  return out;
}

/** A moving image, in gray, in the brightness of the fixed one. */
export function alikeImage(image: Image, map: BrightnessMap): Image {
  const { nodata: _, ...face } = image;
  return lazyImage({ ...face, dtype: "float32", bands: ["gray"] }, async (block, _bands, out, signal) => {
    using arena = kernels().arena();
    const plane = alikePlane(arena, await readGray(arena, image, block, signal ? { signal } : {}), map);
    const part = { left: 0, top: 0, width: block.width, height: block.height };
    writeSamples(arena, plane, part, "float32", { fill: Number.NaN, keepClear: false }, out);
  });
}
