import { type Image, pixelGrid, quantile } from "tiepoint/plugin";
import { expect, test } from "vitest";
import * as reference from "../../../test/reference/edges.js";
import { blurAround, gaussianTaps } from "../../../test/reference/filter.js";
import { maxDifference, noise } from "../../../test/reference/plane.js";
import { memoryImage } from "../../../test/support/image.js";
import { testContext } from "../../../test/support/read.js";
import { texturedScene } from "../../../test/support/scene.js";
import { imageOf, samplesInTiles, samplesOf } from "../../../test/support/step.js";
import edges from "./index.js";

type Method = "sobel" | "log" | "canny";
const run = (image: Image, method: Method, sigma = 1, low = 0.1, high = 0.25) =>
  edges.run({ in: image }, { method, sigma: { value: sigma, unit: "px" }, low, high }, testContext());

const sizes = [
  [1, 1],
  [1, 12],
  [12, 1],
  [45, 33],
] as const;

test.each(sizes)("gradient, Laplacian and lines agree with their references (%i x %i)", async (width, height) => {
  const p = noise(3, width, height);
  const image = memoryImage(Float32Array.from(p.data), pixelGrid(width, height));
  for (const sigma of [0, 1.2]) {
    const smooth = sigma > 0 ? blurAround(p, gaussianTaps(sigma, 5)) : p;
    const strength = reference.gradientLength(smooth);
    expect(maxDifference(await samplesOf(imageOf(await run(image, "sobel", sigma))), strength.data)).toBeLessThan(1e-3);
    const second = reference.laplacian(smooth).data;
    expect(maxDifference(await samplesOf(imageOf(await run(image, "log", sigma))), second)).toBeLessThan(2e-3);
    const most = quantile(strength.data.slice().sort(), 0.99);
    const lines = reference.canny(smooth, 0.3 * most, 0.6 * most, 32);
    const found = await samplesOf(imageOf(await run(image, "canny", sigma, 0.3, 0.6)));
    expect(found.filter((v, i) => v !== lines.data[i]).length).toBe(0);
  }
});

test.each(["sobel", "log", "canny"] as const)("%s in tiles has the bits of the whole", async (method) => {
  const scene = texturedScene(5);
  const data = Uint8Array.from({ length: 150 * 120 }, (_, i) => scene.at(i % 150, Math.floor(i / 150)));
  data.fill(0, 3000, 3060);
  const image = memoryImage(data, pixelGrid(150, 120), { nodata: 0 });
  const done = imageOf(await run(image, method, 1.3));
  const whole = await samplesOf(done);
  expect(await samplesInTiles(done, 41, 37)).toEqual(whole);
  expect(whole.some((v) => v > 0)).toBe(true);
});

test("a bright disc has a closed line one pixel wide around it, and a blank image has none", async () => {
  const size = 60;
  const disc = Uint8Array.from({ length: size * size }, (_, i) =>
    ((i % size) - 30) ** 2 + (Math.floor(i / size) - 30) ** 2 < 400 ? 200 : 50,
  );
  const lines = imageOf(await run(memoryImage(disc, pixelGrid(size, size)), "canny", 1.5));
  expect(lines.meaning).toBe("mask");
  const mask = await samplesOf(lines);
  const radii = mask.flatMap((v, i) => (v ? [Math.hypot((i % size) - 30, Math.floor(i / size) - 30)] : []));
  expect(Math.min(...radii)).toBeGreaterThan(18);
  expect(Math.max(...radii)).toBeLessThan(22);
  expect(radii.length).toBeGreaterThan(100);
  expect(radii.length).toBeLessThan(180);
  const blank = memoryImage(new Uint8Array(400).fill(9), pixelGrid(20, 20));
  expect(Math.max(...(await samplesOf(imageOf(await run(blank, "canny")))))).toBe(0);
});

test("labels are refused", async () => {
  const result = await run(memoryImage(new Uint8Array(9), pixelGrid(3, 3), { meaning: "labels" }), "sobel");
  expect(!result.ok && result.diagnostics[0]?.code).toBe("labels-have-no-gradient");
});
