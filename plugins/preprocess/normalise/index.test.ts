import { type Image, type Length, pixelGrid } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { equaliseBytes } from "../../../test/reference/equalise.js";
import { maxDifference, noise } from "../../../test/reference/plane.js";
import { memoryImage } from "../../../test/support/image.js";
import { testContext } from "../../../test/support/read.js";
import { imageOf, samplesInTiles, samplesOf } from "../../../test/support/step.js";
import normalise from "./index.js";

type Method = "percentile" | "z-score" | "clahe" | "match-histogram";
const px = (value: number): Length => ({ value, unit: "px" });
const plain = { low: 0.01, high: 0.99, tile: px(64), clipLimit: 3 };
const run = (image: Image, method: Method, change: Partial<typeof plain> = {}, like?: Image) =>
  normalise.run({ in: image, like }, { ...plain, ...change, method }, testContext());
const result = async (...args: Parameters<typeof run>) => samplesOf(imageOf(await run(...args)));

const gray = (data: Uint8Array | Uint16Array | Float32Array, width: number, nodata?: number) =>
  memoryImage(data, pixelGrid(width, data.length / width), nodata === undefined ? {} : { nodata });

test("percentiles are stretched over the type, and what lies beyond is cut off", async () => {
  const ramp = Uint16Array.from({ length: 101 }, (_, i) => 1000 + 10 * i);
  const found = await result(gray(ramp, 101), "percentile", { low: 0.1, high: 0.9 });
  expect(found.slice(0, 11)).toEqual(new Array(11).fill(0));
  expect(Math.abs(found[50]! - 32767.5)).toBeLessThanOrEqual(0.5);
  expect(found.slice(90)).toEqual(new Array(11).fill(65535));
  const float = await result(gray(Float32Array.from(ramp), 101), "percentile", { low: 0, high: 1 });
  expect(float[25]).toBeCloseTo(0.25, 6);
  expect(await result(gray(new Uint8Array(9).fill(7), 3), "percentile")).toEqual(new Array(9).fill(0));
});

test("the z-score has mean 0 and deviation 1, and counts valid samples alone", async () => {
  const p = noise(1, 40, 30, { holes: 0.2 });
  const found = await result(gray(Float32Array.from(p.data), 40), "z-score");
  const valid = found.filter((v) => !Number.isNaN(v));
  expect(valid.length).toBe(p.data.filter((v) => !Number.isNaN(v)).length);
  const mean = valid.reduce((s, v) => s + v, 0) / valid.length;
  expect(mean).toBeCloseTo(0, 5);
  expect(valid.reduce((s, v) => s + v * v, 0) / valid.length).toBeCloseTo(1, 5);
  expect(await result(gray(new Uint8Array(4).fill(3), 2), "z-score")).toEqual([0, 0, 0, 0]);
});

test.each([
  [1, 1, 0],
  [30, 1, 0],
  [100, 75, 0],
  [100, 75, 0.3],
])("local equalisation agrees with its reference (%i x %i, holes %f)", async (width, height, holes) => {
  const p = noise(2, width, height, { whole: true, high: 120, holes });
  const image = gray(
    Uint8Array.from(p.data, (v) => (Number.isNaN(v) ? 255 : v)),
    width,
    255,
  );
  for (const [side, clipLimit] of [
    [8, 1],
    [16, 3],
    [37, 40],
  ] as const) {
    const found = await result(image, "clahe", { tile: px(side), clipLimit });
    const wanted = equaliseBytes(p, side, clipLimit).data;
    // 255 is nodata here: a valid 255 moves to 254.
    const apart = found.map((v, i) => (Number.isNaN(wanted[i]!) ? (v === 255 ? 0 : 99) : Math.abs(v - wanted[i]!)));
    expect(Math.max(...apart)).toBeLessThanOrEqual(1.01);
  }
});

test("local equalisation of other types spreads a narrow range over all of it", async () => {
  const p = noise(3, 128, 128, { low: 20000, high: 20500, whole: true });
  const found = await result(gray(Uint16Array.from(p.data), 128), "clahe", { clipLimit: 100 });
  expect(Math.min(...found)).toBeLessThan(1500);
  expect(Math.max(...found)).toBeGreaterThan(64000);
  const float = await result(gray(Float32Array.from(p.data), 128), "clahe");
  expect(Math.max(...float)).toBeLessThanOrEqual(1);
});

test("a matched histogram undoes a monotone change of intensities", async () => {
  const p = noise(4, 60, 50, { whole: true });
  const like = gray(Uint8Array.from(p.data), 60);
  const changed = gray(
    Uint16Array.from(p.data, (v) => 300 + v * v),
    60,
  );
  const image = imageOf(await run(changed, "match-histogram", {}, like));
  expect(image.dtype).toBe("uint8");
  expect(maxDifference(await samplesOf(image), p.data)).toBeLessThanOrEqual(1);
});

test("holes keep their place when the type changes", async () => {
  const like = gray(
    Uint8Array.from({ length: 100 }, (_, i) => i),
    10,
  );
  const holed = gray(
    Float32Array.from({ length: 100 }, (_, i) => (i === 50 ? -9999 : i)),
    10,
    -9999,
  );
  const image = imageOf(await run(holed, "match-histogram", {}, like));
  expect(image.nodata).toBe(0);
  const found = await samplesOf(image);
  expect(found[50]).toBe(0);
  expect(found.filter((v) => v === 0).length).toBe(1);
});

test("colours are stretched together and alpha stays", async () => {
  const data = Uint8Array.of(0, 50, 100, 100, 20, 20, 20, 20, 40, 40, 40, 40, 7, 7, 7, 7);
  const image = memoryImage(data, pixelGrid(4, 1), { bands: ["red", "green", "blue", "alpha"] });
  const found = await result(image, "percentile", { low: 0, high: 1 });
  expect(found).toEqual([0, 128, 255, 255, 51, 51, 51, 51, 102, 102, 102, 102, 7, 7, 7, 7]);
});

test.each(["percentile", "z-score", "clahe", "match-histogram"] as const)(
  "%s in tiles has the bits of the whole",
  async (method) => {
    const image = gray(Float32Array.from(noise(5, 150, 130, { holes: 0.02 }).data), 150);
    const like = gray(Float32Array.from(noise(6, 40, 40, { high: 1000 }).data), 40);
    const done = imageOf(await run(image, method, { tile: px(16) }, like));
    expect(done.grid).toEqual(image.grid);
    expect(await samplesInTiles(done, 43, 29)).toEqual(await samplesOf(done));
  },
);

test("an image without any observation stays one", async () => {
  for (const method of ["percentile", "z-score", "clahe", "match-histogram"] as const) {
    const blank = gray(new Float32Array(12).fill(Number.NaN), 4);
    expect((await result(blank, method, {}, blank)).every(Number.isNaN)).toBe(true);
  }
});

test("a large image is judged by a sample of bounded size", async () => {
  let pixels = 0;
  const base = gray(new Uint8Array(1), 1);
  const large: Image = {
    ...base,
    grid: pixelGrid(20_000, 3_000),
    tile: { width: 256, height: 256 },
    async read(window) {
      pixels += window.width * window.height;
      return { data: new Uint8Array(window.width * window.height).fill(window.x % 251), ...window, bands: 1 };
    },
  };
  const image = imageOf(await run(large, "percentile"));
  await image.read({ x: 0, y: 0, width: 10, height: 10 });
  expect(pixels).toBeLessThanOrEqual(2 ** 20 + 100);
  expect(pixels).toBeGreaterThan(2 ** 19);
});

test.each([
  ["percentiles-swapped", "percentile", { low: 0.9, high: 0.1 }],
  ["tile-out-of-range", "clahe", { tile: px(2) }],
  ["like-missing", "match-histogram", {}],
] as const)("%s is told", async (code, method, change) => {
  const outcome = await run(gray(new Uint8Array(9), 3), method, change);
  expect(!outcome.ok && outcome.diagnostics[0]?.code).toBe(code);
});
