import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { exp } from "../elementary.js";
import type { Turned } from "./frame.js";
import { type Features, type Keypoints, pickKeypoints } from "./keypoints.js";
import { type Band, CUBE_ROOT_2, eachBand, type GrayImage, grayRows, SCALES, SIGMA } from "./scale-space.js";
import { type SiftKeypoints, UPSAMPLE_LIMIT } from "./sift.js";

/** Largest reach of a descriptor: 10.5 samples of 0.75 scale along the diagonal, scale up to 3.6, and 2 for interpolation. */
const DESCRIBE_HALO = 43;
const MAX_ANGLES = 4;
const DESCRIPTOR_BYTES = 128;
const SIXTH_ROOT_2 = 1.122462048309373;

export interface SiftDescriptionOptions {
  /** `rootsift` (default) compares better by Euclidean distance than `sift` does [2]. */
  readonly descriptor?: "rootsift" | "sift";
  /** Takes a gradient and its opposite for the same: 8 directions of half a turn instead of a whole one. */
  readonly folded?: boolean;
  /** A direction for each keypoint, radians; when absent, the peaks of the histogram of gradients around it are taken. */
  readonly angles?: Float32Array;
  /** At most so many features: the last keypoints' go first. Several directions make more features than keypoints. */
  readonly limit?: number;
  readonly bandRows?: number;
}

/**
 * Describes keypoints: 4 x 4 cells of 8 gradient directions, 128 bytes [1].
 *
 * @param gray  the image in which they were found, by `detectSift` or any other detector
 * @returns features in the order of their keypoints; a keypoint has none where the image is flat, and up to four
 *
 * [1] D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60 (2004), doi:10.1023/B:VISI.0000029664.99615.94
 * [2] R. Arandjelovic and A. Zisserman, "Three things everyone should know to improve object retrieval", CVPR 2012,
 *     doi:10.1109/CVPR.2012.6248018
 */
export function describeSift(gray: GrayImage, keypoints: Keypoints, options: SiftDescriptionOptions = {}): Features {
  using arena = kernels().arena();
  const window = arena.put(Float32Array.from({ length: 20 }, (_, i) => exp(-(((i - 9.5) / 4) ** 2) / 8)));
  const parts = inBands(gray, keypoints, options.bandRows, (band, mine, placed) => {
    const directed: Directed = options.angles
      ? { of: Uint32Array.from(mine), angle: Float32Array.from(mine, (i) => options.angles![i]!) }
      : findDirections(band, placed, mine, options.folded === true);
    return { ...directed, descriptors: describe(band, placed, directed, window, options) };
  });
  const places = inOrder(parts).slice(0, options.limit ?? Number.POSITIVE_INFINITY);
  const descriptors = new Uint8Array(DESCRIPTOR_BYTES * places.length);
  places.forEach(({ part, at }, i) => {
    const from = part.descriptors.subarray(DESCRIPTOR_BYTES * at, DESCRIPTOR_BYTES * (at + 1));
    descriptors.set(from, DESCRIPTOR_BYTES * i);
  });
  return { ...turnedAt(keypoints, places), descriptors, bytes: DESCRIPTOR_BYTES, measure: "euclidean" };
}

/**
 * The directions alone: the peaks of the histogram of gradients around each keypoint, up to four [1, section 5].
 *
 * @param folded  counts a gradient and its opposite as one
 */
export function siftDirections(gray: GrayImage, keypoints: Keypoints, folded = false): Turned {
  const parts = inBands(gray, keypoints, undefined, (b, mine, p) => findDirections(b, p, mine, folded));
  return turnedAt(keypoints, inOrder(parts));
}

/** Keypoints of a band, each as often as it has directions. */
interface Directed {
  readonly of: Uint32Array;
  readonly angle: Float32Array;
}

/** Visits the scale space with the keypoints of each band, by index. */
function inBands<T>(
  gray: GrayImage,
  keypoints: Keypoints,
  bandRows: number | undefined,
  visit: (band: Band, mine: readonly number[], keypoints: SiftKeypoints) => T,
): T[] {
  const out: T[] = [];
  if (keypoints.count === 0) return out;
  const placed = "upsampled" in keypoints ? (keypoints as SiftKeypoints) : onOctaves(gray, keypoints);
  const byOctave = new Map<number, number[]>();
  for (let i = 0; i < placed.count; i++) {
    const list = byOctave.get(placed.octave[i]!);
    if (list) list.push(i);
    else byOctave.set(placed.octave[i]!, [i]);
  }
  const space = {
    upsample: placed.upsampled,
    levels: SCALES + 1,
    halo: DESCRIBE_HALO,
    lastOctave: placed.octave.reduce((a, b) => Math.max(a, b)),
    ...(bandRows === undefined ? {} : { bandRows }),
  };
  using arena = kernels().arena();
  eachBand(arena, gray, grayRows(arena, gray), space, (band) => {
    const mine = (byOctave.get(band.octave) ?? []).filter((i) => {
      const row = Math.floor(placed.y[i]! / band.step);
      return row >= band.lo && row < band.hi;
    });
    if (mine.length > 0) out.push(visit(band, mine, placed));
  });
  return out;
}

/** Keypoints of other detectors on the level whose blur is nearest to their size. */
function onOctaves({ width, height }: GrayImage, k: Keypoints): SiftKeypoints {
  const octave = new Int8Array(k.count);
  const level = new Int8Array(k.count);
  for (let i = 0; i < k.count; i++) {
    // Levels by halves of a step: SIGMA * 2^(n / SCALES) is the blur of level n of octave 0.
    let n = 0;
    let s = k.scale[i]! / SIGMA;
    for (; s >= SIXTH_ROOT_2; s /= CUBE_ROOT_2) n++;
    for (; s < 1 / SIXTH_ROOT_2; s *= CUBE_ROOT_2) n--;
    octave[i] = Math.floor((n - 1) / SCALES);
    level[i] = n - SCALES * octave[i]!;
  }
  const upsampled = width * height <= UPSAMPLE_LIMIT && octave.some((o) => o < 0);
  const first = upsampled ? -1 : 0;
  for (let i = 0; i < k.count; i++) {
    if (octave[i]! >= first) continue;
    octave[i] = first;
    level[i] = 0;
  }
  return { ...k, octave, level, upsampled };
}

/** A feature in the part that its band gave. */
interface Place<T extends Directed> {
  readonly of: number;
  readonly part: T;
  readonly at: number;
}

/** Features in the order of their keypoints. */
function inOrder<T extends Directed>(parts: readonly T[]): Place<T>[] {
  const places: Place<T>[] = [];
  for (const part of parts) for (let at = 0; at < part.of.length; at++) places.push({ of: part.of[at]!, part, at });
  return places.sort((a, b) => a.of - b.of || a.at - b.at);
}

const turnedAt = (keypoints: Keypoints, places: readonly Place<Directed>[]): Turned => ({
  ...pickKeypoints(
    keypoints,
    places.map((p) => p.of),
  ),
  angle: Float32Array.from(places, ({ part, at }) => part.angle[at]!),
});

/** Keypoints as kernels want them: place and scale in the octave's pixels, and level. */
function records(arena: Arena, keypoints: Keypoints, step: number, of: ArrayLike<number>): number {
  const at = arena.bytes(16 * of.length);
  const f32 = arena.f32(at, 4 * of.length);
  const i32 = arena.i32(at, 4 * of.length);
  for (let n = 0; n < of.length; n++) {
    const i = of[n]!;
    f32[4 * n] = keypoints.x[i]! / step;
    f32[4 * n + 1] = keypoints.y[i]! / step;
    f32[4 * n + 2] = keypoints.scale[i]! / step;
    i32[4 * n + 3] = keypoints.level[i]!;
  }
  return at;
}

function findDirections(band: Band, keypoints: Keypoints, mine: readonly number[], folded: boolean): Directed {
  const k = kernels();
  using arena = k.arena();
  const { levels, width, height, stride, step } = band;
  const angles = arena.bytes(4 * MAX_ANGLES * mine.length);
  const counts = arena.bytes(4 * mine.length);
  const keys = records(arena, keypoints, step, mine);
  const args = [keys, levels, width, height, stride, folded ? 1 : 0, angles, counts, k.scratch(arena, 1024)];
  k.rows("siftOrientations", mine.length, args, 32);
  const count = arena.i32(counts, mine.length);
  const found = arena.f32(angles, MAX_ANGLES * mine.length);
  const total = count.reduce((a, b) => a + b, 0);
  const of = new Uint32Array(total);
  const angle = new Float32Array(total);
  for (let n = 0, m = 0; n < mine.length; n++) {
    for (let a = 0; a < count[n]!; a++, m++) {
      of[m] = mine[n]!;
      angle[m] = found[MAX_ANGLES * n + a]!;
    }
  }
  return { of, angle };
}

function describe(
  band: Band,
  keypoints: Keypoints,
  { of, angle }: Directed,
  window: number,
  { descriptor, folded }: SiftDescriptionOptions,
): Uint8Array {
  const k = kernels();
  using arena = k.arena();
  const { levels, width, height, stride, step } = band;
  const out = arena.bytes(DESCRIPTOR_BYTES * of.length);
  const keys = records(arena, keypoints, step, of);
  const scratch = k.scratch(arena, 4096);
  const root = descriptor === "sift" ? 0 : 1;
  const turn = folded ? 16 : 8; // directions of a whole turn
  const args = [keys, arena.put(angle), levels, width, height, stride, window, root, turn, out, scratch];
  k.rows("siftDescriptors", of.length, args, 32);
  return arena.u8(out, DESCRIPTOR_BYTES * of.length).slice();
}
