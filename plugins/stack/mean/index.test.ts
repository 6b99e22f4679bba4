import { type Image, pixelGrid } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { imageOf, samplesInTiles, samplesOf } from "../../../test/support/step.js";
import { context } from "../../../test/support/wings.js";
import plugin from "./index.js";

const run = (images: readonly Image[], least = 1) =>
  plugin.run({ in: new Map(images.map((image, i) => [`i${i}`, image])) }, { least }, context());
const grid = pixelGrid(3, 2);

test("the mean of bytes is rounded once; what has no observation does not count", async () => {
  const a = memoryImage(Uint8Array.of(1, 2, 3, 0, 5, 0), grid, { nodata: 0 });
  const b = memoryImage(Uint8Array.of(2, 2, 9, 7, 0, 0), grid, { nodata: 0 });
  const image = imageOf(await run([a, b]));
  expect(image).toMatchObject({ dtype: "uint8", nodata: 0, grid });
  expect(await samplesOf(image)).toEqual([2, 2, 6, 7, 5, 0]);
  expect(await samplesInTiles(image, 2, 1)).toEqual([2, 2, 6, 7, 5, 0]);
  expect(await samplesOf(imageOf(await run([a, b], 2)))).toEqual([2, 2, 6, 0, 0, 0]);
});

test("the mean of several bands and types is taken band by band, as float32", async () => {
  const a = memoryImage(
    Float32Array.from({ length: 18 }, (_, i) => (i === 4 ? Number.NaN : i)),
    grid,
  );
  const b = memoryImage(
    Uint16Array.from({ length: 18 }, (_, i) => 10 * i),
    grid,
  );
  const image = imageOf(await run([a, b]));
  expect(image.dtype).toBe("float32");
  expect(await samplesOf(image)).toEqual(Array.from({ length: 18 }, (_, i) => (i === 4 ? 40 : 5.5 * i)));
});

const ones = (width: number, height: number) =>
  memoryImage(new Uint8Array(width * height).fill(1), pixelGrid(width, height));
test.each<[string, readonly Image[], string]>([
  ["no images", [], "no-images"],
  ["images of different size", [ones(3, 2), ones(2, 3)], "grid-differs"],
  [
    "images of different place",
    [ones(3, 2), { ...ones(3, 2), grid: { ...grid, worldFromPixel: [1, 0, 1, 0, 1, 0] } }],
    "grid-differs",
  ],
  ["labels", [{ ...ones(3, 2), meaning: "labels" }], "grid-differs"],
])("%s are refused", async (_, images, code) => {
  expect(await run(images)).toMatchObject({ ok: false, diagnostics: [{ code }] });
});

test("more images than there are cannot be asked for", async () => {
  expect(await run([ones(3, 2)], 2)).toMatchObject({ ok: false, diagnostics: [{ code: "too-few-images" }] });
});
