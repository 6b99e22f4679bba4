import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";

/** Low and high end of the values that have bins of their own. */
export type Range = readonly [low: number, high: number];

/** Share of the values at either end that may lie beyond. */
const BEYOND = 0.001;

/** What nearly all values lie between, from about 10⁴ pixels. */
export function rangeOf(arena: Arena, { at, stride, width, height }: Plane): Range {
  const step = Math.max(1, Math.floor(Math.sqrt((width * height) / 1e4)));
  const samples = arena.f32(at, stride * height);
  const values: number[] = [];
  for (let y = step >> 1; y < height; y += step) {
    for (let x = step >> 1; x < width; x += step) {
      const v = samples[y * stride + x]!;
      if (!Number.isNaN(v)) values.push(v);
    }
  }
  if (values.length === 0) return [0, 0];
  values.sort((a, b) => a - b);
  const end = Math.floor(BEYOND * (values.length - 1));
  return [values[end]!, values[values.length - 1 - end]!];
}
