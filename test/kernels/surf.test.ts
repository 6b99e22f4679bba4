import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import { detectSurf } from "../../src/math/features/surf.js";
import { describeSurf, surfDirections } from "../../src/math/features/surf-describe.js";
import { ImageViews } from "../../src/math/features/views.js";
import { seededRandom } from "../../src/math/random.js";
import { boxSumSlowly } from "../reference/integral.js";
import { surfDescriptorSlowly, surfDirectionSlowly, surfMaximaSlowly } from "../reference/surf.js";
import { texturedScene, viewOf } from "../support/scene.js";

const [width, height] = [141, 97];
const data = Uint8Array.from(viewOf(texturedScene(8), { width, height, noise: 3 }));
const image = { data, width, height };
const gray = { width, height, pixels: Float32Array.from(data, (v) => v / 255) };

test.each([64, 7])("integral images agree with sums, in chunks of %i rows", (grain) => {
  using arena = kernels().arena();
  const { at, stride } = new ImageViews(arena, gray, undefined, grain).integral;
  const sums = arena.u32(at, stride * (height + 1));
  const random = seededRandom(2);
  for (let n = 0; n < 50; n++) {
    const [x, y] = [Math.floor(random() * (width + 1)), Math.floor(random() * (height + 1))];
    expect(sums[y * stride + x]).toBe(boxSumSlowly(image, 0, 0, x, y));
  }
});

test.each([
  [1, 9, 6, 64],
  [1, 9, 6, 5],
  [2, 15, 12, 7],
])("blobs sampled every %i px agree with the slow twin's", (step, size, gap, grain) => {
  using arena = kernels().arena();
  const { at, stride } = new ImageViews(arena, gray).integral;
  const rows = Math.floor((height - 1) / step) + 1;
  const columns = Math.floor((width - 1) / step) + 1;
  const capacity = columns;
  const [counts, out] = [arena.bytes(4 * rows), arena.bytes(16 * capacity * rows)];
  const least = 1e-4;
  const ring = kernels().scratch(arena, 48 * (columns + 16));
  const args = [at, stride, width, height, step, size, gap, least, ring, counts, out, capacity];
  kernels().rows("surfMaxima", rows, args, grain);
  const slow = surfMaximaSlowly(image, step, size, gap, least);
  expect(slow.length).toBeGreaterThan(10);
  let found = 0;
  for (let row = 0; row < rows; row++)
    for (let n = 0; n < arena.i32(counts, rows)[row]!; n++, found++) {
      const [x, y, s] = arena.f32(out + 16 * (row * capacity + n), 3) as unknown as [number, number, number];
      // Refinement leads one sample away at most.
      const near = slow.some((text) => {
        const [u, v, k] = text.split(" ").map(Number) as [number, number, number];
        const away = [x / step - u, y / step - v, (s - size) / gap - k].map(Math.abs);
        return v === row && Math.max(...away) <= 1.0001;
      });
      expect(near).toBe(true);
    }
  // Those whose top lies beyond their neighbours are dropped.
  expect(found).toBeLessThanOrEqual(slow.length);
  expect(found).toBeGreaterThan(0.7 * slow.length);
});

test("directions and descriptors agree with the slow twins'", () => {
  using arena = kernels().arena();
  const views = new ImageViews(arena, gray);
  const keypoints = detectSurf(views, { limit: 60, spread: 1 });
  expect(keypoints.count).toBeGreaterThan(30);
  const turned = surfDirections(views, keypoints);
  const features = describeSurf(views, turned);
  let alike = 0;
  for (let i = 0; i < features.count; i++) {
    const [x, y, scale] = [features.x[i]!, features.y[i]!, features.scale[i]!].map(Math.fround) as [
      number,
      number,
      number,
    ];
    const slow = surfDirectionSlowly(image, x, y, scale);
    if (Math.abs(slow - features.angle[i]!) < 0.01) alike++;
    const twin = surfDescriptorSlowly(image, x, y, scale, features.angle[i]!);
    const worst = Math.max(...twin.map((v, n) => Math.abs(v + 128 - features.descriptors[64 * i + n]!)));
    // A sample half-way between two corners may go to either in float32.
    expect(worst).toBeLessThan(4);
  }
  // A wavelet at the end of a window may fall to either side.
  expect(alike).toBeGreaterThan(0.9 * features.count);
});
