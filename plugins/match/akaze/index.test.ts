import { expect, test } from "vitest";
import { agreement, match, matchesOf, testMatcher } from "../../../test/support/matcher.js";
import { texturedScene, viewImage } from "../../../test/support/scene.js";
import akaze from "./index.js";

testMatcher(akaze, { least: 150, share: 0.85, within: 1.5, code: "too-few-keypoints" });

test("finds a quarter turn at 1.6 times the size", async () => {
  const scene = texturedScene(4);
  const s = 1 / 1.6;
  const fixed = viewImage(scene, { width: 240, height: 200 });
  const moving = viewImage(scene, { width: 320, height: 380, sceneFromPixel: [0, s, 0, -s, 0, 200, 0, 0, 1] });
  const { share, count } = agreement(
    matchesOf(await match(akaze, { fixed, moving })),
    [0, -1.6, 320, 1.6, 0, 0, 0, 0, 1],
    3,
  );
  expect(count).toBeGreaterThan(40);
  expect(share).toBeGreaterThan(0.85);
});
