import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import { shrink } from "../../src/math/features/byte-pyramid.js";
import { discWeights } from "../../src/math/features/directions.js";
import { seededRandom } from "../../src/math/random.js";
import {
  briefSlowly,
  directionSlowly,
  fastSlowly,
  harrisSlowly,
  refinedSlowly,
  shrunkSlowly,
  smoothSlowly,
} from "../reference/orb.js";
import { texturedScene, viewOf } from "../support/scene.js";

const [width, height] = [150, 83];
const stride = 176;
const scene = Uint8Array.from(viewOf(texturedScene(8), { width, height, noise: 3 }));
const noise = Uint8Array.from(
  { length: width * height },
  (
    (random) => () =>
      Math.floor(random() * 256)
  )(seededRandom(4)),
);
const padded = (data: Uint8Array): Uint8Array => {
  const out = new Uint8Array(stride * (height + 1));
  for (let y = 0; y < height; y++) out.set(data.subarray(y * width, (y + 1) * width), y * stride);
  return out;
};

test.each([
  ["a scene", scene, 12, 64, 16],
  ["a scene", scene, 12, 5, 16],
  ["noise", noise, 40, 64, 16],
  ["noise", noise, 1, 7, 16],
  ["a scene", scene, 12, 5, 12],
  ["noise", noise, 40, 64, 12],
  ["a scene", scene, 12, 5, 8],
  ["noise", noise, 40, 64, 8],
] as const)("corners of %s agree with the slow twin's (seed 4; case %#)", (_, data, threshold, grain, circle) => {
  using arena = kernels().arena();
  const capacity = 80;
  const counts = arena.bytes(4 * height);
  const out = arena.bytes(4 * capacity * height);
  const ring = kernels().scratch(arena, 3 * (width + 64));
  const args = [arena.put(padded(data)), stride, width, height, 0, 4, threshold, circle, ring, counts, out, capacity];
  kernels().rows("fastCorners", height, args, grain);
  const fast: { x: number; y: number; score: number }[] = [];
  for (let y = 0; y < height; y++)
    for (let n = 0; n < arena.i32(counts, height)[y]!; n++) {
      const packed = arena.u32(out, capacity * height)[y * capacity + n]!;
      fast.push({ x: packed >>> 8, y, score: packed & 255 });
    }
  expect(fast.length).toBeGreaterThan(20);
  expect(fast).toEqual(fastSlowly(data, width, height, 4, threshold, circle));
});

test.each([1, 7, 64])("a smaller level agrees with the slow twin's, in chunks of %i rows", (grain) => {
  using arena = kernels().arena();
  const from = { at: arena.put(padded(scene)), width, height, stride };
  const to = shrink(kernels(), arena, from, 125, 69, grain);
  const slow = shrunkSlowly(scene, width, height, 125, 69);
  for (let y = 0; y < 69; y++)
    expect(arena.u8(to.at + y * to.stride, 125)).toEqual(slow.subarray(125 * y, 125 * (y + 1)));
});

test("smoothing and comparisons agree with the slow twins'", () => {
  using arena = kernels().arena();
  const smooth = arena.bytes(stride * (height + 1));
  const tiles = Int32Array.from({ length: 33 }, (_, i) => i); // 150 x 83 pixels in tiles of 64 x 8
  const args = [
    arena.put(tiles),
    arena.put(padded(scene)),
    smooth,
    stride,
    width,
    height,
    kernels().scratch(arena, 128),
  ];
  kernels().rows("smoothTiles", 33, args, 4);
  const smoothed = arena.u8(smooth, stride * height).slice();
  const slow = smoothSlowly(scene, width, height);
  for (let y = 0; y < height; y++)
    expect(smoothed.subarray(y * stride, y * stride + width)).toEqual(slow.subarray(y * width, (y + 1) * width));

  const random = seededRandom(6);
  const pattern = Float32Array.from({ length: 1024 }, () => 20 * random() - 10);
  const keys = Float32Array.from({ length: 3 * 40 }, (_, i) =>
    i % 3 === 0 ? 20 + random() * 100 : i % 3 === 1 ? 20 + random() * 40 : random() * 6.28,
  );
  const out = arena.bytes(32 * 40);
  kernels().rows("briefDescriptors", 40, [arena.put(keys), smooth, stride, arena.put(pattern), out], 7);
  const codes = arena.u8(out, 32 * 40);
  let wrong = 0;
  for (let i = 0; i < 40; i++) {
    const twin = briefSlowly(smoothed, stride, keys[3 * i]!, keys[3 * i + 1]!, keys[3 * i + 2]!, pattern);
    for (let b = 0; b < 32; b++) for (let x = codes[32 * i + b]! ^ twin[b]!; x; x &= x - 1) wrong++;
  }
  expect(wrong).toBeLessThan(20); // of 10240: a sample half-way between pixels may round either way in float32
});

test("Harris' measure, direction and place of corners agree with the slow twins'", () => {
  using arena = kernels().arena();
  // A bright quadrant whose corner lies at (70.3, 40.8), with edges three pixels wide.
  const cover = (at: number, edge: number) => Math.min(1, Math.max(0, (at - edge) / 3 + 0.5));
  const corner = Uint8Array.from({ length: width * height }, (_, i) =>
    Math.round(30 + 200 * cover(i % width, 70.3) * cover(Math.floor(i / width), 40.8)),
  );
  const places = Int32Array.of(70, 41, 71, 42, 60, 30);
  const [response, place, angle] = [arena.bytes(12), arena.bytes(24), arena.bytes(12)];
  const disc = arena.put(discWeights());
  for (const data of [scene, corner]) {
    const [at, src] = [arena.put(places), arena.put(padded(data))];
    kernels().rows("harrisAt", 3, [at, src, stride, response], 2);
    kernels().rows("refineCorners", 3, [at, src, stride, place], 2);
    kernels().rows("centroidDirections", 3, [arena.put(Float32Array.from(places)), src, stride, disc, angle], 2);
    const refined = arena.f32(place, 6);
    for (let i = 0; i < 3; i++) {
      const [x, y] = [places[2 * i]!, places[2 * i + 1]!];
      expect(arena.f32(response, 3)[i]! / harrisSlowly(data, width, x, y) || 1).toBeCloseTo(1, 4);
      expect(arena.f32(angle, 3)[i]).toBeCloseTo(directionSlowly(data, width, x, y), 5);
      const twin = refinedSlowly(data, width, x, y);
      expect(refined[2 * i]).toBeCloseTo(twin[0], 3);
      expect(refined[2 * i + 1]).toBeCloseTo(twin[1], 3);
    }
    if (data === scene) continue;
    // Wide edges round the corner off, towards the bright side; but from wherever it starts it ends at one point.
    for (const i of [0, 1]) {
      expect(Math.abs(refined[2 * i]! - 70.3)).toBeLessThan(0.2);
      expect(Math.abs(refined[2 * i + 1]! - 40.8)).toBeLessThan(0.2);
    }
    expect(Math.abs(refined[0]! - refined[2]!)).toBeLessThan(0.02);
    expect(Math.abs(refined[1]! - refined[3]!)).toBeLessThan(0.02);
    expect(Array.from(refined.subarray(4))).toEqual([60, 30]); // flat around: stays where it was
  }
});

test.each([1, 5, 64])("Harris corners agree with the slow twin's, in chunks of %i rows", (grain) => {
  using arena = kernels().arena();
  const capacity = width >> 1;
  const [counts, out] = [arena.bytes(4 * height), arena.bytes(8 * capacity * height)];
  const scratch = kernels().scratch(arena, 24 * (width + 64) + 128);
  const least = 1e-6;
  const args = [arena.put(padded(scene)), stride, width, height, 0, 18, least, scratch, counts, out, capacity];
  kernels().rows("harrisCorners", height, args, grain);
  const found: string[] = [];
  for (let y = 0; y < height; y++)
    for (let n = 0; n < arena.i32(counts, height)[y]!; n++)
      found.push(`${arena.i32(out, 2 * capacity * height)[2 * (y * capacity + n)]} ${y}`);
  const slow: string[] = [];
  const at = (x: number, y: number) => Math.fround(harrisSlowly(scene, width, x, y));
  for (let y = 18; y < height - 18; y++)
    for (let x = 18; x < width - 18; x++) {
      const c = at(x, y);
      if (c <= least) continue;
      const inside = (u: number) => u >= 18 && u < width - 18;
      const ring = [-1, 0, 1].flatMap((v) => [-1, 0, 1].map((u) => (inside(x + u) ? at(x + u, y + v) : 0)));
      if (ring.slice(0, 4).every((v) => v < c) && ring.slice(5).every((v) => v <= c)) slow.push(`${x} ${y}`);
    }
  expect(slow.length).toBeGreaterThan(20);
  expect(found).toEqual(slow);
});
