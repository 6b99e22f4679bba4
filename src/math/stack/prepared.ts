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
    return { index, arena, plane, fixed: prepareFixed(arena, plane, { family }), look, figures };
  } catch (error) {
    arena[Symbol.dispose]();
    throw error;
  }
}

export const release = (slice: PreparedSlice | undefined): void => slice?.arena[Symbol.dispose]();
