import { type Image, type PointSet, pixelGrid, toPixel } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { seededRandom } from "../../../src/math/random.js";
import { memoryImage } from "../../../test/support/image.js";
import { context, paramsOf } from "../../../test/support/matcher.js";
import blobs from "./index.js";

const find = (inputs: { in: Image; mask?: Image }, changed: Record<string, unknown> = {}) =>
  blobs.run(inputs as never, paramsOf(blobs, changed) as never, context());

async function pointsOf(image: Image, changed?: Record<string, unknown>): Promise<PointSet> {
  const outcome = await find({ in: image }, changed);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.diagnostics));
  return outcome.value.points;
}

const [width, height] = [400, 300];
/** Oval Gaussian spots at known places, at least 24 px apart, on an uneven ground with noise. */
function spots(seed: number, { sign = 1, noise = 2, sigma = [3, 5], count = 60, apart = 24 } = {}) {
  const random = seededRandom(seed);
  const places: { x: number; y: number; sx: number; sy: number; height: number }[] = [];
  const between = ([a, b]: number[]) => a! + (b! - a!) * random();
  while (places.length < count) {
    const [x, y] = [20 + (width - 40) * random(), 20 + (height - 40) * random()];
    if (places.every((p) => (p.x - x) ** 2 + (p.y - y) ** 2 > apart ** 2))
      places.push({ x, y, sx: between(sigma), sy: between(sigma), height: 60 + 80 * random() });
  }
  const data = Float32Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    let v = 100 + 0.05 * x + 0.03 * y + noise * (random() + random() + random() - 1.5);
    for (const p of places) {
      const d = ((x - p.x) / p.sx) ** 2 + ((y - p.y) / p.sy) ** 2;
      if (d < 40) v += sign * p.height * Math.exp(-d / 2);
    }
    return v;
  });
  return { places, data };
}

/** Distance from each true place to the nearest found one, in pixels, and how many found ones are near none. */
function compare(found: PointSet, image: Image, places: readonly { x: number; y: number }[]) {
  const at = toPixel(image.grid, found.points);
  const pairs = Array.from({ length: at.length / 2 }, (_, i) => [at[2 * i]!, at[2 * i + 1]!] as const);
  const off = places.map(({ x, y }) => Math.min(...pairs.map(([u, v]) => Math.hypot(u - x, v - y))));
  const spurious = pairs.filter(([u, v]) => places.every(({ x, y }) => Math.hypot(u - x, v - y) > 5)).length;
  return { off: off.sort((a, b) => a - b), spurious };
}

test.each([
  ["bright", 1],
  ["dark", -1],
] as const)("finds %s spots of known places to a part of a pixel, and no others", async (polarity, sign) => {
  const { places, data } = spots(1, { sign });
  const image = memoryImage(data, pixelGrid(width, height));
  const { off, spurious } = compare(await pointsOf(image, { polarity, maxDiameter: "22 px" }), image, places);
  expect(spurious).toBe(0);
  expect(off.filter((d) => d < 1).length).toBeGreaterThanOrEqual(58);
  // Beside a neighbour a spot's place is drawn a little; most are exact to the noise.
  expect(off[30]).toBeLessThan(0.1);
  const other = await pointsOf(image, { polarity: sign > 0 ? "dark" : "bright", maxDiameter: "22 px" });
  expect(compare(other, image, places).off[0]).toBeGreaterThan(3);
  expect((await pointsOf(image, { polarity: "both", maxDiameter: "22 px" })).points.length).toBeGreaterThanOrEqual(116);
});

test("large spots are found at a coarser level, in the world of the image", async () => {
  const { places, data } = spots(2, { sigma: [7, 8], count: 25, apart: 44 });
  const grid = {
    ...pixelGrid(width, height),
    worldFromPixel: [0.5, 0, 100, 0, -0.5, 900] as never,
    crs: "um" as const,
  };
  const image = memoryImage(data, grid);
  const points = await pointsOf(image, { minDiameter: "9 um", maxDiameter: "16 um" });
  const { off } = compare(points, image, places);
  expect(off.filter((d) => d < 1).length).toBeGreaterThan(22);
  expect(off[12]).toBeLessThan(0.25);
  expect(points.confidence!.every((c) => c > 0 && c <= 1)).toBe(true);
});

test("keeps the clearest, and nothing on nodata or under a mask", async () => {
  const { data } = spots(3);
  const image = memoryImage(data, pixelGrid(width, height));
  const few = await pointsOf(image, { maxBlobs: 10 });
  expect(few.points.length).toBe(20);
  expect(Array.from(few.confidence!)).toEqual(Array.from(few.confidence!).sort((a, b) => b - a));
  const holed = memoryImage(
    data.map((v, i) => (i % width < 150 ? Number.NaN : v)),
    image.grid,
  );
  const mask = memoryImage(
    Uint8Array.from(data, (_, i) => (i % width < 150 ? 0 : 1)),
    image.grid,
    { meaning: "mask" },
  );
  for (const inputs of [{ in: holed }, { in: image, mask }]) {
    const outcome = await find(inputs);
    const { points } = outcome.ok ? outcome.value.points : { points: new Float64Array() };
    expect(points.length).toBeGreaterThan(40);
    for (let i = 0; i < points.length; i += 2) expect(points[i]).toBeGreaterThan(150);
  }
});

test("a blank image has no spots, which is a result", async () => {
  const image = memoryImage(new Uint8Array(90 * 80).fill(9), pixelGrid(90, 80));
  expect((await pointsOf(image)).points.length).toBe(0);
});

test.each([
  ["not-intensity", { meaning: "labels" as const }, {}],
  ["diameter-range", {}, { minDiameter: "30 px", maxDiameter: "20 px" }],
  ["diameter-range", {}, { minDiameter: "1 px" }],
  ["no-pixel-size", {}, { minDiameter: "5 um" }],
])("%s is told", async (code, face, changed) => {
  const image = memoryImage(new Uint8Array(40 * 30), pixelGrid(40, 30), face);
  const outcome = await find({ in: image }, changed);
  expect(outcome.ok ? [] : outcome.diagnostics).toMatchObject([{ code, hint: expect.stringMatching(/\S/) }]);
});

test("a mask of another size is refused", async () => {
  const image = memoryImage(new Uint8Array(40 * 30), pixelGrid(40, 30));
  const outcome = await find({ in: image, mask: memoryImage(new Uint8Array(9), pixelGrid(3, 3)) });
  expect(outcome.ok ? [] : outcome.diagnostics.map((d) => d.code)).toEqual(["mask-size"]);
});
