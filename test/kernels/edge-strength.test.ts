import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import { emptyPlane } from "../../src/math/plane.js";
import { seededRandom } from "../../src/math/random.js";
import { edgeStrengthSlowly } from "../reference/edge-strength.js";

test.each([
  [37, 9],
  [4, 3],
  [1, 5],
])("the strength of edges agrees with its slow twin, up to the border and around holes (%i x %i)", (width, height) => {
  const random = seededRandom(3);
  const data = Float32Array.from({ length: width * height }, (_, i) =>
    i === 2 * width + 3 ? Number.NaN : 100 * random(),
  );
  using arena = kernels().arena();
  const [src, dst] = [emptyPlane(arena, width, height), emptyPlane(arena, width, height)];
  for (let y = 0; y < height; y++)
    arena.f32(src.at + 4 * y * src.stride, width).set(data.subarray(y * width, (y + 1) * width));
  kernels().rows("edgeStrength", height, [src.at, src.stride, dst.at, dst.stride, width, height], 2);
  for (let y = 0; y < height; y++) {
    const row = arena.f32(dst.at + 4 * y * dst.stride, width);
    for (let x = 0; x < width; x++) {
      // Only the four neighbours count, not the pixel itself.
      const slow = edgeStrengthSlowly(data, width, height, x, y);
      if (Number.isNaN(slow)) expect(row[x]).toBeNaN();
      else expect(row[x]).toBeCloseTo(slow, 4);
    }
  }
});
