import { spacing } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import { kernels } from "../../kernel/lane.js";
import { emptyPlane, type Plane, warpPlane } from "../plane.js";
import { grayPlane } from "../read-plane.js";
import { quantile } from "../sample-image.js";
import type { Pose, Shape } from "./shape.js";

/** Gray levels in bytes, without gaps. */
export interface BytePlane {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Radius of a shape of average size, in pixels of the coarse plane. */
export const COARSE_RADIUS = 16;
/** How much finer the fine plane is at most. */
const FINEST = 7;

/** An image as landmarks are sought in it: at the size where a shape of average size has a known radius. */
export interface LandmarkImage {
  readonly fine: BytePlane;
  /** Means over `step` by `step` pixels of the fine plane. */
  readonly coarse: BytePlane;
  readonly step: number;
  /** From pixels of the fine plane to those of the image: scale and offset, the same for x and y. */
  readonly scale: number;
  readonly offset: number;
}

/** How fine the fine plane is, for shapes of this radius in pixels of the image: times the coarse one. */
export const fineStep = (radiusPx: number): number =>
  Math.max(1, Math.min(FINEST, Math.floor(radiusPx / COARSE_RADIUS)));

/**
 * Reads an image in gray, at the size where `radius` (world units) is `step` times the coarse radius. Gray levels go
 * to bytes so that 1 % are darker than 32 and 1 % lighter than 224; what was not observed becomes the median.
 */
export async function landmarkImage(
  image: Image,
  radius: number,
  step: number,
  signal?: AbortSignal,
): Promise<LandmarkImage> {
  using arena = kernels().arena();
  const scale = radius / spacing(image.grid) / (step * COARSE_RADIUS);
  const factor = Math.max(1, Math.floor(scale + 1e-9));
  const { plane } = await grayPlane(arena, image, factor, signal);
  const offset = (scale - 1) / 2;
  const size = (whole: number) => Math.max(1, Math.floor(whole / scale + 1e-9));
  const [width, height] = [size(image.grid.width), size(image.grid.height)];
  const s = scale / factor;
  const o = (offset - (factor - 1) / 2) / factor;
  const fine =
    Math.abs(s - 1) < 1e-9 ? plane : warpPlane(arena, plane, [s, 0, o, 0, s, o, 0, 0, 1], width, height, "linear");
  const coarse = emptyPlane(arena, Math.ceil(fine.width / step), Math.ceil(fine.height / step));
  const args = [fine.at, fine.stride, fine.width, fine.height, coarse.at, coarse.stride, step];
  kernels().rows("coarsen", coarse.height, args, 16);
  const values = samples(fine);
  const [low, middle, high] = [0.01, 0.5, 0.99].map((q) => quantile(values, q)) as [number, number, number];
  const tone = { low, gain: high > low ? 192 / (high - low) : 0, middle };
  return { fine: bytes(fine, tone), coarse: bytes(coarse, tone), step, scale, offset };

  function rowOf(p: Plane, y: number): Float32Array {
    return arena.f32(p.at + 4 * y * p.stride, p.width);
  }

  /** Sorted; at most 65536 of them, evenly spread. */
  function samples(p: Plane): Float32Array {
    const every = Math.max(1, Math.floor((p.width * p.height) / 65536));
    const out: number[] = [];
    for (let y = 0, n = 0; y < p.height; y++)
      for (const v of rowOf(p, y)) if (n++ % every === 0 && !Number.isNaN(v)) out.push(v);
    return Float32Array.from(out).sort();
  }

  function bytes(p: Plane, tone: { readonly low: number; readonly gain: number; readonly middle: number }): BytePlane {
    const data = new Uint8ClampedArray(p.width * p.height);
    for (let y = 0, n = 0; y < p.height; y++)
      for (const v of rowOf(p, y)) data[n++] = 32 + ((Number.isNaN(v) ? tone.middle : v) - tone.low || 0) * tone.gain;
    return { data: new Uint8Array(data.buffer), width: p.width, height: p.height };
  }
}

/** Maps pixels of a plane to pixels of the image. */
export const finePose = ({ scale, offset }: LandmarkImage): Pose => ({ a: scale, b: 0, x: offset, y: offset });
export const coarsePose = ({ scale, offset, step }: LandmarkImage): Pose => ({
  ...{ a: scale * step, b: 0 },
  ...{ x: offset + (scale * (step - 1)) / 2, y: offset + (scale * (step - 1)) / 2 },
});

/** Whether two points at least are there. */
export const isUsable = (shape: Shape): boolean => shape.reduce((n, v) => n + (Number.isNaN(v) ? 0 : 1), 0) >= 4;
