import { expect, test } from "vitest";
import { texturedScene, viewOf } from "../../../test/support/scene.js";
import { pixelGrid } from "../../core/grid.js";
import { type Features, joinFeatures } from "./keypoints.js";
import { pairFeatures } from "./nearest.js";
import { distinctPlaces, pairViews } from "./pair-views.js";
import { detectSift } from "./sift.js";
import { describeSift } from "./sift-describe.js";
import { featuresOfViews, joinViews, simulatedTilts, worthTilting } from "./tilts.js";

const [width, height] = [240, 180];
const signal = new AbortController().signal;
const sift = ({ gray, mask }: { gray: Parameters<typeof detectSift>[0]; mask?: Uint8Array }): Features =>
  describeSift(gray, detectSift(gray, { contrastThreshold: 0.02, ...(mask ? { mask } : {}) }));
/** The scene, shortened to 1 / t along x. */
const image = (t: number) => ({
  gray: {
    ...{ width: Math.round(width / t), height },
    pixels: viewOf(texturedScene(8), {
      ...{ width: Math.round(width / t), height, noise: 1 },
      sceneFromPixel: [t, 0, 0, 0, 1, 0, 0, 0, 1],
    }).map((v) => v / 255),
  },
  grid: pixelGrid(Math.round(width / t), height),
});

test("features of a slanted view lie where a real slanted view has them", async () => {
  const views = await featuresOfViews(image(1), "moderate", sift, signal);
  expect(views).toHaveLength(5);
  const slanted = views[1]!; // shortened along x
  const real = sift(image(2));
  const pairs = pairFeatures(slanted, real, { ratio: 0.8, mutual: true });
  let good = 0;
  for (let n = 0; n < pairs.count; n++) {
    const [i, j] = [pairs.fixed[n]!, pairs.moving[n]!];
    if (Math.abs(slanted.x[i]! - 2 * real.x[j]!) < 1.5 && Math.abs(slanted.y[i]! - real.y[j]!) < 1.5) good++;
  }
  expect(good).toBeGreaterThan(60);
  expect(good / pairs.count).toBeGreaterThan(0.9);
});

test("no feature of a view lies outside of the image, and there are no more per area than in the image", async () => {
  const views = await featuresOfViews(image(1), "strong", sift, signal);
  const own = views[0]!.count;
  simulatedTilts("strong").forEach(({ tilt }, k) => {
    const view = views[k + 1]!;
    expect(view.count).toBeLessThanOrEqual(Math.max(50, Math.ceil(own / tilt)));
    for (let i = 0; i < view.count; i++) {
      expect(view.x[i]).toBeGreaterThan(-1);
      expect(view.x[i]).toBeLessThan(width);
      expect(view.y[i]).toBeGreaterThan(-1);
      expect(view.y[i]).toBeLessThan(height);
      expect(view.angle[i]).toBeGreaterThanOrEqual(0);
      expect(view.angle[i]).toBeLessThan(2 * Math.PI + 1e-6);
    }
  });
});

const at = (places: readonly (readonly [number, number])[], rows: readonly number[][], scale = 2): Features => ({
  ...{ count: places.length, bytes: 128, measure: "euclidean" as const, descriptors: Uint8Array.from(rows.flat()) },
  ...{ x: Float64Array.from(places, (p) => p[0]), y: Float64Array.from(places, (p) => p[1]) },
  ...{ scale: new Float64Array(places.length).fill(scale), response: new Float32Array(places.length) },
  ...{ angle: new Float32Array(places.length), octave: new Int8Array(places.length) },
  level: new Int8Array(places.length),
});
const row = (value: number) => new Array<number>(128).fill(value);

test("one view a side gives what plain pairing gives", () => {
  const [a, b] = [sift(image(1)), sift(image(1.3))];
  const options = { ratio: 0.9, mutual: true };
  expect(pairViews([a], [b], options)).toEqual(pairFeatures(a, b, options));
});

test("the same place in another view is no rival, another place is", () => {
  const fixed = [at([[10, 10]], [row(100)]), at([[70, 70]], [row(200)])];
  const moving = [at([[20, 20]], [row(101)]), at([[20.5, 20]], [row(102)]), at([[60, 20]], [row(110)])];
  const pairs = pairViews(fixed, moving, { ratio: 1, mutual: true });
  expect(pairs.fixed[0]).toBe(0);
  expect(pairs.moving[0]).toBe(0);
  expect(pairs.ratio[0]).toBeCloseTo(1 / 10, 6); // against 110, not against 102
});

test("a pair found in many views is one tie point", () => {
  const places = Array.from({ length: 12 }, (_, k) => [50 + 0.1 * k, 50] as const);
  const rows = places.map((_, k) => row(10 * k));
  const all = at(places, rows);
  const pairs = pairFeatures(all, all, { ratio: 1, mutual: true });
  expect(pairs.count).toBe(12);
  expect(distinctPlaces(pairs, all, all)).toHaveLength(1);
  // What is 3 px apart is two places when it is small, and one when it is large.
  const two = (scale: number) => at([places[0]!, [53, 50]], [row(0), row(90)], scale);
  const both = pairFeatures(two(2), two(2), { ratio: 1, mutual: true });
  expect(distinctPlaces(both, two(2), two(2))).toHaveLength(2);
  expect(distinctPlaces(both, two(20), two(20))).toHaveLength(1);
});

test("joined sets keep every column", () => {
  const sets = [at([[1, 2]], [row(3)]), at([[4, 5]], [row(6)])];
  const joined = joinViews(sets);
  expect(joined).toEqual(joinFeatures(sets));
  expect(Array.from(joined.x)).toEqual([1, 4]);
  expect(joined.descriptors[128]).toBe(6);
});

test("only evidence in between is worth a second look with tilts", () => {
  expect([-20, -15, -10, -4, -3, 2].map(worthTilting)).toEqual([false, false, true, true, false, false]);
});

test("what sees nearly the same counts as one within the reach that is given", () => {
  const all = at(
    [
      [50, 50],
      [60, 50],
      [90, 50],
    ],
    [row(0), row(90), row(180)],
  );
  const pairs = pairFeatures(all, all, { ratio: 1, mutual: true });
  expect(distinctPlaces(pairs, all, all)).toHaveLength(3);
  expect(distinctPlaces(pairs, all, all, 16)).toHaveLength(2);
});
