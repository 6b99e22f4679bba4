import { pixelGrid } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { noise } from "../../../test/reference/plane.js";
import { memoryImage } from "../../../test/support/image.js";
import { testContext } from "../../../test/support/read.js";
import { imageOf, samplesInTiles, samplesOf } from "../../../test/support/step.js";
import mask from "./index.js";

const left = memoryImage(Uint8Array.of(1, 255, 0, 0), pixelGrid(4, 1), { meaning: "mask" });

test("what the mask does not cover becomes nodata, in every band", async () => {
  const image = memoryImage(Uint8Array.of(5, 0, 7, 8, 15, 16, 17, 18), pixelGrid(4, 1));
  const kept = imageOf(await mask.run({ in: image, mask: left }, { keep: "inside" }, testContext()));
  expect(kept.nodata).toBe(0);
  expect(await samplesOf(kept)).toEqual([5, 1, 0, 0, 15, 16, 0, 0]);
  const other = imageOf(await mask.run({ in: image, mask: left }, { keep: "outside" }, testContext()));
  expect(await samplesOf(other)).toEqual([0, 0, 7, 8, 0, 0, 17, 18]);
  const float = memoryImage(Float32Array.of(1, 2, 3, 4), pixelGrid(4, 1));
  const holed = imageOf(await mask.run({ in: float, mask: left }, { keep: "inside" }, testContext()));
  expect(await samplesOf(holed)).toEqual([1, 2, Number.NaN, Number.NaN]);
});

test("a mask of other pixels is placed by the world, and what it does not reach is out", async () => {
  const coarse = memoryImage(Uint8Array.of(1, 0, 1), { ...pixelGrid(3, 1), worldFromPixel: [2, 0, 0.5, 0, 2, 0] });
  const image = memoryImage(new Uint16Array(8).fill(9), pixelGrid(8, 1), { nodata: 3 });
  const kept = imageOf(await mask.run({ in: image, mask: coarse }, { keep: "inside" }, testContext()));
  expect(await samplesOf(kept)).toEqual([9, 9, 3, 3, 9, 9, 3, 3]);
});

test("tiles have the bits of the whole", async () => {
  const image = memoryImage(Uint8Array.from(noise(1, 50, 40, { whole: true }).data), pixelGrid(50, 40));
  const spots = memoryImage(Uint8Array.from(noise(2, 50, 40, { high: 2, whole: true }).data), pixelGrid(50, 40));
  const done = imageOf(await mask.run({ in: image, mask: spots }, { keep: "inside" }, testContext()));
  expect(await samplesInTiles(done, 13, 7)).toEqual(await samplesOf(done));
});

test.each([
  ["labels-not-masked", memoryImage(new Uint8Array(4), pixelGrid(4, 1), { meaning: "labels" })],
  ["unit-differs", memoryImage(new Uint8Array(4), { ...pixelGrid(4, 1), crs: "um" })],
] as const)("%s is told", async (code, image) => {
  const result = await mask.run({ in: image, mask: left }, { keep: "inside" }, testContext());
  expect(!result.ok && result.diagnostics[0]?.code).toBe(code);
});
