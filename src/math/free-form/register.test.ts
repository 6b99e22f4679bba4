import { describe, expect, test } from "vitest";
import { texturedScene } from "../../../test/support/scene.js";
import { controlLatticeAt } from "../../core/bending/control-lattice.js";
import { pixelGrid } from "../../core/grid.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { emptyPlane, type Plane } from "../plane.js";
import { seededRandom } from "../random.js";
import {
  type FreeFormFit,
  freePrepared,
  prepareFreeForm,
  registerFreeForm,
  registerPreparedFreeForm,
} from "./register.js";

const scene = texturedScene(31);
type Field = (x: number, y: number) => readonly [number, number];

interface Look {
  readonly size?: readonly [number, number];
  readonly noise?: number;
  readonly seed?: number;
  /** What is seen in place of a value. */
  readonly change?: (value: number, x: number, y: number) => number;
}

/** The scene as seen at x + u(x). */
function render(
  arena: Arena,
  field: Field,
  { size = [160, 140], noise = 1, seed = 1, change = (v) => v }: Look = {},
): Plane {
  const plane = emptyPlane(arena, ...size);
  const random = seededRandom(seed);
  const out = arena.f32(plane.at, plane.stride * plane.height);
  for (let y = 0; y < plane.height; y++) {
    for (let x = 0; x < plane.width; x++) {
      const [u, v] = field(x, y);
      const value = scene.at(x + u, y + v) + 2 * noise * (random() + random() + random() - 1.5);
      out[y * plane.stride + x] = change(value, x, y);
    }
  }
  return plane;
}

const still: Field = () => [0, 0];
const wave =
  (size: number): Field =>
  (x, y) => [
    size * Math.sin(0.045 * y + 0.4) + 0.3 * size * Math.cos(0.05 * x),
    size * Math.cos(0.04 * x) - 0.4 * size * Math.sin(0.035 * (x + y)),
  ];

/** Displacement that a fit says at a place, by the transform's own meaning. */
function displacements({ lattice, coefficients }: FreeFormFit, places: Float64Array): Float64Array {
  const grid = {
    ...pixelGrid(lattice.columns, lattice.rows),
    worldFromPixel: [lattice.spacing, 0, lattice.origin[0], 0, lattice.spacing, lattice.origin[1]] as const,
  };
  return controlLatticeAt({ lattice: grid, coefficients }, places, false).map((v, i) => v - places[i]!);
}

/**
 * Mean distance between what was found and what brings the moving picture onto the fixed one. Where moving shows the scene at
 * x + f(x), that is u with u(x) + f(x + u(x)) = 0.
 */
function errorOf(fit: FreeFormFit, f: Field, [width, height] = [160, 140] as const, margin = 16): number {
  const places: number[] = [];
  for (let y = margin; y < height - margin; y += 5) for (let x = margin; x < width - margin; x += 5) places.push(x, y);
  const found = displacements(fit, Float64Array.from(places));
  let sum = 0;
  for (let i = 0; i < places.length; i += 2) {
    let [u, v] = [0, 0];
    for (let k = 0; k < 60; k++) {
      const [a, b] = f(places[i]! + u, places[i + 1]! + v);
      [u, v] = [-a, -b];
    }
    sum += Math.hypot(found[i]! - u, found[i + 1]! - v);
  }
  return sum / (places.length / 2);
}

const pair = (arena: Arena, size: number, look: Look = {}) =>
  [render(arena, still), render(arena, wave(size), { seed: 2, ...look })] as const;

describe("registration by a control lattice", () => {
  test.each([
    ["standard", 0.07],
    ["fast", 0.1],
  ] as const)("finds a smooth field of up to 4 pixels (%s)", (effort, bound) => {
    using arena = kernels().arena();
    const fit = registerFreeForm(arena, ...pair(arena, 3), { metric: "ssd", spacing: 24, effort });
    expect(errorOf(fit, wave(3))).toBeLessThan(bound);
    expect(fit.measureAfter).toBeLessThan(0.05 * fit.measureBefore);
    expect(fit.leastJacobian).toBeGreaterThan(0.5);
    expect(fit.overlap).toBeGreaterThan(0.85);
    expect(fit.lattice).toMatchObject({ spacing: 24, origin: [-24, -24] });
    expect(fit.coefficients.length).toBe(2 * fit.lattice.columns * fit.lattice.rows);
    expect(fit.steps.at(-1)!.level).toBe(0);
    expect(fit.steps.length).toBe(fit.iterations);
  });

  test("another gain and offset change nothing", () => {
    using arena = kernels().arena();
    const [fixed, moving] = pair(arena, 3, { change: (v) => 900 - 0.4 * v });
    const upside = render(arena, still, { change: (v) => 10 - 3 * v });
    const fit = registerFreeForm(arena, upside, moving, { metric: "ssd", spacing: 24 });
    expect(errorOf(fit, wave(3))).toBeLessThan(0.07);
    expect(registerFreeForm(arena, fixed, fixed, { metric: "ssd", spacing: 24 }).measureAfter).toBeLessThan(1e-6);
  });

  test("light that changes from place to place: local correlation holds", () => {
    using arena = kernels().arena();
    const shade = (v: number, x: number, y: number) => v * (1 + 0.4 * Math.sin(x / 30) * Math.cos(y / 40)) + 0.3 * x;
    const [fixed, moving] = pair(arena, 2, { change: shade });
    const error = (metric: "ssd" | "ncc") => {
      const fit = registerFreeForm(arena, fixed, moving, { metric, spacing: 24 });
      if (metric === "ncc") expect(fit.measureAfter).toBeGreaterThan(0.9);
      return errorOf(fit, wave(2));
    };
    expect(error("ncc")).toBeLessThan(0.1);
    expect(error("ncc")).toBeLessThan(0.3 * error("ssd"));
  });

  test("brightness that goes another way, and not one way only: mutual information", () => {
    using arena = kernels().arena();
    const [fixed, moving] = pair(arena, 2, { change: (v) => 120 + 90 * Math.cos(v / 45) });
    const fit = registerFreeForm(arena, fixed, moving, { metric: "mutual-information", spacing: 32 });
    expect(errorOf(fit, wave(2))).toBeLessThan(0.15);
    expect(fit.measureAfter).toBeGreaterThan(fit.measureBefore + 0.2);
    expect(fit.overlap).toBeGreaterThan(0.85);
  });

  test("many moving planes against one that was prepared: the same, and nothing stays in memory", () => {
    using arena = kernels().arena();
    const [fixed, moving] = pair(arena, 2);
    for (const metric of ["ssd", "ncc", "mutual-information"] as const) {
      const alone = registerFreeForm(arena, fixed, moving, { metric, spacing: 24 });
      const { used: before } = kernels().heap;
      const prepared = prepareFreeForm(arena, fixed, { metric, spacing: 24 });
      const { used } = kernels().heap;
      for (let i = 0; i < 2; i++) expect(registerPreparedFreeForm(prepared, moving)).toEqual(alone);
      expect(kernels().heap.used).toBe(used);
      freePrepared(prepared);
      expect(kernels().heap.used).toBe(before);
    }
  });

  test("a displacement goes on smoothly where there is nothing to see", () => {
    using arena = kernels().arena();
    // A sky that gets brighter downwards, over the upper half.
    const sky = (v: number, _: number, y: number) => (y < 70 ? 200 + 0.2 * y : v);
    const fixed = render(arena, still, { change: sky });
    const moving = render(arena, () => [2, -1], { change: sky, seed: 2 });
    const fit = registerFreeForm(arena, fixed, moving, { metric: "ssd", spacing: 16 });
    const found = displacements(fit, Float64Array.from([20, 10, 80, 10, 140, 10, 80, 40]));
    for (const v of found) expect(Math.abs(v)).toBeLessThan(4);
  });

  test("what is not observed does not count", () => {
    using arena = kernels().arena();
    const other = texturedScene(99);
    const paste = (hidden: boolean) => (v: number, x: number, y: number) =>
      x < 40 || (x - 110) ** 2 + (y - 60) ** 2 < 300 ? (hidden ? Number.NaN : other.at(x, y)) : v;
    const error = (hidden: boolean) => {
      const fixed = render(arena, still, { change: paste(hidden) });
      const moving = render(arena, wave(2), { change: paste(hidden), seed: 2 });
      const fit = registerFreeForm(arena, fixed, moving, { metric: "ssd", spacing: 24 });
      expect(fit.coefficients.every(Number.isFinite)).toBe(true);
      return errorOf(fit, wave(2), [160, 140], 50);
    };
    expect(error(true)).toBeLessThan(0.1);
    expect(error(false)).toBeGreaterThan(0.15);
  });

  test("never folds, whatever is shown", () => {
    using arena = kernels().arena();
    const fixed = render(arena, still);
    const shuffled = render(arena, (x, y) => [25 * Math.sin(y * 0.2), 25 * Math.sin(x * 0.23)], { seed: 2 });
    const noise = render(arena, still, { noise: 200, seed: 3 });
    const wrong = render(arena, () => [500, 300], { seed: 4 });
    for (const moving of [shuffled, noise, wrong]) {
      for (const [spacing, bending] of [
        [8, 1e-5],
        [16, 1e-3],
      ] as const) {
        for (const metric of ["ssd", "ncc", "mutual-information"] as const) {
          const fit = registerFreeForm(arena, fixed, moving, { metric, spacing, bending });
          expect(fit.leastJacobian).toBeGreaterThan(0);
          expect(fit.coefficients.every(Number.isFinite)).toBe(true);
        }
      }
    }
  });

  test("memory is given back", () => {
    using arena = kernels().arena();
    const planes = pair(arena, 2);
    const { used } = kernels().heap;
    registerFreeForm(arena, ...planes, { metric: "ssd", spacing: 16 });
    expect(kernels().heap.used).toBe(used);
  });
});

describe("planes that say nothing", () => {
  test.each([
    ["constant", (): number => 7],
    ["constant and no round number", (): number => 1234567.1],
    ["never observed", (): number => Number.NaN],
    ["observed in a single pixel", (_: number, x: number, y: number) => (x === 70 && y === 70 ? 5 : Number.NaN)],
  ] as const)("%s: no displacement, and not converged", (_, change) => {
    using arena = kernels().arena();
    const plain = render(arena, still);
    const bad = render(arena, still, { change });
    for (const [fixed, moving] of [[plain, bad] as const, [bad, plain] as const, [bad, bad] as const]) {
      for (const metric of ["ssd", "ncc", "mutual-information"] as const) {
        const fit = registerFreeForm(arena, fixed, moving, { metric, spacing: 24 });
        expect(fit.converged).toBe(false);
        expect(fit.coefficients.every((v) => Math.abs(v) < 1e-9)).toBe(true);
        for (const v of [fit.measureBefore, fit.measureAfter, fit.leastJacobian, fit.overlap])
          expect(Number.isFinite(v)).toBe(true);
      }
    }
  });

  test.each([
    [1, 1],
    [2, 2],
    [3, 150],
    [150, 3],
    [9, 9],
    [33, 65],
  ])("planes of %i x %i pixels do no harm", (w, h) => {
    using arena = kernels().arena();
    const [fixed, moving] = [still, wave(1)].map((f, i) => render(arena, f, { size: [w, h], seed: i }));
    for (const spacing of [0.01, 3, 24.7, 1e9]) {
      for (const metric of ["ssd", "ncc", "mutual-information"] as const) {
        const fit = registerFreeForm(arena, fixed!, moving!, { metric, spacing });
        for (const v of [...fit.coefficients, fit.measureBefore, fit.measureAfter, fit.overlap])
          expect(Number.isFinite(v)).toBe(true);
        expect(fit.leastJacobian).toBeGreaterThan(0);
      }
    }
  });
});
