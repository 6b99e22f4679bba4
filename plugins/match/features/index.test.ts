import { descriptors, detectors } from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { agreement, match, matchesOf, movingFromFixed, testMatcher } from "../../../test/support/matcher.js";
import { texturedScene, viewImage } from "../../../test/support/scene.js";
import features from "./index.js";

testMatcher(features, { least: 150, share: 0.9, within: 1.5, code: "too-few-keypoints" });

const scene = texturedScene(11);
const size = { width: 320, height: 256 };
const fixed = viewImage(scene, { ...size, noise: 1, seed: 1 });
const tilted = [1.06, -0.23, 41, 0.22, 1.05, -22, 6e-5, -4e-5, 1];
const moving = viewImage(scene, { ...size, noise: 1, seed: 2, sceneFromPixel: tilted });
const upright = viewImage(scene, { ...size, noise: 1, seed: 2, sceneFromPixel: [1, 0, 9, 0, 1, -6, 0, 0, 1] });

describe.each(Object.keys(detectors))("detector %s", (detector) => {
  test.each(Object.keys(descriptors))(
    "with descriptor %s finds a known map, turned and upright",
    async (descriptor) => {
      const choice = { detector, descriptor };
      const found = agreement(matchesOf(await match(features, { fixed, moving }, choice)), movingFromFixed, 2);
      expect(found.count).toBeGreaterThan(60);
      expect(found.share).toBeGreaterThan(0.8);
      const straight = await match(features, { fixed, moving: upright }, { ...choice, upright: true });
      const shifted = agreement(matchesOf(straight), [1, 0, -9, 0, 1, 6, 0, 0, 1], 1.5);
      expect(shifted.count).toBeGreaterThan(100);
      // The same corner on two levels of the pyramid lies in two places, up to 2 px apart.
      expect(shifted.share).toBeGreaterThan(0.85);
    },
  );
});

test.each(["gradient", "centroid"])("directions by %s suit any descriptor", async (direction) => {
  for (const descriptor of Object.keys(descriptors)) {
    const outcome = await match(features, { fixed, moving }, { detector: "fast", descriptor, direction });
    const { count, share } = agreement(matchesOf(outcome), movingFromFixed, 2);
    expect(count).toBeGreaterThan(50);
    expect(share).toBeGreaterThan(0.75);
  }
});

test("upright and a way to find directions exclude each other", async () => {
  const outcome = await match(features, { fixed, moving }, { upright: true, direction: "centroid" });
  expect(outcome.ok ? [] : outcome.diagnostics).toMatchObject([
    { code: "unfit-direction", hint: expect.stringContaining("Leave out") },
  ]);
});
