import { pixelGrid } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { context, paramsOf } from "../../../test/support/matcher.js";
import { imageOf, samplesInTiles, samplesOf } from "../../../test/support/step.js";
import segment from "./index.js";

const run = (image: ReturnType<typeof memoryImage>, changed: Record<string, unknown> = {}) =>
  segment.run({ in: image }, paramsOf(segment, changed) as never, context());

const [width, height] = [60, 40];
/** Squares of 6 pixels, 12 apart, on a darker ground. */
const squares = Uint8Array.from({ length: width * height }, (_, i) => {
  const [x, y] = [i % width, Math.floor(i / width)];
  return x % 12 > 2 && x % 12 < 9 && y % 12 > 2 && y % 12 < 9 ? 180 : 60;
});
const image = memoryImage(squares, pixelGrid(width, height));

test("numbers the regions of an image in reading order, or gives a mask of them", async () => {
  const labels = imageOf(await run(image, { smooth: "0 px", minArea: 20 }));
  expect(labels).toMatchObject({ meaning: "labels", dtype: "uint16", grid: image.grid });
  const samples = await samplesOf(labels);
  // Five columns; three whole rows, and one row cut off after one line of pixels is too small.
  expect(Math.max(...samples)).toBe(15);
  expect(samples[3 * width + 4]).toBe(1);
  expect(samples[15 * width + 16]).toBe(7);
  expect(samples[0]).toBe(0);
  const mask = imageOf(await run(image, { smooth: "0 px", minArea: 20, output: "mask" }));
  expect(mask).toMatchObject({ meaning: "mask", dtype: "uint8" });
  expect(await samplesOf(mask)).toEqual(samples.map((v) => (v > 0 ? 255 : 0)));
});

test("dark regions, a given limit and a mask's regions", async () => {
  const turned = memoryImage(
    squares.map((v) => 255 - v),
    image.grid,
  );
  const truth = await samplesOf(imageOf(await run(image)));
  expect(await samplesOf(imageOf(await run(turned, { foreground: "dark" })))).toEqual(truth);
  const limit = { threshold: "value", value: 120, smooth: "0 px" };
  expect(await samplesOf(imageOf(await run(image, limit)))).toEqual(
    await samplesOf(imageOf(await run(image, { smooth: "0 px" }))),
  );
  const mask = memoryImage(
    squares.map((v) => (v > 100 ? 1 : 0)),
    image.grid,
    { meaning: "mask" },
  );
  expect(await samplesOf(imageOf(await run(mask)))).toEqual(await samplesOf(imageOf(await run(image, limit))));
});

test("tiles have the bits of the whole", async () => {
  const labels = imageOf(await run(image));
  expect(await samplesInTiles(labels, 13, 7)).toEqual(await samplesOf(labels));
});

test.each([
  ["labels-already", { meaning: "labels" as const }, {}],
  ["value-missing", {}, { threshold: "value" }],
  ["smooth-too-wide", {}, { smooth: "200 px" }],
  ["no-pixel-size", {}, { smooth: "2 um" }],
])("%s is told", async (code, face, changed) => {
  const outcome = await run(memoryImage(squares, pixelGrid(width, height), face), changed);
  expect(outcome.ok ? [] : outcome.diagnostics.map((d) => d.code)).toEqual([code]);
});

test("an image that cannot fit the memory is refused with the numbers", async () => {
  const outcome = await segment.run({ in: image }, paramsOf(segment) as never, { ...context(), memory: 1000 });
  expect(outcome.ok ? [] : outcome.diagnostics).toMatchObject([
    { code: "memory-too-small", hint: expect.stringContaining("--memory") },
  ]);
});
