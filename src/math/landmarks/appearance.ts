import { kernels } from "../../kernel/lane.js";
import { drawProbes, type FineExample, putSamples } from "./cascade.js";
import type { BytePlane } from "./planes.js";
import { fitPose, type Shape } from "./shape.js";
import { type Probes, putImages, readProbes } from "./trees.js";

/** What the surroundings of the points look like on average: a second opinion on where a cascade came to rest. */
export interface Appearance {
  readonly probes: Probes;
  /** Mean gray of each probe, over images each of which was brought to mean 0 and deviation 1. */
  readonly mean: Float32Array;
  /** Inverse of the variance of each. */
  readonly weight: Float32Array;
}

const PROBES = 500;
const REACH = 0.35;

export function learnAppearance(examples: readonly FineExample[], mean: Shape, random: () => number): Appearance {
  const probes = drawProbes(mean.length / 2, PROBES, REACH, random);
  const seen = examples.map(({ plane, shape }) => {
    const whole = shape.map((v, i) => (Number.isNaN(v) ? placed(mean, shape)[i]! : v));
    return standardised(look(probes, mean, plane, [whole])[0]!);
  });
  const average = new Float32Array(PROBES);
  for (const v of seen) for (let p = 0; p < PROBES; p++) average[p] = average[p]! + v[p]! / seen.length;
  const weight = average.map((m, p) => {
    let square = 0;
    for (const v of seen) square += (v[p]! - m) ** 2;
    return 1 / (0.1 + square / Math.max(1, seen.length - 1));
  });
  return { probes, mean: average, weight };
}

function placed(mean: Shape, shape: Shape): Shape {
  const { a, b, x, y } = fitPose(mean, shape)!;
  return mean.map((v, i) => (i % 2 === 0 ? a * v - b * mean[i + 1]! + x : b * mean[i - 1]! + a * v + y));
}

/** Correlation of what is seen about each shape with what is seen there on average; from −1 to 1. */
export function likeness(
  appearance: Appearance,
  mean: Shape,
  plane: BytePlane,
  shapes: readonly Shape[],
): readonly number[] {
  const { weight } = appearance;
  const dot = (p: ArrayLike<number>, q: ArrayLike<number>, mp: number, mq: number) => {
    let sum = 0;
    for (let i = 0; i < weight.length; i++) sum += weight[i]! * (p[i]! - mp) * (q[i]! - mq);
    return sum;
  };
  const total = weight.reduce((sum, w) => sum + w, 0);
  const middle = (p: ArrayLike<number>) => weight.reduce((sum, w, i) => sum + w * p[i]!, 0) / total;
  const m = middle(appearance.mean);
  const own = dot(appearance.mean, appearance.mean, m, m);
  return look(appearance.probes, mean, plane, shapes).map((seen) => {
    const s = middle(seen);
    const square = dot(seen, seen, s, s) * own;
    return square > 0 ? dot(seen, appearance.mean, s, m) / Math.sqrt(square) : 0;
  });
}

function look(probes: Probes, mean: Shape, plane: BytePlane, shapes: readonly Shape[]): Uint8Array[] {
  using arena = kernels().arena();
  const poses = shapes.map((shape) => fitPose(mean, shape) ?? { a: 1, b: 0, x: 0, y: 0 });
  const light = shapes.map(() => [1, 0] as const);
  const which = arena.put(new Int32Array(shapes.length));
  const { at } = readProbes(arena, putSamples(arena, shapes, poses, light, which, putImages(arena, [plane])), probes);
  return shapes.map((_, i) => arena.u8(at + i * PROBES, PROBES).slice());
}

function standardised(seen: Uint8Array): Float64Array {
  const mean = seen.reduce((sum, v) => sum + v, 0) / seen.length;
  const square = seen.reduce((sum, v) => sum + (v - mean) ** 2, 0) / seen.length;
  return Float64Array.from(seen, (v) => (square > 0 ? (v - mean) / Math.sqrt(square) : 0));
}
