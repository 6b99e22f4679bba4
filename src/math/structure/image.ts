import { composeAffine, type Grid, wholeWindow } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import { type Matrix3, matrix3FromAffine } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { emptyPlane, grayWeights, type Plane } from "../plane.js";
import { atLevel } from "../pyramid.js";
import { quantile } from "../sample-image.js";
import { sampleType } from "../sample-type.js";
import { bandPlanes, shrinkPlane } from "./levels.js";

/** Channels of one image at one level, as the search by structure looks at them. */
export interface StructureImage {
  /** In kernel memory, all of one size and stride; 0..255, and NaN (in all at the same places) where nothing is to be seen. */
  readonly channels: readonly Plane[];
  /** The same with flat areas at the border left in; `channels` itself where there are none. */
  readonly unmasked: readonly Plane[];
  /** Share of the pixels that are not NaN in `channels`. */
  readonly validShare: number;
  /** The grid of the channels' pixels, in the image's own world. */
  readonly grid: Grid;
  /** Pixel of the channels to pixel of the full image. */
  readonly fullFromLevel: Matrix3;
  /** Size of the full image. */
  readonly full: { readonly width: number; readonly height: number };
}

/** Share of the samples that may lie outside of the range that is stretched to 0..255, at either end. */
const TAIL = 0.005;
/** Samples that the range is taken from, at most, over all channels. */
const SAMPLES = 2 ** 16;
/** Channels that are looked at, at most; of more bands, some that are spread evenly. */
const MOST_CHANNELS = 8;
/** A neighbourhood that varies by less, in levels of 256, is flat. */
const FLAT_RANGE = 1.5;
/** A flat area at the border is no part of the scene when it covers more of the image than this. */
const FLAT_SHARE = 0.02;

/**
 * Reads an image for the search by structure: its bands, stretched together from their percentiles 0.5 and 99.5 to 0..255,
 * anti-aliased so that no side is longer than `maxSide` pixels.
 *
 * Nothing is to be seen where there is no observation, where the mask is 0, where alpha is 0, and in flat areas that touch
 * the border (frames, margins, empty glass) with the pixels next to them.
 *
 * @param mask  of the image's size; 0 is what should not be looked at
 */
export async function structureImage(
  arena: Arena,
  image: Image,
  options: { readonly maxSide?: number; readonly mask?: Image | undefined; readonly signal?: AbortSignal } = {},
): Promise<StructureImage> {
  const { maxSide = 1024, mask, signal } = options;
  const full = { width: image.grid.width, height: image.grid.height };
  const long = Math.max(full.width, full.height);
  const factor = Math.max(1, Math.floor(long / maxSide));
  const alpha = image.bands.length > 1 ? image.bands.indexOf("alpha") : -1;
  const bands = channelBands(image.bands);
  const read = await bandPlanes(arena, image, alpha < 0 ? bands : [...bands, alpha], factor, signal);
  const { grid } = read;
  hide(read.planes, alpha < 0 ? undefined : read.planes.pop()!);
  if (mask) hide(read.planes, await maskPlane(arena, mask, factor, signal));

  const longest = Math.max(grid.width, grid.height);
  const size = (n: number) => (longest > maxSide ? Math.max(1, Math.round((n * maxSide) / longest)) : n);
  const [width, height] = [size(grid.width), size(grid.height)];
  const planes = read.planes.map((plane) => {
    if (width === grid.width && height === grid.height) return plane;
    const small = shrinkPlane(arena, plane, width, height);
    arena.free(plane.at);
    return small;
  });
  const [sx, sy] = [grid.width / width, grid.height / height];
  const within = [sx, 0, (sx - 1) / 2, 0, sy, (sy - 1) / 2] as const;
  const block = [factor, 0, (factor - 1) / 2, 0, factor, (factor - 1) / 2] as const;
  stretch(arena, planes);
  const { channels, seen } = cutBorder(arena, planes, image.bands, bands);
  return {
    channels,
    unmasked: planes,
    validShare: seen / (width * height),
    grid: { ...grid, width, height, worldFromPixel: composeAffine(within, grid.worldFromPixel) },
    fullFromLevel: matrix3FromAffine(composeAffine(within, block)),
    full,
  };
}

function channelBands(names: readonly string[]): number[] {
  const seen = names.map((_, band) => band).filter((band) => names.length === 1 || names[band] !== "alpha");
  if (seen.length <= MOST_CHANNELS) return seen;
  return Array.from({ length: MOST_CHANNELS }, (_, i) => seen[Math.floor(((i + 0.5) * seen.length) / MOST_CHANNELS)]!);
}

/** Makes every plane NaN where any of them is, or where `shown` is 0 or NaN. */
function hide(planes: readonly Plane[], shown?: Plane): void {
  const [first, ...others] = planes as [Plane, ...Plane[]];
  const spread = (from: Plane, to: Plane, zeros = 0) =>
    kernels().rows("spreadHoles", to.height, [from.at, to.at, to.stride, to.width, zeros]);
  if (shown) spread(shown, first, 1);
  for (const plane of others) spread(plane, first);
  for (const plane of others) spread(first, plane);
}

/** A mask at a level: 1, or 0 where it hides. */
async function maskPlane(arena: Arena, mask: Image, factor: number, signal?: AbortSignal): Promise<Plane> {
  const { meaning: _, ...rest } = mask;
  const level = atLevel({ ...rest, meaning: "mask" }, factor);
  const { width, height } = level.grid;
  const { data } = await level.read(wholeWindow(level.grid), { bands: [0], ...(signal ? { signal } : {}) });
  const plane = emptyPlane(arena, width, height);
  const to = arena.f32(plane.at, plane.stride * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) to[y * plane.stride + x] = data[y * width + x] ? 1 : 0;
  return plane;
}

/** Stretches all planes together, in place. Where nothing varies, they become 0. */
function stretch(arena: Arena, planes: readonly Plane[]): void {
  const { width, height, stride } = planes[0]!;
  // An odd step walks through all columns before it repeats one, whatever the width.
  const step = Math.max(1, Math.floor((width * height * planes.length) / SAMPLES) | 1);
  const sample = new Float32Array(planes.length * Math.ceil((width * height) / step));
  let count = 0;
  for (const { at } of planes) {
    const values = arena.f32(at, stride * height);
    for (let i = 0; i < width * height; i += step) {
      const v = values[Math.floor(i / width) * stride + (i % width)]!;
      if (!Number.isNaN(v)) sample[count++] = v;
    }
  }
  const sorted = sample.subarray(0, count).sort();
  let [low, high] = sorted.length > 0 ? [quantile(sorted, TAIL), quantile(sorted, 1 - TAIL)] : [0, 0];
  // A mostly flat image (a mask of small dots, say): take the whole range rather than none.
  if (!(high > low) && sorted.length > 0) [low, high] = [sorted[0]!, sorted[sorted.length - 1]!];
  const gain = high > low ? 255 / (high - low) : 0;
  for (const { at } of planes) kernels().rows("linearMap", height, [at, stride, at, stride, width, low, gain, 0, 255]);
}

/** Copies of the planes without the flat areas that touch the border; the planes themselves where there are none. */
function cutBorder(
  arena: Arena,
  planes: readonly Plane[],
  names: readonly string[],
  bands: readonly number[],
): { channels: readonly Plane[]; seen: number } {
  const k = kernels();
  const { width, height, stride } = planes[0]!;
  const gray = emptyPlane(arena, width, height);
  const weights = grayWeights(bands.map((band) => names[band]!));
  weights.forEach(([band, weight], i) => {
    const from = planes[band]!.at;
    k.rows("widen", height, [
      sampleType("float32"),
      from,
      stride,
      gray.at,
      stride,
      width,
      weight,
      i === 0 ? 0 : 1,
      0,
      0,
    ]);
  });
  const kinds = arena.bytes(width * height);
  k.rows("flatAreas", height, [gray.at, stride, width, height, FLAT_RANGE, kinds], 16);
  const queue = arena.bytes(4 * width * height);
  const flat = k.call("flatBorder", kinds, width, height, Math.floor(FLAT_SHARE * width * height), queue);
  const channels =
    flat === 0
      ? planes
      : planes.map((plane) => {
          const cut = emptyPlane(arena, width, height);
          k.rows("cutFlatBorder", height, [plane.at, cut.at, stride, width, height, kinds], 16);
          return cut;
        });
  const counts = arena.bytes(4 * height);
  k.rows("countHoles", height, [channels[0]!.at, stride, width, counts]);
  const seen = width * height - arena.i32(counts, height).reduce((sum, n) => sum + n, 0);
  for (const at of [gray.at, kinds, queue, counts]) arena.free(at);
  return { channels, seen };
}
