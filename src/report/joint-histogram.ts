import type { Pixels } from "../core/image.js";
import { logarithm } from "../core/logarithm.js";
import { grayOf, type Picture } from "./figures.js";

/** Bins on each side: of four gray levels each. */
export const jointBins = 64;

/** How often which brightness of one picture meets which of another. */
export interface JointHistogram {
  /** Element `m * jointBins + f` counts pixels whose bin is f in fixed and m in moving. */
  readonly counts: Uint32Array;
  /** Pixels with an observation in both. */
  readonly pixels: number;
  /** Of the brightness, −1 to 1; NaN where one of them is the same everywhere. */
  readonly correlation: number;
}

/** Compares two pictures of one grid where both have an observation. Colours by their brightness. */
export function jointHistogram(fixed: Picture, moving: Picture): JointHistogram {
  const [f, m] = [grayOf(fixed), grayOf(moving)];
  const counts = new Uint32Array(jointBins * jointBins);
  let [pixels, sumF, sumM, sumFF, sumMM, sumFM] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < fixed.valid.length; i++) {
    if (!fixed.valid[i] || !moving.valid[i]) continue;
    const [a, b] = [f[i]!, m[i]!];
    counts[(b >> 2) * jointBins + (a >> 2)]!++;
    pixels++;
    sumF += a;
    sumM += b;
    sumFF += a * a;
    sumMM += b * b;
    sumFM += a * b;
  }
  const spread = (pixels * sumFF - sumF * sumF) * (pixels * sumMM - sumM * sumM);
  return {
    counts,
    pixels,
    correlation: spread > 0 ? (pixels * sumFM - sumF * sumM) / Math.sqrt(spread) : Number.NaN,
  };
}

/** Bins on each side for which so many pixels are enough to tell information from chance: eight to a pair of bins. */
export const binsFor = (pixels: number): number => {
  let bins = jointBins;
  while (bins > 8 && pixels < 8 * bins * bins) bins >>= 1;
  return bins;
};

/**
 * Information that one brightness gives about the other, nats; 0 says none. Less the bias of a finite sample (G. Miller, Note
 * on the bias of information estimates, 1955). Values compare where they are of equally many bins.
 */
export function informationOf({ counts, pixels }: JointHistogram, bins = binsFor(pixels)): number {
  if (pixels === 0) return 0;
  const factor = jointBins / bins;
  const both = new Uint32Array(bins * bins);
  const alongF = new Uint32Array(bins);
  const alongM = new Uint32Array(bins);
  for (let k = 0; k < counts.length; k++) {
    const f = Math.floor((k % jointBins) / factor);
    const m = Math.floor(k / jointBins / factor);
    both[m * bins + f]! += counts[k]!;
    alongF[f]! += counts[k]!;
    alongM[m]! += counts[k]!;
  }
  const entropy = (of: Uint32Array) => {
    let [sum, filled] = [0, 0];
    for (const n of of) {
      if (n === 0) continue;
      sum -= (n / pixels) * logarithm(n / pixels);
      filled++;
    }
    return sum + (filled - 1) / (2 * pixels);
  };
  return Math.max(0, entropy(alongF) + entropy(alongM) - entropy(both));
}

/** From few to many: dark violet, red, orange, pale yellow. */
const ramp = [
  [66, 20, 104],
  [147, 38, 103],
  [221, 81, 58],
  [252, 165, 10],
  [252, 255, 164],
] as const;

/**
 * The histogram as a picture with the origin at the lower left, one pixel for each bin; clear where nothing was counted.
 * Colours go by the logarithm of the share of pixels.
 *
 * @param most  share of the pixels that gets the last colour
 */
export function jointPicture({ counts, pixels }: JointHistogram, most: number): Pixels {
  const size = jointBins * jointBins;
  const data = new Uint8Array(4 * size);
  const top = logarithm(1 + most * 1e5);
  for (let k = 0; k < size; k++) {
    const n = counts[k]!;
    if (n === 0) continue;
    const t = Math.min(1, logarithm(1 + (n / pixels) * 1e5) / top) * (ramp.length - 1);
    const low = Math.min(ramp.length - 2, Math.floor(t));
    const at = (jointBins - 1 - Math.floor(k / jointBins)) * jointBins + (k % jointBins);
    for (let c = 0; c < 3; c++)
      data[c * size + at] = Math.round(ramp[low]![c]! + (t - low) * (ramp[low + 1]![c]! - ramp[low]![c]!));
    data[3 * size + at] = 255;
  }
  return { data, width: jointBins, height: jointBins, bands: 4 };
}

/** Largest share of the pixels in one bin. */
export const largestShare = ({ counts, pixels }: JointHistogram): number =>
  pixels === 0 ? 0 : counts.reduce((a, b) => Math.max(a, b), 0) / pixels;
