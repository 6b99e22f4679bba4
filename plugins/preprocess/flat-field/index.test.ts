import { type Image, pixelGrid } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { noise } from "../../../test/reference/plane.js";
import { memoryImage } from "../../../test/support/image.js";
import { testContext } from "../../../test/support/read.js";
import { imageOf, samplesInTiles, samplesOf } from "../../../test/support/step.js";
import plugin from "./index.js";

const run = (image: Image, flat: Image, dark?: Image, background: "keep" | "remove" = "keep") =>
  plugin.run({ in: image, flat, dark }, { background }, testContext());
const grid = pixelGrid(4, 1);
const floats = (...values: number[]) => memoryImage(Float32Array.from(values), grid);

test("a tile is divided by the light above the dark signal, and the mean of that is added again", async () => {
  const image = memoryImage(Uint16Array.of(110, 150, 300, 65535), grid);
  const flat = floats(1, 0.5, 2, 0.5);
  const dark = floats(90, 110, 100, 100);
  const even = imageOf(await run(image, flat, dark));
  expect(even).toMatchObject({ dtype: "uint16", grid });
  expect(await samplesOf(even)).toEqual([120, 180, 200, 65535]);
  expect(await samplesOf(imageOf(await run(image, flat, dark, "remove")))).toEqual([20, 80, 100, 65535]);
  expect(await samplesOf(imageOf(await run(image, flat)))).toEqual([110, 300, 150, 65535]);
});

test("nodata stays and nothing becomes nodata; no light takes dark alone", async () => {
  const image = memoryImage(Uint8Array.of(0, 5, 9, 200), grid, { nodata: 0 });
  const even = imageOf(await run(image, floats(0.5, 1, 0, Number.NaN), floats(0, 10, 2, 0), "remove"));
  expect(even.nodata).toBe(0);
  expect(await samplesOf(even)).toEqual([0, 1, 7, 200]);
});

test("each band has its light, or all have one; alpha is no light", async () => {
  const image = memoryImage(Uint8Array.of(10, 10, 20, 20, 200, 201), pixelGrid(2, 1), { bands: ["a", "b", "alpha"] });
  const one = memoryImage(Float32Array.of(0.5, 2), pixelGrid(2, 1));
  expect(await samplesOf(imageOf(await run(image, one)))).toEqual([20, 5, 40, 10, 200, 201]);
  const each = memoryImage(Float32Array.of(0.5, 2, 1, 4, 9, 9), pixelGrid(2, 1));
  expect(await samplesOf(imageOf(await run(image, each)))).toEqual([20, 5, 20, 5, 200, 201]);
});

test("tiles have the bits of the whole", async () => {
  const image = memoryImage(Float32Array.from(noise(1, 90, 70, { holes: 0.05 }).data), pixelGrid(90, 70));
  const flat = memoryImage(
    Float32Array.from(noise(2, 90, 70).data, (v) => 0.5 + v / 255),
    pixelGrid(90, 70),
  );
  const even = imageOf(await run(image, flat, flat));
  expect(await samplesInTiles(even, 33, 27)).toEqual(await samplesOf(even));
});

const small = memoryImage(new Float32Array(2), pixelGrid(2, 1));
const two = memoryImage(new Float32Array(8), grid);
test.each([
  ["grid-size-differs", () => run(floats(1, 2, 3, 4), small)],
  ["grid-size-differs", () => run(floats(1, 2, 3, 4), floats(1, 1, 1, 1), small)],
  ["bands-differ", () => run(memoryImage(new Uint8Array(12), grid), two)],
  ["labels-have-no-light", () => run({ ...floats(1, 2, 3, 4), meaning: "labels" }, floats(1, 1, 1, 1))],
] as const)("%s is told", async (code, attempt) => {
  expect(await attempt()).toMatchObject({ ok: false, diagnostics: [{ code }] });
});
