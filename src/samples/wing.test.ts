import { expect, test } from "vitest";
import { wholeWindow } from "../core/grid.js";
import { wingSample } from "./wing.js";

const pixels = async (seed: number) => {
  const { image } = wingSample({ width: 120, seed });
  return (await image.read(wholeWindow(image.grid))).data;
};
const digest = (data: ArrayLike<number>) => {
  let h = 2166136261;
  for (let i = 0; i < data.length; i++) h = Math.imul(h ^ data[i]!, 16777619);
  return h >>> 0;
};

test("a seed is an animal: the same bytes everywhere, another one looks otherwise", async () => {
  expect(digest(await pixels(1))).toBe(2292020248);
  expect(digest(await pixels(2))).not.toBe(2292020248);
});

test("landmarks lie in the image, on what is dark, and differ between animals by a few pixels", async () => {
  const [a, b] = [wingSample({ width: 240, seed: 3, noise: 0 }), wingSample({ width: 240, seed: 4 })];
  const { width, height } = a.image.grid;
  const { data } = await a.image.read(wholeWindow(a.image.grid));
  const middle = [...data].sort((p, q) => p - q)[data.length >> 1]!;
  const { points, names } = a.landmarks;
  names!.forEach((name, k) => {
    const [x, y] = [points[2 * k]!, points[2 * k + 1]!];
    expect(x > 0 && y > 0 && x < width - 1 && y < height - 1, name).toBe(true);
    expect(data[Math.round(y) * width + Math.round(x)]!, name).toBeLessThan(0.85 * middle);
    const apart = Math.sqrt((x - b.landmarks.points[2 * k]!) ** 2 + (y - b.landmarks.points[2 * k + 1]!) ** 2);
    expect(apart).toBeGreaterThan(0);
    expect(apart).toBeLessThan(40);
  });
});
