import type { Affine2 } from "../../core/grid.js";
import { matrix3FromAffine } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import { type IntensityFit, registerLevels } from "../intensity/register.js";
import { mapDistance, type SliceFamily } from "./maps.js";
import type { PreparedSlice } from "./prepared.js";

export interface PairFit {
  readonly bFromA: Affine2;
  /** Expected error over the slice, pixels. */
  readonly sigma: number;
  /** Correlation of brightness. */
  readonly ncc: number;
}

/** Levels that are looked at from a start that is nearly right. */
const NEAR_LEVELS = 2;
/** Edges that lead that far from where brightness does have lost their way: pixels, and times the errors that both claim. */
const ASTRAY = { least: 2, times: 4 } as const;

/**
 * Brings a slice onto another: by brightness, and from there by edges, where both slices have them.
 *
 * Where structure changes from slice to slice, brightness goes with the outlines of what grows or shrinks, edges less so; what
 * the two disagree by counts as error.
 *
 * @param near  whether the start is within a few pixels
 */
export function fitPair(
  a: PreparedSlice,
  b: PreparedSlice,
  start: Affine2,
  family: SliceFamily,
  near: boolean,
): PairFit {
  using arena = kernels().arena();
  const options = { family, ...(near ? { coarsest: NEAR_LEVELS } : {}) };
  const bright = registerLevels(arena, a.brightness, b.brightness, { ...options, start: matrix3FromAffine(start) });
  const first = mapOf(bright);
  if (!a.edges || !b.edges || !Number.isFinite(bright.sigma)) {
    return { bFromA: first, sigma: bright.sigma, ncc: bright.ncc };
  }
  const sharp = registerLevels(arena, a.edges, b.edges, {
    ...{ family, coarsest: NEAR_LEVELS, start: bright.movingFromFixed },
  });
  const second = mapOf(sharp);
  const apart = mapDistance(first, second, a.size);
  const astray = !(apart <= Math.max(ASTRAY.least, ASTRAY.times * Math.hypot(bright.sigma, sharp.sigma)));
  return astray
    ? { bFromA: first, sigma: Math.hypot(bright.sigma, ASTRAY.least), ncc: bright.ncc }
    : { bFromA: second, sigma: Math.hypot(sharp.sigma, apart), ncc: bright.ncc };
}

const mapOf = ({ movingFromFixed: m }: IntensityFit): Affine2 => [m[0], m[1], m[2], m[3], m[4], m[5]];
