import { type Image, pixelGrid } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { noise } from "../../../test/reference/plane.js";
import { memoryImage } from "../../../test/support/image.js";
import { testContext } from "../../../test/support/read.js";
import { imageOf, samplesInTiles, samplesOf } from "../../../test/support/step.js";
import gray from "./index.js";

type Stain = "none" | "hematoxylin" | "eosin" | "dab";
const run = (image: Image, stain: Stain = "none", invert = false) =>
  gray.run({ in: image }, { stain, invert }, testContext());
const grayOf = async (image: Image, stain?: Stain, invert?: boolean) =>
  samplesOf(imageOf(await run(image, stain, invert)));

test("colour becomes luminance, and alpha does not count", async () => {
  const bands = ["red", "green", "blue", "alpha"];
  const image = memoryImage(
    Uint8Array.of(255, 0, 0, 100, 0, 255, 0, 100, 0, 0, 255, 100, 9, 9, 9, 9),
    pixelGrid(4, 1),
    {
      bands,
    },
  );
  expect(await grayOf(image)).toEqual([76, 150, 29, 100]);
  expect(await grayOf(image, "none", true)).toEqual([179, 105, 226, 155]);
});

test("other bands are averaged, and one band stays as it is", async () => {
  const two = memoryImage(Uint16Array.of(10, 1000, 30, 3000), pixelGrid(2, 1), { bands: ["a", "b"] });
  expect(await grayOf(two)).toEqual([20, 2000]);
  const one = memoryImage(Int16Array.of(-5, 7), pixelGrid(2, 1));
  expect(await grayOf(one)).toEqual([-5, 7]);
  expect(await grayOf(one, "none", true)).toEqual([4, -8]);
  expect(await grayOf(memoryImage(Float32Array.of(-0.5, Number.NaN), pixelGrid(2, 1)), "none", true)).toEqual([
    0.5,
    Number.NaN,
  ]);
});

test("a hole in one band is a hole in the gray", async () => {
  const image = memoryImage(Uint8Array.of(0, 20, 30, 40, 0, 60), pixelGrid(2, 1), { nodata: 0 });
  expect((await grayOf(image))[0]).toBe(0);
  const dark = memoryImage(Uint8Array.of(255, 20), pixelGrid(2, 1), { nodata: 0 });
  expect(await grayOf(dark, "none", true)).toEqual([1, 235]);
});

/** Section of one stain, its amount growing from left to right. */
function section(density: readonly [number, number, number], size: number): Image {
  const length = Math.hypot(...density);
  const data = new Uint8Array(3 * size);
  for (let c = 0; c < 3; c++)
    for (let x = 0; x < size; x++)
      data[c * size + x] = Math.round(256 * 10 ** ((-density[c]! / length) * (x / size)) - 1);
  return memoryImage(data, pixelGrid(size, 1));
}

test("a section with one stain shows it in that stain's image and not in the others", async () => {
  const sections = {
    hematoxylin: section([0.65, 0.704, 0.286], 64),
    eosin: section([0.072, 0.99, 0.105], 64),
    dab: section([0.268, 0.57, 0.776], 64),
  };
  for (const [name, image] of Object.entries(sections)) {
    for (const stain of ["hematoxylin", "eosin", "dab"] as const) {
      const light = await grayOf(image, stain);
      if (stain === name) {
        expect(light[0]).toBeGreaterThanOrEqual(253);
        expect(light[63]).toBeLessThan(90);
        for (let x = 1; x < 64; x++) expect(light[x]!).toBeLessThanOrEqual(light[x - 1]! + 2);
      } else for (const v of light) expect(v).toBeGreaterThan(240);
    }
  }
  const bright = await grayOf(sections.dab, "dab", true);
  expect(bright[63]).toBeGreaterThan(165);
});

test("stains want red, green and blue as whole numbers", async () => {
  for (const image of [
    memoryImage(new Uint8Array(4), pixelGrid(2, 2)),
    memoryImage(new Float32Array(12), pixelGrid(2, 2)),
  ]) {
    const result = await run(image, "eosin");
    expect(!result.ok && result.diagnostics[0]?.code).toBe("stain-needs-rgb");
  }
});

test("overviews are made gray too", async () => {
  const image = memoryImage(new Uint8Array(12).fill(8), pixelGrid(2, 2));
  const overview = memoryImage(Uint8Array.of(90, 90, 90), pixelGrid(1, 1));
  const made = imageOf(await run({ ...image, overviews: [overview] }));
  expect(await samplesOf(made.overviews![0]!)).toEqual([90]);
});

test.each(["none", "hematoxylin"] as const)("gray in tiles has the bits of the whole (stain %s)", async (stain) => {
  const data = Uint8Array.from(noise(1, 50, 90, { whole: true }).data);
  const image = memoryImage(data, pixelGrid(50, 30));
  const done = imageOf(await run(image, stain));
  expect(done.grid).toEqual(image.grid);
  expect(await samplesInTiles(done, 16, 11)).toEqual(await samplesOf(done));
});
