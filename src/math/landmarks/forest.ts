import { kernels } from "../../kernel/lane.js";
import { cos, exp, log, sin } from "../elementary.js";
import { type BytePlane, COARSE_RADIUS } from "./planes.js";
import type { PoseSpread, Shape } from "./shape.js";
import { growTree, type Probes, putImages, readProbes, type Samples } from "./trees.js";

/**
 * Finds roughly where a shape is in a whole image: at each place on a coarse grid, trees ask what it looks like around,
 * and their leaves vote for where the points are, as they were seen from such places in training (a Hough forest [1] with
 * regression of every point [2]).
 *
 * [1] J. Gall and V. Lempitsky, "Class-specific Hough forests for object detection", CVPR 2009, doi:10.1109/CVPR.2009.5206740
 * [2] C. Lindner et al., "Robust and accurate shape model matching using random forest regression-voting", IEEE TPAMI 37
 *     (2015), doi:10.1109/TPAMI.2014.2382106
 */
export interface Forest {
  readonly trees: number;
  readonly depth: number;
  readonly probes: Probes;
  readonly splits: Int16Array;
  /** Of each leaf through all trees: (x, y, weight) for each point; all weights 0 where a leaf does not vote. */
  readonly leaves: Float32Array;
}

export interface CoarseExample {
  readonly plane: BytePlane;
  /** In pixels of the plane. */
  readonly shape: Shape;
}

export interface ForestOptions {
  readonly trees: number;
  readonly depth: number;
  /** Places that are looked at in each image. */
  readonly places: number;
}

const PROBES = 256;
/** How far probes reach, in coarse pixels. */
const REACH = 1.6 * COARSE_RADIUS;
/** A place this near to a point of the shape learns to vote. */
const NEAR = COARSE_RADIUS;

export function trainForest(
  examples: readonly CoarseExample[],
  spread: PoseSpread,
  { trees, depth, places }: ForestOptions,
  random: () => number,
): Forest {
  const points = examples[0]!.shape.length / 2;
  using arena = kernels().arena();
  const count = examples.length * places;
  const offsets = new Float32Array(2 * PROBES);
  for (let i = 0; i < PROBES; i++) {
    const [r, turn] = [REACH * random(), 2 * Math.PI * random()];
    offsets.set([r * cos(turn), r * sin(turn)], 2 * i);
  }
  const probes: Probes = { anchors: new Int32Array(PROBES), offsets };
  const shapes = new Float32Array(2 * count);
  const frames = new Float32Array(4 * count);
  const which = new Int32Array(count);
  const size = (1 + 2 * points + 3) & ~3;
  const targets = new Float32Array(size * count);
  const label = COARSE_RADIUS * Math.sqrt(points);
  const near = new Uint8Array(count);
  examples.forEach(({ plane, shape }, e) => {
    for (let n = 0; n < places; n++) {
      const i = e * places + n;
      const [x, y] = somewhere(plane, shape, n % 2 === 0, random);
      const scale = exp(log(spread.factor) * 0.5 * (2 * random() - 1));
      const turn = spread.angle * (2 * random() - 1);
      const [a, b] = [scale * cos(turn), scale * sin(turn)];
      shapes.set([x, y], 2 * i);
      frames.set([a, b, 0.75 + 0.5 * random(), 16 * (2 * random() - 1)], 4 * i);
      which[i] = e;
      if (!isNear(shape, x, y)) continue;
      near[i] = 1;
      targets[size * i] = label;
      for (let k = 0; k < points; k++) {
        const [dx, dy] = [shape[2 * k]! - x, shape[2 * k + 1]! - y];
        if (Number.isNaN(dx)) continue;
        targets[size * i + 1 + 2 * k] = (a * dx + b * dy) / (scale * scale);
        targets[size * i + 2 + 2 * k] = (a * dy - b * dx) / (scale * scale);
      }
    }
  });
  const samples: Samples = {
    ...{ count, points: 1, shapes: arena.put(shapes), frames: arena.put(frames), which: arena.put(which) },
    images: putImages(
      arena,
      examples.map((e) => e.plane),
    ),
  };
  const pixels = readProbes(arena, samples, probes);
  const target = arena.put(targets);
  const splits: Int16Array[] = [];
  const leaves = new Float32Array((trees << depth) * points * 3);
  const pair = (): readonly [number, number] => [Math.floor(random() * PROBES), Math.floor(random() * PROBES)];
  const isMissing = (i: number, k: number) => Number.isNaN(examples[which[i]!]!.shape[2 * k]!);
  for (let t = 0; t < trees; t++) {
    // Each tree sees a half of the places: trees that differ agree by chance less often.
    const order = Int32Array.from({ length: count }, (_, i) => i).filter(() => random() < 0.5);
    const tree = growTree(arena, pixels, order, target, size, { depth, tries: 48, least: 4, pair, random });
    splits.push(tree.splits);
    for (let l = 0; l < 1 << depth; l++) {
      const members = tree.order.subarray(tree.leaves[2 * l]!, tree.leaves[2 * l + 1]!);
      const voters = members.filter((i) => near[i] === 1);
      const share = voters.length / members.length;
      if (voters.length < 3 || share < 0.25) continue;
      for (let k = 0; k < points; k++) {
        const seen = voters.filter((i) => !isMissing(i, k));
        if (seen.length < 3) continue;
        const [mx, my, variance] = momentsOf(targets, size, seen, k);
        leaves.set([mx, my, (share * share) / (1 + variance)], 3 * (((t << depth) + l) * points + k));
      }
    }
  }
  const all = new Int16Array(splits.length * splits[0]!.length);
  splits.forEach((s, t) => {
    all.set(s, t * s.length);
  });
  return { trees, depth, probes, splits: all, leaves };
}

/** Mean offset of a point, and its variance along one axis. */
function momentsOf(targets: Float32Array, size: number, members: Int32Array, k: number): [number, number, number] {
  let [x, y, square] = [0, 0, 0];
  for (const i of members) {
    x += targets[size * i + 1 + 2 * k]!;
    y += targets[size * i + 2 + 2 * k]!;
  }
  x /= members.length;
  y /= members.length;
  for (const i of members)
    square += (targets[size * i + 1 + 2 * k]! - x) ** 2 + (targets[size * i + 2 + 2 * k]! - y) ** 2;
  return [x, y, square / (2 * members.length - 2)];
}

/** A place in the image; or one near a point of the shape. */
function somewhere(
  { width, height }: BytePlane,
  shape: Shape,
  near: boolean,
  random: () => number,
): readonly [number, number] {
  const [u, v, w] = [random(), random(), random()];
  const k = Math.floor(w * (shape.length / 2));
  if (!near || Number.isNaN(shape[2 * k]!)) return [u * (width - 1), v * (height - 1)];
  const x = shape[2 * k]! + 1.5 * NEAR * (2 * u - 1);
  const y = shape[2 * k + 1]! + 1.5 * NEAR * (2 * v - 1);
  return [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))];
}

function isNear(shape: Shape, x: number, y: number): boolean {
  for (let i = 0; i < shape.length; i += 2)
    if ((shape[i]! - x) ** 2 + (shape[i + 1]! - y) ** 2 < NEAR * NEAR) return true;
  return false;
}

/** Votes for each point, on the pixels of the coarse plane and a margin around it. */
export interface VoteMaps {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly margin: number;
}

/** Places to look at, at most, as long as they are four pixels apart or less. */
const MOST_PLACES = 8000;

export function castVotes(forest: Forest, plane: BytePlane): VoteMaps {
  const k = kernels();
  using arena = k.arena();
  const { width, height } = plane;
  const points = forest.leaves.length / 3 / (forest.trees << forest.depth);
  const step = Math.min(4, Math.max(1, Math.ceil(Math.sqrt((width * height) / MOST_PLACES))));
  const columns = Math.ceil(width / step);
  const count = columns * Math.ceil(height / step);
  const margin = COARSE_RADIUS;
  const shapes = new Float32Array(2 * count);
  const frames = new Float32Array(4 * count);
  for (let i = 0; i < count; i++) {
    shapes.set([(i % columns) * step, Math.floor(i / columns) * step], 2 * i);
    frames.set([1, 0, 1, 0], 4 * i);
  }
  const at = arena.put(shapes);
  const pixels = readProbes(
    arena,
    {
      ...{ count, points: 1, shapes: at, frames: arena.put(frames), which: arena.put(new Int32Array(count)) },
      images: putImages(arena, [plane]),
    },
    forest.probes,
  );
  const which = arena.bytes(4 * count * forest.trees);
  const { trees, depth } = forest;
  k.rows("treeLeaves", count, [pixels.at, pixels.probes, arena.put(forest.splits), trees, depth, which], 64);
  const leaf = arena.i32(which, count * trees);
  for (let i = 0; i < leaf.length; i++) leaf[i] = leaf[i]! + ((i % trees) << depth);
  const places = arena.f32(at, 2 * count);
  for (let i = 0; i < places.length; i++) places[i] = places[i]! + margin;
  const [w, h] = [width + 2 * margin, height + 2 * margin];
  const maps = arena.bytes(4 * points * w * h);
  arena.f32(maps, points * w * h).fill(0);
  k.rows("landmarkVotes", points, [at, count, which, trees, arena.put(forest.leaves), points, maps, w, h], 1);
  const data = arena.f32(maps, points * w * h).slice();
  for (let i = 0; i < data.length; i++) data[i] = (data[i]! * step * step) / trees;
  return { data, width: w, height: h, margin };
}
