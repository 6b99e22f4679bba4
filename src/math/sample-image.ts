import type { Window } from "../core/grid.js";
import type { Image } from "../core/image.js";
import { kernels } from "../kernel/lane.js";
import { readFloat } from "./read-plane.js";

/** Samples that a statistic looks at, at most, whatever the size of the image. */
const MOST = 2 ** 20;
/** Side of the windows that a large image is sampled by. */
const PATCH = 128;

/**
 * Valid samples of one band: all of a small image; of a large one, those of windows spread evenly over it. The same image
 * gives the same samples, however it is stored or cut.
 */
export async function sampleBand(image: Image, band: number, signal?: AbortSignal): Promise<Float32Array> {
  const out: Float32Array[] = [];
  for (const window of patches(image.grid.width, image.grid.height)) {
    using arena = kernels().arena();
    const plane = await readFloat(arena, image, window, band, signal ? { signal } : {});
    const values = new Float32Array(plane.width * plane.height);
    let count = 0;
    for (let y = 0; y < plane.height; y++)
      for (const v of arena.f32(plane.at + 4 * y * plane.stride, plane.width))
        if (!Number.isNaN(v)) values[count++] = v;
    out.push(values.subarray(0, count));
  }
  const all = new Float32Array(out.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of out) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The whole of a small image, or at most 64 windows that do not overlap, spread over the rows and columns. */
function patches(width: number, height: number): Window[] {
  if (width * height <= MOST) return [{ x: 0, y: 0, width, height }];
  const most = MOST / PATCH ** 2;
  const room = (size: number) => Math.max(1, Math.floor(size / PATCH));
  const columns = Math.min(room(width), Math.floor(most / Math.min(room(height), Math.sqrt(most))));
  const rows = Math.min(room(height), Math.floor(most / columns));
  const spread = (size: number, count: number) => {
    const length = Math.min(size, PATCH);
    return Array.from({ length: count }, (_, k) => ({
      start: Math.floor((size * (k + 0.5)) / count - length / 2),
      length,
    }));
  };
  const across = spread(width, columns);
  return spread(height, rows).flatMap((row) =>
    across.map((column) => ({ x: column.start, y: row.start, width: column.length, height: row.length })),
  );
}

/** The value below which the share `q` of sorted values lies, linear between neighbours; NaN for none. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = q * (sorted.length - 1);
  const k = Math.min(Math.floor(at), sorted.length - 2);
  if (sorted.length < 2) return sorted.length === 1 ? sorted[0]! : Number.NaN;
  return sorted[k]! + (at - k) * (sorted[k + 1]! - sorted[k]!);
}

/** Computes once, at first need; a failure is not kept. */
export function once<T>(compute: (signal?: AbortSignal) => Promise<T>): (signal?: AbortSignal) => Promise<T> {
  let value: Promise<T> | undefined;
  return (signal) => {
    value ??= compute(signal).catch((error: unknown) => {
      value = undefined;
      throw error;
    });
    return value;
  };
}
