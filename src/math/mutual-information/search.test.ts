import { expect, test } from "vitest";
import { project, texturedScene } from "../../../test/support/scene.js";
import { invertMatrix3, type Matrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { mapDistance } from "../intensity/map-distance.js";
import { emptyPlane, type Plane } from "../plane.js";
import { seededRandom } from "../random.js";
import { registerMutualInformation } from "./register.js";
import { searchMutualInformation } from "./search.js";

const side = 256;
const scene = texturedScene(17);

function render(arena: Arena, sceneFromPixel: Matrix3, change: (v: number) => number, seed: number): Plane {
  const plane = emptyPlane(arena, side, side);
  const random = seededRandom(seed);
  const out = arena.f32(plane.at, plane.stride * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [u, v] = project(sceneFromPixel, x, y);
      // Wider than the scene's own texture: what is left of it at a coarse level must still tell places apart.
      out[y * plane.stride + x] = change(scene.at(u / 2, v / 2)) + 6 * (random() - 0.5);
    }
  }
  return plane;
}

const IDENTITY: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const otherwise = (v: number): number => 40 + 0.009 * (v - 150) ** 2;
const search = (random: () => number) =>
  ({ rotation: Math.PI, scale: [0.7, 1.35], shift: 0.12, family: "affine", random }) as const;

/** A turn and a change of scale about the middle, and a shift. */
function about(degrees: number, factor: number, x: number, y: number): Matrix3 {
  const [a, m] = [(degrees * Math.PI) / 180, (side - 1) / 2];
  const [c, s] = [factor * Math.cos(a), factor * Math.sin(a)];
  return [c, -s, m - c * m + s * m + x, s, c, m - s * m - c * m + y, 0, 0, 1];
}

test.each([
  [90, 1, 0, 0],
  [-90, 1, 0, 0],
  [180, 1, 0, 0],
  [33, 1, 10, -8],
  [0, 0.7, 0, 0],
  [0, 1.35, 0, 0],
  [0, 1, 28, 11],
])("finds %f degrees, a factor of %f and a shift by (%f, %f) pixels between different intensities", (...pose) => {
  using arena = kernels().arena();
  const truth = about(...pose);
  const fixed = render(arena, IDENTITY, (v) => v, 1);
  const moving = render(arena, invertMatrix3(truth), otherwise, 2);
  const random = seededRandom(5);
  const [best, second] = searchMutualInformation(arena, fixed, moving, search(random));
  expect(mapDistance(best!.movingFromFixed, truth, side, side)).toBeLessThan(4);
  expect(best!.distance).toBe(0);
  expect(best!.overlap).toBeGreaterThan(0.35);
  if (second) {
    expect(second.distance).toBeGreaterThan(4);
    expect(second.information - 1).toBeLessThan(0.8 * (best!.information - 1));
  }
  const start = best!.movingFromFixed;
  const fit = registerMutualInformation(arena, fixed, moving, { family: "affine", metric: "mattes", random, start });
  expect(mapDistance(fit.movingFromFixed, truth, side, side)).toBeLessThan(0.1);
  expect(fit.converged).toBe(true);
});

test("the same seed finds the same starts, and nothing stays in memory", () => {
  using arena = kernels().arena();
  const fixed = render(arena, IDENTITY, (v) => v, 1);
  const moving = render(arena, about(20, 1, 3, 4), otherwise, 2);
  const { used } = kernels().heap;
  const run = () => searchMutualInformation(arena, fixed, moving, { ...search(seededRandom(9)), rotation: 0.5 });
  expect(run()).toEqual(run());
  expect(kernels().heap.used).toBe(used);
});

test("where there is nothing to compare there is no start", () => {
  using arena = kernels().arena();
  const plain = render(arena, IDENTITY, (v) => v, 1);
  const flat = emptyPlane(arena, side, side);
  for (const value of [7, Number.NaN]) {
    arena.f32(flat.at, flat.stride * side).fill(value);
    expect(searchMutualInformation(arena, plain, flat, search(seededRandom(1)))).toEqual([]);
    expect(searchMutualInformation(arena, flat, plain, search(seededRandom(1)))).toEqual([]);
  }
  for (const [w, h] of [
    [1, 1],
    [3, 90],
    [9, 9],
  ] as const) {
    const small = emptyPlane(arena, w, h);
    arena.f32(small.at, small.stride * h).fill(5);
    expect(searchMutualInformation(arena, small, plain, search(seededRandom(1)))).toEqual([]);
    expect(searchMutualInformation(arena, plain, small, search(seededRandom(1)))).toEqual([]);
  }
});
