import { type Image, type Length, pixelGrid, quantile } from "tiepoint/plugin";
import { expect, test } from "vitest";
import * as reference from "../../../test/reference/denoise.js";
import { blurAround, gaussianTaps } from "../../../test/reference/filter.js";
import { maxDifference, noise } from "../../../test/reference/plane.js";
import { memoryImage } from "../../../test/support/image.js";
import { testContext } from "../../../test/support/read.js";
import { imageOf, samplesInTiles, samplesOf } from "../../../test/support/step.js";
import denoise from "./index.js";

const px = (value: number): Length => ({ value, unit: "px" });

interface Change {
  readonly method?: "gaussian" | "median" | "bilateral";
  readonly sigma?: Length;
  readonly radius?: Length;
  readonly range?: number;
}

const run = (image: Image, change: Change) =>
  denoise.run({ in: image }, { method: "gaussian", sigma: px(1), radius: px(1), range: 0.1, ...change }, testContext());

const sizes = [
  [1, 1],
  [1, 12],
  [12, 1],
  [45, 33],
] as const;

test.each(sizes)(
  "each method agrees with its reference, holes and borders included (%i x %i)",
  async (width, height) => {
    for (const holes of [0, 0.1]) {
      const p = noise(3, width, height, { holes });
      const image = memoryImage(Float32Array.from(p.data), pixelGrid(width, height));
      for (const value of [1, 2, 4]) {
        const found = await samplesOf(imageOf(await run(image, { method: "median", radius: px(value) })));
        expect(maxDifference(found, reference.median(p, value).data)).toBe(0);
      }
      const blurred = await samplesOf(imageOf(await run(image, { sigma: px(1.5) })));
      expect(maxDifference(blurred, blurAround(p, gaussianTaps(1.5, 6)).data)).toBeLessThan(1e-3);
      const sorted = p.data.filter((v) => !Number.isNaN(v)).sort();
      const range = 0.2 * (quantile(sorted, 0.99) - quantile(sorted, 0.01));
      if (!(range > 0)) continue;
      const kept = await samplesOf(imageOf(await run(image, { method: "bilateral", sigma: px(1.5), range: 0.2 })));
      expect(maxDifference(kept, reference.bilateral(p, 1.5, 3, range).data)).toBeLessThan(1e-2);
    }
  },
);

test.each(["gaussian", "median", "bilateral"] as const)("%s in tiles has the bits of the whole", async (method) => {
  const image = memoryImage(Float32Array.from(noise(4, 90, 70, { holes: 0.02 }).data), pixelGrid(90, 70));
  const done = imageOf(await run(image, { method, sigma: px(1.7), radius: px(2) }));
  const whole = await samplesOf(done);
  expect(await samplesInTiles(done, 32, 19)).toEqual(whole);
  expect(done.grid).toEqual(image.grid);
});

test("nodata stays out and in its place", async () => {
  const data = new Uint16Array(400).fill(500);
  data[190] = 0;
  const image = memoryImage(data, pixelGrid(20, 20), { nodata: 0 });
  for (const method of ["gaussian", "median", "bilateral"] as const) {
    const done = imageOf(await run(image, { method }));
    expect(done.nodata).toBe(0);
    expect(await samplesOf(done)).toEqual([...data]);
  }
});

test("the median takes single wrong pixels away and keeps an edge", async () => {
  const data = Uint8Array.from({ length: 400 }, (_, i) => (i % 20 < 10 ? 10 : 200));
  const noisy = Uint8Array.from(data, (v, i) => (i % 37 === 0 ? 255 - v : v));
  expect(await samplesOf(imageOf(await run(memoryImage(noisy, pixelGrid(20, 20)), { method: "median" })))).toEqual([
    ...data,
  ]);
});

test.each([
  ["sigma-too-large", { sigma: px(500) }, {}],
  ["radius-too-large", { method: "median" as const, radius: px(9) }, {}],
  ["no-pixel-size", { sigma: { value: 2, unit: "um" as const } }, {}],
  ["labels-not-averaged", {}, { meaning: "labels" as const }],
])("%s is told", async (code, change, face) => {
  const result = await run(memoryImage(new Uint8Array(9), pixelGrid(3, 3), face), change);
  expect(!result.ok && result.diagnostics[0]?.code).toBe(code);
});
