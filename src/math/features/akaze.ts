import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { exp } from "../elementary.js";
import { type Features, type Keypoints, pickKeypoints, strongest } from "./keypoints.js";
import { type DiffusedLevel, nonlinearSpace } from "./nonlinear-space.js";
import { type GrayImage, grayRows } from "./scale-space.js";
import { clearOf } from "./support.js";

/** Keypoints are this much larger than the blur of their level: the second derivatives blur too [1, section 3]. */
const SIZE_OF_SIGMA = 1.5;
/** Support of a keypoint in its scale: the part of the descriptor's window that weighs most. */
const SUPPORT = 6;
const RECORD_FLOATS = 3;

export interface AkazeOptions {
  /** Keep the strongest of all. Default: no limit. */
  readonly maxKeypoints?: number;
  /** Least determinant of the Hessian, in squares of the range 0..1, as in OpenCV. Default 0.001. */
  readonly threshold?: number;
  /** From 0 (even cover) to 1 (strongest wherever they are, the default): see `strongest`. */
  readonly spread?: number;
  /** One byte per pixel: 0 where there is no observation. */
  readonly mask?: Uint8Array;
}

/** Keypoints with the scale space in which they were found. */
export interface AkazeKeypoints extends Keypoints {
  readonly space: readonly DiffusedLevel[];
}

/**
 * Finds blobs and saddles' opposites: maxima of the determinant of the Hessian in a nonlinear scale space, in place and over
 * neighbouring levels [1].
 *
 * @param arena  holds the scale space, which `describeMldb` reads
 * @param gray  nominal range 0..1
 * @returns the strongest first; of equals, in the order of levels and rows
 *
 * [1] P. F. Alcantarilla, J. Nuevo, A. Bartoli, "Fast explicit diffusion for accelerated features in nonlinear scale
 *     spaces", BMVC 2013, doi:10.5244/C.27.13
 */
export function detectAkaze(arena: Arena, gray: GrayImage, options: AkazeOptions = {}): AkazeKeypoints {
  const found: Candidate[][] = [];
  const { width, height } = gray;
  const threshold = options.threshold ?? 0.001;
  const space = nonlinearSpace(arena, { ...grayRows(arena, gray), width, height }, (level, smooth) =>
    found.push(maxima(level, smooth, threshold)),
  );
  const kept = distinctOverLevels(found, space);
  const all: Keypoints = {
    count: kept.length,
    x: Float64Array.from(kept, (c) => c.x),
    y: Float64Array.from(kept, (c) => c.y),
    scale: Float64Array.from(kept, (c) => SIZE_OF_SIGMA * space[c.level]!.sigma),
    response: Float32Array.from(kept, (c) => c.response),
    octave: Int8Array.from(kept, (c) => space[c.level]!.octave),
    level: Int8Array.from(kept, (c) => space[c.level]!.sublevel),
  };
  const { mask } = options;
  const clear = mask ? clearOf(mask, width, height) : () => true;
  const seen = Array.from({ length: all.count }, (_, i) => i).filter((i) =>
    clear(all.x[i]!, all.y[i]!, SUPPORT * all.scale[i]!),
  );
  const observed = seen.length === all.count ? all : pickKeypoints(all, seen);
  const limit = options.maxKeypoints ?? Number.POSITIVE_INFINITY;
  return { ...pickKeypoints(observed, strongest(observed, limit, gray, options.spread ?? 1)), space };
}

interface Candidate {
  /** Pixels of the image. */
  readonly x: number;
  readonly y: number;
  readonly response: number;
  /** Index of the level in the space. */
  readonly level: number;
}

/** Distance of the taps of derivatives, and of the samples of a descriptor, in pixels of the level. */
const stepOf = ({ sigma, octave }: DiffusedLevel): number => Math.round((SIZE_OF_SIGMA * sigma) / 2 ** octave);

function maxima(level: DiffusedLevel, smooth: number, threshold: number): Candidate[] {
  using arena = kernels().arena();
  const { width, height, stride, octave, sublevel } = level;
  const step = stepOf(level);
  const determinant = arena.bytes(4 * stride * height);
  const lines = kernels().scratch(arena, 12 * (stride + 32));
  const grain = Math.max(8, Math.ceil(32768 / width));
  kernels().rows("hessianRows", height, [smooth, determinant, stride, width, height, step, lines], grain);
  const capacity = Math.max(8, width >> 2);
  const counts = arena.bytes(4 * height);
  const out = arena.bytes(4 * RECORD_FLOATS * capacity * height);
  const border = 2 * step + 1;
  const args = [determinant, stride, width, height, border, threshold, counts, out, capacity];
  kernels().rows("maximaRows", height, args, grain);
  const count = arena.i32(counts, height);
  const records = arena.f32(out, RECORD_FLOATS * capacity * height);
  const factor = 2 ** octave;
  const found: Candidate[] = [];
  for (let row = 0; row < height; row++) {
    for (let n = 0; n < count[row]!; n++) {
      const at = RECORD_FLOATS * (row * capacity + n);
      // A pixel of an octave is the mean of `factor` by `factor` of the image's.
      const place = (v: number): number => (v + 0.5) * factor - 0.5;
      const [x, y] = [place(records[at]!), place(records[at + 1]!)];
      found.push({ x, y, response: records[at + 2]!, level: octave * 4 + sublevel });
    }
  }
  return found;
}

/** Those that have no stronger one within their own size, on their level and the two next to it; in the order found. */
function distinctOverLevels(found: readonly Candidate[][], space: readonly DiffusedLevel[]): Candidate[] {
  const all = found.flat();
  const order = Uint32Array.from(all.keys()).sort((a, b) => all[b]!.response - all[a]!.response || a - b);
  const sizes = space.map(({ sigma }) => SIZE_OF_SIGMA * sigma);
  const taken = space.map(() => new Map<number, Candidate[]>());
  const cell = (v: number, size: number): number => Math.floor(v / size) + 2;
  const kept: number[] = [];
  for (const i of order) {
    const c = all[i]!;
    const reach = sizes[c.level]!;
    const crowded = [c.level - 1, c.level, c.level + 1].some((l) => {
      const cells = taken[l];
      if (!cells) return false;
      const size = sizes[l]!;
      for (let cy = cell(c.y - reach, size); cy <= cell(c.y + reach, size); cy++) {
        for (let cx = cell(c.x - reach, size); cx <= cell(c.x + reach, size); cx++) {
          const near = cells.get(cy * 2 ** 20 + cx);
          if (near?.some((o) => (o.x - c.x) ** 2 + (o.y - c.y) ** 2 < reach * reach)) return true;
        }
      }
      return false;
    });
    if (crowded) continue;
    kept.push(i);
    const size = sizes[c.level]!;
    const key = cell(c.y, size) * 2 ** 20 + cell(c.x, size);
    const list = taken[c.level]!.get(key);
    if (list) list.push(c);
    else taken[c.level]!.set(key, [c]);
  }
  return kept.sort((a, b) => a - b).map((i) => all[i]!);
}

export const MLDB_BYTES = 64;

/**
 * Describes keypoints by M-LDB: which of two cells around a keypoint is brighter, and which steeper, for all pairs of cells
 * of three grids: 486 bits, and 26 that stay 0 [1]. Keypoints of any detector may be given.
 *
 * @param angles  radians, one a keypoint; found from the gradients around each when absent
 */
export function describeMldb(space: readonly DiffusedLevel[], keypoints: Keypoints, angles?: Float32Array): Features {
  const { count } = keypoints;
  if (count === 0) return { ...keypoints, angle: new Float32Array(0), descriptors: new Uint8Array(0), bytes: MLDB_BYTES };
  using arena = kernels().arena();
  const k = kernels();
  const table = Uint32Array.from(space.flatMap((l) => [l.at, l.width, l.height, l.stride]));
  const levels = arena.put(table);
  const keys = arena.bytes(16 * count);
  const f32 = arena.f32(keys, 4 * count);
  const i32 = arena.i32(keys, 4 * count);
  for (let i = 0; i < count; i++) {
    const l = levelOf(space, keypoints.scale[i]!);
    const level = space[l]!;
    const factor = 2 ** level.octave;
    f32[4 * i] = (keypoints.x[i]! + 0.5) / factor - 0.5;
    f32[4 * i + 1] = (keypoints.y[i]! + 0.5) / factor - 0.5;
    f32[4 * i + 2] = stepOf(level);
    i32[4 * i + 3] = l;
  }
  const at = angles ? arena.put(angles) : arena.bytes(4 * count);
  if (!angles) {
    const window = arena.put(Float32Array.from({ length: 13 }, (_, i) => exp(-((i - 6) ** 2) / (2 * 2.5 * 2.5))));
    k.rows("mldbDirections", count, [keys, levels, window, at, k.scratch(arena, 4096)], 32);
  }
  const out = arena.bytes(MLDB_BYTES * count);
  k.rows("mldbDescriptors", count, [keys, at, levels, out, k.scratch(arena, 8192)], 32);
  const angle = arena.f32(at, count).slice();
  return { ...pickAll(keypoints), angle, descriptors: arena.u8(out, MLDB_BYTES * count).slice(), bytes: MLDB_BYTES };
}

/** The columns of keypoints, and nothing else that they may carry. */
const pickAll = ({ count, x, y, scale, response, octave, level }: Keypoints): Keypoints => ({
  ...{ count, x, y, scale, response, octave, level },
});

/** The level whose keypoints are nearest in size. */
function levelOf(space: readonly DiffusedLevel[], scale: number): number {
  let best = 0;
  const ratio = (l: number): number => {
    const r = scale / (SIZE_OF_SIGMA * space[l]!.sigma);
    return r < 1 ? 1 / r : r;
  };
  for (let l = 1; l < space.length; l++) if (ratio(l) < ratio(best)) best = l;
  return best;
}
