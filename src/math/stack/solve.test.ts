import { expect, test } from "vitest";
import { type Affine2, composeAffine } from "../../core/grid.js";
import { seededRandom } from "../random.js";
import { degreesOf, identityMap, mapDistance, relative, type SliceFamily, sliceFamilies, smallMove } from "./maps.js";
import { type PairMap, solveStack } from "./solve.js";

const size = { width: 300, height: 200 };

/** Slices that wander, all pairs within 3, with errors of `noise` px. */
function wandering(family: SliceFamily, count: number, noise: number) {
  const random = seededRandom(5);
  const normal = () => Array.from({ length: 12 }, random).reduce((s, v) => s + v, -6);
  const some = (by: number) => Array.from({ length: degreesOf[family] }, () => by * normal());
  const truth: Affine2[] = [identityMap];
  while (truth.length < count) truth.push(composeAffine(smallMove(family, size, some(4)), truth.at(-1)!));
  const pairs: PairMap[] = [];
  for (let a = 0; a < count; a++)
    for (let b = a + 1; b < Math.min(count, a + 4); b++) {
      const bFromA = composeAffine(relative(truth[a]!, truth[b]!), smallMove(family, size, some(noise)));
      pairs.push({ a, b, bFromA, sigma: noise });
    }
  const settings = { family, reference: 0, sizes: truth.map(() => size), start: truth.map(() => identityMap) };
  return { truth, pairs, settings };
}

test.each(sliceFamilies)("slices that wander are placed exactly by exact pairs (%s)", (family) => {
  const { truth, pairs, settings } = wandering(family, 30, 0);
  const { frameFromSlice } = solveStack(pairs, settings);
  for (const [i, m] of truth.entries()) expect(mapDistance(frameFromSlice[i]!, m, size)).toBeLessThan(1e-6);
});

test.each(sliceFamilies)("errors of pairs average out, and are told (%s)", (family) => {
  const { truth, pairs, settings } = wandering(family, 60, 0.1);
  const { frameFromSlice, sigma } = solveStack(pairs, settings);
  const away = truth.map((m, i) => mapDistance(frameFromSlice[i]!, m, size));
  const ratio = Math.sqrt(away.slice(1).reduce((s, d, i) => s + (d / sigma[i + 1]!) ** 2, 0) / 59);
  expect(ratio).toBeGreaterThan(0.3);
  expect(ratio).toBeLessThan(3);
  expect(sigma[0]).toBeLessThan(1e-3);
  expect(sigma[59]).toBeGreaterThan(sigma[5]!);
});

test("pairs that the others contradict lose, also where they claim to be exact", () => {
  const { truth, pairs, settings } = wandering("rigid", 40, 0.05);
  const wrong = [7, 30, 52, 80];
  const spoilt = pairs.map((p, n) =>
    wrong.includes(n) ? { ...p, bFromA: [1, 0, 40, 0, 1, -25] as const, sigma: 0.02 } : p,
  );
  const { frameFromSlice, weight } = solveStack(spoilt, settings);
  for (const n of wrong) expect(weight[n]).toBeLessThan(0.01);
  for (const [i, m] of truth.entries()) expect(mapDistance(frameFromSlice[i]!, m, size)).toBeLessThan(0.5);
});

test("a slice that nothing connects to the reference stays, and has no error", () => {
  const { pairs, settings } = wandering("translation", 10, 0.1);
  const { frameFromSlice, sigma } = solveStack(
    pairs.filter((p) => p.b !== 9),
    settings,
  );
  expect(frameFromSlice[9]).toEqual(identityMap);
  expect(sigma[9]).toBe(Number.POSITIVE_INFINITY);
  expect(sigma[8]).toBeLessThan(1);
});
