import { expect, test } from "vitest";
import { texturedScene, viewOf } from "../../../test/support/scene.js";
import { orbFeatures } from "./orb.js";

const scene = texturedScene(3);
const view = (width: number, height: number, sceneFromPixel?: readonly number[]) => ({
  width,
  height,
  pixels: viewOf(scene, sceneFromPixel ? { width, height, sceneFromPixel } : { width, height }).map((v) => v / 255),
});

test("how rows are handed out changes no byte", () => {
  const gray = view(210, 190);
  const whole = orbFeatures(gray, { grain: 1000 });
  expect(whole.count).toBeGreaterThan(100);
  expect(orbFeatures(gray, { grain: 7 })).toEqual(whole);
});

test("the strongest come first, the limit holds, and levels share it", () => {
  const found = orbFeatures(view(400, 300), { maxKeypoints: 150 });
  expect(found.count).toBe(150);
  expect(Array.from(found.response)).toEqual(Array.from(found.response).sort((a, b) => b - a));
  expect(new Set(found.octave).size).toBeGreaterThan(4);
  expect(found.descriptors).toHaveLength(32 * 150);
});

test.each([
  ["a shift", 1, 2.4, -1.7],
  ["1.2 times the size", 1.2, 0, 0],
])("corners carry no bias: %s", (_, zoom, tx, ty) => {
  const a = orbFeatures(view(400, 300));
  const b = orbFeatures(view(400, 300, [1 / zoom, 0, tx, 0, 1 / zoom, ty, 0, 0, 1]));
  let dx = 0;
  let dy = 0;
  let count = 0;
  for (let i = 0; i < a.count; i++) {
    for (let j = 0; j < b.count; j++) {
      const ex = b.x[j]! - (a.x[i]! - tx) * zoom;
      const ey = b.y[j]! - (a.y[i]! - ty) * zoom;
      if (Math.abs(ex) > 0.75 || Math.abs(ey) > 0.75 || Math.abs(Math.log(b.scale[j]! / (a.scale[i]! * zoom))) > 0.1)
        continue;
      dx += ex;
      dy += ey;
      count++;
    }
  }
  expect(count).toBeGreaterThan(100);
  // A level that lay half a pixel off would shift the mean by some 0.4 px.
  expect(Math.abs(dx / count)).toBeLessThan(0.08);
  expect(Math.abs(dy / count)).toBeLessThan(0.08);
});

test("keypoints whose support touches unobserved pixels are dropped", () => {
  const gray = view(300, 200);
  const mask = Uint8Array.from({ length: 300 * 200 }, (_, i) => (i % 300 < 120 ? 0 : 1));
  const found = orbFeatures(gray, { mask });
  expect(found.count).toBeGreaterThan(30);
  expect(Math.min(...found.x)).toBeGreaterThan(128);
});

test.each([
  [1, 1],
  [1, 90],
  [36, 36],
  [37, 41],
])("an image of %i x %i pixels is safe", (width, height) => {
  expect(orbFeatures(view(width, height)).count).toBeGreaterThanOrEqual(0);
});

test("NaN and infinity leave the rest to be found", () => {
  const gray = view(300, 200);
  gray.pixels[100 * 300 + 50] = Number.NaN;
  gray.pixels[100 * 300 + 60] = Number.POSITIVE_INFINITY;
  const found = orbFeatures(gray);
  expect(found.x.every(Number.isFinite)).toBe(true);
  expect(found.count).toBeGreaterThan(50);
});
