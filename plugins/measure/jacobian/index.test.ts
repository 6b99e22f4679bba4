import { pixelGrid, type Registration, type Transform } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { testContext } from "../../../test/support/read.js";
import { samplesOf } from "../../../test/support/step.js";
import jacobian from "./index.js";

const run = (transform: Transform, more: Partial<Registration> = { fixed: pixelGrid(90, 70) }) =>
  jacobian.run({ transform: { transform, ...more }, like: undefined }, {}, testContext());

test("an affine map changes areas by its determinant everywhere", async () => {
  const outcome = await run({ type: "affine", matrix: [2, 0.5, 3, 0, 1.5, -7] });
  if (!outcome.ok) throw new Error("expected an image");
  for (const v of await samplesOf(outcome.value.image)) expect(v).toBeCloseTo(3, 4);
  expect(outcome.metrics!["jacobian-median"]!.value).toBeCloseTo(3, 6);
  expect(outcome.metrics!.folded!.value).toBe(0);
});

test("a bump stretches on one side and folds on the other where it is steep", async () => {
  const lattice = { ...pixelGrid(10, 8), worldFromPixel: [10, 0, 0, 0, 10, 0] as const };
  const bump = (size: number): Transform => {
    const coefficients = new Float64Array(160);
    coefficients[2 * (4 * 10 + 4)] = size;
    return { type: "bspline", lattice, coefficients };
  };
  const gentle = await run(bump(4));
  const steep = await run(bump(40));
  if (!gentle.ok || !steep.ok) throw new Error("expected images");
  expect(gentle.metrics!.folded!.value).toBe(0);
  expect(gentle.metrics!["largest-area"]!.value).toBeGreaterThan(1.1);
  expect(steep.metrics!.folded!.value).toBeGreaterThan(1);
  const values = await samplesOf(gentle.value.image);
  // The slope of a B-spline is steepest, 2/3 of its height, two thirds of a step beside the middle.
  expect(Math.min(...values)).toBeGreaterThan(0.7);
  expect(Math.min(...values)).toBeLessThan(0.9);
  expect(Math.min(...(await samplesOf(steep.value.image)))).toBeLessThan(0);
});

test("a mirrored map does not count as folded, and a size must be known", async () => {
  const mirrored = await run({ type: "affine", matrix: [-1, 0, 80, 0, 1, 0] });
  expect(mirrored.ok && mirrored.metrics!.folded!.value).toBe(0);
  expect(mirrored.ok && mirrored.metrics!["jacobian-median"]!.value).toBeCloseTo(-1, 6);
  const open = await run({ type: "affine", matrix: [1, 0, 0, 0, 1, 0] }, {});
  expect(!open.ok && open.diagnostics[0]!.code).toBe("grid-unknown");
});
