import type { Arena } from "../../kernel/memory.js";
import { exp } from "../elementary.js";
import { SIZE_OF_SIGMA, spaceOf, stepOf } from "./akaze.js";
import type { Turned } from "./frame.js";
import type { Features, Keypoints } from "./keypoints.js";
import type { DiffusedLevel } from "./nonlinear-space.js";
import type { ImageViews } from "./views.js";

const BYTES = 64;

/**
 * Describes keypoints by M-LDB: which of two cells around a keypoint is brighter, and which steeper, for all pairs of cells
 * of three grids: 486 bits, and 26 that stay 0 [1]. Reads the level of the nonlinear scale space that suits a keypoint's
 * size; beyond the image its edge repeats.
 *
 * [1] P. F. Alcantarilla, J. Nuevo, A. Bartoli, "Fast explicit diffusion for accelerated features in nonlinear scale
 *     spaces", BMVC 2013, doi:10.5244/C.27.13
 */
export function describeMldb(views: ImageViews, keypoints: Turned): Features {
  const { count, x, y, scale, response, octave, level, angle } = keypoints;
  const { kernels: k, grain = 32 } = views;
  const features = { count, x, y, scale, response, octave, level, angle, bytes: BYTES, measure: "hamming" } as const;
  if (count === 0) return { ...features, descriptors: new Uint8Array(0) };
  using arena = k.arena();
  const { keys, levels } = onLevels(arena, spaceOf(views), keypoints);
  const out = arena.bytes(BYTES * count);
  k.rows("mldbDescriptors", count, [keys, arena.put(angle), levels, out, k.scratch(arena, 8192)], grain);
  return { ...features, descriptors: arena.u8(out, BYTES * count).slice() };
}

/** Samples along a side of the window that tells a direction, and its Gaussian's sigma, in steps [1, as in SURF]. */
const WINDOW_SIDE = 13;
const WINDOW_SIGMA = 2.5;

/** The sixth of a turn whose gradients sum up to most, one direction a keypoint [1]. */
export function sectorDirections(views: ImageViews, keypoints: Keypoints): Turned {
  const { count } = keypoints;
  const { kernels: k, grain = 32 } = views;
  if (count === 0) return { ...keypoints, angle: new Float32Array(0) };
  using arena = k.arena();
  const { keys, levels } = onLevels(arena, spaceOf(views), keypoints);
  const weight = (i: number): number => exp(-((i - (WINDOW_SIDE - 1) / 2) ** 2) / (2 * WINDOW_SIGMA ** 2));
  const window = arena.put(Float32Array.from({ length: WINDOW_SIDE }, (_, i) => weight(i)));
  const angles = arena.bytes(4 * count);
  k.rows("mldbDirections", count, [keys, levels, window, angles, k.scratch(arena, 4096)], grain);
  return { ...keypoints, angle: arena.f32(angles, count).slice() };
}

/** Keypoints and levels as the kernels want them. */
function onLevels(
  arena: Arena,
  space: readonly DiffusedLevel[],
  keypoints: Keypoints,
): { keys: number; levels: number } {
  const { count } = keypoints;
  const levels = arena.put(Uint32Array.from(space.flatMap((l) => [l.at, l.width, l.height, l.stride])));
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
  return { keys, levels };
}

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
