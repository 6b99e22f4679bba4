import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import { nearest } from "../../src/math/features/nearest.js";
import { orbFeatures } from "../../src/math/features/orb.js";
import { detectSift } from "../../src/math/features/sift.js";
import { describeSift } from "../../src/math/features/sift-describe.js";
import { attachHelpers, canHelp, endHelpers } from "../support/lanes.js";
import { texturedScene, viewOf } from "../support/scene.js";

endHelpers();

test.skipIf(!canHelp)("one lane and three give the same features and matches (needs a build)", async () => {
  const [width, height] = [500, 400];
  const gray = { width, height, pixels: viewOf(texturedScene(5), { width, height, noise: 2 }).map((v) => v / 255) };
  const all = () => {
    const sift = describeSift(gray, detectSift(gray, { upsample: false, bandRows: 100 }));
    const orb = orbFeatures(gray, { grain: 8 });
    return { sift, orb, near: nearest(sift, sift), nearOrb: nearest(orb, orb) };
  };
  expect(kernels().lanes).toBe(1);
  const alone = all();
  await attachHelpers(2);
  expect(kernels().lanes).toBe(3);
  for (let n = 0; n < 3; n++) expect(all()).toEqual(alone);
});
