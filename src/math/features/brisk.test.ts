import { expect, test } from "vitest";
import { texturedScene, viewOf } from "../../../test/support/scene.js";
import { kernels } from "../../kernel/lane.js";
import { featuresOf } from "./match-features.js";
import { ImageViews } from "./views.js";

const [width, height] = [300, 240];
const pixels = viewOf(texturedScene(3), { width, height }).map((v) => v / 255);
const usual = { descriptor: "brisk", upright: false, direction: "auto", spread: 1 } as const;

test.each(["brisk", "surf"] as const)("no keypoint of %s is spent on what cannot be described", (detector) => {
  using arena = kernels().arena();
  const views = new ImageViews(arena, { width, height, pixels });
  expect(featuresOf(views, { ...usual, detector, maxKeypoints: 40 }).count).toBeGreaterThanOrEqual(39);
});

test("the scale of corners follows the image's", () => {
  using arena = kernels().arena();
  const scene = texturedScene(3);
  const at = (zoom: number) => {
    const sceneFromPixel = [1 / zoom, 0, 0, 0, 1 / zoom, 0, 0, 0, 1];
    const view = viewOf(scene, { width, height, sceneFromPixel }).map((v) => v / 255);
    const views = new ImageViews(arena, { width, height, pixels: view });
    return featuresOf(views, { ...usual, detector: "brisk", maxKeypoints: 400 });
  };
  const [one, larger] = [at(1), at(1.4)];
  const ratios: number[] = [];
  for (let i = 0; i < one.count; i++)
    for (let j = 0; j < larger.count; j++)
      if (Math.hypot(1.4 * one.x[i]! - larger.x[j]!, 1.4 * one.y[i]! - larger.y[j]!) < 1)
        ratios.push(larger.scale[j]! / one.scale[i]!);
  expect(ratios.length).toBeGreaterThan(20);
  // The median: a corner may be found at other scales as well.
  expect(ratios.sort((a, b) => a - b)[ratios.length >> 1]).toBeGreaterThan(1.15);
  expect(ratios[ratios.length >> 1]).toBeLessThan(1.7);
});
