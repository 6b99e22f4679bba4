import type { Matrix3 } from "../../core/transform.js";

/** What a registration by intensity may do to the moving image. */
export type IntensityFamily = "translation" | "rigid" | "similarity" | "affine" | "projective";

/**
 * What an unknown does to the fixed image, to first order: a sum of the kernel's columns (see `intensitySums`) times powers of Y.
 *
 * Columns: 0 gx X X, 1 gx X, 2 gx, 3 gy X, 4 gy, 5 F, 6 one.
 */
export type Unknown = readonly (readonly [coefficient: number, column: number, power: number])[];

const gxX: Unknown = [[1, 1, 0]];
const gxY: Unknown = [[1, 2, 1]];
const gx: Unknown = [[1, 2, 0]];
const gyX: Unknown = [[1, 3, 0]];
const gyY: Unknown = [[1, 4, 1]];
const gy: Unknown = [[1, 4, 0]];
const turn: Unknown = [
  [-1, 2, 1],
  [1, 3, 0],
];
const growth: Unknown = [
  [1, 1, 0],
  [1, 4, 1],
];
const slantX: Unknown = [
  [-1, 0, 0],
  [-1, 3, 1],
];
const slantY: Unknown = [
  [-1, 1, 1],
  [-1, 4, 2],
];

/** The unknowns of each family that move the image. */
export const unknownsOf: Readonly<Record<IntensityFamily, readonly Unknown[]>> = {
  translation: [gx, gy],
  rigid: [turn, gx, gy],
  similarity: [turn, growth, gx, gy],
  affine: [gxX, gxY, gx, gyX, gyY, gy],
  projective: [gxX, gxY, gx, gyX, gyY, gy, slantX, slantY],
};

/** How brightness follows: a gain and an offset. */
export const brightness: readonly Unknown[] = [[[1, 5, 0]], [[1, 6, 0]]];

/** The map of pixels, counted from the fixed plane's middle, that small unknowns mean; a turn stays a turn. */
export function smallMap(family: IntensityFamily, d: ArrayLike<number>): Matrix3 {
  switch (family) {
    case "translation":
      return [1, 0, d[0]!, 0, 1, d[1]!, 0, 0, 1];
    case "rigid":
    case "similarity": {
      const growth = family === "rigid" ? 0 : d[1]!;
      const last = family === "rigid" ? 1 : 2;
      const [c, s] = turned(1 + growth, d[0]!, family === "rigid");
      return [c, -s, d[last]!, s, c, d[last + 1]!, 0, 0, 1];
    }
    case "affine":
      return [1 + d[0]!, d[1]!, d[2]!, d[3]!, 1 + d[4]!, d[5]!, 0, 0, 1];
    case "projective":
      return [1 + d[0]!, d[1]!, d[2]!, d[3]!, 1 + d[4]!, d[5]!, d[6]!, d[7]!, 1];
  }
}

/** (c, s), of length 1 where the map is rigid. */
function turned(c: number, s: number, rigid: boolean): readonly [number, number] {
  const length = rigid ? Math.sqrt(c * c + s * s) : 1;
  return [c / length, s / length];
}

/** How a place (X, Y) from the middle moves with each unknown: x and y of each, interleaved. */
export function motionAt(family: IntensityFamily, X: number, Y: number): readonly number[] {
  switch (family) {
    case "translation":
      return [1, 0, 0, 1];
    case "rigid":
      return [-Y, X, 1, 0, 0, 1];
    case "similarity":
      return [-Y, X, X, Y, 1, 0, 0, 1];
    case "affine":
      return [X, 0, Y, 0, 1, 0, 0, X, 0, Y, 0, 1];
    case "projective":
      return [X, 0, Y, 0, 1, 0, 0, X, 0, Y, 0, 1, -X * X, -X * Y, -X * Y, -Y * Y];
  }
}
