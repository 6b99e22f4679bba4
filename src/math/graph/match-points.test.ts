import { expect, test } from "vitest";
import { farthestOff, madeSets } from "../../../test/support/point-sets.js";
import { seededRandom } from "../random.js";
import { matchPoints, type PointMatchOptions } from "./match-points.js";

const options = (changed: Partial<PointMatchOptions> = {}): PointMatchOptions => ({
  ...{ tolerance: 0.08, scale: [0.2, 5], distortion: 0, neighbours: 8, random: seededRandom(1) },
  ...changed,
});

// Measured over seeds 1 to 100: all right, farthest off 0.006 of the distance between points.
test.each(Array.from({ length: 8 }, (_, k) => k + 1))(
  "200 points, two in five missing and as many spurious, any rotation and scale (seed %i)",
  (seed) => {
    const made = madeSets(seed);
    const { best, rival } = matchPoints(made.fixed, made.moving, options());
    expect(farthestOff(best!.matrix, made)).toBeLessThan(0.05);
    expect(best!.inliers).toBeGreaterThan(90);
    expect(best!.log10Nfa).toBeLessThan(-100);
    expect(rival!.inliers).toBeLessThan(0.3 * best!.inliers);
  },
);

test.each([1, 2, 3])("where each set lacks two in five of what the other has (seed %i)", (seed) => {
  const made = madeSets(seed);
  const random = seededRandom(seed + 7);
  const kept: number[] = [];
  for (let i = 0; i < made.fixed.length; i += 2) if (random() >= 0.4) kept.push(made.fixed[i]!, made.fixed[i + 1]!);
  for (let i = 0; i < 80; i++) kept.push(1000 * random(), 1000 * random());
  const { best } = matchPoints(Float64Array.from(kept), made.moving, options());
  expect(farthestOff(best!.matrix, made)).toBeLessThan(0.05);
});

test.each([1, 2])("a stretch of up to a tenth, where it is allowed (seed %i)", (seed) => {
  const made = madeSets(seed, { stretch: 0.1 });
  const { best } = matchPoints(made.fixed, made.moving, options({ distortion: 0.1 }));
  expect(farthestOff(best!.matrix, made)).toBeLessThan(0.05);
});

test("a stretch that was not allowed for is seen all the same, where most of the points agree", () => {
  const made = madeSets(12, { stretch: 0.03, missing: 0.2, spurious: 0.2 });
  const { best } = matchPoints(made.fixed, made.moving, options());
  expect(best!.sample).toBe(3);
  expect(farthestOff(best!.matrix, made)).toBeLessThan(0.05);
});

test("thousands of points", () => {
  const made = madeSets(2, { count: 3000 });
  const { best, tried } = matchPoints(made.fixed, made.moving, options());
  expect(farthestOff(best!.matrix, made)).toBeLessThan(0.05);
  expect(tried).toBeLessThan(1e6);
});

test.each([
  [20, 10],
  [60, 6],
  [200, 1],
])("%i points that have nothing to do with each other look like chance", (count, rounds) => {
  for (let seed = 1; seed <= rounds; seed++) {
    const { fixed } = madeSets(seed, { count });
    const { moving } = madeSets(seed + 1000, { count });
    const { best } = matchPoints(fixed, moving, options());
    // Over 60 seeds of each size the least was -1.7.
    if (best) expect(best.log10Nfa).toBeGreaterThan(-4);
  }
});

test("on a lattice another map does as well", () => {
  const random = seededRandom(5);
  const lattice = (jitter: number) =>
    Float64Array.from(
      { length: 450 },
      (_, k) => 40 * (k % 2 === 0 ? (k >> 1) % 15 : Math.floor(k / 30)) + jitter * random(),
    );
  const { best, rival } = matchPoints(lattice(0.5), lattice(0.5), options());
  expect(rival!.inliers).toBeGreaterThan(0.7 * best!.inliers);
});
