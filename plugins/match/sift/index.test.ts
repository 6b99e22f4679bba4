import { expect, test } from "vitest";
import { consensusOf } from "../../../src/math/null-test.js";
import { seededRandom } from "../../../src/math/random.js";
import { robustFit } from "../../../src/math/robust.js";
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

test("simulated views match what is seen from far aside, one tie point a place", async () => {
  const scene = texturedScene(9);
  const size = { width: 260, height: 200 };
  // A third as long along x, and turned a little.
  const fixed = viewImage(scene, { ...size, noise: 1, seed: 1 });
  const sceneFromMoving = [2.95, -0.3, 20, 0.3, 0.98, -4, 0, 0, 1];
  const moving = viewImage(scene, { width: 90, height: 210, noise: 1, seed: 2, sceneFromPixel: sceneFromMoving });
  const [a, b, c, d, e, f] = sceneFromMoving as [number, number, number, number, number, number];
  const det = a * e - b * d;
  const movingFromFixed = [e, -b, b * f - c * e, -d, a, c * d - a * f, 0, 0, det].map((v) => v / det);
  const plain = agreement(matchesOf(await match(sift, { fixed, moving })), movingFromFixed, 1.5);
  expect(plain.share * plain.count).toBeLessThan(10);
  const matches = matchesOf(await match(sift, { fixed, moving }, { tilts: "moderate" }));
  const { share, count } = agreement(matches, movingFromFixed, 1.5);
  expect(share * count).toBeGreaterThan(25);
  for (const points of [matches.fixed, matches.moving]) {
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < i; j++)
        expect(Math.hypot(points[2 * i]! - points[2 * j]!, points[2 * i + 1]! - points[2 * j + 1]!)).toBeGreaterThan(
          1.999,
        );
    }
  }
});

test("simulated views make no evidence out of unrelated images", async () => {
  const fixed = viewImage(texturedScene(1), { width: 260, height: 200 });
  const moving = viewImage(texturedScene(2), { width: 260, height: 200 });
  const matches = matchesOf(await match(sift, { fixed, moving }, { tilts: "strong" }));
  const area = 260 * 200;
  const fit = robustFit("affine", matches.fixed, matches.moving, { threshold: 3, random: seededRandom(1) });
  const { log10Nfa } = fit.ok
    ? consensusOf("affine", fit.value.matrix, matches.fixed, matches.moving, 3, area, 3, 3)
    : { log10Nfa: 9 };
  expect(log10Nfa).toBeGreaterThan(0);
});
