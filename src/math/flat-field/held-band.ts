import type { Window } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { readFloat } from "../read-plane.js";
import { once } from "../sample-image.js";
import { cutWindow } from "../window.js";

/** Larger bands are read anew at each use. */
const HELD_MAX = 2 ** 24;
/** Pixels that are read at one time. */
const PART_PIXELS = 2 ** 20;

/** One band of an image that many others are corrected by: held in memory once it was read, as far as it is not too large. */
export interface HeldBand {
  /** Mean of what was observed; 0 where nothing was. */
  readonly mean: number;
  /** The value that it has everywhere. */
  readonly constant?: number;
  readonly samples?: Float32Array;
}

const held = new WeakMap<Image, Map<number, (signal?: AbortSignal) => Promise<HeldBand>>>();

/** A band that is read the first time that somebody asks for it, and kept as long as the image lives. */
export function heldBand(image: Image, band: number, signal?: AbortSignal): Promise<HeldBand> {
  const bands = held.get(image) ?? new Map<number, (signal?: AbortSignal) => Promise<HeldBand>>();
  held.set(image, bands);
  const known = bands.get(band) ?? once((s) => readBand(image, band, s));
  bands.set(band, known);
  return known(signal);
}

async function readBand(image: Image, band: number, signal?: AbortSignal): Promise<HeldBand> {
  const { width, height } = image.grid;
  const samples = width * height <= HELD_MAX ? new Float32Array(width * height) : undefined;
  let [sum, count, low, high] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const part of cutWindow({ x: 0, y: 0, width, height }, image.tile, PART_PIXELS)) {
    using arena = kernels().arena();
    const plane = await readFloat(arena, image, part, band, signal ? { signal } : {});
    for (let y = 0; y < part.height; y++) {
      const row = arena.f32(plane.at + 4 * y * plane.stride, part.width);
      samples?.set(row, (part.y + y) * width + part.x);
      for (const v of row) {
        if (Number.isNaN(v)) continue;
        sum += v;
        count++;
        if (v < low) low = v;
        if (v > high) high = v;
      }
    }
  }
  const mean = count > 0 ? sum / count : 0;
  if (low === high && count === width * height) return { mean, constant: low };
  return samples ? { mean, samples } : { mean };
}

/** A window of a band as a plane in kernel memory whose stride is the window's width. @returns its address */
export async function putBand(
  arena: Arena,
  image: Image,
  band: number,
  { samples, constant }: HeldBand,
  window: Window,
  signal?: AbortSignal,
): Promise<number> {
  const { width, height } = window;
  const at = arena.bytes(4 * width * height);
  if (constant !== undefined) arena.f32(at, width * height).fill(constant);
  else if (samples) {
    const to = arena.f32(at, width * height);
    const across = image.grid.width;
    if (width === across) to.set(samples.subarray(window.y * width, (window.y + height) * width));
    else {
      for (let y = 0; y < height; y++) {
        const from = (window.y + y) * across + window.x;
        to.set(samples.subarray(from, from + width), y * width);
      }
    }
  } else {
    const plane = await readFloat(arena, image, window, band, signal ? { signal } : {});
    for (let y = 0; y < height; y++)
      arena.f32(at, width * height).set(arena.f32(plane.at + 4 * y * plane.stride, width), y * width);
    arena.free(plane.at);
  }
  return at;
}
