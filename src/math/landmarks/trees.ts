import { type Kernels, kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { BytePlane } from "./planes.js";

/** Places relative to points of a shape at which pixels are looked at. */
export interface Probes {
  /** Which point of the shape each belongs to. */
  readonly anchors: Int32Array;
  /** (x, y) of each, in units of the sample's frame. */
  readonly offsets: Float32Array;
}

/** Samples in kernel memory: what shape each has in which image, and in which frame it is looked at. */
export interface Samples {
  readonly count: number;
  readonly points: number;
  readonly shapes: number;
  readonly frames: number;
  readonly which: number;
  readonly images: number;
}

/** Pixels of samples in kernel memory, `probes` bytes each. */
export interface Pixels {
  readonly at: number;
  readonly probes: number;
}

/** Byte images and their table in kernel memory. */
export function putImages(arena: Arena, planes: readonly BytePlane[]): number {
  const table = new Int32Array(4 * planes.length);
  planes.forEach((plane, i) => {
    table.set([arena.put(plane.data), plane.width, plane.width, plane.height], 4 * i);
  });
  return arena.put(table);
}

/** Reads the probes of all samples. */
export function readProbes(arena: Arena, samples: Samples, probes: Probes): Pixels {
  const count = probes.anchors.length;
  const at = arena.bytes(samples.count * count);
  const [anchors, offsets] = [arena.put(probes.anchors), arena.put(probes.offsets)];
  const { shapes, points, frames, which, images } = samples;
  kernels().rows(
    "shapePixels",
    samples.count,
    [shapes, points, frames, which, images, anchors, offsets, count, at],
    16,
  );
  arena.free(anchors);
  arena.free(offsets);
  return { at, probes: count };
}

export interface TreeOptions {
  readonly depth: number;
  /** Splits tried at each node. */
  readonly tries: number;
  /** A leaf has so many samples at least. */
  readonly least: number;
  /** Two probes to compare. */
  readonly pair: () => readonly [number, number];
  readonly random: () => number;
}

/** A complete tree: its splits (u, v, threshold, unused) from the root on, and the samples in order of their leaves. */
export interface GrownTree {
  readonly splits: Int16Array;
  readonly order: Int32Array;
  /** First and end of each leaf's samples in `order`. */
  readonly leaves: Int32Array;
}

/** A split that sends nothing to the left: no difference of bytes exceeds it. */
const NEVER = 256;

/**
 * Grows a regression tree: at each node the split, of some drawn at random, that explains most of the targets' squares.
 * Thresholds are differences that a sample of the node has.
 *
 * @param order  the samples that it learns from
 * @param targets  address of float32, `size` (a multiple of 4) of each sample
 */
export function growTree(
  arena: Arena,
  pixels: Pixels,
  order: Int32Array,
  targets: number,
  size: number,
  { depth, tries, least, pair, random }: TreeOptions,
): GrownTree {
  const k = kernels();
  const count = order.length;
  const most = 1 << Math.max(0, depth - 1);
  let from = arena.put(order);
  let to = arena.bytes(4 * count);
  const bounds = arena.bytes(8 * most);
  const sums = arena.bytes(4 * size * most);
  const tried = arena.bytes(8 * most * tries);
  const gains = arena.bytes(8 * most * tries);
  const chosen = arena.bytes(8 * most);
  const lefts = arena.bytes(4 * most);
  const scratch = k.scratch(arena, 4 * size);
  const splits = new Int16Array(4 * ((1 << depth) - 1));
  let ends = Int32Array.of(0, count);
  for (let d = 0; d < depth; d++) {
    const nodes = 1 << d;
    arena.i32(bounds, 2 * nodes).set(ends);
    draw(k, arena, { from, ends, pixels, tried, nodes, tries, pair, random });
    k.rows("treeSums", nodes, [from, bounds, targets, size, sums], 1);
    const args = [tries, from, bounds, targets, size, sums, pixels.at, pixels.probes, tried, least, scratch, gains];
    k.rows("treeSplits", nodes * tries, args, Math.max(1, tries >> 2));
    const best = arena.i16(chosen, 4 * nodes);
    for (let n = 0; n < nodes; n++) {
      const gain = arena.f64(gains + 8 * n * tries, tries);
      let top = 0;
      for (let i = 1; i < tries; i++) if (gain[i]! > gain[top]!) top = i;
      best.set(gain[top]! >= 0 ? arena.i16(tried + 8 * (n * tries + top), 4) : [0, 0, NEVER, 0], 4 * n);
    }
    splits.set(best, 4 * (nodes - 1));
    k.rows("treePartition", nodes, [from, bounds, pixels.at, pixels.probes, chosen, to, lefts], 1);
    [from, to] = [to, from];
    const left = arena.i32(lefts, nodes);
    const next = new Int32Array(4 * nodes);
    for (let n = 0; n < nodes; n++) {
      const [first, end] = [ends[2 * n]!, ends[2 * n + 1]!];
      next.set([first, first + left[n]!, first + left[n]!, end], 4 * n);
    }
    ends = next;
  }
  const sorted = arena.i32(from, count).slice();
  for (const at of [from, to, bounds, sums, tried, gains, chosen, lefts, scratch.base]) arena.free(at);
  return { splits, order: sorted, leaves: ends };
}

function draw(
  k: Kernels,
  arena: Arena,
  at: {
    readonly from: number;
    readonly ends: Int32Array;
    readonly pixels: Pixels;
    readonly tried: number;
    readonly nodes: number;
    readonly tries: number;
    readonly pair: () => readonly [number, number];
    readonly random: () => number;
  },
): void {
  const { ends, pixels, nodes, tries, pair, random } = at;
  const order = arena.i32(at.from, ends[ends.length - 1]!);
  const out = arena.i16(at.tried, 4 * nodes * tries);
  const bytes = new Uint8Array(k.heap.memory.buffer);
  for (let n = 0; n < nodes; n++) {
    const [first, end] = [ends[2 * n]!, ends[2 * n + 1]!];
    for (let i = 0; i < tries; i++) {
      const [u, v] = pair();
      const pick = random();
      let threshold = NEVER;
      if (end > first) {
        const row = pixels.at + order[first + Math.floor(pick * (end - first))]! * pixels.probes;
        threshold = bytes[row + u]! - bytes[row + v]!;
      }
      out.set([u, v, threshold, 0], 4 * (n * tries + i));
    }
  }
}

/** Two probes near each other: the closer, the likelier (Kazemi and Sullivan's prior). @param reach  of the prior, in the probes' unit */
export function nearbyPairs(
  places: ArrayLike<number>,
  reach: number,
  random: () => number,
): () => readonly [number, number] {
  const count = places.length / 2;
  return () => {
    for (let tries = 0; ; tries++) {
      const u = Math.floor(random() * count);
      const v = Math.floor(random() * count);
      if (u === v) continue;
      const d = Math.sqrt((places[2 * u]! - places[2 * v]!) ** 2 + (places[2 * u + 1]! - places[2 * v + 1]!) ** 2);
      const q = 1 / (1 + d / reach);
      // As near 0 as exp(−d / reach) is far out, by + - * / alone.
      if (random() < q * q || tries > 50) return [u, v];
    }
  };
}
