import { describe, expect, test } from "vitest";
import { seededRandom } from "../math/random.js";
import { coarsen, composeAffine, cropGrid, type Grid, invertAffine, spacing, toPixel, toWorld } from "./grid.js";
import { type Points, pixelPoints, worldPoints } from "./points.js";
import {
  apply,
  asMatrix3,
  identity,
  invert,
  invertMatrix3,
  multiplyMatrix3,
  sequence,
  type Transform,
} from "./transform.js";

const seeds = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

function arbitrary(seed: number) {
  const random = seededRandom(seed * 7919);
  const within = (low: number, high: number) => low + (high - low) * random();
  const affine = (): Transform => {
    const scale = within(0.3, 3);
    const c = within(-1, 1);
    const s = Math.sqrt(1 - c * c) * (random() < 0.5 ? -1 : 1);
    const shear = within(-0.3, 0.3);
    return {
      type: "affine",
      matrix: [scale * c, scale * (shear - s), within(-500, 500), scale * s, scale * (c + shear), within(-500, 500)],
    };
  };
  const projective = (): Transform => ({
    type: "projective",
    matrix: [
      within(0.8, 1.2),
      within(-0.2, 0.2),
      within(-100, 100),
      within(-0.2, 0.2),
      within(0.8, 1.2),
      within(-100, 100),
      within(-2e-4, 2e-4),
      within(-2e-4, 2e-4),
      1,
    ],
  });
  const points = worldPoints(Array.from({ length: 20 }, () => within(0, 800)));
  const grid: Grid = {
    width: 1 + Math.floor(within(0, 500)),
    height: 1 + Math.floor(within(0, 500)),
    worldFromPixel: [
      within(0.1, 2),
      within(-0.5, 0.5),
      within(-1e5, 1e5),
      within(-0.5, 0.5),
      -within(0.1, 2),
      within(-1e5, 1e5),
    ],
    crs: "um",
  };
  return { affine, projective, points, grid, random };
}

/** Largest distance between two sets of points. */
function apart(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, v, i) => (Math.abs(v - b[i]!) <= most ? most : Math.abs(v - b[i]!)), 0);
}

describe("transforms", () => {
  test.each(seeds(50))("a transform and its inverse cancel out (seed %i)", (seed) => {
    const { affine, projective, points } = arbitrary(seed);
    for (const t of [affine(), projective(), sequence(affine(), projective(), affine())]) {
      const there = apply(t, points);
      if (!there.every(Number.isFinite)) continue; // beyond the horizon
      expect(apart(apply(invert(t), there), points)).toBeLessThan(1e-6);
      expect(apart(apply({ type: "inverse", of: t }, there), points)).toBeLessThan(1e-6);
    }
  });

  test.each(seeds(50))("a sequence does what its steps do, first to last, and is one matrix (seed %i)", (seed) => {
    const { affine, projective, points } = arbitrary(seed);
    const [a, b, c] = [affine(), projective(), affine()];
    const stepwise = apply(c, apply(b, apply(a, points)));
    const chain = sequence(a, sequence(b, c));
    const matrix = asMatrix3(chain)!;
    for (let i = 0; i < points.length; i += 2) {
      if (!Number.isFinite(stepwise[i]!)) continue;
      const at = points.slice(i, i + 2) as Points<"world">;
      const want = stepwise.slice(i, i + 2);
      const size = 1 + Math.abs(want[0]!) + Math.abs(want[1]!);
      expect(apart(apply(chain, at), want) / size).toBeLessThan(1e-9);
      expect(apart(apply({ type: "projective", matrix }, at), want) / size).toBeLessThan(1e-6);
    }
  });

  test.each(seeds(20))("a matrix times its inverse is the identity (seed %i)", (seed) => {
    const m = asMatrix3(arbitrary(seed).projective())!;
    const product = multiplyMatrix3(m, invertMatrix3(m));
    expect(apart(Float64Array.from(product), Float64Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1]))).toBeLessThan(1e-9);
  });

  test("a map whose origin lies behind the horizon maps what lies before it, both ways", () => {
    const t: Transform = { type: "projective", matrix: [1, 0, 0, 0, 1, 0, 0.01, 0, -1] };
    const points = worldPoints([200, 50, 300, -20]);
    const there = apply(t, points);
    expect(there.every(Number.isFinite)).toBe(true);
    expect(apart(apply(invert(t), there), points)).toBeLessThan(1e-9);
    expect([...apply(t, worldPoints([0, 0]))]).toEqual([Number.NaN, Number.NaN]);
  });

  test("the identity changes nothing, and inputs are untouched", () => {
    const points = worldPoints([1, 2, 3, 4]);
    const out = apply(sequence(identity, invert(identity)), points);
    expect([...out]).toEqual([1, 2, 3, 4]);
    expect(out).not.toBe(points);
  });
});

describe("grids", () => {
  test.each(seeds(30))("pixels go to the world and back (seed %i)", (seed) => {
    const { grid, random } = arbitrary(seed);
    const pixels = pixelPoints(Array.from({ length: 16 }, () => random() * 500 - 50));
    expect(apart(toPixel(grid, toWorld(grid, pixels)), pixels)).toBeLessThan(1e-6);
  });

  test.each(seeds(30))("coarsening keeps the world: a block's middle stays where it is (seed %i)", (seed) => {
    const { grid, random } = arbitrary(seed);
    const factor = 1 + Math.floor(random() * 7);
    const coarse = coarsen(grid, factor);
    const [x, y] = [Math.floor(random() * 40), Math.floor(random() * 40)];
    const middle = (k: number) => factor * k + (factor - 1) / 2;
    const fromCoarse = toWorld(coarse, pixelPoints([x, y]));
    expect(apart(fromCoarse, toWorld(grid, pixelPoints([middle(x), middle(y)])))).toBeLessThan(1e-6);
    expect(coarse.width * factor).toBeGreaterThanOrEqual(grid.width);
    expect((coarse.width - 1) * factor).toBeLessThan(grid.width);
    expect(spacing(coarse)).toBeCloseTo(factor * spacing(grid), 9);
  });

  test.each(seeds(20))("coarsening twice is coarsening by the product (seed %i)", (seed) => {
    const { grid } = arbitrary(seed);
    const twice = coarsen(coarsen(grid, 2), 3);
    const once = coarsen(grid, 6);
    expect(apart(Float64Array.from(twice.worldFromPixel), Float64Array.from(once.worldFromPixel))).toBeLessThan(1e-6);
  });

  test.each(seeds(20))("a crop keeps the world (seed %i)", (seed) => {
    const { grid, random } = arbitrary(seed);
    const [x, y] = [Math.floor(random() * 50), Math.floor(random() * 50)];
    const crop = cropGrid(grid, { x, y, width: 7, height: 9 });
    const a = toWorld(crop, pixelPoints([3, 4]));
    expect(apart(a, toWorld(grid, pixelPoints([x + 3, y + 4])))).toBeLessThan(1e-6);
    expect([crop.width, crop.height]).toEqual([7, 9]);
  });

  test.each(seeds(20))("composing with the inverse is the identity (seed %i)", (seed) => {
    const m = arbitrary(seed).grid.worldFromPixel;
    const product = composeAffine(m, invertAffine(m));
    expect(apart(Float64Array.from(product), Float64Array.from([1, 0, 0, 0, 1, 0]))).toBeLessThan(1e-6);
  });
});
