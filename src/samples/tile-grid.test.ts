import { expect, test } from "vitest";
import { wholeWindow } from "../core/grid.js";
import { sampleTiles } from "./tile-grid.js";

const digest = (data: ArrayLike<number>) => {
  let h = 2166136261;
  for (let i = 0; i < data.length; i++) h = Math.imul(h ^ data[i]!, 16777619);
  return h >>> 0;
};

test("tiles have the same bytes everywhere, and places that differ from the stage's by its error", async () => {
  const tiles = sampleTiles({ rows: 2, columns: 3, tile: 64, seed: 2 });
  expect(tiles.map((t) => t.name).slice(2, 4)).toEqual(["tile_r00_c02", "tile_r01_c00"]);
  const { image } = tiles[4]!;
  expect(digest((await image.read(wholeWindow(image.grid))).data)).toBe(1895854354);
  for (const { nominal, true: place } of tiles) {
    expect(Math.abs(place[0] - nominal[0])).toBeLessThan(5 + 0.0035 * 64);
    expect(Math.abs(place[1] - nominal[1])).toBeLessThan(5 + 0.0035 * 128);
  }
});

test("neighbours show the same cells where they overlap", async () => {
  // Without the stage's error and its turn the second tile begins 50 pixels to the right.
  const [a, b] = sampleTiles({ rows: 1, columns: 2, tile: 100, overlap: 0.5, jitter: 0, seed: 3 });
  const strip = async (image: typeof a.image, x: number) =>
    [...(await image.read({ x, y: 0, width: 50, height: 100 })).data].map(Number);
  const [left, right] = [await strip(a!.image, 50), await strip(b!.image, 0)];
  const mean = (v: readonly number[]) => v.reduce((s, x) => s + x, 0) / v.length;
  const [m, n] = [mean(left), mean(right)];
  const sum = (f: (i: number) => number) => left.reduce((s, _, i) => s + f(i), 0);
  const cross = sum((i) => (left[i]! - m) * (right[i]! - n));
  const ncc = cross / Math.sqrt(sum((i) => (left[i]! - m) ** 2) * sum((i) => (right[i]! - n) ** 2));
  expect(ncc).toBeGreaterThan(0.95);
});
