import { describe, expect, test } from "vitest";
import { type Grid, pixelGrid } from "../grid.js";
import { logarithm } from "../logarithm.js";
import { type Points, worldPoints } from "../points.js";
import { seededRandom } from "../random.js";
import { apply, identity, invert, sequence, type Transform } from "../transform.js";
import { type Bend, bend } from "./bend.js";

const seeds = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

/** Weights of knots on a lattice that add up to nothing, so that the spline is affine far away: second differences. */
function plate(seed: number, strength: number, affine: readonly number[] = [1, 0.02, 30, -0.03, 1.1, -20]): Bend {
  const random = seededRandom(seed);
  const knots: number[] = [];
  const weights: number[] = [];
  for (let k = 0; k < 12; k++) {
    const [x, y] = [random() * 800, random() * 600];
    const w = [(random() - 0.5) * strength, (random() - 0.5) * strength];
    for (const [at, share] of [
      [-90, 1],
      [0, -2],
      [90, 1],
    ] as const) {
      knots.push(x + at, y + at / 2);
      weights.push(share * w[0]!, share * w[1]!);
    }
  }
  return {
    type: "tps",
    affine: affine as never,
    knots: worldPoints(knots),
    weights: Float64Array.from(weights),
  };
}

const tilted: Grid = { width: 9, height: 7, worldFromPixel: [110, 12, -40, -9, 105, -60], crs: "um" };

function bspline(seed: number, size: number): Bend {
  const random = seededRandom(seed);
  return {
    type: "bspline",
    lattice: tilted,
    coefficients: Float64Array.from({ length: 126 }, () => (random() - 0.5) * size),
  };
}

function field(seed: number, size: number): Bend {
  const random = seededRandom(seed);
  return {
    type: "displacement",
    grid: tilted,
    offsets: Float32Array.from({ length: 126 }, () => (random() - 0.5) * size),
  };
}

const some = (seed: number, count = 300) => {
  const random = seededRandom(seed);
  return worldPoints(Array.from({ length: 2 * count }, (_, i) => random() * (i % 2 ? 500 : 700) + 40));
};

test("the logarithm is right to the last place or so", () => {
  for (let x = 1e-290; x < 1e290; x *= 1.37) {
    const [found, wanted] = [logarithm(x), Math.log(x)];
    expect(Math.abs(found - wanted)).toBeLessThanOrEqual(3e-16 * Math.max(1e-300, Math.abs(wanted)));
  }
  expect(logarithm(1)).toBe(0);
});

test("a thin plate without weights is its affine map, and U(r) = r² log r is added", () => {
  const affine = [2, 1, 5, 0, 3, -1] as const;
  const t: Transform = { type: "tps", affine, knots: worldPoints([10, 0]), weights: Float64Array.of(0.5, -2) };
  const [u, v] = apply(t, worldPoints([13, 4]));
  const U = 25 * Math.log(5);
  expect(u).toBeCloseTo(2 * 13 + 4 + 5 + 0.5 * U, 10);
  expect(v).toBeCloseTo(3 * 4 - 1 - 2 * U, 10);
  expect([...apply(t, worldPoints([10, 0]))]).toEqual([25, -1]); // at the knot itself
});

test("a B-spline with equal coefficients shifts inside, and does nothing far away", () => {
  const t: Transform = { type: "bspline", lattice: pixelGrid(8, 8), coefficients: new Float64Array(128).fill(3) };
  const p = apply(t, worldPoints([3.3, 4.8, 1, 6, -2, 3, 9.01, 3, 100, 100]));
  expect(p[0]).toBeCloseTo(6.3, 12);
  expect(p[1]).toBeCloseTo(7.8, 12);
  expect(p[2]).toBeCloseTo(4, 12);
  expect([...p.subarray(4)]).toEqual([-2, 3, 9.01, 3, 100, 100]);
});

test("a displacement field is linear between pixels, keeps to its area, and its holes are holes", () => {
  const offsets = Float32Array.of(0, 0, 2, 0, 4, 0, 0, 6, 2, 6, Number.NaN, Number.NaN);
  const t: Transform = { type: "displacement", grid: pixelGrid(3, 2), offsets };
  expect([...apply(t, worldPoints([0.5, 0.5]))]).toEqual([1.5, 3.5]);
  expect([...apply(t, worldPoints([-0.5, 1.25, 1, 1, 2, 0]))]).toEqual([-0.5, 7.25, 3, 7, 6, 0]);
  for (const p of [
    [-0.6, 0],
    [2.51, 0],
    [1, 1.6],
    [2, 0.01],
    [1.01, 1],
    [Number.NaN, 1],
  ]) {
    expect([...apply(t, worldPoints(p))]).toEqual([Number.NaN, Number.NaN]);
  }
});

const maps = (seed: number): readonly Bend[] => [
  plate(seed, 2e-3),
  plate(seed, 2e-3, [-1, 0.02, 900, 0.03, 1.1, -20]),
  bspline(seed, 60),
  field(seed, 60),
];

test.each(seeds(6))("derivatives are those of the map (seed %i)", (seed) => {
  for (const t of maps(seed)) {
    const points = some(seed, 40);
    const jets = bend(t, points, true);
    expect(bend(t, points, false)).toEqual(jets.filter((_, i) => i % 6 < 2));
    const h = 1e-4;
    for (let i = 0; i < 40; i++) {
      const [x, y] = [points[2 * i]!, points[2 * i + 1]!];
      const [l, r, a, b] = [
        [x - h, y],
        [x + h, y],
        [x, y - h],
        [x, y + h],
      ].map((p) => bend(t, Float64Array.from(p), false)) as [Float64Array, Float64Array, Float64Array, Float64Array];
      const wanted = [r[0]! - l[0]!, b[0]! - a[0]!, r[1]! - l[1]!, b[1]! - a[1]!].map((d) => d / 2 / h);
      for (const [k, d] of wanted.entries()) expect(Math.abs(jets[6 * i + 2 + k]! - d)).toBeLessThan(1e-4);
    }
  }
});

describe("the inverse of a map that bends", () => {
  test.each(seeds(8))("leads back to within a ten-thousandth of a pixel (seed %i)", (seed) => {
    for (const t of maps(seed)) {
      const points = some(seed);
      const there = apply(t, points);
      const back = apply(invert(t), there);
      for (let i = 0; i < points.length; i++) {
        if (!Number.isNaN(there[i]!)) expect(Math.abs(back[i]! - points[i]!)).toBeLessThan(1e-4);
      }
      expect(there.filter(Number.isNaN).length).toBe(0);
    }
  });

  test("is found far outside of the knots, where the map is affine", () => {
    const t = plate(3, 2e-3);
    const points = worldPoints([1e5, -2e5, -1e4, 1e4, 5e3, 400]);
    const back = apply(invert(t), apply(t, points));
    for (let i = 0; i < 6; i++) expect(Math.abs(back[i]! - points[i]!)).toBeLessThan(1e-3);
  });

  test("is NaN where nothing of a field leads, and takes the unfolded side of a fold", () => {
    const t = field(1, 20);
    expect([...apply(invert(t), worldPoints([-900, 100, 300, 1e6, Number.NaN, 1]))].every(Number.isNaN)).toBe(true);
    // x + 40 sin-like bump that folds: coefficients that fall faster than x rises.
    const lattice = { ...pixelGrid(12, 4), worldFromPixel: [10, 0, 0, 0, 10, 0] as const };
    const coefficients = new Float64Array(96);
    for (let i = 0; i < 48; i++) coefficients[2 * i] = i % 12 === 5 ? 60 : 0;
    const folded: Bend = { type: "bspline", lattice, coefficients };
    const targets = worldPoints(Array.from({ length: 200 }, (_, i) => (i % 2 ? 15 : i * 0.6)));
    const back = apply(invert(folded), targets);
    const jets = bend(folded, back, true);
    let solved = 0;
    for (let i = 0; i < 100; i++) {
      if (Number.isNaN(back[2 * i]!)) continue;
      solved++;
      expect(Math.abs(jets[6 * i]! - targets[2 * i]!)).toBeLessThan(1e-5);
      expect(jets[6 * i + 2]! * jets[6 * i + 5]! - jets[6 * i + 3]! * jets[6 * i + 4]!).toBeGreaterThan(0);
    }
    expect(solved).toBeGreaterThan(90); // next to the folds there is none that can be told apart
  });

  test("of a chain runs it backwards", () => {
    const chain = sequence(
      identity,
      plate(2, 2e-3),
      { type: "affine", matrix: [0.9, 0.1, 5, -0.1, 0.9, 3] },
      bspline(4, 30),
    );
    const points = some(9);
    const back = apply({ type: "inverse", of: chain }, apply(chain, points));
    for (let i = 0; i < points.length; i++) expect(Math.abs(back[i]! - points[i]!)).toBeLessThan(1e-4);
  });

  test("of one point does not depend on the points beside it", () => {
    for (const t of maps(5)) {
      const targets = apply(t, some(5, 50));
      const all = apply(invert(t), targets);
      for (let i = 0; i < 100; i += 2) {
        expect(apply(invert(t), targets.slice(i, i + 2) as Points<"world">)).toEqual(all.slice(i, i + 2));
      }
    }
  });
});
