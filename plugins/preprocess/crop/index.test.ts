import { pixelGrid, pixelPoints, toWorld } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { testContext } from "../../../test/support/read.js";
import { imageOf, samplesInTiles, samplesOf } from "../../../test/support/step.js";
import crop from "./index.js";

const image = memoryImage(
  Uint8Array.from({ length: 200 }, (_, i) => i),
  { ...pixelGrid(10, 10), worldFromPixel: [0.5, 0.1, 7, -0.1, 0.5, -3], crs: "um" },
);

test("a crop shows its window, in the same world", async () => {
  const cut = imageOf(await crop.run({ in: image }, { x: 3, y: 4, width: 5, height: 2 }, testContext()));
  expect(await samplesOf(cut)).toEqual([
    43, 44, 45, 46, 47, 53, 54, 55, 56, 57, 143, 144, 145, 146, 147, 153, 154, 155, 156, 157,
  ]);
  expect(await samplesInTiles(cut, 2, 1)).toEqual(await samplesOf(cut));
  const [there, here] = [toWorld(cut.grid, pixelPoints([1, 1])), toWorld(image.grid, pixelPoints([4, 5]))];
  expect(there[0]).toBeCloseTo(here[0]!, 12);
  expect(there[1]).toBeCloseTo(here[1]!, 12);
});

test("a window that leaves the image is refused", async () => {
  const result = await crop.run({ in: image }, { x: 6, y: 0, width: 5, height: 2 }, testContext());
  expect(!result.ok && result.diagnostics[0]?.code).toBe("crop-outside-image");
});
