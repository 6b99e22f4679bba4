import { expect, test } from "vitest";
import { type Grid, pixelGrid } from "../../core/grid.js";
import { worldPoints } from "../../core/points.js";
import { seededRandom } from "../../core/random.js";
import { apply, invert, sequence, type Transform } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import { mapPoints } from "../map-points.js";
import { blockPositions, pixelMapping } from "../positions.js";
import { jacobianImage, jacobianMetrics } from "./jacobian.js";
import { roundTrip } from "./round-trip.js";
import { thinPlateSmoother } from "./thin-plate-smoother.js";

const [width, height] = [210, 170];
const grid = pixelGrid(width, height);

function tps(seed: number): Transform {
  using arena = kernels().arena();
  const random = seededRandom(seed);
  const places = Float64Array.from({ length: 50 }, (_, i) => random() * (i % 2 ? height : width));
  const values = places.map(
    (v, i) => v + 4 * Math.sin(places[i & ~1]! / 40 + (i & 1)) * Math.cos(places[i | 1]! / 50) + 0.3 * random(),
  );
  const made = thinPlateSmoother(arena, places, new Float64Array(25).fill(1));
  if (!made.ok) throw new Error();
  return made.value.solve(values, 0).transform;
}

function bspline(seed: number): Transform {
  const random = seededRandom(seed);
  const lattice: Grid = { width: 10, height: 9, worldFromPixel: [33, 2, -44, -2, 33, -40], crs: "px" };
  return { type: "bspline", lattice, coefficients: Float64Array.from({ length: 180 }, () => 14 * (random() - 0.5)) };
}

/** A field on a coarse grid that covers the image, edges included, and no more. */
function displacement(seed: number): Transform {
  const random = seededRandom(seed);
  const field: Grid = { width: 21, height: 17, worldFromPixel: [10, 0, 4.5, 0, 10, 4.5], crs: "px" };
  const phase = 6 * random();
  const offsets = Float32Array.from({ length: 2 * 21 * 17 }, (_, k) => {
    const [i, j] = [(k >> 1) % 21, Math.floor((k >> 1) / 21)];
    return 5 * Math.sin(i / 4 + phase + (k & 1)) * Math.cos(j / 5);
  });
  return { type: "displacement", grid: field, offsets };
}

const affine: Transform = { type: "affine", matrix: [0.9, 0.25, 10, -0.2, 1.05, 20] };
const cases: Record<string, (seed: number) => Transform> = {
  tps,
  bspline,
  displacement,
  "affine, bspline, tps": (seed) => sequence(affine, bspline(seed), tps(seed)),
  "displacement, affine, bspline": (seed) => sequence(displacement(seed), affine, bspline(seed)),
  "inverses within a chain": (seed) => sequence(invert(tps(seed)), affine, invert(bspline(seed))),
};

/** Every second pixel, all of the rim, and the outer corners. */
const places = worldPoints([
  ...Array.from({ length: width * height }, (_, i) => [i % width, Math.floor(i / width)] as const)
    .filter(([x, y]) => (x % 2 === 0 && y % 2 === 0) || x === 0 || y === 0 || x === width - 1 || y === height - 1)
    .flat(),
  ...[-0.499, -0.499, width - 0.501, -0.499, -0.499, height - 0.501, width - 0.501, height - 0.501],
]);

test.each(Object.keys(cases))("%s and back ends where it began, all over the image and on its rim", (name) => {
  for (const seed of [1, 2]) {
    const transform = cases[name]!(seed);
    const there = mapPoints(transform, places);
    const back = mapPoints(invert(transform), there);
    let worst = 0;
    expect(there.some(Number.isNaN)).toBe(false);
    for (let i = 0; i < places.length; i += 2) {
      worst = Math.max(worst, Math.hypot(back[i]! - places[i]!, back[i + 1]! - places[i + 1]!));
    }
    expect(worst).toBeLessThan(1e-5); // a thousandth of what is asked; NaN fails too
    const told = roundTrip(transform, grid);
    expect(told.worst).toBeLessThan(1e-5);
    expect(told.lost).toBe(0);
    expect(jacobianMetrics(transform, grid)["inverse-error"]!.value).toBe(told.worst);
  }
});

test.each(Object.keys(cases))("pixels go through the reverse of %s to 0.01 px, and to nowhere outside", (name) => {
  const transform = cases[name]!(1);
  for (const [way, home] of [
    [transform, invert(transform)],
    [invert(transform), transform],
  ] as const) {
    using arena = kernels().arena();
    const at = blockPositions(arena, pixelMapping(way, grid, grid), { x: 0, y: 0, width, height });
    const found = worldPoints(arena.f64(at, 2 * width * height));
    const pixels = worldPoints(
      Array.from({ length: 2 * width * height }, (_, i) => (i & 1 ? Math.floor(i / 2 / width) : (i >> 1) % width)),
    );
    const exact = mapPoints(way, pixels);
    const back = mapPoints(home, found);
    let worst = 0;
    let [unknown, wrong] = [0, 0];
    for (let i = 0; i < found.length; i += 2) {
      // What the map does not know has no position, and nothing else is without one.
      if (Number.isNaN(exact[i]!)) unknown++;
      if (Number.isNaN(found[i]!) !== Number.isNaN(exact[i]!)) wrong++;
      if (Number.isNaN(found[i]!) || Number.isNaN(back[i]!)) continue;
      worst = Math.max(worst, Math.hypot(back[i]! - pixels[i]!, back[i + 1]! - pixels[i + 1]!));
    }
    expect(wrong).toBe(0);
    expect(unknown).toBeLessThan(0.2 * width * height);
    expect(worst).toBeLessThan(0.01);
  }
});

test("outside of a field there is no position, nor a way back", () => {
  const field = displacement(1);
  const outside = worldPoints([-0.6, 20, 20, -0.6, width - 0.4, 20, 20, height - 0.4]);
  expect([...apply(field, outside)].every(Number.isNaN)).toBe(true);
  const far = worldPoints([-40, 20, 20, -40, width + 40, 20, 20, height + 40]);
  expect([...apply(invert(field), far)].every(Number.isNaN)).toBe(true);
});

test("a fold has places without a way back", () => {
  const lattice: Grid = { width: 10, height: 9, worldFromPixel: [30, 0, -30, 0, 30, -30], crs: "px" };
  const coefficients = new Float64Array(180);
  coefficients[2 * (4 * 10 + 4)] = 150;
  const told = roundTrip({ type: "bspline", lattice, coefficients }, grid);
  expect(told.lost + (told.worst > 1 ? 1 : 0)).toBeGreaterThan(0);
  expect(jacobianMetrics({ type: "bspline", lattice, coefficients }, grid).folded!.value).toBeGreaterThan(0);
});

test("the Jacobian of a chain is the product of those of its steps, and areas add up", async () => {
  // x + a x² / 2 in the middle of a B-spline whose coefficients are a parabola: J is 1 + a x there, in closed form.
  const lattice: Grid = { width: 40, height: 40, worldFromPixel: [10, 0, -90, 0, 10, -90], crs: "px" };
  const a = 0.002;
  const coefficients = new Float64Array(2 * 40 * 40);
  for (let i = 0; i < 1600; i++) {
    const x = (i % 40) * 10 - 90;
    // A spline of coefficients c(x) = x² gives x² + h²/3: a constant more, which no derivative sees.
    coefficients[2 * i] = (a / 2) * x * x;
  }
  const parabola: Transform = { type: "bspline", lattice, coefficients };
  const chain = sequence(affine, parabola, { type: "affine", matrix: [2, 0, 0, 1, 1.5, 0] });
  const { data } = await jacobianImage(chain, grid).read({ x: 0, y: 0, width, height });
  let folded = 0;
  const [p, q, r] = [0.9, 0.25, 10];
  const determinant = (0.9 * 1.05 + 0.25 * 0.2) * (2 * 1.5);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const wanted = (1 + a * (p * x + q * y + r)) * determinant;
      expect(Math.abs(data[y * width + x]! / wanted - 1)).toBeLessThan(0.01); // what it promises
      if (data[y * width + x]! <= 0) folded++;
    }
  expect(folded).toBe(0);
  // The same with a = -0.02 folds where x > 50 after the affine part: a share known in closed form.
  const folding: Transform = { type: "bspline", lattice, coefficients: coefficients.map((c) => -10 * c) };
  const found = jacobianMetrics(sequence(affine, folding), grid).folded!.value;
  let beyond = 0;
  for (let k = 0; k < 200 * 200; k++) {
    const [x, y] = [(((k % 200) + 0.5) / 200) * width - 0.5, ((Math.floor(k / 200) + 0.5) / 200) * height - 0.5];
    if (p * x + q * y + r > 50) beyond++;
  }
  expect(jacobianMetrics(chain, grid).folded!.value).toBe(0);
  // Most of the image lies behind the fold, which then counts as the unfolded side.
  expect(Math.abs(Math.max(found, 100 - found) - (100 * beyond) / 40_000)).toBeLessThan(1.5);
});
