import { pixelGrid, type Registration, worldPoints } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { testContext } from "../../../test/support/read.js";
import tre from "./index.js";

/** A shift by (10, -5), between images whose pixels are half a world unit wide. */
const grid = { ...pixelGrid(100, 80), worldFromPixel: [0.5, 0, 0, 0, 0.5, 0] as const };
const registration: Registration = {
  transform: { type: "affine", matrix: [1, 0, 10, 0, 1, -5] },
  fixed: grid,
  moving: grid,
};
const at = (fixed: readonly number[], moving: readonly number[]) => ({
  fixed: worldPoints(Float64Array.from(fixed)),
  moving: worldPoints(Float64Array.from(moving)),
});

test("distances are in pixels of the moving image, and one row each", async () => {
  // Off by nothing, by (1.5, 2) world units, which are 5 px, and by 1 world unit, which are 2 px.
  const landmarks = at([0, 0, 20, 20, 7, 9], [10, -5, 31.5, 17, 17, 5]);
  const outcome = await tre.run({ transform: registration, landmarks }, {}, testContext());
  if (!outcome.ok) throw new Error(outcome.diagnostics[0]?.message);
  const { metrics } = outcome;
  expect(metrics!["tre-max"]!.value).toBeCloseTo(5, 9);
  expect(metrics!["tre-median"]!.value).toBeCloseTo(2, 9);
  expect(metrics!["tre-max"]!.unit).toBe("px");
  expect(metrics!.landmarks!.value).toBe(3);
  expect(outcome.value.table.columns.error!.map((e) => Math.round(Number(e) * 1e9) / 1e9)).toEqual([0, 5, 2]);
});

test("no landmarks, no figure", async () => {
  const outcome = await tre.run({ transform: registration, landmarks: at([], []) }, {}, testContext());
  expect(outcome.ok ? [] : outcome.diagnostics.map((d) => d.code)).toEqual(["no-landmarks"]);
});
