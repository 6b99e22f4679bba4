import { expect, test } from "vitest";
import { texturedScene } from "../../../test/support/scene.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { emptyPlane, type Plane } from "../plane.js";
import { seededRandom } from "../random.js";
import { capturePairs } from "./capture.js";
import { chanceScore, nullScore } from "./null-score.js";
import type { PairJob } from "./pair-job.js";
import { refinePairs } from "./refine.js";

const [WIDTH, HEIGHT] = [70, 220];

/** A strip of a scene with its top left pixel at (x, y), seen with noise, gain, and darkening towards one side. */
function strip(
  arena: Arena,
  seed: number,
  x: number,
  y: number,
  { noise = 4, gain = 1, shade = 0, salt = 0 } = {},
): Plane {
  const scene = texturedScene(seed);
  const random = seededRandom(1 + salt + 1000 * seed);
  const plane = emptyPlane(arena, WIDTH, HEIGHT);
  const view = arena.f32(plane.at, plane.stride * HEIGHT).fill(Number.NaN);
  for (let j = 0; j < HEIGHT; j++) {
    for (let i = 0; i < WIDTH; i++) {
      const light = gain * (1 + (shade * (i - WIDTH / 2)) / WIDTH);
      view[j * plane.stride + i] = light * scene.at(x + i, y + j) + noise * (random() + random() + random() - 1.5);
    }
  }
  return plane;
}

const shift = (n: number) => [20 + ((n * 0.37) % 8) - 4, -3 + ((n * 0.61) % 10) - 5] as const;
const job = (arena: Arena, n: number): PairJob => ({
  a: strip(arena, n, 0, 0, { shade: 0.15, salt: 1 }),
  b: strip(arena, n, ...shift(n), { gain: 0.8, shade: -0.15, salt: 2 }),
  expected: [20, -3],
  reach: [10, 10],
});

test("strips under different shading are placed to a fiftieth of a pixel, with the error that is stated", () => {
  using arena = kernels().arena();
  const jobs = Array.from({ length: 24 }, (_, n) => job(arena, n + 1));
  const places = capturePairs(arena, jobs);
  const fits = refinePairs(
    arena,
    jobs.map((job, n) => ({ ...job, start: [places[n]!.x, places[n]!.y] as const })),
  );
  let squares = 0;
  for (const [n, fit] of fits.entries()) {
    const [dx, dy] = [fit.x - shift(n + 1)[0], fit.y - shift(n + 1)[1]];
    expect(fit.converged).toBe(true);
    expect(Math.hypot(dx, dy)).toBeLessThan(0.06);
    expect(places[n]!.score).toBeGreaterThan(3 * places[n]!.rival);
    expect(fit.gain).toBeGreaterThan(0.95);
    expect(fit.gain).toBeLessThan(1.6);
    squares += (fit.yy * dx * dx - 2 * fit.xy * dx * dy + fit.xx * dy * dy) / (fit.xx * fit.yy - fit.xy ** 2) / 2;
  }
  // 48 values: chance leaves their mean within four tenths of 1.
  expect(squares / fits.length).toBeGreaterThan(0.5);
  expect(squares / fits.length).toBeLessThan(2.2);
});

test("strips of different scenes stay below what chance reaches, strips of one scene far above", () => {
  using arena = kernels().arena();
  const jobs = Array.from({ length: 30 }, (_, n) => job(arena, n + 1));
  const wrong = jobs.map((j, n) => ({ ...j, b: jobs[(n + 7) % jobs.length]!.b }));
  const limit = nullScore(arena, wrong, 0.01);
  expect(limit).toBeLessThan(0.5);
  for (const place of capturePairs(arena, jobs)) expect(place.score).toBeGreaterThan(limit + 0.1);
  expect(nullScore(arena, [], 0.01)).toBe(1);
});

test("few scores are not taken for all that chance can do", () => {
  const few = [0.1, 0.12, 0.11, 0.13, 0.1, 0.12];
  expect(chanceScore(few, 0.01)).toBeGreaterThan(0.14);
  const many = Array.from({ length: 1000 }, (_, n) => n / 1000);
  expect(chanceScore(many, 0.01)).toBeCloseTo(0.989, 3);
});

test("empty, constant and saturated strips, and places that cannot meet, give no score and no fit", () => {
  using arena = kernels().arena();
  const { a } = job(arena, 1);
  const flat = (value: number): Plane => {
    const plane = emptyPlane(arena, WIDTH, HEIGHT);
    arena.f32(plane.at, plane.stride * HEIGHT).fill(value);
    return plane;
  };
  const far = { a, b: a, expected: [500, 0], reach: [10, 10] } as const;
  const jobs: PairJob[] = [flat(Number.NaN), flat(65535), flat(0)].map((b) => ({
    a,
    b,
    expected: [20, 0],
    reach: [10, 10],
  }));
  for (const place of capturePairs(arena, [...jobs, far])) expect(place.score).toBe(0);
  for (const fit of refinePairs(
    arena,
    [...jobs, far].map((j) => ({ ...j, start: j.expected })),
  )) {
    expect(fit.converged).toBe(false);
    expect(fit.xx).toBe(Number.POSITIVE_INFINITY);
    expect(Number.isNaN(fit.ncc)).toBe(false);
  }
});

test("what belongs to the sensor does not win where its place is given", () => {
  using arena = kernels().arena();
  const random = seededRandom(9);
  const dark = Float32Array.from({ length: WIDTH * HEIGHT }, () => 90 * (random() - 0.5));
  const { a, b } = job(arena, 3);
  for (const plane of [a, b]) {
    const view = arena.f32(plane.at, plane.stride * HEIGHT);
    for (let y = 0; y < HEIGHT; y++)
      for (let x = 0; x < WIDTH; x++) view[y * plane.stride + x]! += dark[y * WIDTH + x]!;
  }
  const one: PairJob = { a, b, expected: [12, 0], reach: [20, 20] };
  const [blind] = capturePairs(arena, [one]);
  expect(Math.hypot(blind!.x, blind!.y)).toBeLessThan(1);
  const [found] = capturePairs(arena, [one], { fixedPattern: [[0, 0]] });
  expect(Math.hypot(found!.x - shift(3)[0], found!.y - shift(3)[1])).toBeLessThan(1);
});
