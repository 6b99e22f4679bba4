import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { cos, exp, log, sin } from "../elementary.js";
import type { BytePlane } from "./planes.js";
import { compose, fitPose, type Pose, place, type Shape } from "./shape.js";
import { growTree, nearbyPairs, type Pixels, type Probes, putImages, readProbes, type Samples } from "./trees.js";

/**
 * A cascade of regression trees over pixels indexed by the shape [1]: each level looks at pixels about the points as they
 * stand, in the frame of the shape (so that it does not matter how that is turned or scaled), and moves them all.
 *
 * [1] V. Kazemi and J. Sullivan, "One millisecond face alignment with an ensemble of regression trees", CVPR 2014,
 *     doi:10.1109/CVPR.2014.241
 */
export interface Cascade {
  readonly depth: number;
  readonly levels: readonly CascadeLevel[];
}

export interface CascadeLevel {
  readonly probes: Probes;
  readonly trees: number;
  readonly splits: Int16Array;
  /** What each leaf adds to the shape, in the frame of the mean shape: `size` float32 of each leaf of each tree. */
  readonly leaves: Float32Array;
}

export interface CascadeOptions {
  readonly levels: number;
  /** At each level. */
  readonly trees: number;
  readonly depth: number;
  /** Starts from each training image. */
  readonly starts: number;
  /** Part of the step that each tree takes. */
  readonly shrinkage: number;
  readonly probes: number;
  /** How far starts are from the truth: as `perturbed` has it. */
  readonly wander: Wander;
}

/** Standard deviations: of the angle (radians), of the logarithm of scale, and of the place (in radii of the shape). */
export interface Wander {
  readonly angle: number;
  readonly scale: number;
  readonly shift: number;
}

export interface FineExample {
  readonly plane: BytePlane;
  /** In pixels of the plane. */
  readonly shape: Shape;
}

/** How far probes lie from their points, in radii of the mean shape: at the first level and at the last. */
const FIRST_REACH = 0.5;
const LAST_REACH = 0.12;
/** Pairs nearer than this, relative to the reach of the level, are preferred. */
const PAIR_REACH = 0.4;
const TRIES = 20;
const LEAST = 4;

/** Floats that a shape takes in a sample: a whole number of vectors. */
export const sizeOf = (points: number): number => (2 * points + 3) & ~3;

export function trainCascade(
  examples: readonly FineExample[],
  mean: Shape,
  options: CascadeOptions,
  random: () => number,
  progress: (fraction: number) => void = () => {},
): Cascade {
  const { levels, trees, depth, starts, shrinkage } = options;
  const points = mean.length / 2;
  const size = sizeOf(points);
  const count = examples.length * starts;
  using arena = kernels().arena();
  const images = putImages(
    arena,
    examples.map((e) => e.plane),
  );
  const which = arena.put(Int32Array.from({ length: count }, (_, i) => Math.floor(i / starts)));
  // Shapes of others, each in the frame of the mean shape: what a start may look like.
  const aligned = examples.map(({ shape }) => {
    const pose = fitPose(shape, mean)!;
    return place(pose, shape).map((v, i) => (Number.isNaN(v) ? mean[i]! : v));
  });
  const shapes = Array.from({ length: count }, (_, i) => {
    const e = Math.floor(i / starts);
    const pose = perturbed(fitPose(mean, examples[e]!.shape)!, options.wander, random);
    const other = aligned[Math.floor(random() * aligned.length)]!;
    const part = i % starts === 0 ? 0 : random();
    return place(
      pose,
      mean.map((v, d) => v + part * (other[d]! - v)),
    );
  });
  const light = Array.from({ length: count }, () => [0.75 + 0.5 * random(), 24 * (2 * random() - 1)] as const);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const out: CascadeLevel[] = [];
  for (let level = 0; level < levels; level++) {
    const reach = FIRST_REACH * exp((level / Math.max(1, levels - 1)) * log(LAST_REACH / FIRST_REACH));
    const probes = drawProbes(points, options.probes, reach, random);
    const poses = shapes.map((shape) => fitPose(mean, shape)!);
    const samples = putSamples(arena, shapes, poses, light, which, images);
    const pixels = readProbes(arena, samples, probes);
    const wanted = new Float32Array(size * count);
    shapes.forEach((shape, i) => {
      const truth = examples[Math.floor(i / starts)]!.shape;
      wanted.set(inFrame(poses[i]!, shape, truth), size * i);
    });
    const targets = arena.put(wanted);
    const pair = nearbyPairs(placesOf(mean, probes), PAIR_REACH * reach, random);
    const splits = new Int16Array(trees * 4 * ((1 << depth) - 1));
    const leaves = new Float32Array((trees << depth) * size);
    for (let t = 0; t < trees; t++) {
      const tree = growTree(arena, pixels, order, targets, size, {
        ...{ depth, tries: TRIES, least: LEAST, pair, random },
      });
      const leaf = leafMeans(arena, tree, targets, size, shrinkage);
      splits.set(tree.splits, t * tree.splits.length);
      leaves.set(leaf, t * leaf.length);
      addTrees(arena, pixels, { trees: 1, depth, splits: tree.splits, leaves: leaf }, size, -1, targets, count);
    }
    const rest = arena.f32(targets, size * count);
    shapes.forEach((shape, i) => {
      const { a, b } = poses[i]!;
      for (let k = 0; k < points; k++) {
        const dx = wanted[size * i + 2 * k]! - rest[size * i + 2 * k]!;
        const dy = wanted[size * i + 2 * k + 1]! - rest[size * i + 2 * k + 1]!;
        shape[2 * k] = shape[2 * k]! + a * dx - b * dy;
        shape[2 * k + 1] = shape[2 * k + 1]! + b * dx + a * dy;
      }
    });
    for (const at of [pixels.at, targets, samples.shapes, samples.frames]) arena.free(at);
    out.push({ probes, trees, splits, leaves });
    progress((level + 1) / levels);
  }
  return { depth, levels: out };
}

/** Runs the cascade from several starts in one image; the starts stay as they are. */
export function runCascade(
  { depth, levels }: Cascade,
  mean: Shape,
  plane: BytePlane,
  starts: readonly Shape[],
): Shape[] {
  const points = mean.length / 2;
  const size = sizeOf(points);
  const count = starts.length;
  using arena = kernels().arena();
  const images = putImages(arena, [plane]);
  const which = arena.put(new Int32Array(count));
  const light = starts.map(() => [1, 0] as const);
  const shapes = starts.map((shape) => shape.slice());
  for (const level of levels) {
    const poses = shapes.map((shape) => fitPose(mean, shape) ?? { a: 1, b: 0, x: 0, y: 0 });
    const samples = putSamples(arena, shapes, poses, light, which, images);
    const pixels = readProbes(arena, samples, level.probes);
    const sums = arena.put(new Float32Array(size * count));
    addTrees(arena, pixels, { depth, ...level }, size, 1, sums, count);
    const step = arena.f32(sums, size * count);
    shapes.forEach((shape, i) => {
      const { a, b } = poses[i]!;
      for (let k = 0; k < points; k++) {
        const [dx, dy] = [step[size * i + 2 * k]!, step[size * i + 2 * k + 1]!];
        shape[2 * k] = bounded(shape[2 * k]! + a * dx - b * dy);
        shape[2 * k + 1] = bounded(shape[2 * k + 1]! + b * dx + a * dy);
      }
    });
    for (const at of [pixels.at, sums, samples.shapes, samples.frames]) arena.free(at);
  }
  return shapes;
}

/** Keeps a shape that a spoiled model throws away from growing beyond all numbers. */
const bounded = (v: number): number => Math.min(1e6, Math.max(-1e6, v));

/** A pose some way off: turned, scaled and shifted at random. */
export function perturbed(pose: Pose, wander: Wander, random: () => number): Pose {
  const normal = () => (random() + random() + random() + random() - 2) * Math.sqrt(3);
  const turn = wander.angle * normal();
  const scale = exp(wander.scale * normal());
  const shift = { x: wander.shift * normal(), y: wander.shift * normal() };
  return compose({ a: scale * cos(turn), b: scale * sin(turn), ...shift }, pose);
}

/** From where each point stands to where it belongs, in the frame of the mean shape; 0 where that is not known. */
function inFrame({ a, b }: Pose, shape: Shape, truth: Shape): Float32Array {
  const n = a * a + b * b;
  const out = new Float32Array(shape.length);
  for (let i = 0; i < shape.length; i += 2) {
    const [dx, dy] = [truth[i]! - shape[i]!, truth[i + 1]! - shape[i + 1]!];
    if (Number.isNaN(dx + dy)) continue;
    out[i] = (a * dx + b * dy) / n;
    out[i + 1] = (a * dy - b * dx) / n;
  }
  return out;
}

export function drawProbes(points: number, count: number, reach: number, random: () => number): Probes {
  const anchors = new Int32Array(count);
  const offsets = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    anchors[i] = Math.floor(random() * points);
    const r = reach * Math.sqrt(random());
    const turn = 2 * Math.PI * random();
    offsets.set([r * cos(turn), r * sin(turn)], 2 * i);
  }
  return { anchors, offsets };
}

/** Where probes lie about the mean shape. */
function placesOf(mean: Shape, { anchors, offsets }: Probes): Float64Array {
  return Float64Array.from(offsets, (v, i) => v + mean[2 * anchors[i >> 1]! + (i & 1)]!);
}

export function putSamples(
  arena: Arena,
  shapes: readonly Shape[],
  poses: readonly Pose[],
  light: readonly (readonly [gain: number, lift: number])[],
  which: number,
  images: number,
): Samples {
  const length = shapes[0]!.length;
  const xy = new Float32Array(length * shapes.length);
  const frames = new Float32Array(4 * shapes.length);
  shapes.forEach((shape, i) => {
    xy.set(shape, length * i);
    frames.set([poses[i]!.a, poses[i]!.b, ...light[i]!], 4 * i);
  });
  const at = { shapes: arena.put(xy), frames: arena.put(frames) };
  return { count: shapes.length, points: length / 2, which, images, ...at };
}

/** Means of the targets of each leaf's samples, times the shrinkage. */
function leafMeans(
  arena: Arena,
  { order, leaves }: { readonly order: Int32Array; readonly leaves: Int32Array },
  targets: number,
  size: number,
  shrinkage: number,
): Float32Array {
  const count = leaves.length / 2;
  const [o, bounds, sums] = [arena.put(order), arena.put(leaves), arena.bytes(4 * size * count)];
  kernels().rows("treeSums", count, [o, bounds, targets, size, sums], 1);
  const out = arena.f32(sums, size * count).slice();
  for (let l = 0; l < count; l++) {
    const members = leaves[2 * l + 1]! - leaves[2 * l]!;
    for (let d = 0; d < size; d++) out[size * l + d] = (out[size * l + d]! * shrinkage) / Math.max(1, members);
  }
  for (const at of [o, bounds, sums]) arena.free(at);
  return out;
}

function addTrees(
  arena: Arena,
  pixels: Pixels,
  grown: { readonly trees: number; readonly depth: number; readonly splits: Int16Array; readonly leaves: Float32Array },
  size: number,
  factor: number,
  targets: number,
  count: number,
): void {
  const [splits, leaves] = [arena.put(grown.splits), arena.put(grown.leaves)];
  const args = [pixels.at, pixels.probes, splits, grown.trees, grown.depth, leaves, size, factor, targets];
  kernels().rows("treeAdd", count, args, count > 512 ? 256 : 4);
  arena.free(splits);
  arena.free(leaves);
}
