import { kernels } from "../../kernel/lane.js";
import type { DetectOptions } from "./frame.js";
import { type Keypoints, pickKeypoints, strongest } from "./keypoints.js";
import { type DiffusedLevel, nonlinearSpace, SUBLEVELS } from "./nonlinear-space.js";
import type { ImageViews } from "./views.js";

/** Keypoints are this much larger than the blur of their level: the second derivatives blur too [1, section 3]. */
export const SIZE_OF_SIGMA = 1.5;
/** Support of a keypoint in its scale: the part of the descriptor's window that weighs most. */
const SUPPORT = 6;
const RECORD_FLOATS = 3;

/** The image's nonlinear scale space, made when first asked for. */
export const spaceOf = (views: ImageViews): readonly DiffusedLevel[] =>
  views.derived("nonlinear space", (arena) => nonlinearSpace(arena, sourceOf(views)));

const sourceOf = ({ rows, width, height }: ImageViews) => ({ ...rows, width, height });

/**
 * Finds blobs, bright or dark: maxima of the determinant of the Hessian in a nonlinear scale space, in place and over
 * neighbouring levels [1].
 *
 * @param options  the threshold is the least determinant, in squares of the range 0..1 (as in OpenCV)
 * @returns the strongest first; of equals, in the order of levels and rows
 *
 * [1] P. F. Alcantarilla, J. Nuevo, A. Bartoli, "Fast explicit diffusion for accelerated features in nonlinear scale
 *     spaces", BMVC 2013, doi:10.5244/C.27.13
 */
export function detectAkaze(views: ImageViews, options: DetectOptions & { readonly threshold: number }): Keypoints {
  const { limit, threshold, spread } = options;
  const { space, found } = views.derived(`maxima above ${threshold}`, (arena) => {
    const found: Candidate[][] = [];
    const space = nonlinearSpace(arena, sourceOf(views), (level, smooth) =>
      found.push(maxima(level, smooth, threshold)),
    );
    views.derived("nonlinear space", () => space);
    return { space, found };
  });
  const kept = distinctOverLevels(found, space).filter((c) =>
    views.isClear(c.x, c.y, SUPPORT * SIZE_OF_SIGMA * space[c.level]!.sigma),
  );
  const all: Keypoints = {
    count: kept.length,
    x: Float64Array.from(kept, (c) => c.x),
    y: Float64Array.from(kept, (c) => c.y),
    scale: Float64Array.from(kept, (c) => SIZE_OF_SIGMA * space[c.level]!.sigma),
    response: Float32Array.from(kept, (c) => c.response),
    octave: Int8Array.from(kept, (c) => space[c.level]!.octave),
    level: Int8Array.from(kept, (c) => space[c.level]!.sublevel),
  };
  return pickKeypoints(all, strongest(all, limit, views, spread));
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
export const stepOf = ({ sigma, octave }: DiffusedLevel): number => Math.round((SIZE_OF_SIGMA * sigma) / 2 ** octave);

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
      found.push({ x, y, response: records[at + 2]!, level: octave * SUBLEVELS + sublevel });
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
