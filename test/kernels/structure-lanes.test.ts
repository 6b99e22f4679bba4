import { expect, test } from "vitest";
import { attachKernels, kernels, shareKernels } from "../../src/kernel/lane.js";
import { seededRandom } from "../../src/math/random.js";
import { structureImage } from "../../src/math/structure/image.js";
import { StructurePair } from "../../src/math/structure/refine.js";
import { climb, screen } from "../../src/math/structure/screen.js";
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

test.skipIf(!canHelp)("they make the same of a hypothesis (needs a build)", async () => {
  const scene = texturedScene(5);
  const image = (x: number) =>
    viewImage(scene, { width: 200, height: 150, sceneFromPixel: [1, 0, x, 0, 1, 0, 0, 0, 1] });
  const refine = async () => {
    using arena = kernels().arena();
    const [fixed, moving] = [await structureImage(arena, image(0)), await structureImage(arena, image(3))];
    const pair = new StructurePair(arena, fixed, moving);
    const options = { model: "affine", random: seededRandom(1), signal: new AbortController().signal } as const;
    const start = { matrix: [1, 0, 0, 0, 1, 0, 0, 0, 1] as const, flipped: false, source: "test" };
    const found = screen(pair, [start], options)!;
    return climb(pair, found.candidates[0]!, options);
  };
  const helped = await refine();
  attachKernels(shareKernels(1, 1e9), 0);
  expect(kernels().lanes).toBe(1);
  expect(await refine()).toEqual(helped);
});
