import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import { attachHelpers, canHelp, endHelpers } from "../support/lanes.js";
import { imagesOf, pointsOf, trained, wings } from "../support/wings.js";

endHelpers();

test.skipIf(!canHelp)("one lane and three learn the same model, byte by byte (needs a build)", async () => {
  const some = await wings(1, 6);
  const learn = async () => {
    const quick = { levels: 2, trees: 4, searchTrees: 2, samples: 1200 };
    return (await trained(imagesOf(some), pointsOf(some), quick)).value;
  };
  expect(kernels().lanes).toBe(1);
  const alone = await learn();
  await attachHelpers(2);
  expect(kernels().lanes).toBe(3);
  expect(await learn()).toEqual(alone);
});
