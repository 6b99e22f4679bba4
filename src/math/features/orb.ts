import { type Kernels, kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { seededRandom } from "../random.js";
import { type Features, pickFeatures, strongest } from "./keypoints.js";
import { type GrayImage, grayRows, rowStride } from "./scale-space.js";
import { clearOf } from "./support.js";

export interface OrbOptions {
  /** At most so many, spread over the pyramid's levels in proportion to their width. Default 8000. */
  readonly maxKeypoints?: number;
  /** Least difference of nine neighbours in a row of sixteen to the centre, as a share of the range 0..1. Default 0.08. */
  readonly threshold?: number;
  /** Levels of the pyramid, each 1.2 times smaller. Default 8, which spans a factor of 3.6. */
  readonly levels?: number;
  /** As for SIFT: see `strongest`. */
  readonly spread?: number;
  readonly mask?: Uint8Array;
  /** Rows per chunk, for tests: changes no byte. */
  readonly grain?: number;
}

const SHRINK = 1.2;
/** A corner's patch reaches 15 pixels, plus rounding and refinement. */
const BORDER = 18;
/** Part of the patch that most samples fall into, in pixels of the level. */
const SUPPORT = 10;
const DESCRIPTOR_BYTES = 32;

/**
 * Finds and describes ORB features: FAST corners ranked by Harris' measure, refined to a fraction of a pixel, with the
 * direction of their centroid of brightness and 256 steered comparisons [1]. The comparisons are drawn from a seed of ours.
 *
 * @param gray  nominal range 0..1
 * @returns the strongest first; of equals, in the order of octaves (the pyramid's levels) and rows
 *
 * [1] E. Rublee et al., "ORB: an efficient alternative to SIFT or SURF", ICCV 2011, doi:10.1109/ICCV.2011.6126544
 */
export function orbFeatures(gray: GrayImage, options: OrbOptions = {}): Features {
  const k = kernels();
  using arena = k.arena();
  const { width, height } = gray;
  const clear = options.mask ? clearOf(options.mask, width, height) : undefined;
  const pattern = arena.put(comparisons());
  const from = grayRows(arena, gray);
  let level = bytePlane(arena, width, height);
  k.rows("byteRows", height, [from.address, from.stride, level.at, level.stride, width], options.grain ?? 64);
  const count = levelCount(width, height, options.levels ?? 8);
  const limit = options.maxKeypoints ?? 8000;
  const parts: Features[] = [];
  let taken = 0;
  for (let n = 0; n < count; n++) {
    if (n > 0) {
      const next = bytePlane(arena, Math.round(width / factor(n)), Math.round(height / factor(n)));
      shrink(k, level, next, options.grain);
      arena.free(level.at);
      level = next;
    }
    // What a level cannot fill is left to the coarser ones.
    const quota = Math.round(((limit - taken) * (1 - 1 / SHRINK)) / (1 - 1 / factor(count - n)));
    const part = levelFeatures(k, level, n, { width, height }, quota, pattern, clear, options);
    taken += part.count;
    parts.push(part);
  }
  const all = concatenated(parts);
  return pickFeatures(all, strongest(all, limit, gray));
}

interface BytePlane {
  readonly at: number;
  readonly width: number;
  readonly height: number;
  readonly stride: number;
}

/** A row more than the image has, because interpolation reads one ahead. */
function bytePlane(arena: Arena, width: number, height: number): BytePlane {
  const stride = rowStride(width + 16);
  return { at: arena.bytes(stride * (height + 1)), width, height, stride };
}

/** How much smaller level n is, 1.2 to the n. By multiplication: engines differ in the last bit of `**`. */
function factor(n: number): number {
  let product = 1;
  for (let i = 0; i < n; i++) product *= SHRINK;
  return product;
}

/** Levels that still have room between their borders. */
function levelCount(width: number, height: number, most: number): number {
  let count = 0;
  while (count < most && Math.min(width, height) / factor(count) > 2 * BORDER + 1) count++;
  return count;
}

function shrink(k: Kernels, from: BytePlane, to: BytePlane, grain = 64): void {
  using arena = k.arena();
  const columns = arena.put(taps(from.width, to.width));
  const rows = arena.put(taps(from.height, to.height));
  const line = k.scratch(arena, 2 * (from.width + 32));
  const args = [from.at, from.stride, from.width, to.at, to.stride, to.width, columns, rows, line];
  k.rows("shrinkRows", to.height, args, grain);
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

function levelFeatures(
  k: Kernels,
  level: BytePlane,
  octave: number,
  image: { readonly width: number; readonly height: number },
  quota: number,
  pattern: number,
  clear: ReturnType<typeof clearOf> | undefined,
  options: OrbOptions,
): Features {
  using arena = k.arena();
  const zoomX = image.width / level.width;
  const zoomY = image.height / level.height;
  // FAST's score is coarse: twice the quota passes, and Harris' measure decides.
  const all = options.mask || (options.spread ?? 1) < 1;
  let corners = fastCorners(k, level, options, all ? Number.POSITIVE_INFINITY : 2 * quota);
  if (clear) {
    const seen = (i: number) =>
      clear((corners.x[i]! + 0.5) * zoomX - 0.5, (corners.y[i]! + 0.5) * zoomY - 0.5, SUPPORT * zoomX);
    corners = picked(corners, Array.from(corners.x.keys()).filter(seen));
  }
  corners = picked(corners, strongest(placed(corners), 2 * quota, level, options.spread ?? 1));
  const total = corners.x.length;
  const places = new Int32Array(2 * total);
  for (let i = 0; i < total; i++) places.set([corners.x[i]!, corners.y[i]!], 2 * i);
  const out = arena.bytes(16 * total);
  k.rows("cornerMeasures", total, [arena.put(places), level.at, level.stride, out], options.grain ?? 128);
  const measured = arena.f32(out, 4 * total).slice();
  const response = Float32Array.from({ length: total }, (_, i) => Math.max(0, measured[4 * i]!));
  const best = strongest(placed({ ...corners, response }), quota, level, options.spread ?? 1);
  const keys = new Float32Array(3 * best.length);
  for (const [n, i] of best.entries()) keys.set(measured.subarray(4 * i + 1, 4 * i + 4), 3 * n);
  const smooth = arena.bytes(level.stride * (level.height + 1));
  const { at, stride, width, height } = level;
  k.rows("smoothRows", height, [at, smooth, stride, width, height, k.scratch(arena, width + 128)], options.grain ?? 64);
  const codes = arena.bytes(DESCRIPTOR_BYTES * best.length);
  k.rows("briefDescriptors", best.length, [arena.put(keys), smooth, stride, pattern, codes], options.grain ?? 128);
  return {
    count: best.length,
    x: Float64Array.from(best, (_, n) => (keys[3 * n]! + 0.5) * zoomX - 0.5),
    y: Float64Array.from(best, (_, n) => (keys[3 * n + 1]! + 0.5) * zoomY - 0.5),
    scale: new Float64Array(best.length).fill(zoomX),
    response: Float32Array.from(best, (i) => response[i]!),
    octave: new Int8Array(best.length).fill(octave),
    level: new Int8Array(best.length),
    angle: Float32Array.from(best, (_, n) => keys[3 * n + 2]!),
    descriptors: arena.u8(codes, DESCRIPTOR_BYTES * best.length).slice(),
    bytes: DESCRIPTOR_BYTES,
  };
}

interface Corners {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly response: Float32Array;
}

const picked = (c: Corners, indices: ArrayLike<number>): Corners => ({
  x: Float64Array.from(indices, (i) => c.x[i]!),
  y: Float64Array.from(indices, (i) => c.y[i]!),
  response: Float32Array.from(indices, (i) => c.response[i]!),
});

/** Corners of one level are all of one size. */
const placed = (c: Corners): Corners & { readonly scale: Float64Array } => ({ ...c, scale: c.x });

/** @param most  those of the least score that makes so many, and all of a better one */
function fastCorners(k: Kernels, level: BytePlane, options: OrbOptions, most: number): Corners {
  using arena = k.arena();
  const { at, stride, width, height } = level;
  const capacity = Math.max(8, width >> 2);
  const counts = arena.bytes(4 * height);
  const out = arena.bytes(4 * capacity * height);
  const threshold = Math.min(254, Math.max(1, Math.round((options.threshold ?? 0.08) * 255)));
  const ring = k.scratch(arena, 3 * (width + 64));
  const args = [at, stride, width, height, 0, BORDER, threshold, ring, counts, out, capacity];
  k.rows("fastCorners", height, args, options.grain ?? 64);
  const count = arena.i32(counts, height);
  const found = arena.u32(out, capacity * height);
  const scores = new Uint32Array(256);
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < count[y]!; i++) scores[found[y * capacity + i]! & 255]!++;
  }
  let least = 255;
  let total = scores[255]!;
  while (least > 0 && total < most) total += scores[--least]!;
  const corners = { x: new Float64Array(total), y: new Float64Array(total), response: new Float32Array(total) };
  for (let y = 0, n = 0; y < height; y++) {
    for (let i = 0; i < count[y]!; i++) {
      const packed = found[y * capacity + i]!;
      if ((packed & 255) < least) continue;
      corners.x[n] = packed >>> 8;
      corners.y[n] = y;
      corners.response[n++] = packed & 255;
    }
  }
  return corners;
}

function concatenated(parts: readonly Features[]): Features {
  const count = parts.reduce((sum, p) => sum + p.count, 0);
  const join = <T extends Float64Array | Float32Array | Int8Array | Uint8Array>(into: T, of: (f: Features) => T): T => {
    let at = 0;
    for (const part of parts) {
      into.set(of(part), at);
      at += of(part).length;
    }
    return into;
  };
  return {
    count,
    x: join(new Float64Array(count), (f) => f.x),
    y: join(new Float64Array(count), (f) => f.y),
    scale: join(new Float64Array(count), (f) => f.scale),
    response: join(new Float32Array(count), (f) => f.response),
    octave: join(new Int8Array(count), (f) => f.octave),
    level: join(new Int8Array(count), (f) => f.level),
    angle: join(new Float32Array(count), (f) => f.angle),
    descriptors: join(new Uint8Array(DESCRIPTOR_BYTES * count), (f) => f.descriptors),
    bytes: DESCRIPTOR_BYTES,
  };
}

/** Radius of the patch, and the spread of the samples in it. */
const RADIUS = 15;
const SPREAD = 8;
/** Squares of the least and greatest distance of two samples; near ones proved the steadier on real views. */
const NEAREST = 4;
const FURTHEST = 144;
const PATTERN_SEED = 20111;

/** The 256 pairs of samples: normally spread, from a fixed seed. */
function comparisons(): Float32Array {
  const random = seededRandom(PATTERN_SEED);
  // A sum of twelve uniform numbers is normal enough, and exact in every engine.
  const normal = (): number => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += random();
    return SPREAD * sum;
  };
  const out = new Float32Array(4 * 8 * DESCRIPTOR_BYTES);
  for (let n = 0; n < out.length; ) {
    const [x, y, u, v] = [normal(), normal(), normal(), normal()] as const;
    const far = Math.max(x * x + y * y, u * u + v * v) > RADIUS * RADIUS;
    const apart = (x - u) ** 2 + (y - v) ** 2;
    if (far || apart < NEAREST || apart > FURTHEST) continue;
    out.set([x, y, u, v], n);
    n += 4;
  }
  return out;
}
