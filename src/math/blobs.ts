import { SIGMA } from "./features/scale-space.js";
import { detectSift } from "./features/sift.js";
import { clearOf } from "./features/support.js";
import { PointIndex } from "./graph/point-index.js";

export interface BlobOptions {
  /** Diameters in pixels. */
  readonly minDiameter: number;
  readonly maxDiameter: number;
  readonly polarity: "bright" | "dark" | "both";
  /** Least difference between a blob and its surroundings, as a share of the image's range. */
  readonly contrast: number;
  /** The strongest that are kept. */
  readonly maxBlobs: number;
  /** Longest over shortest axis, about. */
  readonly elongation: number;
}

/** Blobs of an image, the clearest first. */
export interface Blobs {
  readonly count: number;
  /** Centres in pixels, to a fraction of one. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** In pixels: that of a disc which stands out most at this scale. */
  readonly diameter: Float64Array;
  /** Mean inside less that around, in units of the image's range: above 0 where bright. */
  readonly contrast: Float64Array;
}

/** A disc of diameter d stands out most against a blur of d / 2.83; the difference of two levels lies half a level higher. */
const DIAMETER_PER_SCALE = 2 * Math.SQRT2 * 1.122462048309373;
/** What a disc of contrast 1 leaves in the difference of two levels: 0.736 of the Laplacian [Lindeberg 1998], times 2^(1/3) - 1. */
const RESPONSE_OF_DISC = 0.736 * 0.26;
/** Two blobs are one where a centre lies within this share of the larger radius. */
const OVERLAP = 0.75;

/**
 * Finds round bright or dark spots of a range of sizes: extrema of the scale-normalised Laplacian [1], as differences of
 * Gaussians, with their place refined to a fraction of a pixel and of a scale. Of spots that overlap the clearest stays.
 *
 * @param gray  in kernel memory, stretched to a range of 0 to 1
 * @param mask  0 where there is no observation
 *
 * [1] T. Lindeberg, "Feature detection with automatic scale selection", IJCV 30 (1998), doi:10.1023/A:1008045108935
 */
export function detectBlobs(
  gray: { readonly width: number; readonly height: number; readonly stride: number; readonly pixels: number },
  values: Float32Array,
  options: BlobOptions,
  mask?: Uint8Array,
): Blobs {
  const { width, height, stride } = gray;
  const { minDiameter, maxDiameter, polarity } = options;
  // The first octave finds from 1.26 SIGMA on; half of a level is given in.
  const upsample = minDiameter < 1.1 * SIGMA * DIAMETER_PER_SCALE;
  let lastOctave = 0;
  while (SIGMA * 2 ** (lastOctave + 1) * DIAMETER_PER_SCALE < maxDiameter) lastOctave++;
  const found = detectSift(gray, {
    ...{ upsample, lastOctave, overlap: true, edgeThreshold: options.elongation ** 2 },
    // The response counts per octave, three levels of it; weak ones are measured again below.
    contrastThreshold: 3 * 0.4 * RESPONSE_OF_DISC * options.contrast,
  });
  const clear = mask ? clearOf(mask, width, height) : () => true;
  const kept: { x: number; y: number; radius: number; contrast: number }[] = [];
  for (let i = 0; i < found.count; i++) {
    const diameter = found.scale[i]! * DIAMETER_PER_SCALE;
    if (diameter < minDiameter || diameter > maxDiameter) continue;
    const [x, y, radius] = [found.x[i]!, found.y[i]!, diameter / 2];
    if (!clear(x, y, radius)) continue;
    const contrast = contrastOf(values, width, height, stride, x, y, radius);
    if (Math.abs(contrast) < options.contrast) continue;
    if ((polarity === "bright" && contrast < 0) || (polarity === "dark" && contrast > 0)) continue;
    kept.push({ x, y, radius, contrast });
  }
  const own = withoutOverlap(kept, maxDiameter).slice(0, options.maxBlobs);
  return {
    count: own.length,
    x: Float64Array.from(own, (b) => b.x),
    y: Float64Array.from(own, (b) => b.y),
    diameter: Float64Array.from(own, (b) => 2 * b.radius),
    contrast: Float64Array.from(own, (b) => b.contrast),
  };
}

/** Sixteen directions around a circle: cosines and sines of multiples of an eighth of a half turn. */
const around: readonly (readonly [number, number])[] = (() => {
  const [c, s] = [0.9238795325112867, 0.3826834323650898];
  const out: [number, number][] = [[1, 0]];
  for (let k = 1; k < 16; k++) {
    const [x, y] = out[k - 1]!;
    out.push([x * c - y * s, x * s + y * c]);
  }
  return out;
})();

/** Mean over a disc less the median of a ring around it, where neighbours may lie. */
function contrastOf(
  values: Float32Array,
  width: number,
  height: number,
  stride: number,
  x: number,
  y: number,
  radius: number,
): number {
  const at = (u: number, v: number): number => {
    const i = Math.round(u);
    const j = Math.round(v);
    return i >= 0 && j >= 0 && i < width && j < height ? values[j * stride + i]! : Number.NaN;
  };
  let sum = at(x, y);
  let count = 1;
  const ring: number[] = [];
  for (const [c, s] of around) {
    for (const r of [0.35, 0.7]) {
      const v = at(x + r * radius * c, y + r * radius * s);
      if (Number.isNaN(v)) continue;
      sum += v;
      count++;
    }
    for (const r of [1.35, 1.6]) {
      const v = at(x + r * radius * c, y + r * radius * s);
      if (!Number.isNaN(v)) ring.push(v);
    }
  }
  if (ring.length < 8) return 0;
  ring.sort((a, b) => a - b);
  return sum / count - ring[ring.length >> 1]!;
}

type Spot = { readonly x: number; readonly y: number; readonly radius: number; readonly contrast: number };

/** In their order, strongest response first, those that overlap none before; then the clearest first. */
function withoutOverlap(spots: readonly Spot[], maxDiameter: number): Spot[] {
  const index = new PointIndex(Float64Array.from(spots.flatMap(({ x, y }) => [x, y])));
  const dropped = new Uint8Array(spots.length);
  const kept: Spot[] = [];
  spots.forEach((spot, i) => {
    if (dropped[i]) return;
    kept.push(spot);
    index.within(spot.x, spot.y, (OVERLAP * maxDiameter) / 2, (j) => {
      const other = spots[j]!;
      const reach = OVERLAP * Math.max(spot.radius, other.radius);
      if (j > i && (spot.x - other.x) ** 2 + (spot.y - other.y) ** 2 < reach * reach) dropped[j] = 1;
    });
  });
  return kept.sort((a, b) => Math.abs(b.contrast) - Math.abs(a.contrast));
}
