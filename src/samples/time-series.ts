import type { Affine2 } from "../core/grid.js";
import type { Image } from "../core/image.js";
import { seededRandom } from "../math/random.js";
import { picture } from "./camera.js";
import { cells } from "./cells.js";

/** One frame of a made-up time series. */
export interface SampleFrame {
  /** File name without extension: `frame_012`. */
  readonly name: string;
  readonly image: Image;
  /** From the frame's pixels to those of the first frame, exactly. */
  readonly firstFromFrame: Affine2;
  /** True for a frame that shows nothing but noise, as when the lamp failed. */
  readonly bad: boolean;
}

export interface TimeSeriesOptions {
  readonly frames?: number;
  /** Width and height, pixels. */
  readonly size?: number;
  /** Largest step from a frame to the next along each axis, pixels. */
  readonly step?: number;
  /** Largest turn from a frame to the next, radians. */
  readonly turn?: number;
  /** Every so many frames one is bad; 0 for none. */
  readonly badEvery?: number;
  readonly seed?: number;
}

/** Cells under a microscope that drifts: a random walk of shift and angle, 16 bits, noise, now and then a frame without light. */
export function sampleTimeSeries(options: TimeSeriesOptions = {}): SampleFrame[] {
  const { frames = 24, size = 256, step = 1.5, turn = 0.003, badEvery = 11, seed = 1 } = options;
  const margin = size / 4;
  const scene = cells({ width: 1.5 * size, height: 1.5 * size, seed });
  const random = seededRandom(seed);
  const swing = (most: number) => most * (2 * random() - 1);
  const centre = (size - 1) / 2;
  let [x, y, t] = [0, 0, 0];
  const out: SampleFrame[] = [];
  for (let i = 0; i < frames; i++) {
    if (i > 0) {
      x += swing(step);
      y += swing(step);
      t += swing(turn) / 2;
    }
    // t is the tangent of half the angle, so that no engine's sine is asked.
    const [c, s] = [(1 - t * t) / (1 + t * t), (2 * t) / (1 + t * t)];
    const firstFromFrame: Affine2 = [
      ...[c, 0 - s, centre - c * centre + s * centre + x],
      ...[s, c, centre - s * centre - c * centre + y],
    ] as unknown as Affine2;
    const [a, b, dx, d, e, dy] = firstFromFrame;
    const bad = badEvery > 0 && i % badEvery === badEvery - 1;
    const image = picture(scene, {
      ...{ width: size, height: size, dtype: "uint16", noise: 0.02, shading: 0.15, offset: 0.04 },
      ...{ gain: bad ? 0 : 0.7, seed: seed * 1000 + i },
      sceneFromPixel: (px, py, at) => {
        at[0] = a * px + b * py + dx + margin;
        at[1] = d * px + e * py + dy + margin;
      },
    });
    out.push({ name: `frame_${String(i).padStart(3, "0")}`, image, firstFromFrame, bad });
  }
  return out;
}
