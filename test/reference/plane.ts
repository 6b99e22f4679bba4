import { seededRandom } from "../../src/core/random.js";

/** One band in double precision; the reference implementations work on it. */
export interface Plane {
  readonly data: Float64Array;
  readonly width: number;
  readonly height: number;
}

export function doubles(width: number, height: number, at: (x: number, y: number) => number): Plane {
  const data = new Float64Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[y * width + x] = at(x, y);
  return { data, width, height };
}

/** Seeded noise in [low, high), rounded when `whole`; a share `holes` of it is NaN. */
export function noise(
  seed: number,
  width: number,
  height: number,
  { low = 0, high = 255, whole = false, holes = 0 } = {},
): Plane {
  const random = seededRandom(seed);
  return doubles(width, height, () => {
    const v = low + (high - low) * random();
    return random() < holes ? Number.NaN : whole ? Math.floor(v) : Math.fround(v);
  });
}

/** Largest difference; infinite where one has NaN and the other has not. */
export function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) {
    if (Number.isNaN(a[i]!) && Number.isNaN(b[i]!)) continue;
    const d = Math.abs(a[i]! - b[i]!);
    worst = d <= worst ? worst : Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
  }
  return worst;
}
