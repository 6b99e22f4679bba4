import type { Kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { rowStride } from "./scale-space.js";

/** A byte image in kernel memory: a row more than it has, because interpolation reads one ahead. */
export interface BytePlane {
  readonly at: number;
  readonly width: number;
  readonly height: number;
  readonly stride: number;
}

export function bytePlane(arena: Arena, width: number, height: number): BytePlane {
  const stride = rowStride(width + 16);
  return { at: arena.bytes(stride * (height + 1)), width, height, stride };
}

/** How much smaller each level of the pyramid is than the one before. */
export const SHRINK = 1.2;

/** How much smaller level n is, 1.2 to the n. By multiplication: engines differ in the last bit of `**`. */
export function shrinkFactor(n: number): number {
  let product = 1;
  for (let i = 0; i < n; i++) product *= SHRINK;
  return product;
}

/** Levels, `most` at most, whose sides are all longer than `least`. */
export function levelCount(width: number, height: number, most: number, least: number): number {
  let count = 0;
  while (count < most && Math.min(width, height) / shrinkFactor(count) > least) count++;
  return count;
}

/** The next level but for its size: linear interpolation, the image's area onto the smaller one's. */
export function shrink(
  k: Kernels,
  arena: Arena,
  from: BytePlane,
  width: number,
  height: number,
  grain = 64,
): BytePlane {
  const to = bytePlane(arena, width, height);
  using local = k.arena();
  const columns = local.put(columnPlans(taps(from.width, width)));
  const rows = local.put(taps(from.height, height));
  const line = k.scratch(local, 2 * (from.width + 32));
  const args = [from.at, from.stride, from.width, to.at, to.stride, to.width, columns, rows, line];
  k.rows("shrinkRows", height, args, grain);
  return to;
}

/** First sample and weight of the second in 1/256, for each sample of the smaller row. Pixels' areas map onto each other. */
function taps(from: number, to: number): Int32Array {
  const out = new Int32Array(2 * to);
  for (let i = 0; i < to; i++) {
    const at = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const first = Math.floor(at);
    out[2 * i] = first;
    out[2 * i + 1] = Math.round((at - first) * 256);
  }
  return out;
}

const PLAN_BYTES = 36;

/** What four columns at a time need of the row above: see the kernel `shrinkRows`. */
function columnPlans(taps: Int32Array): Uint8Array {
  const columns = taps.length / 2;
  const groups = 2 * Math.ceil(columns / 8);
  const out = new Uint8Array(PLAN_BYTES * groups);
  const view = new DataView(out.buffer);
  for (let g = 0; g < groups; g++) {
    const at = PLAN_BYTES * g;
    const first = taps[2 * Math.min(4 * g, columns - 1)]!;
    view.setInt32(at, first, true);
    for (let n = 0; n < 4; n++) {
      const i = 2 * Math.min(4 * g + n, columns - 1);
      for (const second of [0, 1]) {
        const place = at + 8 * second + 2 * n;
        const sample = 2 * (taps[i]! - first + second);
        out[place + 4] = sample;
        out[place + 5] = sample + 1;
        view.setUint16(place + 20, second ? taps[i + 1]! : 256 - taps[i + 1]!, true);
      }
    }
  }
  return out;
}
