import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import type { Arena } from "../../src/kernel/memory.js";
import { capturePairs } from "../../src/math/pairs/capture.js";
import { refinePairs } from "../../src/math/pairs/refine.js";
import { emptyPlane, type Plane as KernelPlane } from "../../src/math/plane.js";
import { coarser, correlationAt, refinedShift, whitened } from "../reference/pairs.js";
import { doubles, type Plane } from "../reference/plane.js";
import { texturedScene } from "../support/scene.js";

function put(arena: Arena, p: Plane): KernelPlane {
  const plane = emptyPlane(arena, p.width, p.height);
  const rows = arena.f32(plane.at, plane.stride * p.height).fill(Number.NaN);
  for (let y = 0; y < p.height; y++) rows.set(p.data.subarray(y * p.width, (y + 1) * p.width), y * plane.stride);
  return plane;
}

const scene = texturedScene(5);
const view = (width: number, height: number, left: number, top: number, holes: boolean): Plane =>
  doubles(width, height, (x, y) =>
    holes && (x - 20) ** 2 + (y - 25) ** 2 < 90 ? Number.NaN : Math.fround(scene.at(left + x, top + y)),
  );

type Two = readonly [number, number];
const CASES: readonly { a: Two; b: Two; expected: Two; reach: Two; step: number; holes: boolean }[] = [
  { a: [60, 52], b: [64, 47], expected: [31, 4], reach: [9, 6], step: 1, holes: false },
  { a: [60, 52], b: [64, 47], expected: [31, 4], reach: [9, 6], step: 1, holes: true },
  { a: [48, 120], b: [50, 118], expected: [-9, 6], reach: [12, 12], step: 2, holes: false },
  { a: [90, 120], b: [88, 131], expected: [-9, 6], reach: [12, 12], step: 4, holes: true },
];

test.each(CASES)("the best place agrees with a search by definition ($a on $b, holes: $holes)", (of) => {
  const { expected, reach, step, holes } = of;
  const truth = [expected[0] + 0.6 * reach[0], expected[1] - 0.7 * reach[1]] as const;
  const [a, b] = [view(...of.a, 200, 300, holes), view(...of.b, 200 + truth[0], 300 + truth[1], holes)];
  using arena = kernels().arena();
  const [found] = capturePairs(arena, [{ a: put(arena, a), b: put(arena, b), expected, reach }], { sigma: step });
  const [u, v] = [whitened(coarser(a, step)), whitened(coarser(b, step))];
  const places: { x: number; y: number; ncc: number; overlap: number }[] = [];
  for (let y = Math.floor((expected[1] - reach[1]) / step); y <= Math.ceil((expected[1] + reach[1]) / step); y++)
    for (let x = Math.floor((expected[0] - reach[0]) / step); x <= Math.ceil((expected[0] + reach[0]) / step); x++)
      places.push({ x, y, ...correlationAt(u, v, x, y) });
  const most = Math.max(...places.map((p) => p.overlap));
  const score = (p: (typeof places)[number]) => p.ncc * Math.sqrt(p.overlap / most);
  const best = places.reduce((p, q) => (score(q) > score(p) ? q : p));
  // Rectangles are cut so that only what may meet is looked at: squares of pixels may begin elsewhere.
  expect(Math.abs(found!.x / step - best.x)).toBeLessThan(1);
  expect(Math.abs(found!.y / step - best.y)).toBeLessThan(1);
  expect(found!.score).toBeGreaterThan(score(best) - 0.02);
  expect(found!.score).toBeLessThan(score(best) + 0.25);
  expect(Math.hypot(found!.x - truth[0], found!.y - truth[1])).toBeLessThan(0.35 * step);
});

test.each([
  { of: [5.3, -3.4], holes: false },
  { of: [5.5, -3.75], holes: false },
  { of: [-4.6, 2.2], holes: true },
] as const)("the refined shift is where steps by definition come to rest ($of, holes: $holes)", ({ of, holes }) => {
  const a = view(66, 58, 200, 300, holes);
  const bright = view(64, 60, 200 + of[0], 300 + of[1], holes);
  const b = doubles(64, 60, (x, y) => Math.fround(0.7 * bright.data[y * 64 + x]! + 11));
  using arena = kernels().arena();
  const job = { a: put(arena, a), b: put(arena, b), expected: of, reach: [2, 2] as const };
  const [fit] = refinePairs(arena, [{ ...job, start: [of[0] + 0.6, of[1] - 0.8] }]);
  const [x, y] = refinedShift(a, b, of);
  expect(fit!.converged).toBe(true);
  // The slopes of gain and offset, which the definition does not have, and the last step that was not taken.
  expect(Math.hypot(fit!.x - x, fit!.y - y)).toBeLessThan(0.004);
  expect(Math.hypot(x - of[0], y - of[1])).toBeLessThan(0.02);
  expect(fit!.gain).toBeCloseTo(1 / 0.7, 1);
});
