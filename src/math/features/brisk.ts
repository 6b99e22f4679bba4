import type { Arena } from "../../kernel/memory.js";
import { type BytePlane, shrink } from "./byte-pyramid.js";
import type { DetectOptions } from "./frame.js";
import { type Keypoints, pickKeypoints, strongest } from "./keypoints.js";
import { CORNER_SCALE, type ImageViews, offLevel } from "./views.js";

/** Least difference of the ring to its centre, as a share of the range 0..1. */
export const BRISK_THRESHOLD = 0.08;
/** Layers of 1, 1.5, 2, 3, 4, 6 ... times smaller; the first and the last are looked at as neighbours alone. */
const LAYERS = 8;
/** Scores are 0 nearer than this to the edge, and layers no smaller. */
const BORDER = 5;
const LEAST_SIDE = 24;
/** Scores are taken from here on, so that the peaks' flanks are there to fit to. */
const FLANKS = 1;
/** Part of the patch that is looked at most, in sizes of the keypoint: that must have been observed. */
const SUPPORT = 5;

/** A layer of the scale space: its image, and the scores of its pixels in planes of the same stride. */
interface Layer extends BytePlane {
  /** How much smaller it is than the image. */
  readonly shrunk: number;
  readonly scores: number;
}

/**
 * Finds BRISK keypoints: maxima of the FAST score over place and scale, refined in both [1].
 *
 * @returns the strongest first; of equals, in the order of layers and rows
 *
 * [1] S. Leutenegger, M. Chli, R. Siegwart, "BRISK: Binary robust invariant scalable keypoints", ICCV 2011,
 *     doi:10.1109/ICCV.2011.6126542
 */
export function detectBrisk(views: ImageViews, options: DetectOptions): Keypoints {
  const { kernels: k } = views;
  using arena = k.arena();
  const layers = scaleSpace(views, arena);
  const threshold = Math.min(254, Math.max(1, Math.round((options.threshold ?? BRISK_THRESHOLD) * 255)));
  const found = { x: [], y: [], scale: [], response: [], octave: [] } as Record<string, number[]>;
  for (let n = 0; n + 2 < layers.length; n++)
    maxima(views, layers.slice(n, n + 3), n, threshold, found, options.reach ?? 0);
  const all: Keypoints = {
    ...{ count: found.x!.length, x: Float64Array.from(found.x!), y: Float64Array.from(found.y!) },
    ...{ scale: Float64Array.from(found.scale!), response: Float32Array.from(found.response!) },
    ...{ octave: Int8Array.from(found.octave!), level: new Int8Array(found.x!.length) },
  };
  return pickKeypoints(all, strongest(all, options.limit, views, options.spread));
}

/**
 * The layers, the finest first. Below the image itself there is none that is finer: five of eight neighbours, the closest
 * ring, stand in for it.
 */
function scaleSpace(views: ImageViews, arena: Arena): Layer[] {
  const { kernels: k, grain = 64 } = views;
  const scored = (plane: BytePlane, shrunk: number, circle: 16 | 8): Layer => {
    const { at, stride, width, height } = plane;
    const scores = arena.bytes(stride * height);
    k.rows("segmentScores", height, [at, stride, width, height, BORDER, FLANKS, circle, scores], grain);
    return { ...plane, shrunk, scores };
  };
  const image = views.level(0);
  // Whole octaves begin at 1, the others at 1.5.
  const latest = [image, shrunkBy(views, arena, image, 1.5)];
  const out: Layer[] = [scored(image, 2 / 3, 8)];
  for (let n = 0, octave = 1; n < LAYERS; n++, octave *= n % 2 === 0 ? 2 : 1) {
    if (n > 1) latest[n % 2] = shrunkBy(views, arena, latest[n % 2]!, 2);
    const plane = latest[n % 2]!;
    if (Math.min(plane.width, plane.height) < LEAST_SIDE) break;
    out.push(scored(plane, octave * (n % 2 === 0 ? 1 : 1.5), 16));
  }
  return out;
}

const shrunkBy = (views: ImageViews, arena: Arena, from: BytePlane, factor: number): BytePlane =>
  shrink(
    views.kernels,
    arena,
    from,
    Math.max(1, Math.round(from.width / factor)),
    Math.max(1, Math.round(from.height / factor)),
    views.grain,
  );

/** Keypoints of the middle one of three layers. */
function maxima(
  views: ImageViews,
  three: readonly Layer[],
  octave: number,
  threshold: number,
  found: Record<string, number[]>,
  reach: number,
): void {
  const { kernels: k, grain = 64 } = views;
  using arena = k.arena();
  const [below, layer, above] = three as [Layer, Layer, Layer];
  const table = arena.bytes(16 * 3);
  three.forEach(({ scores, stride, width, height }, i) => {
    arena.u32(table, 12).set([scores, stride], 4 * i);
    arena.f32(table, 12).set([width, height], 4 * i + 2);
  });
  const capacity = Math.max(8, layer.width >> 2);
  const counts = arena.bytes(4 * layer.height);
  const out = arena.bytes(16 * capacity * layer.height);
  const scratch = k.scratch(arena, 64);
  const finer = below.shrunk / layer.shrunk;
  const coarser = above.shrunk / layer.shrunk;
  k.rows(
    "briskMaxima",
    layer.height,
    [table, finer, coarser, BORDER, threshold, counts, out, capacity, scratch],
    grain,
  );
  const count = arena.i32(counts, layer.height);
  const records = arena.f32(out, 4 * capacity * layer.height);
  for (let row = 0; row < layer.height; row++) {
    for (let n = 0; n < count[row]!; n++) {
      const at = 4 * (row * capacity + n);
      const x = offLevel(records[at]!, views.width, layer.width);
      const y = offLevel(records[at + 1]!, views.height, layer.height);
      const scale = CORNER_SCALE * layer.shrunk * records[at + 2]!;
      if (!views.holds(x, y, reach * scale) || !views.isClear(x, y, SUPPORT * scale)) continue;
      found.x!.push(x);
      found.y!.push(y);
      found.scale!.push(scale);
      found.response!.push(Math.max(0, records[at + 3]!));
      found.octave!.push(octave);
    }
  }
}
