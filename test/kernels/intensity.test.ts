import { expect, test } from "vitest";
import { attachKernels, kernels, shareKernels } from "../../src/kernel/lane.js";
import type { Arena } from "../../src/kernel/memory.js";
import { registerIntensity } from "../../src/math/intensity/register.js";
import { emptyPlane, type Plane as KernelPlane } from "../../src/math/plane.js";
import { levelSlowly, sumsSlowly } from "../reference/intensity.js";
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

test.each([
  [37, 21, 0],
  [64, 48, 0.02],
  [5, 3, 0.2],
  [1, 1, 0],
])("the smoothed level of %i x %i pixels, a share %f of them unobserved, agrees with the slow twin", (w, h, holes) => {
  using arena = kernels().arena();
  const src = noise(3, w, h, { low: 1000, high: 1255, holes });
  const plane = put(arena, src);
  const out = emptyPlane(arena, w, h);
  const weights = [0.5701, 0.2053, 0.00965];
  const line = kernels().scratch(arena, 4 * (w + 48));
  kernels().rows("intensityLevel", h, [
    ...[plane.at, plane.stride, w, h, out.at, out.stride, ...(weights as [number, number, number]), 1100, 0.02, line],
  ]);
  const rows = arena.f32(out.at, out.stride * h);
  const found = Float64Array.from({ length: w * h }, (_, i) => rows[Math.floor(i / w) * out.stride + (i % w)]!);
  const sum = weights[0]! + 2 * weights[1]! + 2 * weights[2]!;
  const even = weights.map((v) => v / sum);
  // The kernel's weights sum to 1 but for their last digit.
  expect(maxDifference(found, levelSlowly(src, even, 1100, 0.02))).toBeLessThan(2e-4);
});

const AFFINE = [1.0317, -0.0523, 3.2071, 0.0419, 0.9737, -2.4133, 0, 0, 1];
const TURNED = [0.1013, -0.9547, 41.3091, 0.9719, 0.1217, 1.7153, 0, 0, 1];
const PROJECTIVE = [1.02, -0.03, 2.1, 0.05, 0.98, -1.2, 4e-4, -7e-4, 1];

test.each([
  ["an affine map", AFFINE, false, undefined, 0],
  ["a quarter turn", TURNED, false, undefined, 0],
  ["a shift by whole pixels", [1, 0, 3, 0, 1, -2, 0, 0, 1], false, undefined, 0],
  ["a projective map", PROJECTIVE, true, undefined, 0],
  ["holes", AFFINE, false, { gain: 0, offset: 0, cut: 0 }, 0.05],
  ["holes and a projective map", PROJECTIVE, true, { gain: 0, offset: 0, cut: 0 }, 0.05],
  ["weights", AFFINE, false, { gain: 0.8, offset: 0.1, cut: 0.7 }, 0.02],
  ["weights and a projective map", PROJECTIVE, true, { gain: 0.8, offset: 0.1, cut: 0.7 }, 0.02],
] as const)("sums agree with the slow twin's: %s", (_, matrix, projective, weights, holes) => {
  using arena = kernels().arena();
  const fixed = noise(5, 43, 39, { low: -1, high: 1, holes });
  const moving = noise(6, 46, 35, { low: -1, high: 1, holes });
  const support = (matrix as readonly number[]).map((v, i) => (i === 2 ? v + 0.4 : i === 5 ? v - 0.3 : v));
  const at = arena.put(Float64Array.from([...matrix, ...support]));
  const [stripRows, keep] = [8, 1];
  const strips = Math.ceil(39 / stripRows);
  const size = 140 + 21 + 2;
  const out = arena.bytes(8 * size * strips);
  const scratch = kernels().scratch(arena, 4096);
  const [f, m] = [put(arena, fixed), put(arena, moving)];
  const slow = sumsSlowly(fixed, moving, matrix, support, keep, weights);
  expect(slow.count).toBeGreaterThan(600);
  for (const products of weights ? [1] : [0, 1]) {
    const mode = products | (weights ? 2 : 0) | (projective ? 4 : 0);
    kernels().rows(
      "intensitySums",
      strips,
      [
        ...[f.at, f.stride, f.width, f.height, m.at, m.stride, m.width, m.height, at, at + 72, keep, stripRows, mode],
        ...[weights?.gain ?? 0, weights?.offset ?? 0, weights && weights.cut > 0 ? 1 / weights.cut : 0, out, scratch],
      ],
      1,
    );
    const table = arena.f64(out, size * strips);
    const total = new Float64Array(size);
    for (let i = 0; i < table.length; i++) total[i % size] = total[i % size]! + table[i]!;
    const near = (k: number, wanted: number, size: number) =>
      expect(Math.abs(total[k]! - wanted) / size, `sum ${k}`).toBeLessThan(5e-5);
    for (let k = 0; k < 28 * 5 && products; k++) {
      // The column gx X X, and what comes of it, are for projective maps.
      if (!projective && (k < 35 || k % 5 > 2)) continue;
      near(
        k,
        slow.products[k]!,
        1e3 * 22 ** (k % 5) * (k < 5 ? 22 ** 4 : k < 35 ? 22 ** 3 : k < 65 ? 22 ** 2 : 22 ** 2),
      );
    }
    for (let k = projective ? 0 : 3; k < 21; k++) near(140 + k, slow.rhs[k]!, 1e3 * 22 ** (k % 3) * (k < 3 ? 484 : 22));
    expect(total[161]).toBe(slow.count);
    near(162, slow.square, slow.square);
  }
});

test.skipIf(!canHelp)("one lane and three give the same registration, to the last bit (needs a build)", async () => {
  const scene = texturedScene(7);
  const planes = [0, 1].map((i) =>
    doubles(150, 130, (x, y) => scene.at(x + i * (2.3 + 0.02 * x), y - i * (1.4 + 0.01 * y))),
  );
  const run = () => {
    using arena = kernels().arena();
    const [fixed, moving] = planes.map((p) => put(arena, p)) as [KernelPlane, KernelPlane];
    return registerIntensity(arena, fixed, moving, { family: "affine", robust: true });
  };
  const alone = run();
  expect(alone.converged).toBe(true);
  await attachHelpers(2);
  expect(kernels().lanes).toBe(3);
  for (let i = 0; i < 3; i++) expect(run()).toEqual(alone);
  attachKernels(shareKernels(1, 1e9), 0);
});
