import { expect, test } from "vitest";
import { pixelGrid } from "../../src/core/grid.js";
import { kernels } from "../../src/kernel/lane.js";
import { warpImage } from "../../src/math/resample.js";
import { noise } from "../reference/plane.js";
import { memoryImage } from "../support/image.js";
import { attachHelpers, canHelp, endHelpers } from "../support/lanes.js";

endHelpers();

test.skipIf(!canHelp)("one lane and three warp to the same bytes (needs a build)", async () => {
  const grid = pixelGrid(300, 280);
  const image = memoryImage(Float32Array.from(noise(1, 300, 280, { holes: 0.001 }).data), grid);
  const all = async () => {
    const done = [];
    for (const interpolation of ["mitchell", "bspline3"] as const) {
      const out = warpImage(image, { type: "affine", matrix: [0.9, 0.2, 5, -0.2, 0.9, 40] }, grid, { interpolation });
      done.push((await out.read({ x: 0, y: 0, width: 300, height: 280 })).data);
    }
    return done;
  };
  const alone = await all();
  await attachHelpers(2);
  expect(kernels().lanes).toBe(3);
  expect(await all()).toEqual(alone);
});
