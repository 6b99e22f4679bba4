import { expect, test } from "vitest";
import { agreement, match, matchesOf, testMatcher } from "../../../test/support/matcher.js";
import { texturedScene, viewImage } from "../../../test/support/scene.js";
import sift from "./index.js";

testMatcher(sift, { least: 150, share: 0.9, within: 1.5, code: "too-few-keypoints" });

test("finds a half turn at twice the size", async () => {
  const scene = texturedScene(4);
  const sceneFromMoving = [-0.5, 0, 200, 0, -0.5, 150, 0, 0, 1];
  const fixed = viewImage(scene, { width: 220, height: 170 });
  const moving = viewImage(scene, { width: 380, height: 290, sceneFromPixel: sceneFromMoving });
  const matches = matchesOf(await match(sift, { fixed, moving }));
  const { share, count } = agreement(matches, [-2, 0, 400, 0, -2, 300, 0, 0, 1], 3);
  expect(count).toBeGreaterThan(40);
  expect(share).toBeGreaterThan(0.9);
});

test("unrelated images give few matches, as a value", async () => {
  const fixed = viewImage(texturedScene(1), { width: 300, height: 200 });
  const moving = viewImage(texturedScene(2), { width: 300, height: 200 });
  const matches = matchesOf(await match(sift, { fixed, moving }));
  expect(matches.fixed.length / 2).toBeLessThan(0.06 * matches.detected!.fixed);
});
