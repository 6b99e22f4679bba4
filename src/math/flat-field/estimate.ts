import { type DarkLevel, darkLevel } from "./dark-level.js";
import { fitLevels } from "./level-fit.js";
import { type Term, termsUpTo } from "./polynomials.js";
import { lightShape, type Shape } from "./shape.js";
import type { TileSamples } from "./tile-samples.js";
import { LEVELS, SHARES, zoneLevels } from "./zone-quantiles.js";

/** Highest degree of the polynomials that light is made of. */
const DEGREE_MAX = 8;
/** Rounds of light and dark in turn, at most. */
const ROUNDS_MAX = 3;
/** Rounds end when the dark signal moves by less than this share of the light. */
const SETTLED = 0.003;
/** A value that so large a share of the samples has, at the end of their range, is one where the detector clips. */
const CLIPPED = 0.002;

/** What tiles tell of the light in one band. */
export interface LightEstimate {
  readonly terms: readonly Term[];
  /** How light changes over the tile; `undefined` where it is even as far as can be told. */
  readonly shape?: Shape;
  readonly dark: DarkLevel;
  /** Expected error of the flat field, root mean square over the tile, as a share; that of the dark signal included. */
  readonly error: number;
  /** Root mean square difference between zones at the light's level, as a share of it: as it is, and divided by the light. */
  readonly unevenness: readonly [before: number, after: number];
}

/**
 * Light and dark signal of one band from samples of many tiles.
 *
 * What tiles show is taken to have nothing to do with the place in the tile. Then any level below which a given share of the samples
 * lies (a quantile over all tiles) is D + s · light(x, y) wherever one looks. Smooth polynomials are fitted to such levels over zones of
 * the tile. The idea of many tiles that share one light is that of BaSiC (doi:10.1038/ncomms14836); levels in place of low rank and
 * sparse matrices are ours.
 *
 * @param given  the dark signal where it is known
 */
export function estimateLight(
  samples: TileSamples,
  band: number,
  size: { readonly width: number; readonly height: number },
  given?: number,
): LightEstimate {
  const zones = zoneLevels(samples, band);
  const known: DarkLevel = { value: given ?? 0, error: given === undefined ? Number.POSITIVE_INFINITY : 0 };
  const terms = termsUpTo(degreeFor(zones.zones.length));
  const even: LightEstimate = { terms, dark: known, error: Number.POSITIVE_INFINITY, unevenness: [0, 0] };
  if (terms.length === 0 || zones.groups < 2) return even;
  const fits = fitLevels(zones, samples, size, terms);
  if (!fits) return even;
  const clipped = clippedValues(samples.bands[band]!);
  const usable = (level: number) => {
    for (let z = 0; z < zones.zones.length; z++) {
      const v = zones.levels[(zones.groups * zones.zones.length + z) * LEVELS + level]!;
      if (v <= clipped[0] || v >= clipped[1]) return false;
    }
    return (
      level < SHARES.length || (clipped[0] === Number.NEGATIVE_INFINITY && clipped[1] === Number.POSITIVE_INFINITY)
    );
  };
  const noise = noiseOf(samples.rough[band]!);
  let dark = known;
  let shape = lightShape(fits, zones, dark.value, usable);
  for (let round = 0; given === undefined && shape && round < ROUNDS_MAX; round++) {
    const next = darkLevel(fits, zones, shape, { dark: dark.value, noise, usable });
    const settled = Math.abs(next.value - dark.value) < SETTLED * (shape.mean - next.value);
    dark = next;
    shape = lightShape(fits, zones, dark.value, usable);
    if (settled) break;
  }
  if (!shape) return even;
  const unevenness = unevennessOf(zones, fits, shape, dark.value);
  if (shape.depth <= shape.error)
    return { terms, dark, error: shape.error, unevenness: [unevenness[0], unevenness[0]] };
  const amplitude = errorByDark({ shape, dark });
  return { terms, shape, dark, error: Math.sqrt(shape.error ** 2 + amplitude ** 2), unevenness };
}

/** What the dark signal's error does to the light, root mean square over the tile, as a share. */
export function errorByDark({ shape, dark }: Pick<LightEstimate, "shape" | "dark">): number {
  if (!shape || !Number.isFinite(dark.error)) return 0;
  const above = shape.mean - dark.value;
  return (shape.depth * dark.error) / Math.max(above - dark.error, 0.1 * above);
}

/** Fewer zones bear fewer terms: half as many at most. */
function degreeFor(zones: number): number {
  let degree = 0;
  while (degree < DEGREE_MAX && ((degree + 2) * (degree + 3)) / 2 <= zones / 2) degree++;
  return degree;
}

/** Ends of the range where many samples lie: at and beyond them nothing is told. Infinite where there are none. */
function clippedValues(values: Float32Array): readonly [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of values) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  let [lowest, highest, count] = [0, 0, 0];
  for (const v of values) {
    if (v === low) lowest++;
    if (v === high) highest++;
    if (!Number.isNaN(v)) count++;
  }
  return [
    lowest > CLIPPED * count ? low : Number.NEGATIVE_INFINITY,
    highest > CLIPPED * count ? high : Number.POSITIVE_INFINITY,
  ];
}

/** A second difference of independent samples has √6 times their noise. Where tiles show little it is noise; the twentieth part is taken. */
function noiseOf(rough: Float32Array): number {
  const sorted = rough.filter((v) => !Number.isNaN(v)).sort();
  return (sorted[Math.floor(0.05 * sorted.length)] ?? 0) / (0.0627 * Math.sqrt(6));
}

function unevennessOf(
  zones: ReturnType<typeof zoneLevels>,
  fits: { readonly atZones: Float64Array },
  shape: Shape,
  dark: number,
): readonly [number, number] {
  const count = zones.zones.length;
  const terms = shape.factors.length;
  const level = (z: number) => zones.levels[(zones.groups * count + z) * LEVELS + shape.level]! - dark;
  const light = (z: number) => {
    let sum = 1;
    for (let t = 0; t < terms; t++) sum += fits.atZones[z * terms + t]! * shape.factors[t]!;
    return sum;
  };
  const spread = (of: (z: number) => number) => {
    let [sum, squares] = [0, 0];
    for (let z = 0; z < count; z++) {
      const v = of(z);
      sum += v;
      squares += v * v;
    }
    const mean = sum / count;
    return Math.sqrt(Math.max(0, squares / count - mean * mean)) / Math.abs(mean);
  };
  return [spread(level), spread((z) => level(z) / light(z))];
}
