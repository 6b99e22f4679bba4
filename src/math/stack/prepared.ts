import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { type PreparedFixed, prepareFixed } from "../intensity/register.js";
import type { Plane } from "../plane.js";
import { figuresOf, type SliceFigures } from "./figures.js";
import { type Look, lookOf } from "./look.js";
import type { SliceFamily } from "./maps.js";
import { readSlice, type Slice } from "./slices.js";

/** A slice in kernel memory, ready to be compared; `release` gives the memory back. */
export interface PreparedSlice {
  readonly index: number;
  readonly arena: Arena;
  readonly plane: Plane;
  readonly fixed: PreparedFixed;
  readonly look: Look;
  readonly figures: SliceFigures;
}

/**
 * Reads a slice and does once what every comparison needs.
 *
 * @throws DiagnosticError when its file is damaged
 */
export async function prepareSlice(
  slices: readonly Slice[],
  index: number,
  { family, factor }: { readonly family: SliceFamily; readonly factor: number },
  signal?: AbortSignal,
): Promise<PreparedSlice> {
  const arena = kernels().arena();
  try {
    const { plane } = await readSlice(arena, slices[index]!, factor, signal);
    const figures = figuresOf(arena, plane);
    const look = lookOf(arena, plane);
    const g = process.env.GM ? edges(arena, plane, Number(process.env.GM)) : plane;
    return { index, arena, plane: g, fixed: prepareFixed(arena, g, { family }), look, figures };
  } catch (error) {
    arena[Symbol.dispose]();
    throw error;
  }
}

export const release = (slice: PreparedSlice | undefined): void => slice?.arena[Symbol.dispose]();

import { blurPlane } from "../blur.js";
function edges(arena: Arena, p: Plane, sigma: number): Plane {
  const b = blurPlane(arena, p, sigma);
  const rows = Array.from({ length: p.height }, (_, y) => Float32Array.from(arena.f32(b.at + 4 * y * b.stride, b.width)));
  for (let y = 0; y < p.height; y++) {
    const [r, u, d] = [rows[y]!, rows[Math.max(0, y - 1)]!, rows[Math.min(p.height - 1, y + 1)]!];
    const o = arena.f32(b.at + 4 * y * b.stride, b.width);
    for (let x = 0; x < p.width; x++) {
      const gx = r[Math.min(x + 1, p.width - 1)]! - r[Math.max(0, x - 1)]!;
      const gy = d[x]! - u[x]!;
      o[x] = Math.sqrt(gx * gx + gy * gy);
    }
  }
  return b;
}
