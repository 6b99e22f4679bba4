import type { PixelData } from "../core/image.js";

/** How pixels are joined in an overview. */
export interface Halving {
  /** Labels and masks keep their values: the most frequent of four wins, the first at a tie. */
  readonly categorical: boolean;
  /** Never mixed with observations; NaN never is either. */
  readonly nodata: number | undefined;
  readonly isFloat: boolean;
  /** Largest sample value; only integers have one. */
  readonly highest: number;
}

/**
 * Joins two by two pixels of one band. At an odd edge only the pixels that are there count.
 *
 * @param from  rows of `width` pixels, `height` of them
 * @param to    gets rows of ceil(width / 2) pixels, each `toStride` after the one before
 */
export function halve(
  from: PixelData,
  width: number,
  height: number,
  to: PixelData,
  toStride: number,
  how: Halving,
): void {
  const halfWidth = Math.ceil(width / 2);
  const join = how.categorical ? mode : how.nodata === undefined && !how.isFloat ? undefined : mean;
  for (let y = 0; 2 * y < height; y++) {
    const upper = 2 * y * width;
    const lower = 2 * y + 1 < height ? upper + width : upper;
    const row = y * toStride;
    if (!join) meanRow(from, upper, lower, width, to, row);
    else
      for (let x = 0; x < halfWidth; x++) {
        const left = 2 * x;
        const right = left + 1 < width ? left + 1 : left;
        // At an odd edge a pixel stands for its missing neighbour, which leaves the mean and the mode as they are.
        to[row + x] = join(from[upper + left]!, from[upper + right]!, from[lower + left]!, from[lower + right]!, how);
      }
  }
}

/** The common case: integers that are all observations. Rounds halves up. */
function meanRow(from: PixelData, upper: number, lower: number, width: number, to: PixelData, row: number): void {
  const pairs = width >> 1;
  for (let x = 0, i = upper, j = lower; x < pairs; x++, i += 2, j += 2)
    to[row + x] = Math.floor((from[i]! + from[i + 1]! + from[j]! + from[j + 1]! + 2) / 4);
  if (width & 1) to[row + pairs] = Math.floor((from[upper + width - 1]! + from[lower + width - 1]! + 1) / 2);
}

function mean(a: number, b: number, c: number, d: number, { nodata, isFloat, highest }: Halving): number {
  let count = 0;
  let sum = 0;
  if (a !== nodata && !Number.isNaN(a)) {
    sum += a;
    count++;
  }
  if (b !== nodata && !Number.isNaN(b)) {
    sum += b;
    count++;
  }
  if (c !== nodata && !Number.isNaN(c)) {
    sum += c;
    count++;
  }
  if (d !== nodata && !Number.isNaN(d)) {
    sum += d;
    count++;
  }
  if (count === 0) return nodata ?? Number.NaN;
  if (isFloat) return sum / count;
  const rounded = Math.floor(sum / count + 0.5);
  // A mean that happens to be the nodata value would be taken for a hole.
  return rounded === nodata ? (rounded < highest ? rounded + 1 : rounded - 1) : rounded;
}

function mode(a: number, b: number, c: number, d: number): number {
  if (a === b || a === c || a === d) return a;
  if (b === c || b === d) return b;
  return c === d ? c : a;
}
