import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import { seededRandom } from "../../src/math/random.js";
import { briefSlowly, directionSlowly, fastSlowly, harrisSlowly, smoothSlowly } from "../reference/orb.js";
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
  ["a scene", scene, 12, 64],
  ["a scene", scene, 12, 5],
  ["noise", noise, 40, 64],
  ["noise", noise, 1, 7],
] as const)("FAST corners of %s agree with the slow twin's (seed 4; case %#)", (_, data, threshold, grain) => {
  using arena = kernels().arena();
  const capacity = 80;
  const counts = arena.bytes(4 * height);
  const out = arena.bytes(4 * capacity * height);
  const ring = kernels().scratch(arena, 3 * (width + 64));
  const args = [arena.put(padded(data)), stride, width, height, 0, 4, threshold, ring, counts, out, capacity];
  kernels().rows("fastCorners", height, args, grain);
  const fast: { x: number; y: number; score: number }[] = [];
  for (let y = 0; y < height; y++)
    for (let n = 0; n < arena.i32(counts, height)[y]!; n++) {
      const packed = arena.u32(out, capacity * height)[y * capacity + n]!;
      fast.push({ x: packed >>> 8, y, score: packed & 255 });
    }
  expect(fast.length).toBeGreaterThan(20);
  expect(fast).toEqual(fastSlowly(data, width, height, 4, threshold));
});

test("smoothing and comparisons agree with the slow twins'", () => {
  using arena = kernels().arena();
  const smooth = arena.bytes(stride * (height + 1));
  const args = [arena.put(padded(scene)), smooth, stride, width, height, kernels().scratch(arena, width + 128)];
  kernels().rows("smoothRows", height, args, 16);
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

test("corner measures agree with the slow twins', and a corner is refined to its place", () => {
  using arena = kernels().arena();
  // A bright quadrant whose corner lies at (70.3, 40.8), with edges three pixels wide.
  const cover = (at: number, edge: number) => Math.min(1, Math.max(0, (at - edge) / 3 + 0.5));
  const corner = Uint8Array.from({ length: width * height }, (_, i) =>
    Math.round(30 + 200 * cover(i % width, 70.3) * cover(Math.floor(i / width), 40.8)),
  );
  const places = Int32Array.of(70, 41, 71, 42, 60, 30);
  const out = arena.bytes(16 * 3);
  for (const data of [scene, corner]) {
    kernels().rows("cornerMeasures", 3, [arena.put(places), arena.put(padded(data)), stride, out], 2);
    const found = arena.f32(out, 12);
    for (let i = 0; i < 3; i++) {
      const [x, y] = [places[2 * i]!, places[2 * i + 1]!];
      expect(found[4 * i]! / harrisSlowly(data, width, x, y) || 1).toBeCloseTo(1, 4);
      expect(found[4 * i + 3]).toBeCloseTo(directionSlowly(data, width, x, y), 5);
    }
    if (data === scene) continue;
    // Wide edges round the corner off, towards the bright side; but from wherever it starts it ends at one point.
    for (const i of [0, 1]) {
      expect(Math.abs(found[4 * i + 1]! - 70.3)).toBeLessThan(0.2);
      expect(Math.abs(found[4 * i + 2]! - 40.8)).toBeLessThan(0.2);
    }
    expect(Math.abs(found[1]! - found[5]!)).toBeLessThan(0.02);
    expect(Math.abs(found[2]! - found[6]!)).toBeLessThan(0.02);
    expect(Array.from(found.subarray(9, 11))).toEqual([60, 30]); // flat around: stays where it was
  }
});
