import { descriptors, detectors, directions } from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { consensusOf } from "../../../src/math/null-test.js";
import { seededRandom } from "../../../src/math/random.js";
import { robustFit } from "../../../src/math/robust.js";
import { memoryImage } from "../../../test/support/image.js";
import { agreement, match, matchesOf, movingFromFixed, testMatcher } from "../../../test/support/matcher.js";
import { texturedScene, viewImage } from "../../../test/support/scene.js";
import features from "./index.js";

testMatcher(features, { least: 150, share: 0.9, within: 1.5, code: "too-few-keypoints" });

const scene = texturedScene(11);
const size = { width: 240, height: 200 };
const fixed = viewImage(scene, { ...size, noise: 1, seed: 1 });
const tilted = [1.06, -0.23, 41, 0.22, 1.05, -22, 6e-5, -4e-5, 1];
const moving = viewImage(scene, { ...size, noise: 1, seed: 2, sceneFromPixel: tilted });
const beside = viewImage(scene, { ...size, noise: 1, seed: 2, sceneFromPixel: [1, 0, 9, 0, 1, -6, 0, 0, 1] });

// The windows of rift hardly fit into these images: it has larger ones below.
const narrow = Object.entries(descriptors).filter(([name]) => name !== "rift");

// The same corner on two levels of the pyramid lies in two places, up to 2 px apart: a tenth of the matches.
describe.each(Object.keys(detectors))("detector %s", (detector) => {
  test.each(narrow)("with descriptor %s finds a known map", async (descriptor, { direction }) => {
    const choice = { detector, descriptor, maxKeypoints: 500 };
    const outcome = await match(features, { fixed, moving }, choice);
    if ("detectors" in descriptors[descriptor as keyof typeof descriptors] && !outcome.ok) {
      expect(outcome.diagnostics.map((d) => d.code)).toEqual(["unfit-descriptor"]);
      return;
    }
    expect(direction).toBeTruthy();
    const { count, share } = agreement(matchesOf(outcome), movingFromFixed, 2);
    expect(count).toBeGreaterThan(25);
    expect(share).toBeGreaterThan(0.75);
  });
});

test.each(narrow.map(([name]) => name))("%s finds more when images are known to be upright", async (descriptor) => {
  const found = async (upright: boolean) =>
    agreement(
      matchesOf(await match(features, { fixed, moving: beside }, { detector: "sift", descriptor, upright })),
      [1, 0, -9, 0, 1, 6, 0, 0, 1],
      1.5,
    );
  const [turned, straight] = [await found(false), await found(true)];
  expect(straight.share).toBeGreaterThan(0.9);
  expect(straight.count * straight.share).toBeGreaterThan(0.9 * turned.count * turned.share);
});

test.each(Object.keys(directions))("directions by %s suit any descriptor", async (direction) => {
  for (const descriptor of ["rootsift", "orb", "brisk", "surf"]) {
    const choice = { detector: "fast", descriptor, direction, maxKeypoints: 500 };
    const { count, share } = agreement(matchesOf(await match(features, { fixed, moving }, choice)), movingFromFixed, 2);
    expect(count).toBeGreaterThan(25);
    expect(share).toBeGreaterThan(0.75);
  }
});

test("upright and a way to find directions exclude each other", async () => {
  const outcome = await match(features, { fixed, moving }, { upright: true, direction: "centroid" });
  expect(outcome.ok ? [] : outcome.diagnostics).toMatchObject([
    { code: "unfit-direction", hint: expect.stringContaining("Leave out") },
  ]);
});

const large = { width: 360, height: 300 };
const first = viewImage(scene, { ...large, noise: 1, seed: 1 });
const second = viewImage(scene, { ...large, noise: 1, seed: 2, sceneFromPixel: tilted });

test.each(["folded", "rift"])("by %s, images match whose contrast is reversed and bent", async (descriptor) => {
  const { data } = await second.read({ x: 0, y: 0, ...large });
  const reversed = memoryImage(
    Uint8Array.from(data, (v) => Math.round(230 - 200 * (v / 255) ** 0.6)),
    second.grid,
  );
  const right = async (descriptor: string) => {
    const matches = matchesOf(
      await match(features, { fixed: first, moving: reversed }, { detector: "sift", descriptor }),
    );
    const { share, count } = agreement(matches, movingFromFixed, 2);
    return share * count;
  };
  expect(await right(descriptor)).toBeGreaterThan(descriptor === "rift" ? 12 : 40);
  expect(await right("rootsift")).toBeLessThan(8);
});

test("rift's windows that overlap count once, and unrelated images are without evidence", async () => {
  const other = viewImage(texturedScene(77), { ...large, noise: 1, seed: 3 });
  const inputs = { fixed: first, moving: other };
  const matches = matchesOf(await match(features, inputs, { descriptor: "rift", upright: true }));
  const fit = robustFit("affine", matches.fixed, matches.moving, { threshold: 3, random: seededRandom(1) });
  const area = large.width * large.height;
  const { log10Nfa } = fit.ok
    ? consensusOf("affine", fit.value.matrix, matches.fixed, matches.moving, 3, area, 3, 3)
    : { log10Nfa: 9 };
  expect(log10Nfa).toBeGreaterThan(0);
  for (let i = 0; i < matches.fixed.length; i += 2) {
    for (let j = 0; j < i; j += 2) {
      const [dx, dy] = [matches.fixed[i]! - matches.fixed[j]!, matches.fixed[i + 1]! - matches.fixed[j + 1]!];
      expect(Math.hypot(dx, dy)).toBeGreaterThanOrEqual(15.999);
    }
  }
});
