import type { Grid } from "../../core/grid.js";
import { wholeWindow } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import { atLevel } from "../pyramid.js";
import { grayPlane } from "../read-plane.js";
import { quantile } from "../sample-image.js";
import type { GrayImage } from "./scale-space.js";

/** An image as detectors want it. */
export interface FeatureImage {
  /** In kernel memory; about 0..1, clamped to [-0.5, 1.5]. */
  readonly gray: GrayImage;
  /** The grid of `gray`: the image's own, or a coarser one in the same world. */
  readonly grid: Grid;
  /** 0 where there is no observation; absent when everything was observed. One byte per pixel. */
  readonly mask?: Uint8Array;
}

/** Share of the pixels that may lie outside of the range that is stretched to 0..1, at either end. */
const TAIL = 0.005;
/** Pixels that the range is taken from, at most. */
const SAMPLES = 2 ** 16;

/** By how much an image is reduced so that no side is longer than `maxSide` pixels: a whole number. */
export const levelFactor = ({ width, height }: Grid, maxSide = Number.POSITIVE_INFINITY): number =>
  Math.max(1, Math.ceil(Math.max(width, height) / maxSide));

/**
 * Reads an image in gray and stretches its percentiles 0.5 and 99.5 to 0 and 1, so that contrast thresholds mean the same
 * for 8 bits, 16 bits and float. Pixels without observation get the middle value and a 0 in the mask.
 *
 * @param maxSide  longer images are read at a coarser level, averaged over whole numbers of pixels
 * @param mask  of the image's size; 0 is what should not be looked at
 */
export async function featureImage(
  arena: Arena,
  image: Image,
  options: {
    readonly maxSide?: number;
    readonly mask?: Image | undefined;
    readonly signal?: AbortSignal;
    /** Shares of the pixels outside of the range at its low and high end, and what stretched values are clamped to. */
    readonly tails?: readonly [number, number];
    readonly clamp?: readonly [number, number];
    /** By how much to coarsen, in place of `maxSide`. */
    readonly factor?: number;
  } = {},
): Promise<FeatureImage> {
  const factor = options.factor ?? levelFactor(image.grid, options.maxSide);
  const { plane, grid } = await grayPlane(arena, image, factor, options.signal);
  const { width, height } = plane;
  const count = width * height;
  const seen = arena.bytes(count);
  arena.u8(seen, count).fill(1);
  if (options.mask) {
    const { meaning: _, ...mask } = options.mask;
    const level = atLevel({ ...mask, meaning: "mask" }, factor);
    const { data } = await level.read(wholeWindow(level.grid), {
      bands: [0],
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const to = arena.u8(seen, count);
    for (let i = 0; i < count; i++) if (data[i] === 0 || Number.isNaN(data[i])) to[i] = 0;
  }
  const { low, high } = range(arena, plane, seen, options.tails ?? [TAIL, TAIL]);
  const missing = arena.bytes(4 * height);
  const gain = high > low ? 1 / (high - low) : 0;
  const args = [plane.at, plane.stride, width, low, gain, ...(options.clamp ?? [-0.5, 1.5]), 0.5, seen, missing];
  kernels().rows("featureRows", height, args);
  const holes = arena.i32(missing, height).some((n) => n > 0);
  const gray = { width, height, stride: plane.stride, pixels: plane.at };
  const result = holes ? { gray, grid, mask: arena.u8(seen, count).slice() } : { gray, grid };
  arena.free(seen);
  arena.free(missing);
  return result;
}

/** The percentiles of what was observed; equal when nothing was, or nothing varies. */
function range(
  arena: Arena,
  plane: Plane,
  seen: number,
  [lowTail, highTail]: readonly [number, number],
): { low: number; high: number } {
  const { width, height, stride } = plane;
  const values = arena.f32(plane.at, stride * height);
  const mask = arena.u8(seen, width * height);
  // An odd step walks through all columns before it repeats one, whatever the width.
  const step = Math.max(1, Math.floor((width * height) / SAMPLES) | 1);
  const sample: number[] = [];
  for (let i = 0; i < width * height; i += step) {
    const v = values[Math.floor(i / width) * stride + (i % width)]!;
    if (mask[i] !== 0 && !Number.isNaN(v)) sample.push(v);
  }
  const sorted = Float32Array.from(sample).sort();
  if (sorted.length === 0) return { low: 0, high: 0 };
  const low = quantile(sorted, lowTail);
  const high = quantile(sorted, 1 - highTail);
  // A mostly flat image (a mask of small dots, say): take the whole range rather than none.
  return high > low ? { low, high } : { low: sorted[0]!, high: sorted[sorted.length - 1]! };
}
