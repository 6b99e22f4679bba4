import { kernels } from "../../../kernel/lane.js";
import type { Arena } from "../../../kernel/memory.js";
import { blurPlane } from "../../blur.js";
import type { PlaneLattice } from "../../free-form/lattice-map.js";
import type { Plane } from "../../plane.js";
import type { Slice } from "../slices.js";
import { type CommonFrame, laid, readEven } from "./common-frame.js";

/** A slice on the common frame, in kernel memory. */
export interface LaidSlice {
  /** Of the stack. */
  readonly index: number;
  /** Placed, not bent. */
  readonly flat: Plane;
  /** Bent as known so far. */
  readonly bent: Plane;
}

/** A slice with those around it. */
export interface Around {
  readonly slice: LaidSlice;
  /** Slices that are used and lie at most the reach before or behind it, counted among these, nearest first. */
  readonly before: readonly LaidSlice[];
  readonly behind: readonly LaidSlice[];
}

/**
 * Goes along a stack and gives each slice that is used with its neighbours, each read once on the way.
 *
 * Memory: two planes for each slice within the reach, whatever the length of the stack.
 *
 * @param used  numbers of slices, ascending
 * @param fields  bends so far, by number of the slice
 * @param reach  slices on either side
 * @param smoothing  standard deviation, pixels of the frame
 */
export async function* alongStack(
  slices: readonly Slice[],
  used: readonly number[],
  fields: readonly (PlaneLattice | undefined)[],
  frame: CommonFrame,
  { reach, smoothing = 0 }: { readonly reach: number; readonly smoothing?: number },
  signal: AbortSignal,
): AsyncGenerator<Around> {
  const held = new Map<number, { readonly arena: Arena; readonly slice: LaidSlice }>();
  try {
    for (let k = 0; k < used.length; k++) {
      signal.throwIfAborted();
      held.get(k - reach - 1)?.arena[Symbol.dispose]();
      held.delete(k - reach - 1);
      for (let n = k; n <= Math.min(used.length - 1, k + reach); n++) {
        if (held.has(n)) continue;
        const arena = kernels().arena();
        try {
          const index = used[n]!;
          const read = await readEven(arena, slices[index]!, frame.factor, signal);
          const plane = smoothing > 0 ? blurPlane(arena, read, smoothing) : read;
          const flat = laid(arena, plane, frame.sliceFromFrame[index]!, frame);
          const field = fields[index];
          const bent = field ? laid(arena, plane, frame.sliceFromFrame[index]!, frame, field) : flat;
          for (const p of new Set([read, plane])) arena.free(p.at);
          held.set(n, { arena, slice: { index, flat, bent } });
        } catch (error) {
          arena[Symbol.dispose]();
          throw error;
        }
      }
      const side = (step: number) =>
        Array.from({ length: reach }, (_, n) => held.get(k + step * (n + 1))?.slice).filter((s) => s !== undefined);
      yield { slice: held.get(k)!.slice, before: side(-1), behind: side(1) };
    }
  } finally {
    for (const { arena } of held.values()) arena[Symbol.dispose]();
  }
}
