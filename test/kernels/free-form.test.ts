import { expect, test } from "vitest";
import { attachKernels, kernels, shareKernels } from "../../src/kernel/lane.js";
import type { Arena } from "../../src/kernel/memory.js";
import { dataMatrix } from "../../src/math/free-form/data-matrix.js";
import { latticeOver } from "../../src/math/free-form/lattice.js";
import { locallyNormalised } from "../../src/math/free-form/local-contrast.js";
import { normalMatrix } from "../../src/math/free-form/normal.js";
import { registerFreeForm } from "../../src/math/free-form/register.js";
import { pullAt } from "../../src/math/free-form/sums.js";
import { levelTables } from "../../src/math/free-form/tables.js";
import { type View, viewOf } from "../../src/math/free-form/view.js";
import { emptyPlane, type Plane as KernelPlane } from "../../src/math/plane.js";
import { seededRandom } from "../../src/math/random.js";
import {
  bendingSlowly,
  localContrastSlowly,
  matrixSlowly,
  pullSlowly,
  type SlowLattice,
} from "../reference/free-form.js";
import { doubles, maxDifference, noise, type Plane } from "../reference/plane.js";
import { attachHelpers, canHelp, endHelpers } from "../support/lanes.js";
import { texturedScene } from "../support/scene.js";

endHelpers();

function put(arena: Arena, p: Plane): KernelPlane {
  const plane = emptyPlane(arena, p.width, p.height);
  const rows = arena.f32(plane.at, plane.stride * p.height);
  rows.fill(Number.NaN); // what lies beyond a row's end must not matter
  for (let y = 0; y < p.height; y++) rows.set(p.data.subarray(y * p.width, (y + 1) * p.width), y * plane.stride);
  return plane;
}

const AS_IT_IS = { sigma: 0, pivot: 0, scale: 1, radius: 0 };

function slowLattice(width: number, height: number, spacing: number, size: number, seed = 7): SlowLattice {
  const { columns, rows } = latticeOver(width, height, spacing);
  const random = seededRandom(seed);
  const coefficients = Float64Array.from({ length: 2 * columns * rows }, () => size * (2 * random() - 1));
  return { columns, rows, spacing, coefficients };
}

const near = (found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number) => {
  expect(found.length).toBe(wanted.length);
  let size = 0;
  let most = 0;
  for (let i = 0; i < wanted.length; i++) {
    size = Math.max(size, Math.abs(wanted[i]!));
    most = Math.max(most, Math.abs(found[i]! - wanted[i]!));
    if (Number.isNaN(found[i]!)) most = Number.POSITIVE_INFINITY;
  }
  expect(most / size).toBeLessThan(tolerance);
};

test.each([
  ["a spacing of 9", 43, 39, 9, 1, 0, 3],
  ["holes", 43, 39, 9, 1, 0.04, 3],
  ["every second row", 50, 41, 16, 2, 0, 3],
  ["a spacing that is no whole number", 37, 30, 7.3, 1, 0.02, 2],
  ["a spacing wider than the plane", 21, 17, 40, 1, 0, 2],
  ["cells of two pixels", 18, 13, 2, 1, 0, 1],
  ["displacements far beyond the plane", 33, 29, 8, 1, 0, 60],
  ["three by three pixels", 3, 3, 2, 1, 0, 0.5],
] as const)(
  "what pixels pull at the lattice agrees with the slow twin: %s",
  (_, w, h, spacing, rowStep, holes, size) => {
    using arena = kernels().arena();
    const fixed = noise(5, w, h, { low: -1, high: 1, holes });
    const moving = noise(6, w, h, { low: -1, high: 1, holes });
    const lattice = slowLattice(w, h, spacing, size);
    const [f, m] = [put(arena, fixed), put(arena, moving)];
    const shape = latticeOver(w, h, spacing);
    const geometry = { level: 0, lattice: shape, tables: levelTables(arena, f, 0, w, h, shape) };
    const [fixedView, movingView] = [f, m].map((p) => viewOf(arena, p, AS_IT_IS)) as [View, View];
    const how = { rowStep, gain: 0.8, offset: 0.1 };
    const found = pullAt(arena, fixedView, movingView, geometry, lattice.coefficients, how);
    const slow = pullSlowly(fixed, moving, lattice, rowStep, 0.8, 0.1);
    expect(found.moments.pixels).toBe(slow.moments[0]);
    if (slow.moments[0]! > 0) near(found.right, slow.right, 3e-5);
    const [n, sf, sm, ff, fm] = slow.moments as unknown as number[];
    if (n === 0) return;
    expect(found.moments.fixedMean).toBeCloseTo(sf! / n!, 5);
    expect(found.moments.fixedVariance).toBeCloseTo(ff! / n! - (sf! / n!) ** 2, 5);
    expect(found.moments.covariance).toBeCloseTo(fm! / n! - (sf! * sm!) / n! ** 2, 5);
  },
);

test.each([
  ["in one piece", 43, 39, 9, 1, 0.03],
  ["wider than high", 60, 22, 7, 1, 0],
  ["higher than wide", 20, 50, 6.5, 2, 0],
  ["with cells of two pixels, many without data", 15, 12, 2, 1, 0.2],
] as const)("the matrix is the slow twin's, and solved: %s", (_, w, h, spacing, rowStep, holes) => {
  using arena = kernels().arena();
  const fixed = noise(5, w, h, { low: -1, high: 1, holes });
  const lattice = slowLattice(w, h, spacing, 1);
  const shape = latticeOver(w, h, spacing);
  const f = put(arena, fixed);
  const geometry = { level: 0, lattice: shape, tables: levelTables(arena, f, 0, w, h, shape) };
  const n = lattice.coefficients.length;
  const data = matrixSlowly(fixed, lattice, rowStep);
  let [trace, count] = [0, 0];
  for (let p = 0; p < n; p += 2) {
    const d = data[p * n + p]! + data[(p + 1) * n + p + 1]!;
    if (d > 0) [trace, count] = [trace + d / 2, count + 1];
  }
  const diagonal = trace / count;
  const sums = dataMatrix(arena, viewOf(arena, f, AS_IT_IS), geometry, { rowStep, scale: 2 });
  expect(sums.diagonal / (2 * diagonal)).toBeCloseTo(1, 5);
  const bending = 0.1 * diagonal;
  const x = lattice.coefficients;
  // Bending's product by its energy: a quadratic form is known by its values.
  const bent = Float64Array.from(x, (_, k) => {
    const [plus, minus] = [x.slice(), x.slice()];
    plus[k] = plus[k]! + 1;
    minus[k] = minus[k]! - 1;
    return (bendingSlowly(lattice, plus) - bendingSlowly(lattice, minus)) / 4;
  });
  const right = Float64Array.from(x, (_, p) => {
    let sum = bending * bent[p]! + 1e-4 * 2 * diagonal * x[p]!;
    for (let q = 0; q < n; q++) sum += 2 * data[p * n + q]! * x[q]!;
    return sum;
  });
  near(normalMatrix(arena, sums, shape, bending).solve(right), x, 2e-3);
  // In tiles, whatever the lattice's size: conjugate gradients end at a hundredth.
  near(normalMatrix(arena, sums, shape, bending, 0).solve(right), x, 0.1);
});

test.each([
  [37, 21, 3, 0],
  [70, 150, 5, 0.1],
  [5, 3, 40, 0.2],
  [1, 1, 4, 0],
])(
  "local contrast of %i x %i pixels, radius %i, a share %f of them unobserved, agrees with the slow twin",
  (w, h, radius, holes) => {
    using arena = kernels().arena();
    const src = noise(3, w, h, { low: -2, high: 3, holes });
    const plane = put(arena, src);
    const out = locallyNormalised(arena, plane, radius);
    const rows = arena.f32(out.at, out.stride * h);
    const found = Float64Array.from({ length: w * h }, (_, i) => rows[Math.floor(i / w) * out.stride + (i % w)]!);
    expect(maxDifference(found, localContrastSlowly(src, radius, 0.03))).toBeLessThan(1e-6);
  },
);

test.skipIf(!canHelp)("one lane and three give the same registration, to the last bit (needs a build)", async () => {
  const scene = texturedScene(7);
  const planes = [0, 1].map((i) =>
    doubles(150, 130, (x, y) => scene.at(x + 2 * i * Math.sin(0.03 * y), y - 1.5 * i * Math.cos(0.04 * x))),
  );
  const run = () => {
    using arena = kernels().arena();
    const [fixed, moving] = planes.map((p) => put(arena, p)) as [KernelPlane, KernelPlane];
    return registerFreeForm(arena, fixed, moving, { metric: "ncc", spacing: 4 });
  };
  const alone = run();
  expect(alone.leastJacobian).toBeGreaterThan(0);
  await attachHelpers(2);
  expect(kernels().lanes).toBe(3);
  for (let i = 0; i < 3; i++) expect(run()).toEqual(alone);
  attachKernels(shareKernels(1, 1e9), 0);
});
