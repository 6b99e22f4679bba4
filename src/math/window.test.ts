import { expect, test } from "vitest";
import { pixelGrid } from "../core/grid.js";
import { seededRandom } from "../core/random.js";
import { cutWindow, grow, intersect } from "./window.js";

const seeds = Array.from({ length: 60 }, (_, i) => i + 1);

test.each(seeds)("parts of a window cover it once, and none is much larger than asked (seed %i)", (seed) => {
  const random = seededRandom(seed);
  const whole = (most: number) => Math.floor(random() * most);
  const window = { x: whole(50), y: whole(50), width: 1 + whole(60), height: 1 + whole(60) };
  const tile = { width: 1 + whole(80), height: 1 + whole(80) };
  const samples = 1 + whole(2000);
  const seen = new Uint8Array(110 * 110);
  for (const part of cutWindow(window, tile, samples)) {
    expect(part.width * part.height).toBeLessThanOrEqual(Math.max(samples, 1));
    for (let y = part.y; y < part.y + part.height; y++)
      for (let x = part.x; x < part.x + part.width; x++) seen[y * 110 + x]!++;
  }
  for (let y = 0; y < 110; y++) {
    for (let x = 0; x < 110; x++) {
      const inside = x >= window.x && x < window.x + window.width && y >= window.y && y < window.y + window.height;
      if (seen[y * 110 + x] !== (inside ? 1 : 0))
        throw new Error(`(${x}, ${y}) was covered ${seen[y * 110 + x]} times`);
    }
  }
});

test("windows that do not meet share nothing", () => {
  const a = { x: 0, y: 0, width: 4, height: 4 };
  expect(intersect(a, { x: 4, y: 0, width: 2, height: 2 })).toBeUndefined();
  expect(intersect(a, { x: 2, y: 3, width: 9, height: 9 })).toEqual({ x: 2, y: 3, width: 2, height: 1 });
});

test("a window grows as far as the grid goes", () => {
  expect(grow({ x: 1, y: 5, width: 2, height: 2 }, 3, pixelGrid(5, 20))).toEqual({ x: 0, y: 2, width: 5, height: 8 });
});
