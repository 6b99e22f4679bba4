import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import { detectAkaze, stepOf } from "../../src/math/features/akaze.js";
import { describeMldb, sectorDirections } from "../../src/math/features/mldb.js";
import { explicitSteps, nonlinearSpace } from "../../src/math/features/nonlinear-space.js";
import { ImageViews } from "../../src/math/features/views.js";
import {
  conductivitySlowly,
  determinantSlowly,
  diffusedSlowly,
  type Gray,
  mldbSlowly,
  pixel,
  sectorSlowly,
} from "../reference/akaze.js";
import { texturedScene, viewOf } from "../support/scene.js";

const [width, height] = [107, 82];
const pixels = viewOf(texturedScene(12), { width, height, noise: 2 }).map((v) => v / 255);
const MARGIN = 16;
const stride = 144;

/** Rows with margins in kernel memory, and back. */
function planes(arena: ReturnType<ReturnType<typeof kernels>["arena"]>) {
  const empty = () => arena.bytes(4 * (stride * height + 2 * MARGIN)) + 4 * MARGIN;
  const put = (data: Float32Array): number => {
    const at = empty();
    kernels().rows("copyRows", height, [arena.put(data), width, at, stride, width], 7);
    return at;
  };
  const take = (at: number): Gray => {
    const rows = arena.f32(at, stride * height);
    const data = Float32Array.from(
      { length: width * height },
      (_, i) => rows[Math.floor(i / width) * stride + (i % width)]!,
    );
    return { width, height, data };
  };
  return { empty, put, take };
}

function everywhere(check: (x: number, y: number) => void): void {
  for (let y = 0; y < height; y += 1) for (let x = y % 3; x < width; x += 3) check(x, y);
}

test("conductivity and diffusion agree with their slow twins, up to the edges", () => {
  using arena = kernels().arena();
  const { empty, put, take } = planes(arena);
  const image: Gray = { width, height, data: pixels };
  const [src, flow, dst] = [put(pixels), empty(), empty()];
  kernels().rows("conductivityRows", height, [src, flow, stride, width, height, 1 / 0.05 ** 2], 9);
  kernels().rows("diffuseRows", height, [src, flow, dst, stride, width, height, 0.4], 9);
  const [conductivity, diffused] = [take(flow), take(dst)];
  everywhere((x, y) => {
    expect(pixel(conductivity, x, y)).toBeCloseTo(conductivitySlowly(image, x, y, 0.05), 4);
    expect(pixel(diffused, x, y)).toBeCloseTo(diffusedSlowly(image, conductivity, x, y, 0.4), 5);
  });
});

test.each([2, 3, 4])("determinants agree with their slow twin (taps %i apart)", (s) => {
  using arena = kernels().arena();
  const { empty, put, take } = planes(arena);
  const dst = empty();
  const lines = kernels().scratch(arena, 12 * (stride + 32));
  kernels().rows("hessianRows", height, [put(pixels), dst, stride, width, height, s, lines], 9);
  const found = take(dst);
  everywhere((x, y) => {
    expect(pixel(found, x, y)).toBeCloseTo(determinantSlowly({ width, height, data: pixels }, x, y, s), 5);
  });
});

test.each([0.1, 0.531, 1.5, 20])("explicit steps sum to the time (%f), in another order than by size", (time) => {
  const steps = explicitSteps(time);
  expect(steps.reduce((a, b) => a + b, 0)).toBeCloseTo(time, 9);
  expect(Math.min(...steps)).toBeGreaterThan(0);
  if (steps.length > 3) expect(steps).not.toEqual([...steps].sort((a, b) => a - b));
});

test("a scale space evens out noise, keeps an outline, and neither gains nor loses brightness", () => {
  using arena = kernels().arena();
  // A step of 0.4 in weak noise.
  const data = Float32Array.from(
    viewOf(texturedScene(1), { width: 160, height: 120, noise: 6 }),
    (v, i) => (i % 160 < 80 ? 0.3 : 0.7) + (v - 128) * 1e-4,
  );
  const levels = nonlinearSpace(arena, { address: arena.put(data), stride: 160, width: 160, height: 120 });
  expect(levels.map((l) => `${l.octave}.${l.sublevel}`)).toEqual(
    [0, 1].flatMap((o) => [0, 1, 2, 3].map((s) => `${o}.${s}`)),
  );
  const mean = data.reduce((a, b) => a + b, 0) / data.length;
  for (const level of levels) {
    const rows = arena.f32(level.at, level.stride * level.height);
    let sum = 0;
    for (let y = 0; y < level.height; y++) for (let x = 0; x < level.width; x++) sum += rows[y * level.stride + x]!;
    expect(sum / (level.width * level.height)).toBeCloseTo(mean, 3);
    // The outline of the first level is a Gaussian's; later ones do not widen it as a Gaussian of their sigma would.
    const middle = rows.subarray((level.height >> 1) * level.stride, (level.height >> 1) * level.stride + level.width);
    const slope = Math.max(...middle.map((v, x) => (x > 0 ? v - middle[x - 1]! : 0)));
    expect(slope).toBeGreaterThan(0.06);
  }
});

test("keypoints lie on maxima, descriptors and directions agree with their slow twins", () => {
  using arena = kernels().arena();
  const views = new ImageViews(arena, { width, height, pixels });
  const keypoints = detectAkaze(views, { limit: 400, threshold: 0.0005, spread: 1 });
  expect(keypoints.count).toBeGreaterThan(60);
  const space = views.derived("nonlinear space", () => [] as ReturnType<typeof nonlinearSpace>);
  const turned = sectorDirections(views, keypoints);
  const features = describeMldb(views, turned);
  expect(features.bytes).toBe(64);
  let alike = 0;
  for (let i = 0; i < features.count; i++) {
    const level = space[4 * features.octave[i]! + features.level[i]!]!;
    const rows = arena.f32(level.at, level.stride * level.height);
    const data = Float32Array.from(
      { length: level.width * level.height },
      (_, k) => rows[Math.floor(k / level.width) * level.stride + (k % level.width)]!,
    );
    const gray = { width: level.width, height: level.height, data };
    const place = (v: number) => (v + 0.5) / 2 ** level.octave - 0.5;
    const [x, y, step] = [place(features.x[i]!), place(features.y[i]!), stepOf(level)];
    const angle = sectorSlowly(gray, x, y, step);
    const away = Math.abs(angle - features.angle[i]!);
    if (Math.min(away, 2 * Math.PI - away) < 0.01) alike++;
    mldbSlowly(gray, x, y, step, features.angle[i]!).forEach((difference, bit) => {
      const got = (features.descriptors[64 * i + (bit >> 3)]! >> (bit & 7)) & 1;
      // What differs by less than float32 can tell may fall on either side.
      if (Math.abs(difference) > 2e-3) expect(got, `${i} ${bit} ${difference}`).toBe(difference > 0 ? 1 : 0);
    });
    expect(features.descriptors[64 * i + 63]).toBe(0);
  }
  // Of two sectors that are equally steep, rounding decides.
  expect(alike / features.count).toBeGreaterThan(0.95);
});

test("nothing is found in an even image, and nothing under a mask", () => {
  using arena = kernels().arena();
  const even = new ImageViews(arena, { width, height, pixels: new Float32Array(width * height).fill(0.5) });
  expect(detectAkaze(even, { limit: 100, threshold: 0.001, spread: 1 }).count).toBe(0);
  const mask = new Uint8Array(width * height).fill(1);
  for (let y = 0; y < height; y++) mask.fill(0, y * width, y * width + 40);
  const half = new ImageViews(arena, { width, height, pixels }, mask);
  const found = detectAkaze(half, { limit: 400, threshold: 0.0005, spread: 1 });
  expect(found.count).toBeGreaterThan(10);
  for (const x of found.x) expect(x).toBeGreaterThan(40);
});
