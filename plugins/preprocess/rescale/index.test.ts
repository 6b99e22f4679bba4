import { type Image, type Length, pixelGrid, pixelPoints, toWorld } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { testContext } from "../../../test/support/read.js";
import { imageOf, samplesInTiles, samplesOf } from "../../../test/support/step.js";
import rescale from "./index.js";

const run = (image: Image, factor: number | undefined, pixelSize?: Length) =>
  rescale.run({ in: image }, { factor, pixelSize }, testContext());

/** Brightness that grows evenly in the world, on a grid of 0.5 um. */
function slope(width: number, height: number): Image {
  const data = Float32Array.from({ length: width * height }, (_, i) => (i % width) + 3 * Math.floor(i / width));
  return memoryImage(data, { ...pixelGrid(width, height), worldFromPixel: [0.5, 0, 20, 0, 0.5, -8], crs: "um" });
}

test.each([
  [0.5, [30, 20]],
  [0.37, [22, 15]],
  [2, [120, 80]],
  [1.3, [78, 52]],
] as const)("a slope stays where it is in the world at %f of the size", async (factor, size) => {
  const image = slope(60, 40);
  const done = imageOf(await run(image, factor));
  expect([done.grid.width, done.grid.height]).toEqual(size);
  const data = await samplesOf(done);
  for (let y = 2; y < done.grid.height - 4; y++) {
    for (let x = 2; x < done.grid.width - 4; x++) {
      const [wx, wy] = toWorld(done.grid, pixelPoints([x, y])) as unknown as [number, number];
      // The blur of border pixels bends the slope near the edge.
      const [px, py] = [(wx - 20) / 0.5, (wy + 8) / 0.5];
      if (px < 8 || py < 8 || px > 51 || py > 31) continue;
      expect(data[y * done.grid.width + x]).toBeCloseTo(px + 3 * py, 2);
    }
  }
});

test("a pixel size gives the factor", async () => {
  const image = slope(60, 40);
  const done = imageOf(await run(image, undefined, { value: 2, unit: "um" }));
  expect(done.grid.worldFromPixel[0]).toBeCloseTo(2, 12);
  expect([done.grid.width, done.grid.height]).toEqual([15, 10]);
  expect(imageOf(await run(image, undefined, { value: 4, unit: "px" })).grid).toEqual(done.grid);
});

test("fine pattern turns gray and not into false pattern", async () => {
  const checker = Uint8Array.from({ length: 120 * 120 }, (_, i) => (((i % 120) + Math.floor(i / 120)) % 2 ? 255 : 0));
  for (const factor of [1 / 2, 1 / 3, 0.4]) {
    const data = await samplesOf(imageOf(await run(memoryImage(checker, pixelGrid(120, 120)), factor)));
    expect(Math.max(...data) - Math.min(...data)).toBeLessThan(32);
  }
});

test("labels keep their values, nodata its place", async () => {
  const labels = memoryImage(
    Uint8Array.from({ length: 400 }, (_, i) => (i % 20 < 10 ? 3 : 200)),
    pixelGrid(20, 20),
    { meaning: "labels" },
  );
  expect(new Set(await samplesOf(imageOf(await run(labels, 0.3))))).toEqual(new Set([3, 200]));
  const data = new Uint8Array(400).fill(90);
  data.fill(0, 0, 200);
  const holed = imageOf(await run(memoryImage(data, pixelGrid(20, 20), { nodata: 0 }), 0.5));
  expect(new Set(await samplesOf(holed))).toEqual(new Set([0, 90]));
});

test.each([0.23, 0.5, 1.7])("tiles have the bits of the whole at %f of the size", async (factor) => {
  const done = imageOf(await run(slope(90, 70), factor));
  expect(await samplesInTiles(done, 13, 9)).toEqual(await samplesOf(done));
});

test.each([
  ["factor-or-pixel-size", undefined, undefined],
  ["factor-or-pixel-size", 0.5, { value: 2, unit: "um" } as const],
  ["rescale-out-of-range", undefined, { value: 0, unit: "px" } as const],
])("%s is told", async (code, factor, pixelSize) => {
  const result = await run(slope(4, 4), factor, pixelSize);
  expect(!result.ok && result.diagnostics[0]?.code).toBe(code);
});

test("a physical size needs a physical image", async () => {
  const result = await run(memoryImage(new Uint8Array(4), pixelGrid(2, 2)), undefined, { value: 2, unit: "um" });
  expect(!result.ok && result.diagnostics[0]?.code).toBe("no-pixel-size");
});

test.each([
  [0.75, 102, 6],
  [0.5, 31, 7],
  [0.5, 1, 1],
  [0.25, 1, 40],
])("no pixel at the border lacks a value (%f of %i x %i)", async (factor, width, height) => {
  const image = memoryImage(new Float32Array(width * height).fill(5), pixelGrid(width, height));
  const data = await samplesOf(imageOf(await run(image, factor)));
  for (const value of data) expect(value).toBeCloseTo(5, 5);
});
