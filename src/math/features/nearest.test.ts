import { expect, test } from "vitest";
import { nearestSlowly } from "../../../test/reference/nearest.js";
import { seededRandom } from "../random.js";
import { FAR, nearest, pairFeatures } from "./nearest.js";

/** The tests' own: 32 and 64 bytes are bits. */
const measureOf = (bytes: number): "hamming" | "euclidean" => (bytes === 32 || bytes === 64 ? "hamming" : "euclidean");

function descriptors(count: number, bytes: number, seed: number, levels = 256) {
  const random = seededRandom(seed);
  return {
    count,
    bytes,
    measure: measureOf(bytes),
    descriptors: Uint8Array.from({ length: count * bytes }, () => Math.floor(random() * levels)),
  };
}

test.each([
  [128, 1, 2],
  [128, 37, 51],
  [128, 130, 613],
  [48, 37, 51],
  [32, 1, 2],
  [32, 37, 51],
  [32, 130, 613],
  [64, 37, 51],
  [64, 130, 613],
])("the kernel agrees with its slow twin: %i bytes, %i against %i", (bytes, a, b) => {
  const fixed = descriptors(a, bytes, 1);
  const moving = descriptors(b, bytes, 2);
  const slow = nearestSlowly(fixed.descriptors, moving.descriptors, bytes);
  const fast = nearest(fixed, moving);
  expect(Object.fromEntries(Object.entries(fast).map(([k, v]) => [k, Array.from(v)]))).toEqual(slow);
});

test.each([128, 48, 32, 64])("of equal distances the lowest index wins, both ways (%i bytes)", (bytes) => {
  const fixed = descriptors(90, bytes, 3, 2);
  const moving = { count: 200, bytes, measure: measureOf(bytes), descriptors: new Uint8Array(200 * bytes) };
  for (let j = 0; j < 200; j++)
    moving.descriptors.set(fixed.descriptors.subarray((j % 45) * bytes, ((j % 45) + 1) * bytes), j * bytes);
  for (let i = 45; i < 90; i++) fixed.descriptors.copyWithin(i * bytes, (i - 45) * bytes, (i - 44) * bytes);
  const slow = nearestSlowly(fixed.descriptors, moving.descriptors, bytes);
  const fast = nearest(fixed, moving);
  expect(Array.from(fast.index)).toEqual(slow.index);
  expect(Array.from(fast.back)).toEqual(slow.back);
});

test("no features on one side give no pairs", () => {
  const some = descriptors(5, 128, 1);
  const none = descriptors(0, 128, 1);
  expect(Array.from(nearest(some, none).index)).toEqual([-1, -1, -1, -1, -1]);
  expect(Array.from(nearest(none, some).back)).toEqual([-1, -1, -1, -1, -1]);
  expect(pairFeatures(some, none, { ratio: 0.8, mutual: true }).count).toBe(0);
});

test("a single candidate has no second and counts as fully ambiguous", () => {
  const one = descriptors(1, 128, 1);
  expect(nearest(one, one).second[0]).toBe(FAR);
  expect(Array.from(pairFeatures(one, one, { ratio: 1, mutual: true }).ratio)).toEqual([1]);
});

test("the ratio test drops what has a close rival, the mutual test what points elsewhere", () => {
  const row = (value: number) => new Array<number>(128).fill(value);
  const of = (...rows: number[][]) => ({
    count: rows.length,
    bytes: 128,
    measure: measureOf(128),
    descriptors: Uint8Array.from(rows.flat()),
  });
  const fixed = of(row(10), row(100), row(101));
  const moving = of(row(12), row(13), row(100));
  const pairs = (ratio: number, mutual: boolean) =>
    Array.from(pairFeatures(fixed, moving, { ratio, mutual }).fixed).sort();
  expect(pairs(0.5, false)).toEqual([1, 2]); // 10 is 2 and 3 away from its two nearest
  expect(pairs(0.5, true)).toEqual([1]); // 101 wants 100, which has a better partner
  expect(pairs(1, true)).toEqual([0, 1]);
});
