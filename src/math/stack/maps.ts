import { type Affine2, applyAffine, composeAffine, invertAffine } from "../../core/grid.js";

/** What a slice may do. */
export type SliceFamily = "translation" | "rigid" | "similarity" | "affine";
export const sliceFamilies = ["translation", "rigid", "similarity", "affine"] as const;

export const identityMap: Affine2 = [1, 0, 0, 0, 1, 0];
/** Numbers that a map of the family has. */
export const degreesOf: Readonly<Record<SliceFamily, number>> = { translation: 2, rigid: 3, similarity: 4, affine: 6 };

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Four points whose second moments are those of all pixels of a slice, so that a mean over them is a mean over the slice;
 * interleaved x, y.
 */
export function momentPoints({ width, height }: Size): Float64Array {
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const [dx, dy] = [width / Math.sqrt(12), height / Math.sqrt(12)];
  return Float64Array.of(cx - dx, cy - dy, cx + dx, cy - dy, cx - dx, cy + dy, cx + dx, cy + dy);
}

/**
 * How a point of a slice moves with each of the family's numbers, about the slice's centre: two rows (x, y) of `degreesOf`
 * numbers. A number of 1 moves points half a side away from the centre by about a pixel.
 */
export function generators(family: SliceFamily, size: Size, x: number, y: number, out: Float64Array): void {
  const half = Math.max(size.width, size.height) / 2;
  const u = (x - (size.width - 1) / 2) / half;
  const v = (y - (size.height - 1) / 2) / half;
  switch (family) {
    case "translation":
      out.set([1, 0, 0, 1]);
      break;
    case "rigid":
      out.set([1, 0, -v, 0, 1, u]);
      break;
    case "similarity":
      out.set([1, 0, -v, u, 0, 1, u, v]);
      break;
    case "affine":
      out.set([1, 0, u, v, 0, 0, 0, 1, 0, 0, u, v]);
      break;
  }
}

/** The map of a slice onto itself that the numbers stand for, which is one of the family. */
export function smallMove(family: SliceFamily, size: Size, d: ArrayLike<number>): Affine2 {
  const half = Math.max(size.width, size.height) / 2;
  const [cx, cy] = [(size.width - 1) / 2, (size.height - 1) / 2];
  let [a, b, c, e] = [1, 0, 0, 1];
  if (family === "rigid") {
    const w = d[2]! / half;
    const q = 1 + (w * w) / 4; // a turn by a rational angle near w: exactly a rotation, without a sine
    [a, b, c, e] = [(1 - (w * w) / 4) / q, -w / q, w / q, (1 - (w * w) / 4) / q];
  } else if (family === "similarity") {
    const [w, s] = [d[2]! / half, 1 + d[3]! / half];
    [a, b, c, e] = [s, -w, w, s];
  } else if (family === "affine") {
    [a, b, c, e] = [1 + d[2]! / half, d[3]! / half, d[4]! / half, 1 + d[5]! / half];
  }
  return [a, b, d[0]! + cx - a * cx - b * cy, c, e, d[1]! + cy - c * cx - e * cy];
}

/** The map of the family nearest to a map, as it moves a slice's pixels. */
export function nearestOf(family: SliceFamily, size: Size, m: Affine2): Affine2 {
  if (family === "affine") return m;
  const [cx, cy] = [(size.width - 1) / 2, (size.height - 1) / 2];
  const [tx, ty] = [m[0] * cx + m[1] * cy + m[2], m[3] * cx + m[4] * cy + m[5]];
  // Least squares over pixels with sides as second moments; similarity is exact for square slices.
  const [ww, hh] = [size.width ** 2, size.height ** 2];
  let a = (ww * m[0] + hh * m[4]) / (ww + hh);
  let b = (ww * m[3] - hh * m[1]) / (ww + hh);
  if (family === "translation") [a, b] = [1, 0];
  if (family === "rigid") {
    const length = Math.sqrt(a * a + b * b) || 1;
    [a, b] = [a / length, b / length];
  }
  return [a, -b, tx - a * cx + b * cy, b, a, ty - b * cx - a * cy];
}

/** Where a map takes (x, y). */
export const mapX = (m: Affine2, x: number, y: number): number => m[0] * x + m[1] * y + m[2];
export const mapY = (m: Affine2, x: number, y: number): number => m[3] * x + m[4] * y + m[5];

/** The map from a's pixels to b's that two maps to the frame imply. */
export const relative = (frameFromA: Affine2, frameFromB: Affine2): Affine2 =>
  composeAffine(frameFromA, invertAffine(frameFromB));

/** Root mean square distance of two maps over a slice, pixels. */
export function mapDistance(a: Affine2, b: Affine2, size: Size): number {
  const p = momentPoints(size);
  let sum = 0;
  for (let k = 0; k < 8; k += 2) {
    const dx = mapX(a, p[k]!, p[k + 1]!) - mapX(b, p[k]!, p[k + 1]!);
    const dy = mapY(a, p[k]!, p[k + 1]!) - mapY(b, p[k]!, p[k + 1]!);
    sum += dx * dx + dy * dy;
  }
  return Math.sqrt(sum / 4);
}

/** A map between pixels of reduced images, in pixels of the images themselves. @param factors  reduction of from and to */
export function scaleMap(m: Affine2, [from, to]: readonly [number, number]): Affine2 {
  // Coarse pixel u stands at fine pixel f·u + (f − 1)/2.
  const fine = (f: number): Affine2 => [f, 0, (f - 1) / 2, 0, f, (f - 1) / 2];
  return composeAffine(composeAffine(invertAffine(fine(from)), m), fine(to));
}

/** A box of whole pixels of the common frame. */
export interface Box extends Size {
  readonly left: number;
  readonly top: number;
}

/** The smallest box that holds all of every slice. */
export function unionBox(sizes: readonly Size[], frameFromSlice: readonly Affine2[]): Box {
  let [left, top] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let [right, bottom] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  sizes.forEach((size, i) => {
    const [w, h] = [size.width - 1, size.height - 1];
    const corners = applyAffine(frameFromSlice[i]!, Float64Array.of(0, 0, w, 0, 0, h, w, h));
    for (let k = 0; k < 8; k += 2) {
      left = Math.min(left, Math.floor(corners[k]! + 1e-6));
      right = Math.max(right, Math.ceil(corners[k]! - 1e-6));
      top = Math.min(top, Math.floor(corners[k + 1]! + 1e-6));
      bottom = Math.max(bottom, Math.ceil(corners[k + 1]! - 1e-6));
    }
  });
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}
