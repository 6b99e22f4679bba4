import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { blurPlane } from "../blur.js";
import { type IntensityLevels, intensityLevels } from "../intensity/levels.js";
import { emptyPlane, type Plane } from "../plane.js";
import { figuresOf, type SliceFigures } from "./figures.js";
import { type Look, lookOf } from "./look.js";
import type { Size } from "./maps.js";
import { readSlice, type Slice } from "./slices.js";

/** What slices are brought together by. */
export type Compared = "edges" | "brightness";

/** A slice in kernel memory, ready to be compared; `release` gives the memory back. */
export interface PreparedSlice {
  readonly index: number;
  readonly arena: Arena;
  readonly size: Size;
  readonly brightness: IntensityLevels;
  /** Absent where brightness alone is compared. */
  readonly edges?: IntensityLevels;
  readonly look: Look;
}

/** Edges are those of structures this large: standard deviation of the smoothing, pixels of the level. */
const EDGE_SMOOTHING = 1.5;

/**
 * Reads a slice and does once what every comparison needs.
 *
 * @throws DiagnosticError when its file is damaged
 */
export async function prepareSlice(
  slices: readonly Slice[],
  index: number,
  { compare, factor }: { readonly compare: Compared; readonly factor: number },
  signal?: AbortSignal,
): Promise<{ readonly slice: PreparedSlice; readonly figures: SliceFigures }> {
  const arena = kernels().arena();
  try {
    const { plane } = await readSlice(arena, slices[index]!, factor, signal);
    const figures = figuresOf(arena, plane);
    const slice = preparePlane(arena, plane, index, compare);
    arena.free(plane.at);
    return { slice, figures };
  } catch (error) {
    arena[Symbol.dispose]();
    throw error;
  }
}

/** What every comparison needs of a plane, in memory of the arena; the plane itself is not kept. */
export function preparePlane(arena: Arena, plane: Plane, index: number, compare: Compared): PreparedSlice {
  const look = lookOf(arena, plane);
  const brightness = intensityLevels(arena, plane);
  const base = { index, arena, look, brightness, size: { width: plane.width, height: plane.height } };
  if (compare === "brightness") return base;
  const smooth = blurPlane(arena, plane, EDGE_SMOOTHING);
  const strength = emptyPlane(arena, plane.width, plane.height);
  const { height } = plane;
  kernels().rows("edgeStrength", height, [
    ...[smooth.at, smooth.stride, strength.at, strength.stride, plane.width, height],
  ]);
  const edges = intensityLevels(arena, strength);
  arena.free(smooth.at);
  arena.free(strength.at);
  return { ...base, edges };
}

export const release = (slice: PreparedSlice | undefined): void => slice?.arena[Symbol.dispose]();
