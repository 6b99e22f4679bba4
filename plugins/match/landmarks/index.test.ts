import { type Image, type PointSet, pixelGrid, seededRandom, worldPoints } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import plugin from "./index.js";

const set = (named: Readonly<Record<string, readonly [number, number, number?]>>): PointSet => ({
  points: worldPoints(Object.values(named).flatMap((p) => p.slice(0, 2) as number[])),
  names: Object.keys(named),
  confidence: Float64Array.from(Object.values(named), ([, , c]) => c ?? 1),
});
const bare = (...xy: readonly number[]): PointSet => ({ points: worldPoints(xy) });
type Told = Partial<Parameters<typeof plugin.run>[1]>;

const match = (fixed: PointSet, moving: PointSet, told: Told = {}, images: readonly (Image | undefined)[] = []) =>
  plugin.run(
    { fixed, moving, fixedImage: images[0], movingImage: images[1] },
    { pairBy: "name", minConfidence: 0, ...told },
    { signal: new AbortController().signal, random: seededRandom(1), memory: 1e9, progress: () => {} },
  );
const codes = async (...args: Parameters<typeof match>) => {
  const outcome = await match(...args);
  return (outcome.ok ? (outcome.notes ?? []) : outcome.diagnostics).map((d) => d.code);
};
const image = (width: number, height: number) =>
  memoryImage(new Float32Array(width * height), pixelGrid(width, height));

test("points are paired by name, the most trusted first; what one side lacks is told", async () => {
  const outcome = await match(
    set({ a: [1, 2, 0.5], b: [3, 4], lost: [5, 5], c: [5, 6, 0.9], gone: [Number.NaN, Number.NaN] }),
    set({ c: [50, 60], extra: [0, 0], b: [30, 40], a: [10, 20, 0.5], gone: [1, 1], lost: [Number.NaN, Number.NaN] }),
  );
  expect(outcome).toMatchObject({
    ok: true,
    value: {
      matches: {
        fixed: Float64Array.of(3, 4, 5, 6, 1, 2),
        moving: Float64Array.of(30, 40, 50, 60, 10, 20),
        weight: Float64Array.of(1, 0.9, 0.25),
        names: ["b", "c", "a"],
      },
    },
    notes: [
      { code: "only-in-fixed", message: 'Points of the fixed image that the moving image lacks: "lost"' },
      { code: "only-in-moving", message: 'Points of the moving image that the fixed image lacks: "extra", "gone"' },
    ],
  });
});

test("points below min-confidence are left out and told", async () => {
  const fixed = set({ a: [1, 2], b: [3, 4], c: [5, 6, 0.3] });
  const outcome = await match(fixed, set({ a: [1, 2], b: [3, 4], c: [5, 6] }), { minConfidence: 0.6 });
  expect(outcome).toMatchObject({
    value: { matches: { names: ["a", "b"] } },
    notes: [{ code: "only-in-moving" }, { code: "not-confident", message: 'Points below min-confidence 0.6: "c"' }],
  });
});

test("by order only when asked, and only lists that are equally long", async () => {
  expect(await codes(bare(1, 2, 3, 4), bare(1, 2, 3, 4))).toEqual(["points-without-names"]);
  const told = { pairBy: "order" } as const;
  expect(await codes(bare(1, 2, 3, 4), bare(1, 2), told)).toEqual(["counts-differ"]);
  expect(await match(bare(1, 2, Number.NaN, Number.NaN, 5, 6), bare(7, 8, 0, 0, 9, 9), told)).toMatchObject({
    value: { matches: { fixed: Float64Array.of(1, 2, 5, 6), moving: Float64Array.of(7, 8, 9, 9), names: ["1", "3"] } },
  });
});

test("points outside of their image are refused, by name and place", async () => {
  const points = set({ in: [0, 0], edge: [19.4, 9.4], out: [30, 4] });
  const outcome = await match(points, set({ in: [0, 0], edge: [1, 1], out: [2, 2] }), {}, [
    image(20, 10),
    image(20, 10),
  ]);
  expect(outcome).toMatchObject({
    ok: false,
    diagnostics: [
      {
        code: "point-outside",
        message: 'Expected the fixed points inside their image of 20 x 10 px, but "out" at (30, 4) lie outside',
      },
    ],
  });
  expect(await codes(points, points, {}, [image(40, 10), undefined])).toEqual(["one-image"]);
});

test.each<[string, PointSet, PointSet, string]>([
  ["a name twice", { ...bare(1, 2, 3, 4), names: ["a", "a"] }, set({ a: [1, 2] }), "duplicate-name"],
  ["a point without name", { ...bare(1, 2, 3, 4), names: ["a", ""] }, set({ a: [1, 2] }), "point-without-name"],
  ["no name in common", set({ a: [1, 2] }), set({ b: [1, 2] }), "no-common-name"],
  ["one point", set({ a: [1, 2], b: [3, 4] }), set({ a: [1, 2] }), "too-few-points"],
  ["no confidence at all", set({ a: [1, 2, 0], b: [3, 4, 0] }), set({ a: [1, 2], b: [3, 4] }), "no-confidence"],
  ["no point", bare(), bare(), "points-without-names"],
])("%s is refused", async (_, fixed, moving, code) => {
  expect(await codes(fixed, moving)).toEqual([code]);
});

test("names that differ in spelling only are shown", async () => {
  const outcome = await match(set({ "Left ear": [1, 2], "01": [3, 4] }), set({ left_ear: [1, 2] }));
  expect(outcome).toMatchObject({
    diagnostics: [{ hint: 'Spell them alike: "Left ear" and "left_ear" count as different.' }],
  });
});
