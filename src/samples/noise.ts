import { seededRandom } from "../math/random.js";

/** A smooth random function of the plane, about -1 to 1, the same everywhere: only + - * and a table of seeded numbers. */
export type Field = (x: number, y: number) => number;

const SIDE = 256;

/**
 * Value noise: random numbers on the integer lattice, joined by quintic steps, so that two derivatives are continuous.
 *
 * It repeats after 256 lattice steps; octaves are turned against each other so that nobody sees it.
 */
export function noise(seed: number): Field {
  const random = seededRandom(seed);
  const table = Float64Array.from({ length: SIDE * SIDE }, () => 2 * random() - 1);
  return (x, y) => {
    const fx = Math.floor(x);
    const fy = Math.floor(y);
    const u = x - fx;
    const v = y - fy;
    const i = fx & (SIDE - 1);
    const i1 = (fx + 1) & (SIDE - 1);
    const j = (fy & (SIDE - 1)) * SIDE;
    const j1 = ((fy + 1) & (SIDE - 1)) * SIDE;
    const su = u * u * u * (u * (u * 6 - 15) + 10);
    const sv = v * v * v * (v * (v * 6 - 15) + 10);
    const a = table[j + i]!;
    const b = table[j1 + i]!;
    const top = a + (table[j + i1]! - a) * su;
    const bottom = b + (table[j1 + i1]! - b) * su;
    return top + (bottom - top) * sv;
  };
}

/** A sum of octaves, each twice as fine and `gain` times as strong as the one before and turned by 36.9 degrees. */
export function octaves(seed: number, count: number, gain = 0.5): Field {
  const field = noise(seed);
  let total = 0;
  for (let k = 0, strength = 1; k < count; k++, strength *= gain) total += strength;
  const scale = 1 / total;
  return (x, y) => {
    let sum = 0;
    let strength = scale;
    for (let k = 0; k < count; k++) {
      sum += strength * field(x, y);
      // A turn by the angle of the 3-4-5 triangle, and a shift that keeps the origin from being special.
      const t = 1.6 * x - 1.2 * y + 17.3;
      y = 1.2 * x + 1.6 * y + 9.1;
      x = t;
      strength *= gain;
    }
    return sum;
  };
}

/** 0 below `from`, 1 above `to`, and a smooth step between. */
export function smoothStep(from: number, to: number, x: number): number {
  const t = (x - from) / (to - from);
  if (t <= 0) return 0;
  if (t >= 1) return 1;
  return t * t * (3 - 2 * t);
}

/** 32 well-mixed bits of a lattice position. */
export function hash(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ seed;
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}

/** A nearly normal number of mean 0 and deviation 1 for a pixel: four bytes of its hash, added. */
export function grain(x: number, y: number, seed: number): number {
  const h = hash(x, y, seed);
  return ((h & 255) + ((h >>> 8) & 255) + ((h >>> 16) & 255) + (h >>> 24) - 510) / 147.8;
}
