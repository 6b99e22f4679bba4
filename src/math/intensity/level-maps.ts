import { invertMatrix3, type Matrix3, multiplyMatrix3 } from "../../core/transform.js";
import type { Plane } from "../plane.js";
import { localStretch } from "../plausibility.js";

/** A plane and its coarser versions, finest first. */
interface Levels {
  readonly planes: readonly Plane[];
}

/**
 * Levels of the fixed and the moving plane whose pixels are about as large under a map, coarsest first: a moving plane of half
 * the pixel size is looked at one level farther up.
 */
export function levelPairs(fixed: Levels, moving: Levels, map: Matrix3): (readonly [fixed: number, moving: number])[] {
  const { width, height } = fixed.planes[0]!;
  const stretch = localStretch(map, (width - 1) / 2, (height - 1) / 2).scale;
  let shift = 0;
  for (let s = stretch; s > 1.5 && shift < 8; s /= 2) shift++;
  for (let s = stretch; s < 1 / 1.5 && shift > -8; s *= 2) shift--;
  const pairs: (readonly [number, number])[] = [];
  for (let l = fixed.planes.length - 1; l >= 0; l--) {
    if (l + shift >= 0 && l + shift < moving.planes.length) pairs.push([l, l + shift]);
  }
  return pairs;
}

/** Pixels of a level to pixels of the finest: a level's pixel is the mean over a block. */
const fullFromLevel = (level: number): Matrix3 => {
  const s = 2 ** level;
  return [s, 0, (s - 1) / 2, 0, s, (s - 1) / 2, 0, 0, 1];
};

/** A map of full pixels as one of pixels of levels. */
export const levelMap = (full: Matrix3, fixed: number, moving: number): Matrix3 =>
  multiplyMatrix3(invertMatrix3(fullFromLevel(moving)), multiplyMatrix3(full, fullFromLevel(fixed)));

/** The reverse of `levelMap`. */
export const fullMap = (level: Matrix3, fixed: number, moving: number): Matrix3 =>
  multiplyMatrix3(fullFromLevel(moving), multiplyMatrix3(level, invertMatrix3(fullFromLevel(fixed))));
