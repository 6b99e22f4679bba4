import { expect, test } from "vitest";
import { attachKernels, kernels, shareKernels } from "../../src/kernel/lane.js";
import type { Arena } from "../../src/kernel/memory.js";
import { dataMatrix } from "../../src/math/free-form/data-matrix.js";
import { mutualInformation } from "../../src/math/free-form/information.js";
import { latticeOver } from "../../src/math/free-form/lattice.js";
import { locallyNormalised } from "../../src/math/free-form/local-contrast.js";
import { normalMatrix } from "../../src/math/free-form/normal.js";
import { registerFreeForm } from "../../src/math/free-form/register.js";
import { stagesOf } from "../../src/math/free-form/schedule.js";
import { pullAt } from "../../src/math/free-form/sums.js";
import { levelTables } from "../../src/math/free-form/tables.js";
import { type View, viewOf } from "../../src/math/free-form/view.js";
import { emptyPlane, type Plane as KernelPlane } from "../../src/math/plane.js";
import { seededRandom } from "../../src/math/random.js";
import {
  bendingSlowly,
  histogramSlowly,
  localContrastSlowly,
  matrixSlowly,
  pullSlowly,
  type SlowLattice,
  scoresSlowly,
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

const SCHEDULE = { metric: "mutual-information", spacing: 9, bending: 1e-3, effort: "standard", finest: 0 } as const;
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
  ["all rows", 40, 33, 9, 1, 0],
  ["holes, every second row", 37, 30, 8.3, 2, 0.05],
] as const)("histogram, scores and their products agree with the slow twin: %s", (_, w, h, spacing, rowStep, holes) => {
  using arena = kernels().arena();
  const fixed = noise(5, w, h, { low: -1, high: 1, holes });
  const moving = noise(6, w, h, { low: -1, high: 1, holes });
  const lattice = slowLattice(w, h, spacing, 3);
  const shape = latticeOver(w, h, spacing);
  const tables = levelTables(arena, put(arena, fixed), 0, w, h, shape);
  const geometry = { level: 0, lattice: shape, tables };
  const [f, m] = [fixed, moving].map((p) => viewOf(arena, put(arena, p), AS_IT_IS)) as [View, View];
  const stage = { ...stagesOf(1, SCHEDULE)[0]!, bins: 20, rowStep };
  const binning = { bins: 20, fixed: [-0.9, 0.95], moving: [-0.8, 1] } as const;
  const matrix = dataMatrix(arena, f, geometry, rowStep);
  const measure = mutualInformation(arena, { stage, geometry, fixed: f, matrix, free() {} }, m, binning);
  const force = measure.force(lattice.coefficients);

  const counts = histogramSlowly(fixed, moving, lattice, rowStep, binning);
  const total = counts.reduce((sum, v) => sum + v, 0);
  expect(force.pixels).toBe(Math.round(total));
  const sum = (of: (l: number, k: number) => number) =>
    Array.from({ length: 20 }, (_, l) => Array.from({ length: 20 }, (_, k) => of(l, k)));
  const count = (l: number, k: number) => counts[20 * l + k]!;
  const ofFixed = sum(count).map((row) => row.reduce((a, b) => a + b, 0));
  const ofMoving = sum((k, l) => count(l, k)).map((row) => row.reduce((a, b) => a + b, 0));
  const information = sum((l, k) =>
    count(l, k) > 0 ? (count(l, k) / total) * Math.log((count(l, k) * total) / (ofFixed[l]! * ofMoving[k]!)) : 0,
  );
  expect(force.value).toBeCloseTo(
    information.flat().reduce((a, b) => a + b, 0),
    5,
  );
  const table = Float64Array.from(counts, (v, i) => Math.log((v + 0.1) / (ofMoving[i % 20]! + 0.1)));
  const slow = scoresSlowly(fixed, moving, lattice, rowStep, binning, table);
  near(
    force.right,
    slow.right.map((v) => -v),
    2e-4,
  );
  const n = slow.right.length;
  const onDiagonal = Array.from(slow.right, (_, p) => slow.matrix[p * n + p]!);
  const seen = onDiagonal.filter((d) => d > 0);
  expect((force.matrix.diagonal * seen.length) / seen.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 3);
  const x = lattice.coefficients;
  const bending = 0.1 * force.matrix.diagonal;
  const bent = bendingProduct(lattice);
  const right = Float64Array.from(x, (_, p) => {
    let sum = bending * bent[p]! + 1e-4 * force.matrix.diagonal * x[p]!;
    for (let q = 0; q < n; q++) sum += slow.matrix[p * n + q]! * x[q]!;
    return sum;
  });
  near(normalMatrix(arena, force.matrix, shape, bending).solve(right), x, 5e-3);
});

/** Bending's product by its energy: a quadratic form is known by its values. */
function bendingProduct(lattice: SlowLattice): Float64Array {
  const x = lattice.coefficients;
  return Float64Array.from(x, (_, k) => {
    const [plus, minus] = [x.slice(), x.slice()];
    plus[k] = plus[k]! + 1;
    minus[k] = minus[k]! - 1;
    return (bendingSlowly(lattice, plus) - bendingSlowly(lattice, minus)) / 4;
  });
}

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
  const sums = dataMatrix(arena, viewOf(arena, f, AS_IT_IS), geometry, rowStep);
  expect(sums.diagonal / diagonal).toBeCloseTo(1, 5);
  const bending = 0.1 * diagonal;
  const x = lattice.coefficients;
  const bent = bendingProduct(lattice);
  const right = Float64Array.from(x, (_, p) => {
    let sum = bending * bent[p]! + 1e-4 * diagonal * x[p]!;
    for (let q = 0; q < n; q++) sum += data[p * n + q]! * x[q]!;
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
    return (["ncc", "mutual-information"] as const).map((metric) =>
      registerFreeForm(arena, fixed, moving, { metric, spacing: metric === "ncc" ? 4 : 16 }),
    );
  };
  const alone = run();
  for (const fit of alone) expect(fit.leastJacobian).toBeGreaterThan(0);
  await attachHelpers(2);
  expect(kernels().lanes).toBe(3);
  for (let i = 0; i < 3; i++) expect(run()).toEqual(alone);
  attachKernels(shareKernels(1, 1e9), 0);
});
