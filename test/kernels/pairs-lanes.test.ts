import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import { capturePairs } from "../../src/math/pairs/capture.js";
import { refinePairs } from "../../src/math/pairs/refine.js";
import { emptyPlane } from "../../src/math/plane.js";
import { attachHelpers, canHelp, endHelpers } from "../support/lanes.js";
import { texturedScene } from "../support/scene.js";

endHelpers();

test.skipIf(!canHelp)("one lane and three find the same shifts to the last bit (needs a build)", async () => {
  const scene = texturedScene(5);
  const [width, height] = [60, 90];
  const all = () => {
    using arena = kernels().arena();
    const view = (left: number, top: number) => {
      const plane = emptyPlane(arena, width, height);
      const rows = arena.f32(plane.at, plane.stride * height);
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          rows[y * plane.stride + x] = x * y === 700 ? Number.NaN : scene.at(left + x, top + y);
      return plane;
    };
    const jobs = Array.from({ length: 7 }, (_, n) => {
      const shift = [10 + 0.3 * n, -4 + 0.7 * n] as const;
      return { a: view(100 * n, 0), b: view(100 * n + shift[0], shift[1]), expected: [11, -2], reach: [8, 8] } as const;
    });
    const places = capturePairs(arena, jobs);
    return {
      places,
      fits: refinePairs(
        arena,
        jobs.map((job, n) => ({ ...job, start: [places[n]!.x, places[n]!.y] })),
      ),
    };
  };
  const alone = all();
  expect(alone.fits.filter((fit) => fit.converged).length).toBe(7);
  await attachHelpers(2);
  expect(kernels().lanes).toBe(3);
  expect(all()).toEqual(alone);
});
