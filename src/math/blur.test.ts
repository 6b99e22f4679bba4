import { expect, test } from "vitest";
import { blurAround, gaussianTaps } from "../../test/reference/filter.js";
import { maxDifference, noise } from "../../test/reference/plane.js";
import { memoryImage } from "../../test/support/image.js";
import { pixelGrid } from "../core/grid.js";
import { blurImage } from "./blur.js";
import { gaussianRadius, gaussianWeights } from "./gaussian.js";

test("Gaussian weights sum to 1 and fall as the Gaussian does", () => {
  for (const sigma of [0.3, 1, 2.7, 40]) {
    const weights = gaussianWeights(sigma);
    expect(weights.length).toBe(gaussianRadius(sigma) + 1);
    expect(maxDifference(weights, gaussianTaps(sigma, gaussianRadius(sigma)))).toBeLessThan(1e-7);
  }
});

test.each([
  [1, 1],
  [5, 30],
  [41, 23],
])("a blur counts valid samples alone, and holes stay holes (%i x %i)", async (width, height) => {
  for (const holes of [0, 0.2, 1]) {
    for (const sigma of [0.6, 3]) {
      const p = noise(1, width, height, { holes });
      const image = blurImage(memoryImage(Float32Array.from(p.data), pixelGrid(width, height)), sigma);
      const { data } = await image.read({ x: 0, y: 0, width, height });
      expect(maxDifference(data, blurAround(p, gaussianTaps(sigma, gaussianRadius(sigma))).data)).toBeLessThan(1e-3);
    }
  }
});

test("windows of a blurred image have the bits of the whole, holes or not", async () => {
  for (const holes of [0, 0.0005, 0.01]) {
    const image = blurImage(memoryImage(Float32Array.from(noise(2, 80, 60, { holes }).data), pixelGrid(80, 60)), 2);
    const whole = await image.read({ x: 0, y: 0, width: 80, height: 60 });
    const part = await image.read({ x: 33, y: 20, width: 21, height: 17 });
    for (let y = 0; y < 17; y++)
      expect(part.data.subarray(y * 21, (y + 1) * 21)).toEqual(
        whole.data.subarray((y + 20) * 80 + 33, (y + 20) * 80 + 54),
      );
  }
});
