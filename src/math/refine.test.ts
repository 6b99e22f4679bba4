import { expect, test } from "vitest";
import { cornerStrengthReference, lucasKanadeReference } from "../../test/reference/lucas-kanade.js";
import { texturedScene } from "../../test/support/scene.js";
import { kernels } from "../kernel/lane.js";
import type { Plane } from "./plane.js";
import { seededRandom } from "./random.js";
import { refineShifts, spreadCorners } from "./refine.js";

function render(
  arena: ReturnType<ReturnType<typeof kernels>["arena"]>,
  seed: number,
  dx: number,
  dy: number,
  noise = 0,
): Plane {
  const [width, height] = [300, 240];
  const scene = texturedScene(seed);
  const random = seededRandom(seed + dx * 1000);
  const pixels = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++)
      pixels[y * width + x] = scene.at(x + dx, y + dy) + noise * (random() + random() + random() - 1.5);
  }
  return { at: arena.put(pixels), width, height, stride: width };
}

test.each([1, 2, 3])(
  "corners of a shifted, noisy, brighter view are found to a fiftieth of a pixel (seed %i)",
  (seed) => {
    using arena = kernels().arena();
    const [dx, dy] = [0.37, -1.21];
    const fixed = render(arena, seed, 0, 0, 2);
    const moving = render(arena, seed, dx, dy, 2);
    const view = arena.f32(moving.at, 300 * 240);
    for (let i = 0; i < view.length; i++) view[i] = 0.6 * view[i]! + 40;
    const corners = spreadCorners(arena, fixed, 200).points;
    expect(corners.length / 2).toBeGreaterThan(120);
    const points = new Float64Array(2 * corners.length);
    for (let k = 0; k < corners.length; k += 2)
      points.set([corners[k]!, corners[k + 1]!, corners[k]!, corners[k + 1]!], 2 * k);
    const { shift, correlation, sigma } = refineShifts(arena, fixed, moving, points, { limit: 4 });
    let good = 0;
    let sx = 0;
    let sy = 0;
    let square = 0;
    let stated = 0;
    for (let i = 0; i < correlation.length; i++) {
      if (!(correlation[i]! > 0.9)) continue;
      const ex = shift[2 * i]! + dx;
      const ey = shift[2 * i + 1]! + dy;
      good++;
      sx += ex;
      sy += ey;
      square += ex * ex + ey * ey;
      stated += sigma[i]! ** 2;
    }
    expect(good).toBeGreaterThan(0.9 * correlation.length);
    expect(Math.abs(sx / good)).toBeLessThan(0.02);
    expect(Math.abs(sy / good)).toBeLessThan(0.02);
    expect(Math.sqrt(square / good)).toBeLessThan(0.06);
    // The stated sigma is of the right size: within a factor of three of what was found.
    expect(Math.sqrt(stated / good)).toBeGreaterThan(Math.sqrt(square / good) / 3);
    expect(Math.sqrt(stated / good)).toBeLessThan(Math.sqrt(square / good) * 3);
  },
);

test("a constant image, and one without observations, give no tie points and no crash", () => {
  using arena = kernels().arena();
  const blank = { at: arena.put(new Float32Array(64 * 64).fill(7)), width: 64, height: 64, stride: 64 };
  const unseen = { at: arena.put(new Float32Array(64 * 64).fill(Number.NaN)), width: 64, height: 64, stride: 64 };
  expect(spreadCorners(arena, blank, 50).points).toHaveLength(0);
  expect(spreadCorners(arena, unseen, 50).points).toHaveLength(0);
  const { correlation } = refineShifts(arena, blank, unseen, Float64Array.from([32, 32, 32, 32, 1, 1, 1, 1]), {
    limit: 3,
  });
  expect([...correlation]).toEqual([-2, -2]);
});

test("how rows are cut into chunks changes no byte", () => {
  using arena = kernels().arena();
  const fixed = render(arena, 5, 0, 0);
  const once = spreadCorners(arena, fixed, 100).points;
  const k = kernels();
  const at = arena.bytes(12 * 1000);
  const cell = Math.max(8, Math.ceil(Math.sqrt((300 * 240) / 100)));
  const columns = Math.ceil(300 / cell);
  const rows = Math.ceil(240 / cell);
  k.rows("bestCorners", rows, [fixed.at, 300, 300, 240, cell, columns, 14, at], 3);
  const xs = [...arena.f32(at, 3 * columns * rows)].filter((_, i) => i % 3 === 0).sort();
  expect([...once].filter((_, i) => i % 2 === 0).every((x) => xs.includes(x))).toBe(true);
});

test("shifts and correlations agree with the slow twin", () => {
  using arena = kernels().arena();
  const fixed = render(arena, 8, 0, 0);
  const moving = render(arena, 8, 0.8, -0.6, 4);
  const gray = (plane: Plane) => ({ pixels: arena.f32(plane.at, 300 * 240).slice(), width: 300, height: 240 });
  const weights = Float64Array.from({ length: 256 }, (_, k) =>
    Math.exp(-(((k % 16) - 7.5) ** 2 + (Math.floor(k / 16) - 7.5) ** 2) / 32),
  );
  const total = weights.reduce((sum, w) => sum + w, 0);
  const corners = spreadCorners(arena, fixed, 60).points;
  const points = new Float64Array(2 * corners.length);
  for (let k = 0; k < corners.length; k += 2) {
    // Fractions on both sides, so that the sampling of both patches is compared.
    points.set([corners[k]! + 0.25, corners[k + 1]! - 0.4, corners[k]! - 0.3, corners[k + 1]! + 0.1], 2 * k);
  }
  const { shift, correlation } = refineShifts(arena, fixed, moving, points, { limit: 4, iterations: 20 });
  let compared = 0;
  for (let i = 0; i < correlation.length; i++) {
    if (!(correlation[i]! > 0.8)) continue;
    const quad = [...points.subarray(4 * i, 4 * i + 4)] as [number, number, number, number];
    const slow = lucasKanadeReference(
      gray(fixed),
      gray(moving),
      quad,
      weights.map((w) => w / total),
      20,
    );
    // The kernel stops at steps below 0.005 px, so it may end that far from where the twin, which never stops, does.
    expect(Math.abs(shift[2 * i]! - slow.dx)).toBeLessThan(5e-3);
    expect(Math.abs(shift[2 * i + 1]! - slow.dy)).toBeLessThan(5e-3);
    expect(correlation[i]!).toBeCloseTo(slow.correlation, 4);
    compared++;
  }
  expect(compared).toBeGreaterThan(30);
});

test("the corner of a cell is where the slow twin finds the largest smaller eigenvalue", () => {
  using arena = kernels().arena();
  const plane = render(arena, 12, 0, 0);
  const gray = { pixels: arena.f32(plane.at, 300 * 240).slice(), width: 300, height: 240 };
  const count = 30;
  const cell = Math.ceil(Math.sqrt((300 * 240) / count));
  const corners = spreadCorners(arena, plane, count).points;
  for (let k = 0; k < corners.length; k += 2) {
    const [cx, cy] = [Math.floor(corners[k]! / cell), Math.floor(corners[k + 1]! / cell)];
    let best = 0;
    for (let y = Math.max(14, cy * cell); y < Math.min(226, (cy + 1) * cell); y += 2) {
      for (let x = Math.max(14, cx * cell); x < Math.min(286, (cx + 1) * cell); x += 2)
        best = Math.max(best, cornerStrengthReference(gray, x, y));
    }
    expect(cornerStrengthReference(gray, corners[k]!, corners[k + 1]!)).toBeGreaterThan(best * (1 - 1e-4));
  }
});
