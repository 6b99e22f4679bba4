import { expect, test } from "vitest";
import { attachKernels, kernels, shareKernels } from "../../src/kernel/lane.js";
import type { Arena } from "../../src/kernel/memory.js";
import type { CentredMap } from "../../src/math/mutual-information/families.js";
import { JointHistogram } from "../../src/math/mutual-information/joint-histogram.js";
import { registerMutualInformation } from "../../src/math/mutual-information/register.js";
import { emptyPlane, type Plane as KernelPlane } from "../../src/math/plane.js";
import { seededRandom } from "../../src/math/random.js";
import { informationSlowly, samplesSlowly } from "../reference/mutual-information.js";
import { doubles, type Plane } from "../reference/plane.js";
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

const scene = texturedScene(3);

/** A view of the scene; every hundredth pixel is not observed where `holes`. */
const view = (width: number, height: number, matrix: readonly number[], change = (v: number) => v, holes = false) =>
  doubles(width, height, (x, y) => {
    const v = scene.at(matrix[0]! * x + matrix[1]! * y + matrix[2]!, matrix[3]! * x + matrix[4]! * y + matrix[5]!);
    return holes && (7 * x + 13 * y) % 100 === 0 ? Number.NaN : Math.fround(change(v));
  });

const bend = (v: number) => 200 - 0.8 * v + 0.002 * (v - 128) ** 2;

test.each([
  ["in turn", [1, 0, 33, 0, 1, 26.5], false, 1.5, false],
  ["turned, and partly outside", [0.8, -0.6, 20.3, 0.6, 0.8, 31.2], false, 1, false],
  ["with holes in both", [1.02, 0.03, 30.1, -0.05, 0.97, 28.4], true, 1.3, false],
  ["normalised", [1.02, 0.03, 30.1, -0.05, 0.97, 28.4], true, 2.1, true],
] as const)("histogram, information and scores are those of the slow twin: %s", (_, map, holes, step, normalised) => {
  using arena = kernels().arena();
  const [width, height, bins] = [70, 53, 21];
  const fixed = view(width, height, [1, 0, 0, 0, 1, 0], undefined, holes);
  const moving = view(66, 57, [1, 0.02, -1, 0.01, 0.98, 2], bend, holes);
  const [range, other] = [
    { low: 40, high: 220 },
    { low: 30, high: 190 },
  ];
  const joint = new JointHistogram(arena, put(arena, fixed), put(arena, moving), range, other, {
    ...{ bins, step, seed: 12345, metric: normalised ? "normalised" : "mattes" },
  });
  const found = joint.at(map as unknown as CentredMap);
  const { gradient, outer, strips } = joint.slopes();
  const columns = Math.ceil((width - 1) / step);
  const samples = samplesSlowly(fixed, {
    ...{ step, seed: 12345, columns, rows: Math.ceil((height - 1) / step), low: 40, scale: bins / 180, bins },
  });
  const slow = informationSlowly(samples, moving, map, { low: 30, scale: (bins - 4) / 160, bins }, normalised);
  const total = slow.histogram.reduce((a, b) => a + b, 0);
  expect(total).toBeGreaterThan(200);
  expect(Math.abs(found.samples - total)).toBeLessThan(1e-3 * total);
  // Samples on an edge of a bin may fall to either side: float32 here, float64 there.
  expect(found.information).toBeCloseTo(slow.information, 3);
  expect(found.normalised).toBeCloseTo(slow.normalised, 3);
  const size = Math.sqrt(slow.outer[0]! + slow.outer[28]!);
  for (let i = 0; i < 6; i++) {
    expect(Math.abs(gradient[i]! - slow.gradient[i]!)).toBeLessThan(0.02 * Math.sqrt(slow.outer[7 * i]!) + 1e-6 * size);
    for (let j = 0; j < 6; j++) {
      const scale = Math.sqrt(slow.outer[7 * i]! * slow.outer[7 * j]!);
      expect(Math.abs(outer[6 * i + j]! - slow.outer[6 * i + j]!)).toBeLessThan(0.01 * scale);
    }
    expect(strips.reduce((sum, strip) => sum + strip[i]!, 0)).toBeCloseTo(gradient[i]!, 6);
  }
});

test.each(["mattes", "normalised"] as const)("scores are the slopes of the %s information", (metric) => {
  using arena = kernels().arena();
  const fixed = put(arena, view(90, 80, [1, 0, 0, 0, 1, 0]));
  // Larger all around: samples that come and go at the border are no part of the scores.
  const moving = put(arena, view(120, 110, [1, 0, -15, 0, 1, -15], bend));
  const joint = new JointHistogram(
    arena,
    fixed,
    moving,
    { low: 0, high: 255 },
    { low: 0, high: 255 },
    { bins: 16, step: 1, seed: 1, metric },
  );
  const map: CentredMap = [0.98, 0.03, 61, -0.02, 1.01, 53.2];
  const value = (m: CentredMap) => joint.at(m)[metric === "mattes" ? "information" : "normalised"];
  for (const [i, step] of [1e-3, 1e-3, 0.02, 1e-3, 1e-3, 0.02].entries()) {
    const at = (t: number) => map.map((v, j) => (j === i ? v + t : v)) as unknown as CentredMap;
    const measured = (value(at(step)) - value(at(-step))) / (2 * step);
    const { samples, normalised, information } = joint.at(map);
    // The normalised kind's are in units of N / H(F, M), and I = (N - 1) H(F, M).
    const unit = metric === "mattes" ? 1 : (normalised * (normalised - 1)) / information;
    const told = (joint.slopes().gradient[i]! / samples) * unit;
    expect(Math.abs(told - measured)).toBeLessThan(0.02 * Math.abs(measured) + 2e-4 * (i % 3 === 2 ? 1 : 45));
  }
});

test("places that are known already give the same histogram", () => {
  using arena = kernels().arena();
  const [bins, row, total, chunk] = [12, 20, 4096, 1024];
  const random = seededRandom(8);
  const places = Uint32Array.from({ length: total }, () => {
    const cell = random() < 0.1 ? bins * row : Math.floor(random() * bins) * row + Math.floor(random() * (bins - 4));
    return (cell * 65536 + Math.floor(random() * 65536)) >>> 0;
  });
  const size = (bins + 1) * row;
  const out = arena.bytes(4 * size * 4);
  kernels().rows(
    "placesHistogram",
    4,
    [arena.put(places), total, chunk, bins, row, out, kernels().scratch(arena, 16 * size)],
    1,
  );
  const found = new Float64Array(size);
  for (const [i, v] of arena.f32(out, size * 4).entries()) found[i % size] = found[i % size]! + v;
  const slow = new Float64Array(size);
  for (const place of places) {
    const [cell, t] = [place >>> 16, (place & 0xffff) / 65536];
    const weights = [(1 - t) ** 3, 4 - 6 * t ** 2 + 3 * t ** 3, 1 + 3 * t + 3 * t ** 2 - 3 * t ** 3, t ** 3];
    for (let i = 0; i < 4; i++) slow[cell + i] = slow[cell + i]! + weights[i]! / 6;
  }
  for (let i = 0; i < bins * row; i++) expect(found[i]).toBeCloseTo(slow[i]!, 3);
});

test.skipIf(!canHelp)("one lane and three give the same registration, to the last bit (needs a build)", async () => {
  const planes = [view(190, 170, [1, 0, 0, 0, 1, 0]), view(190, 170, [0.99, 0.02, 3, -0.02, 0.99, -2], bend)];
  const run = () => {
    using arena = kernels().arena();
    const [fixed, moving] = planes.map((p) => put(arena, p)) as [KernelPlane, KernelPlane];
    const random = seededRandom(4);
    return registerMutualInformation(arena, fixed, moving, { family: "affine", metric: "mattes", random });
  };
  const alone = run();
  expect(alone.converged).toBe(true);
  await attachHelpers(2);
  expect(kernels().lanes).toBe(3);
  for (let i = 0; i < 3; i++) expect(run()).toEqual(alone);
  attachKernels(shareKernels(1, 1e9), 0);
});
