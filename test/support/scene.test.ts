import { expect, test } from "vitest";
import { project, texturedScene, viewImage, viewOf } from "./scene.js";

test("the same seed gives the same scene, another seed another one", () => {
  const view = { width: 40, height: 30 };
  expect(viewOf(texturedScene(3), view)).toEqual(viewOf(texturedScene(3), view));
  expect(viewOf(texturedScene(3), view)).not.toEqual(viewOf(texturedScene(4), view));
});

test("a scene has contrast everywhere and does not clip much", () => {
  const values = viewOf(texturedScene(1), { width: 256, height: 256 });
  const mean = values.reduce((a, b) => a + b) / values.length;
  const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  expect(deviation).toBeGreaterThan(25);
  expect(values.filter((v) => v <= 0 || v >= 255).length / values.length).toBeLessThan(0.05);
});

test("a moved view shows the scene at the projected place", () => {
  const scene = texturedScene(2);
  const h = [0.9, -0.1, 12.5, 0.08, 1.05, -3.25, 1e-4, -5e-5, 1];
  const moved = viewOf(scene, { width: 50, height: 40, sceneFromPixel: h });
  expect(moved[7 * 50 + 33]).toBeCloseTo(scene.at(...project(h, 33, 7)), 4);
});

test("a scene has no jumps where cells of shapes meet", () => {
  const scene = texturedScene(5);
  let largest = 0;
  for (let i = 0; i < 200_000; i++) {
    const x = i * 0.01;
    largest = Math.max(largest, Math.abs(scene.at(x + 0.01, 50) - scene.at(x, 50)));
  }
  expect(largest).toBeLessThan(2); // an edge of 70 levels, 2 px wide, rises by 0.6 in a hundredth of a pixel
});

test("an image of the scene reads the same pixels by window", async () => {
  const image = viewImage(texturedScene(2), { width: 30, height: 20, dtype: "uint16" });
  const whole = await image.read({ x: 0, y: 0, width: 30, height: 20 });
  const part = await image.read({ x: 4, y: 5, width: 3, height: 2 });
  expect(Array.from(part.data)).toEqual([
    ...whole.data.subarray(5 * 30 + 4, 5 * 30 + 7),
    ...whole.data.subarray(6 * 30 + 4, 6 * 30 + 7),
  ]);
});
