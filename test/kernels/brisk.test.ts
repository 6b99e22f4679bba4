import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import { briskDirections, briskPattern, describeBrisk } from "../../src/math/features/brisk-describe.js";
import { ImageViews } from "../../src/math/features/views.js";
import { seededRandom } from "../../src/math/random.js";
import { briskMaximaSlowly, briskSlowly } from "../reference/brisk.js";
import { fastSlowly } from "../reference/orb.js";
import { texturedScene, viewOf } from "../support/scene.js";

const [width, height] = [150, 128];
const data = Uint8Array.from(viewOf(texturedScene(8), { width, height, noise: 3 }));
const gray = { width, height, pixels: Float32Array.from(data, (v) => v / 255) };

test.each([16, 8])("scores of whole images hold the corners' (ring of %i)", (circle) => {
  using arena = kernels().arena();
  const { at, stride } = new ImageViews(arena, gray).level(0);
  const scores = arena.bytes(stride * height);
  kernels().rows("segmentScores", height, [at, stride, width, height, 4, 12, circle, scores], 7);
  const all = arena.u8(scores, stride * height);
  for (const { x, y, score } of fastSlowly(data, width, height, 4, 12, circle)) expect(all[y * stride + x]).toBe(score);
  for (let y = 0; y < height; y++) expect(Math.max(...all.subarray(y * stride, y * stride + 4))).toBe(0);
  expect(Math.max(...all.subarray(0, 4 * stride))).toBe(0);
});

test.each([64, 5])("maxima over place and scale agree with the slow twin's, in chunks of %i rows", (grain) => {
  using arena = kernels().arena();
  const random = seededRandom(7);
  // Sparse scores, as corners are, in layers of three sizes.
  const layers = [
    [150, 128],
    [100, 85],
    [75, 64],
  ].map(([w, h]) => {
    const scores = Uint8Array.from({ length: w! * h! }, () => (random() < 0.3 ? Math.floor(250 * random()) : 0));
    return { scores, width: w!, height: h! };
  });
  const table = arena.bytes(48);
  layers.forEach((layer, i) => {
    const at = arena.put(layer.scores);
    arena.u32(table, 12).set([at, layer.width], 4 * i);
    arena.f32(table, 12).set([layer.width, layer.height], 4 * i + 2);
  });
  const capacity = 100;
  const [counts, out] = [arena.bytes(4 * 85), arena.bytes(16 * capacity * 85)];
  const args = [table, 2 / 3, 4 / 3, 5, 20, counts, out, capacity, kernels().scratch(arena, 64)];
  kernels().rows("briskMaxima", 85, args, grain);
  const slow = briskMaximaSlowly(layers, 5, 20);
  expect(slow.length).toBeGreaterThan(20);
  const count = arena.i32(counts, 85);
  expect(count.reduce((a, b) => a + b, 0)).toBe(slow.length);
  for (let y = 0, n = 0; y < 85; y++)
    for (let i = 0; i < count[y]!; i++, n++) {
      const [x, v, scale] = arena.f32(out + 16 * (y * capacity + i), 3) as unknown as [number, number, number];
      const [sx, sy] = slow[n]!.split(" ").map(Number) as [number, number];
      expect(sy).toBe(y);
      // Towards the neighbouring layers' peaks, which lie within three pixels.
      expect(Math.hypot(x - sx, v - sy)).toBeLessThan(5);
      expect(scale).toBeGreaterThanOrEqual(Math.fround(2 / 3));
      expect(scale).toBeLessThanOrEqual(Math.fround(4 / 3));
    }
});

test("the pattern has the points and pairs of the paper", () => {
  const { points, near, farCount } = briskPattern();
  expect(points).toHaveLength(3 * 60);
  expect(near).toHaveLength(2 * 512);
  expect(farCount).toBe(870);
});

test("comparisons agree with the slow twin's, and directions follow a turned image", () => {
  using arena = kernels().arena();
  const views = new ImageViews(arena, gray);
  const random = seededRandom(3);
  const count = 30;
  const of = (f: () => number) => Float64Array.from({ length: count }, f);
  const keypoints = {
    ...{ count, x: of(() => 50 + 50 * random()), y: of(() => 50 + 28 * random()), scale: of(() => 2 + 2 * random()) },
    ...{ response: new Float32Array(count), octave: new Int8Array(count), level: new Int8Array(count) },
  };
  const turned = briskDirections(views, keypoints);
  expect(turned.count).toBe(count);
  const features = describeBrisk(views, turned);
  const { points, near } = briskPattern();
  let wrong = 0;
  for (let i = 0; i < count; i++) {
    const key = { x: features.x[i]!, y: features.y[i]!, size: features.scale[i]! / 2, angle: features.angle[i]! };
    const twin = briskSlowly(data, width, key, points, near);
    for (let b = 0; b < 64; b++) for (let x = features.descriptors[64 * i + b]! ^ twin[b]!; x; x &= x - 1) wrong++;
  }
  expect(wrong).toBeLessThan(40); // of 15360: means that differ by less than float32 tells

  // A ramp rises to the right in one image, and downwards in another.
  const ramp = (rises: (i: number) => number) =>
    new ImageViews(arena, {
      width,
      height,
      pixels: Float32Array.from({ length: width * height }, (_, i) => rises(i) / 200),
    });
  for (const angle of briskDirections(
    ramp((i) => i % width),
    keypoints,
  ).angle)
    expect(Math.sin(angle)).toBeCloseTo(0, 2);
  for (const angle of briskDirections(
    ramp((i) => Math.floor(i / width)),
    keypoints,
  ).angle)
    expect(angle).toBeCloseTo(Math.PI / 2, 2);
});
