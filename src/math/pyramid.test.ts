import { expect, test } from "vitest";
import { coarsen as reference } from "../../test/reference/filter.js";
import { noise } from "../../test/reference/plane.js";
import { memoryImage } from "../../test/support/image.js";
import { coarsen, pixelGrid } from "../core/grid.js";
import type { Image } from "../core/image.js";
import { atLevel, downsample } from "./pyramid.js";

const all = (image: Image) => image.read({ x: 0, y: 0, width: image.grid.width, height: image.grid.height });

test("a coarser image holds the means of blocks, on a grid in the same world", async () => {
  const plane = noise(1, 37, 22, { high: 60000, whole: true });
  const image = memoryImage(Uint16Array.from(plane.data), pixelGrid(37, 22));
  for (const factor of [1, 2, 3, 7]) {
    const coarse = atLevel(image, factor);
    expect(coarse.grid).toEqual(coarsen(image.grid, factor));
    const { data } = await all(coarse);
    const wanted = reference(plane, factor).data;
    expect(data.length).toBe(wanted.length);
    for (const [i, v] of wanted.entries()) expect(Math.abs(v - data[i]!)).toBeLessThanOrEqual(0.51);
  }
});

test("nodata stays out of the means, and no valid mean becomes nodata", async () => {
  const image = memoryImage(Uint8Array.of(0, 8, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0), pixelGrid(4, 4), {
    nodata: 0,
  });
  expect([...(await all(downsample(image))).data]).toEqual([6, 0, 1, 0]);
  const low = memoryImage(Int16Array.of(1, -1, 1, -1), pixelGrid(2, 2), { nodata: 0 });
  expect([...(await all(downsample(low))).data]).toEqual([1]);
});

test("windows of a coarser image have the bits of the whole", async () => {
  const image = memoryImage(Float32Array.from(noise(2, 90, 70, { holes: 0.1 }).data), pixelGrid(90, 70));
  for (const factor of [2, 5]) {
    const coarse = atLevel(image, factor);
    const whole = await all(coarse);
    const window = { x: 3, y: 2, width: 11, height: 9 };
    const { data } = await coarse.read(window);
    for (let y = 0; y < 9; y++)
      for (let x = 0; x < 11; x++) expect(data[y * 11 + x]).toBe(whole.data[(y + 2) * coarse.grid.width + x + 3]);
  }
});

test("labels keep their values", async () => {
  const labels = memoryImage(
    Uint32Array.from(noise(3, 31, 17, { high: 4294967296, whole: true }).data),
    pixelGrid(31, 17),
    {
      meaning: "labels",
    },
  );
  const seen = new Set((await all(labels)).data);
  const coarse = atLevel(labels, 3);
  expect(coarse.grid.width).toBe(11);
  for (const label of (await all(coarse)).data) expect(seen.has(label)).toBe(true);
});

test("an overview that fits is read in place of the image", async () => {
  const fine = memoryImage(new Uint8Array(64 * 64).fill(10), pixelGrid(64, 64));
  const overview = memoryImage(new Uint8Array(16 * 16).fill(99), coarsen(fine.grid, 4));
  const image: Image = { ...fine, overviews: [overview] };
  expect((await all(atLevel(image, 4))).data.every((v) => v === 99)).toBe(true);
  expect((await all(atLevel(image, 8))).data.every((v) => v === 99)).toBe(true);
  expect((await all(atLevel(image, 6))).data.every((v) => v === 10)).toBe(true);
});
