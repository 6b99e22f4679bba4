import type { LevelFits } from "./level-fit.js";
import { aboveChance, type Shape } from "./shape.js";
import { LEVELS, type ZoneLevels } from "./zone-quantiles.js";

/** Levels this many times the noise away from the light's own level tell of the dark signal. */
const NOISES = 5;

/** The signal without light, a constant. */
export interface DarkLevel {
  readonly value: number;
  /** Its expected error; where the tiles do not tell, that of any value from 0 to the darkest samples. */
  readonly error: number;
}

/**
 * The dark signal, from how other levels follow the light.
 *
 * A level of brightness s above the dark signal D is D + s · light. So the distance between two levels is in proportion to
 * light, and vanishes where the light's own level reaches D: with the slope of the distance over that level, D is where the line
 * through both ends at 0. The slope relative to the distance, which is 1 / (mean − D), is averaged over the levels by their certainty,
 * which leaving out groups of tiles gives, and is shrunk towards D = 0 by the share that chance explains.
 *
 * @param dark  the dark signal that the light was found with
 * @param noise  standard deviation of a sample's noise
 * @param usable  which levels may be taken
 */
export function darkLevel(
  fits: LevelFits,
  zones: ZoneLevels,
  shape: Shape,
  {
    dark,
    noise,
    usable,
  }: { readonly dark: number; readonly noise: number; readonly usable: (level: number) => boolean },
): DarkLevel {
  // It lies between 0 and the darkest samples, whatever else is known.
  const unknown = { value: 0, error: Math.max(0, zones.floor) / 2 };
  const count = zones.zones.length;
  const { groups } = zones;
  if (groups < 3 || shape.depth === 0) return unknown;
  // The light's own level in every zone, without the noise that a zone has.
  const terms = fits.terms.length;
  const own = Float64Array.from({ length: count }, (_, z) => {
    let sum = 0;
    for (let t = 0; t < terms; t++) sum += fits.atZones[z * terms + t]! * shape.factors[t]!;
    return shape.mean + (shape.mean - dark) * sum;
  });
  const middle = own.reduce((sum, v) => sum + v, 0) / count;
  const power = own.reduce((sum, v) => sum + (v - middle) ** 2, 0);
  if (!(power > 0)) return unknown;
  const slopes = new Float64Array((groups + 1) * LEVELS);
  const distances = new Float64Array((groups + 1) * LEVELS);
  for (let g = 0; g <= groups; g++) {
    for (let l = 0; l < LEVELS; l++) {
      let [slope, distance] = [0, 0];
      for (let z = 0; z < count; z++) {
        const d = zones.levels[(g * count + z) * LEVELS + l]! - own[z]!;
        slope += (own[z]! - middle) * d;
        distance += d;
      }
      slopes[g * LEVELS + l] = slope / power;
      distances[g * LEVELS + l] = distance / count;
    }
  }
  const weights = Float64Array.from({ length: LEVELS }, (_, l) => {
    if (!usable(l) || !(Math.abs(distances[groups * LEVELS + l]!) > NOISES * noise)) return 0;
    return 1 / (jackknife(groups, (g) => slopes[g * LEVELS + l]!) + 1e-12);
  });
  const ratio = (g: number) => {
    let [up, down] = [0, 0];
    for (let l = 0; l < LEVELS; l++) {
      const d = distances[g * LEVELS + l]!;
      up += weights[l]! * slopes[g * LEVELS + l]! * d;
      down += weights[l]! * d * d;
    }
    return up / down;
  };
  const found = ratio(groups);
  if (!Number.isFinite(found)) return unknown;
  const variance = jackknife(groups, ratio);
  const zero = 1 / middle;
  const beyond = found - zero;
  const shrunk =
    zero + Math.max(0, beyond * Math.max(0, 1 - ((aboveChance(groups) / 2) * variance) / (beyond * beyond || 1)));
  const value = Math.max(0, Math.min(zones.floor, middle - 1 / shrunk));
  return { value, error: Math.min(unknown.error, Math.sqrt(variance) / (shrunk * shrunk)) };
}

/** Variance of an estimate from those with one group left out. */
function jackknife(groups: number, of: (group: number) => number): number {
  let sum = 0;
  for (let g = 0; g < groups; g++) sum += of(g);
  let spread = 0;
  for (let g = 0; g < groups; g++) spread += (of(g) - sum / groups) ** 2;
  return (spread * (groups - 1)) / groups;
}
