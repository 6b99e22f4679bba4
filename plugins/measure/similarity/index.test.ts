import { type Image, pixelGrid, type Transform } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { testContext } from "../../../test/support/read.js";
import { texturedScene, viewImage } from "../../../test/support/scene.js";
import similarity from "./index.js";

const size = { width: 160, height: 120 };
const scene = texturedScene(9);
const fixed = viewImage(scene, { ...size, noise: 1, seed: 1 });
/** Shows the scene 9 pixels further right and 6 further up: fixed to moving is (-9, 6). */
const moving = viewImage(scene, { ...size, noise: 1, seed: 2, sceneFromPixel: [1, 0, 9, 0, 1, -6, 0, 0, 1] });
const shift = (x: number, y: number): Transform => ({ type: "affine", matrix: [1, 0, x, 0, 1, y] });

async function measured(a: Image, b: Image, transform: Transform): Promise<Record<string, number>> {
  const registration = { transform, fixed: a.grid, moving: b.grid };
  const outcome = await similarity.run({ fixed: a, moving: b, transform: registration }, {}, testContext());
  if (!outcome.ok) throw new Error(outcome.diagnostics[0]?.message);
  return Object.fromEntries(Object.entries(outcome.metrics!).map(([name, { value }]) => [name, value]));
}

test("the right map raises all three measures, a wrong one does not", async () => {
  const right = await measured(fixed, moving, shift(-9, 6));
  const wrong = await measured(fixed, moving, shift(20, 20));
  expect(right["ncc-after"]).toBeGreaterThan(0.95);
  expect(wrong["ncc-after"]).toBeLessThan(0.5);
  for (const name of ["ncc", "nmi", "ssim"]) {
    expect(right[`${name}-after`], name).toBeGreaterThan(right[`${name}-before`]!);
    expect(right[`${name}-after`], name).toBeGreaterThan(wrong[`${name}-after`]!);
  }
});

test("images of one value are like nothing, and every figure is a number", async () => {
  const flat = memoryImage(new Float32Array(96 * 80).fill(7), pixelGrid(96, 80));
  expect(await measured(flat, flat, shift(0, 0))).toMatchObject({ "ncc-after": 0, "nmi-after": 1, "ssim-after": 0 });
});

test("without a transform the images are compared as they lie, grey level by grey level", async () => {
  const brighter = memoryImage(
    Float32Array.from({ length: 96 * 80 }, (_, i) => 40 + Math.sin(i) + 3 * (i % 2 ? 1 : -1)),
    pixelGrid(96, 80),
  );
  const plain = memoryImage(
    Float32Array.from({ length: 96 * 80 }, (_, i) => 36 + Math.sin(i)),
    pixelGrid(96, 80),
  );
  const outcome = await similarity.run({ fixed: plain, moving: brighter, transform: undefined }, {}, testContext());
  expect(outcome.ok && outcome.metrics!.rmse!.value).toBeCloseTo(5, 4);
  expect(outcome.ok && Object.keys(outcome.metrics!)).toEqual(["ncc", "nmi", "ssim", "rmse"]);
});
