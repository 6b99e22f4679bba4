import type { Context } from "../../core/plugin.js";
import { matrix3FromAffine } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { type PreparedFixed, prepareFixed, registerPrepared } from "../intensity/register.js";
import { halfPlane, type Plane } from "../plane.js";
import { type Look, likeness, lookOf } from "./look.js";
import { identityMap } from "./maps.js";
import { shortestPath } from "./shortest-path.js";
import { readSlice, reductionOf, type Slice } from "./slices.js";

export interface StackOrder {
  /** Numbers of the slices as given, in the order found; which end is first is a matter of choice. */
  readonly order: readonly number[];
  /** How alike each slice is to the next one in the order, −1 to 1. */
  readonly likeness: Float64Array;
  /** Score that pairs which are far apart in the order reach, in the middle. */
  readonly others: number;
}

/** Longest side at which slices are compared, pixels. */
const SIDE = 160;
/** Smaller versions that are turned and shifted onto each other first. */
const SMALL = 80;

/**
 * Orders slices by how alike they are: each pair is brought together by a rigid map at a small size and compared, and the
 * shortest path through all slices is the order. It begins with the end that came first in the list.
 *
 * Takes time and memory with the square of the number of slices, some milliseconds a pair.
 */
export async function orderStack(slices: readonly Slice[], { signal, progress }: Context): Promise<StackOrder> {
  using arena = kernels().arena();
  const factor = reductionOf(slices, SIDE);
  const small: { readonly plane: Plane; readonly fixed: PreparedFixed; readonly look: Look }[] = [];
  for (const slice of slices) {
    signal.throwIfAborted();
    const { plane: whole } = await readSlice(arena, slice, factor, signal);
    const look = lookOf(arena, whole);
    const plane = reduced(arena, whole);
    small.push({ plane, look, fixed: prepareFixed(arena, plane, { family: "rigid" }) });
  }
  const count = slices.length;
  const score = new Float64Array(count * count);
  for (let a = 0; a < count; a++) {
    signal.throwIfAborted();
    progress(a / count);
    for (let b = a + 1; b < count; b++) {
      const fit = registerPrepared(arena, small[a]!.fixed, small[b]!.plane, { start: matrix3FromAffine(identityMap) });
      const ratio = small[a]!.look.width / small[a]!.plane.width;
      const m = fit.movingFromFixed;
      const shift = (t: number, u: number, v: number) => ratio * t + ((ratio - 1) / 2) * (1 - u - v);
      const map = [m[0], m[1], shift(m[2], m[0], m[1]), m[3], m[4], shift(m[5], m[3], m[4])] as const;
      const of = (look: Look): Look => ({ ...look, factor: 1 });
      const alike = likeness(of(small[a]!.look), of(small[b]!.look), map, false).score;
      score[a * count + b] = alike;
      score[b * count + a] = alike;
    }
    await new Promise(setImmediate); // lets a signal arrive
  }
  const path = shortestPath(count, (a, b) => 1 - score[a * count + b]!);
  const order = path[0]! <= path[count - 1]! ? path : [...path].reverse();
  const next = Float64Array.from(order, (i, n) => (n + 1 < count ? score[i * count + order[n + 1]!]! : Number.NaN));
  const far = order.flatMap((i, n) => order.slice(n + Math.ceil(count / 2)).map((j) => score[i * count + j]!));
  far.sort((p, q) => p - q);
  return { order, likeness: next, others: far[far.length >> 1] ?? Number.NaN };
}

function reduced(arena: Arena, plane: Plane): Plane {
  let small = plane;
  while (Math.max(small.width, small.height) > SMALL) small = halfPlane(arena, small);
  return small;
}
