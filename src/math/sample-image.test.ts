import { expect, test } from "vitest";
import { memoryImage } from "../../test/support/image.js";
import { pixelGrid, type Window } from "../core/grid.js";
import type { Image } from "../core/image.js";
import { once, quantile, sampleBand } from "./sample-image.js";

/** An image that is never held: 7 everywhere. */
function sevens(width: number, height: number): { image: Image; windows: Window[] } {
  const windows: Window[] = [];
  const image: Image = {
    ...memoryImage(new Uint8Array(1), pixelGrid(1, 1)),
    grid: pixelGrid(width, height),
    async read(window) {
      windows.push(window);
      const data = new Uint8Array(window.width * window.height).fill(7);
      return { data, width: window.width, height: window.height, bands: 1 };
    },
  };
  return { image, windows };
}

test.each([
  [5_000_000, 1],
  [1, 5_000_000],
  [130, 100_000],
  [1100, 1000],
  [100_000, 100_000],
])("a sample of %i x %i pixels is bounded, inside, and without repeats", async (width, height) => {
  const { image, windows } = sevens(width, height);
  const samples = await sampleBand(image, 0);
  expect(samples.length).toBeLessThanOrEqual(2 ** 20);
  expect(samples.length).toBeGreaterThanOrEqual(Math.min(2 ** 13, width * height));
  expect(samples.every((v) => v === 7)).toBe(true);
  for (const [i, a] of windows.entries()) {
    expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height).toBe(true);
    for (const b of windows.slice(i + 1)) {
      const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      expect(apart).toBe(true);
    }
  }
});

test("holes are left out", async () => {
  const image = memoryImage(Uint8Array.of(0, 3, 0, 5), pixelGrid(2, 2), { nodata: 0 });
  expect([...(await sampleBand(image, 0))]).toEqual([3, 5]);
});

test("quantiles lie between the sorted values", () => {
  expect(quantile([1, 2, 4], 0)).toBe(1);
  expect(quantile([1, 2, 4], 0.75)).toBe(3);
  expect(quantile([1, 2, 4], 1)).toBe(4);
  expect(quantile([9], 0.3)).toBe(9);
  expect(quantile([], 0.5)).toBeNaN();
});

test("what is computed once is kept, and a failure is tried again", async () => {
  let calls = 0;
  const value = once(async () => {
    calls++;
    if (calls === 1) throw new Error("not yet");
    return calls;
  });
  await expect(value()).rejects.toThrow("not yet");
  expect(await value()).toBe(2);
  expect(await value()).toBe(2);
});
