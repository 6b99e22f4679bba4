import { describe, expect, test } from "vitest";
import { applyMatrix3, type Matrix3 } from "../core/transform.js";
import { type Family, fitMap, minimalSample } from "./fit.js";
import { seededRandom } from "./random.js";
import { robustFit } from "./robust.js";

const truths: Readonly<Record<Family, Matrix3>> = {
  translation: [1, 0, 12.5, 0, 1, -7.25, 0, 0, 1],
  rigid: [0.96, -0.28, 40, 0.28, 0.96, -11, 0, 0, 1],
  similarity: [1.2, -0.5, 40, 0.5, 1.2, -11, 0, 0, 1],
  affine: [1.1, 0.2, -30, -0.1, 0.85, 55, 0, 0, 1],
  projective: [1.05, 0.1, -20, -0.08, 0.95, 30, 1.2e-4, -0.8e-4, 1],
};
const families = Object.keys(truths) as Family[];

function cloud(count: number, seed: number, size = 1000): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: 2 * count }, () => random() * size);
}

function worst(a: Matrix3, b: Matrix3): number {
  const corners = Float64Array.from([0, 0, 1000, 0, 0, 1000, 1000, 1000, 500, 500]);
  const p = applyMatrix3(a, corners);
  const q = applyMatrix3(b, corners);
  return p.reduce((most, value, i) => Math.max(most, Math.abs(value - q[i]!)), 0);
}

describe.each(families)("%s", (family) => {
  const truth = truths[family];

  test("a minimal sample gives the map exactly", () => {
    const fixed = cloud(minimalSample[family], 3);
    const fit = fitMap(family, fixed, applyMatrix3(truth, fixed));
    expect(fit.ok && worst(fit.value, truth)).toBeLessThan(1e-6);
  });

  test("many exact tie points give the map exactly", () => {
    const fixed = cloud(60, 5);
    const fit = fitMap(family, fixed, applyMatrix3(truth, fixed));
    expect(fit.ok && worst(fit.value, truth)).toBeLessThan(1e-6);
  });

  test("points that do not determine the map are called degenerate", () => {
    const same = new Float64Array(20).fill(7);
    const line = Float64Array.from({ length: 20 }, (_, i) => 3 + Math.trunc(i / 2));
    const fixed =
      family === "translation" ? new Float64Array(0) : family === "rigid" || family === "similarity" ? same : line;
    const fit = fitMap(family, fixed, fixed);
    expect(!fit.ok && fit.diagnostics[0]!.code).toBe("degenerate");
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("60 %% outliers and half a pixel of noise are overcome (seed %i)", (seed) => {
    const random = seededRandom(seed);
    const fixed = cloud(400, seed + 100);
    const moving = applyMatrix3(truth, fixed);
    for (let i = 0; i < 400; i++) {
      if (i % 5 < 3) {
        moving[2 * i] = random() * 1000;
        moving[2 * i + 1] = random() * 1000;
      } else {
        moving[2 * i] = moving[2 * i]! + (random() + random() + random() - 1.5);
        moving[2 * i + 1] = moving[2 * i + 1]! + (random() + random() + random() - 1.5);
      }
    }
    const fit = robustFit(family, fixed, moving, { threshold: 3, random });
    if (!fit.ok) throw new Error(fit.diagnostics[0]!.message);
    expect(fit.value.inlierCount).toBeGreaterThanOrEqual(158);
    // 160 inliers of 0.5 px noise: the map is known to about 0.5/√160·(a few) at the corners.
    expect(worst(fit.value.matrix, truth)).toBeLessThan(0.8);
  });

  test("inputs are untouched and the same seed gives the same bytes", () => {
    const fixed = cloud(100, 1);
    const moving = applyMatrix3(truth, fixed);
    const before = [Float64Array.from(fixed), Float64Array.from(moving)];
    const once = robustFit(family, fixed, moving, { threshold: 2, random: seededRandom(9) });
    const twice = robustFit(family, fixed, moving, { threshold: 2, random: seededRandom(9) });
    expect(once).toEqual(twice);
    expect([fixed, moving]).toEqual(before);
  });
});

test("too few tie points are a result with a reason", () => {
  const fit = robustFit("affine", new Float64Array(4), new Float64Array(4), { threshold: 3, random: seededRandom(1) });
  expect(!fit.ok && fit.diagnostics[0]!.code).toBe("too-few-matches");
});

test("a second consensus of nearly the same size shows in the rival's score", () => {
  const fixed = cloud(200, 2);
  const moving = applyMatrix3(truths.translation, fixed);
  for (let i = 0; i < 200; i += 2) moving[2 * i] = moving[2 * i]! + 90;
  const fit = robustFit("translation", fixed, moving, { threshold: 3, random: seededRandom(4) });
  expect(fit.ok && fit.value.rivalScore / fit.value.score).toBeGreaterThan(0.9);
});
