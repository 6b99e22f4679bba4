import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import { structureImage } from "../../src/math/structure/image.js";
import { searchStructure } from "../../src/math/structure/search.js";
import { attachHelpers, canHelp, endHelpers } from "../support/lanes.js";
import { texturedScene, viewImage } from "../support/scene.js";

endHelpers();

test.skipIf(!canHelp)("one lane and three give the same hypotheses, at every call (needs a build)", async () => {
  const scene = texturedScene(5);
  const image = (x: number) => viewImage(scene, { width: 60, height: 48, sceneFromPixel: [1, 0, x, 0, 1, 0, 0, 0, 1] });
  const all = async () => {
    using arena = kernels().arena();
    const fixed = await structureImage(arena, image(0));
    return await searchStructure(fixed, await structureImage(arena, image(9)));
  };
  const alone = await all();
  expect(alone.length).toBeGreaterThan(20);
  expect(await all()).toEqual(alone);
  await attachHelpers(2);
  expect(kernels().lanes).toBe(3);
  expect(await all()).toEqual(alone);
});
