import { pixelGrid } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { testContext } from "../../../test/support/read.js";
import { imageOf, samplesInTiles, samplesOf } from "../../../test/support/step.js";
import invert from "./index.js";

test.each([
  [Uint8Array.of(0, 1, 255), [255, 254, 0]],
  [Uint16Array.of(0, 1, 65535), [65535, 65534, 0]],
  [Int16Array.of(-32768, 0, 5), [32767, -1, -6]],
  [Float32Array.of(0.25, Number.NaN, -3), [-0.25, Number.NaN, 3]],
])("dark becomes bright (%s)", async (data, wanted) => {
  expect(
    await samplesOf(imageOf(await invert.run({ in: memoryImage(data, pixelGrid(3, 1)) }, {}, testContext()))),
  ).toEqual(wanted);
});

test("nodata stays where it is and alpha as it is", async () => {
  const image = memoryImage(Uint8Array.of(0, 255, 9, 80), pixelGrid(2, 1), { nodata: 0, bands: ["gray", "alpha"] });
  const done = imageOf(await invert.run({ in: image }, {}, testContext()));
  expect(await samplesOf(done)).toEqual([0, 1, 9, 80]);
  expect(await samplesInTiles(done, 1, 1)).toEqual(await samplesOf(done));
});

test("labels are refused", async () => {
  const labels = memoryImage(new Uint8Array(4), pixelGrid(2, 2), { meaning: "labels" });
  const result = await invert.run({ in: labels }, {}, testContext());
  expect(!result.ok && result.diagnostics[0]?.code).toBe("labels-not-inverted");
});
