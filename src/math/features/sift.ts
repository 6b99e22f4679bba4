import { type Kernels, kernels } from "../../kernel/lane.js";
import { exp } from "../elementary.js";
import { type Features, type Keypoints, pickKeypoints, strongest } from "./keypoints.js";
import { type Band, eachBand, type GrayImage, grayRows, SCALES, SIGMA } from "./scale-space.js";
import { clearOf } from "./support.js";

/** SIFT keypoints know whether the image was enlarged first: their octaves count from there. */
export interface SiftKeypoints extends Keypoints {
  readonly upsampled: boolean;
}

export interface SiftOptions {
  /** Keep the strongest of all. Default: no limit. */
  readonly maxKeypoints?: number;
  /** Least contrast, as in OpenCV: a share of the range 0..1 that is divided over the 3 scales of an octave. Default 0.04. */
  readonly contrastThreshold?: number;
  /** Largest ratio of the principal curvatures; drops points on edges. Default 10. */
  readonly edgeThreshold?: number;
  /**
   * Look at twice the size first, which finds the smallest blobs (about 3 of 4 keypoints). `auto` does so up to 4 megapixels:
   * beyond, there are keypoints enough, and time and memory would be fourfold. Default `auto`.
   */
  readonly upsample?: boolean | "auto";
  /** From 0 (even cover) to 1 (strongest wherever they are, the default): see `strongest`. */
  readonly spread?: number;
  /** One byte per pixel (width * height): 0 where there is no observation. Keypoints whose support touches that are dropped. */
  readonly mask?: Uint8Array;
  /** Rows per band, for tests: changes no byte. */
  readonly bandRows?: number;
}

const UPSAMPLE_LIMIT = 4e6;
/** Rows beyond a band that the refinement of an extremum reads. */
const DETECT_HALO = 6;
/** Largest reach of a descriptor: 10.5 samples of 0.75 scale along the diagonal, scale up to 3.6, and 2 for interpolation. */
const DESCRIBE_HALO = 43;
const RECORD_BYTES = 32;
/** Support of a keypoint in its scale: the part of the descriptor's window that weighs most. */
const SUPPORT = 6;
const MAX_ANGLES = 4;

/**
 * Finds SIFT keypoints: extrema of differences of Gaussians, refined to a fraction of a pixel and of a scale [1].
 *
 * Memory: besides the image, about 40 MB of row bands and a quarter of the image; no octave is held whole.
 *
 * @param gray  nominal range 0..1; NaN makes its surroundings empty
 * @returns the strongest first; of equals, in the order of octaves and rows
 *
 * [1] D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60 (2004), doi:10.1023/B:VISI.0000029664.99615.94
 */
export function detectSift(gray: GrayImage, options: SiftOptions = {}): SiftKeypoints {
  const { width, height } = gray;
  const auto = options.upsample === undefined || options.upsample === "auto";
  const upsampled = auto ? width * height <= UPSAMPLE_LIMIT : options.upsample === true;
  const contrast = (options.contrastThreshold ?? 0.04) / SCALES;
  const edge = options.edgeThreshold ?? 10;
  const found = { x: [], y: [], scale: [], response: [], octave: [], level: [] } as Record<string, number[]>;
  using arena = kernels().arena();
  const space = {
    upsample: upsampled,
    levels: SCALES + 3,
    halo: DETECT_HALO,
    ...(options.bandRows === undefined ? {} : { bandRows: options.bandRows }),
  };
  eachBand(arena, gray, grayRows(arena, gray), space, (band) => extrema(kernels(), band, contrast, edge, found));
  const all = {
    count: found.x!.length,
    x: Float64Array.from(found.x!),
    y: Float64Array.from(found.y!),
    scale: Float64Array.from(found.scale!),
    response: Float32Array.from(found.response!),
    octave: Int8Array.from(found.octave!),
    level: Int8Array.from(found.level!),
  };
  const candidates = options.mask ? observed(all, options.mask, width, height) : all;
  const limit = options.maxKeypoints ?? Number.POSITIVE_INFINITY;
  const order = strongest(candidates, limit, gray, options.spread ?? 1);
  return { ...pickKeypoints(candidates, order), upsampled };
}

function extrema(k: Kernels, band: Band, contrast: number, edge: number, found: Record<string, number[]>): void {
  using arena = k.arena();
  const rows = band.hi - band.lo;
  const capacity = Math.max(8, band.width >> 2);
  const counts = arena.bytes(4 * rows);
  const out = arena.bytes(RECORD_BYTES * capacity * rows);
  const ring = k.scratch(arena, 4 * 3 * (SCALES + 2) * (band.stride + 16));
  const { levels, lo, width, height, stride, step } = band;
  const args = [levels, SCALES, lo, width, height, stride, contrast, edge, SIGMA, ring, counts, out, capacity];
  k.rows("siftExtrema", rows, args, Math.max(8, Math.ceil(32768 / width)));
  const count = arena.i32(counts, rows);
  const f64 = arena.f64(out, (RECORD_BYTES / 8) * capacity * rows);
  const f32 = arena.f32(out, (RECORD_BYTES / 4) * capacity * rows);
  const i32 = arena.i32(out, (RECORD_BYTES / 4) * capacity * rows);
  for (let row = 0; row < rows; row++) {
    for (let n = 0; n < count[row]!; n++) {
      const at = (row * capacity + n) * 4;
      found.x!.push(f64[at]! * step);
      found.y!.push(f64[at + 1]! * step);
      found.scale!.push(f64[at + 2]! * step);
      found.response!.push(f32[2 * at + 6]!);
      found.level!.push(i32[2 * at + 7]!);
      found.octave!.push(band.octave);
    }
  }
}

/** Drops what lies on unobserved pixels. */
function observed(k: Keypoints, mask: Uint8Array, width: number, height: number): Keypoints {
  const clear = clearOf(mask, width, height);
  const kept: number[] = [];
  for (let i = 0; i < k.count; i++) if (clear(k.x[i]!, k.y[i]!, SUPPORT * k.scale[i]!)) kept.push(i);
  return pickKeypoints(k, kept);
}

export interface SiftDescriptionOptions {
  /** `rootsift` (default) compares better by Euclidean distance than `sift` does [2]. */
  readonly descriptor?: "rootsift" | "sift";
  /** Angle 0 for all: for images that are known to be turned alike. */
  readonly upright?: boolean;
  /** At most so many features: the last keypoints' go first. Several directions make more features than keypoints. */
  readonly limit?: number;
  readonly bandRows?: number;
}

/**
 * Finds the directions of keypoints and describes each: 4 x 4 cells of 8 gradient directions, 128 bytes [1].
 *
 * @param gray  the image in which `detectSift` found them
 * @returns features in the order of their keypoints; a keypoint has none where the image is flat, and up to four
 *
 * [2] R. Arandjelovic and A. Zisserman, "Three things everyone should know to improve object retrieval", CVPR 2012,
 *     doi:10.1109/CVPR.2012.6248018
 */
export function describeSift(
  gray: GrayImage,
  keypoints: SiftKeypoints,
  options: SiftDescriptionOptions = {},
): Features {
  const parts: Part[] = [];
  if (keypoints.count > 0) {
    using arena = kernels().arena();
    const window = arena.put(Float32Array.from({ length: 20 }, (_, i) => exp(-(((i - 9.5) / 4) ** 2) / 8)));
    const space = {
      upsample: keypoints.upsampled,
      levels: SCALES + 1,
      halo: DESCRIBE_HALO,
      lastOctave: keypoints.octave.reduce((a, b) => Math.max(a, b)),
      ...(options.bandRows === undefined ? {} : { bandRows: options.bandRows }),
    };
    const byOctave = new Map<number, number[]>();
    for (let i = 0; i < keypoints.count; i++) {
      const list = byOctave.get(keypoints.octave[i]!);
      if (list) list.push(i);
      else byOctave.set(keypoints.octave[i]!, [i]);
    }
    eachBand(arena, gray, grayRows(arena, gray), space, (band) => {
      const mine = (byOctave.get(band.octave) ?? []).filter((i) => {
        const row = Math.floor(keypoints.y[i]! / band.step);
        return row >= band.lo && row < band.hi;
      });
      if (mine.length > 0) parts.push(describe(kernels(), band, keypoints, mine, window, options));
    });
  }
  return joined(keypoints, parts, options.limit ?? Number.POSITIVE_INFINITY);
}

interface Part {
  /** Keypoint of each feature. */
  readonly of: Uint32Array;
  readonly angle: Float32Array;
  readonly descriptors: Uint8Array;
}

const DESCRIPTOR_BYTES = 128;

function describe(
  k: Kernels,
  band: Band,
  keypoints: SiftKeypoints,
  mine: readonly number[],
  window: number,
  options: SiftDescriptionOptions,
): Part {
  using arena = k.arena();
  const { levels, width, height, stride } = band;
  const records = (of: ArrayLike<number>): number => {
    const at = arena.bytes(16 * of.length);
    const f32 = arena.f32(at, 4 * of.length);
    const i32 = arena.i32(at, 4 * of.length);
    for (let n = 0; n < of.length; n++) {
      const i = of[n]!;
      f32[4 * n] = keypoints.x[i]! / band.step;
      f32[4 * n + 1] = keypoints.y[i]! / band.step;
      f32[4 * n + 2] = keypoints.scale[i]! / band.step;
      i32[4 * n + 3] = keypoints.level[i]!;
    }
    return at;
  };
  let of = Uint32Array.from(mine);
  let angle: Float32Array = new Float32Array(mine.length);
  if (!options.upright) {
    const angles = arena.bytes(4 * MAX_ANGLES * mine.length);
    const counts = arena.bytes(4 * mine.length);
    k.rows(
      "siftOrientations",
      mine.length,
      [records(mine), levels, width, height, stride, angles, counts, k.scratch(arena, 1024)],
      32,
    );
    const count = arena.i32(counts, mine.length);
    const found = arena.f32(angles, MAX_ANGLES * mine.length);
    const total = count.reduce((a, b) => a + b, 0);
    of = new Uint32Array(total);
    angle = new Float32Array(total);
    for (let n = 0, m = 0; n < mine.length; n++) {
      for (let a = 0; a < count[n]!; a++, m++) {
        of[m] = mine[n]!;
        angle[m] = found[MAX_ANGLES * n + a]!;
      }
    }
  }
  const out = arena.bytes(DESCRIPTOR_BYTES * of.length);
  const root = options.descriptor === "sift" ? 0 : 1;
  const args = [
    records(of),
    arena.put(angle),
    levels,
    width,
    height,
    stride,
    window,
    root,
    out,
    k.scratch(arena, 4096),
  ];
  k.rows("siftDescriptors", of.length, args, 32);
  return { of, angle, descriptors: arena.u8(out, DESCRIPTOR_BYTES * of.length).slice() };
}

/** Features in the order of their keypoints. */
function joined(keypoints: Keypoints, parts: readonly Part[], limit: number): Features {
  const places: { of: number; part: Part; at: number }[] = [];
  for (const part of parts) for (let at = 0; at < part.of.length; at++) places.push({ of: part.of[at]!, part, at });
  places.sort((a, b) => a.of - b.of || a.at - b.at);
  places.length = Math.min(places.length, limit);
  const descriptors = new Uint8Array(DESCRIPTOR_BYTES * places.length);
  const angle = new Float32Array(places.length);
  places.forEach(({ part, at }, i) => {
    angle[i] = part.angle[at]!;
    descriptors.set(
      part.descriptors.subarray(DESCRIPTOR_BYTES * at, DESCRIPTOR_BYTES * (at + 1)),
      DESCRIPTOR_BYTES * i,
    );
  });
  return {
    ...pickKeypoints(
      keypoints,
      places.map((p) => p.of),
    ),
    angle,
    descriptors,
    bytes: DESCRIPTOR_BYTES,
  };
}
