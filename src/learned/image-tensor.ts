import { type Grid, wholeWindow } from "../core/grid.js";
import type { Image } from "../core/image.js";
import { identity } from "../core/transform.js";
import { kernels } from "../kernel/lane.js";
import { grayWeights } from "../math/plane.js";
import { readFloat, readGray } from "../math/read-plane.js";
import { warpImage } from "../math/resample.js";
import { quantile, sampleBand } from "../math/sample-image.js";
import type { Tensor, TensorPort } from "./network.js";

/** How a network wants to see an image. */
export interface TensorOptions {
  /** Longest side where the model leaves the size open, pixels. */
  readonly maxSide: number;
  /** Where the model leaves the size open, sides are whole multiples of this. */
  readonly multiple: number;
  /** What black and white become; `imagenet` subtracts the means of that set and divides by its deviations. */
  readonly range: "0..1" | "0..255" | "-1..1" | "imagenet";
}

export type Layout = "channels-first" | "channels-last";

/** An image as an input wants it, and where its samples lie in the world. */
export interface ImageTensor {
  readonly tensor: Tensor;
  readonly grid: Grid;
}

/** What an input says about images: four dimensions of which one is 1 or 3 channels; undefined for anything else. */
export function imageInput({
  type,
  shape,
}: TensorPort): { layout: Layout; channels: 1 | 3; width?: number; height?: number } | undefined {
  if (type !== "float32" || shape.length !== 4) return undefined;
  const [, second, third, fourth] = shape;
  const isChannels = (n: number | string | undefined): n is 1 | 3 => n === 1 || n === 3;
  const open = (n: number | string | undefined) => (typeof n === "number" && n > 0 ? n : undefined);
  const of = (layout: Layout, channels: 1 | 3, h: number | string | undefined, w: number | string | undefined) => {
    const [height, width] = [open(h), open(w)];
    return { layout, channels, ...(width ? { width } : {}), ...(height ? { height } : {}) };
  };
  if (isChannels(second)) return of("channels-first", second, third, fourth);
  if (isChannels(fourth)) return of("channels-last", fourth, second, third);
  return undefined;
}

const IMAGENET = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] } as const;

/**
 * Resamples an image to what an input takes: anti-aliased, in one step, over the image's whole area.
 *
 * Bytes are divided by 255; other types are stretched from their percentiles 0.5 and 99.5 to 0 and 1, since networks are
 * trained on photographs. Without observation a sample is 0 before the range is applied. A grey image fills three channels
 * alike; of colour, a one-channel network gets the luminance.
 */
export async function imageTensor(
  image: Image,
  input: NonNullable<ReturnType<typeof imageInput>>,
  options: TensorOptions,
  signal: AbortSignal,
): Promise<ImageTensor> {
  const grid = tensorGrid(image.grid, input, options);
  const { width, height } = grid;
  const { channels, layout } = input;
  const [low, high] = await levels(image, signal);
  const small = warpImage(image, identity, grid);
  const data = new Float32Array(channels * width * height);
  const colours = grayWeights(image.bands).map(([band]) => band);
  for (let c = 0; c < channels; c++) {
    using arena = kernels().arena();
    const whole = wholeWindow(grid);
    const plane =
      channels === 3 && colours.length === 3
        ? await readFloat(arena, small, whole, colours[c]!, { signal })
        : await readGray(arena, small, whole, { signal });
    const [scale, offset] = rangeOf(options.range, channels === 3 ? c : 0);
    const gain = high > low ? 1 / (high - low) : 0;
    for (let y = 0; y < height; y++) {
      const row = arena.f32(plane.at + 4 * plane.stride * y, width);
      for (let x = 0; x < width; x++) {
        const v = Number.isNaN(row[x]!) ? 0 : Math.min(1, Math.max(0, (row[x]! - low) * gain));
        const at = layout === "channels-first" ? (c * height + y) * width + x : (y * width + x) * channels + c;
        data[at] = v * scale + offset;
      }
    }
  }
  const dims = layout === "channels-first" ? [1, channels, height, width] : [1, height, width, channels];
  return { tensor: { dims, data }, grid };
}

/** The image's area in as many pixels as the network takes. */
function tensorGrid(grid: Grid, input: { width?: number; height?: number }, options: TensorOptions): Grid {
  const shrink = Math.min(1, options.maxSide / Math.max(grid.width, grid.height));
  const side = (length: number) => options.multiple * Math.max(1, Math.round((length * shrink) / options.multiple));
  const width = input.width ?? side(grid.width);
  const height = input.height ?? side(grid.height);
  const [a, b, c, d, e, f] = grid.worldFromPixel;
  const [sx, sy] = [grid.width / width, grid.height / height];
  const [ox, oy] = [(sx - 1) / 2, (sy - 1) / 2];
  return {
    ...grid,
    width,
    height,
    worldFromPixel: [a * sx, b * sy, a * ox + b * oy + c, d * sx, e * sy, d * ox + e * oy + f],
  };
}

async function levels(image: Image, signal: AbortSignal): Promise<readonly [low: number, high: number]> {
  if (image.dtype === "uint8") return [0, 255];
  const sorted = (await sampleBand(image, 0, signal)).sort();
  return sorted.length === 0 ? [0, 1] : [quantile(sorted, 0.005), quantile(sorted, 0.995)];
}

function rangeOf(range: TensorOptions["range"], channel: number): readonly [scale: number, offset: number] {
  switch (range) {
    case "0..1":
      return [1, 0];
    case "0..255":
      return [255, 0];
    case "-1..1":
      return [2, -1];
    case "imagenet": {
      const deviation = IMAGENET.deviation[channel]!;
      return [1 / deviation, -IMAGENET.mean[channel]! / deviation];
    }
  }
}

/** Parameters of how a network wants to see images, which every plugin that runs networks has. */
export const tensorParams = {
  range: {
    type: "string",
    enum: ["0..1", "0..255", "-1..1", "imagenet"],
    default: "0..1",
    description: "What black and white become; imagenet subtracts the means of that set and divides by its deviations.",
  },
  maxSide: {
    type: "integer",
    minimum: 16,
    maximum: 8192,
    default: 1024,
    description: "Longest side of what the network sees, pixels, where the model leaves the size open.",
  },
  multiple: {
    type: "integer",
    minimum: 1,
    maximum: 256,
    default: 8,
    description: "Where the model leaves the size open, sides are whole multiples of this.",
  },
} as const;
