import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { pixelGrid } from "../../core/grid.js";
import { kernels } from "../../kernel/lane.js";
import { featureImage } from "./feature-image.js";

const size = { width: 40, height: 25 };
const grid = pixelGrid(size.width, size.height);
const ramp = Float32Array.from({ length: 1000 }, (_, i) => i);

async function pixelsOf(...args: Parameters<typeof featureImage> extends [unknown, ...infer R] ? R : never) {
  using arena = kernels().arena();
  const { gray, mask, grid: own } = await featureImage(arena, ...args);
  const rows = Array.from({ length: gray.height }, (_, y) => [
    ...arena.f32((gray.pixels as number) + 4 * y * gray.stride!, gray.width),
  ]);
  return { values: rows.flat(), mask, own };
}

test("percentiles 0.5 and 99.5 become 0 and 1, whatever the range of the image", async () => {
  for (const factor of [1, 60]) {
    const { values, mask } = await pixelsOf(
      memoryImage(
        ramp.map((v) => v * factor),
        grid,
      ),
    );
    expect(mask).toBeUndefined();
    expect(values[500]).toBeCloseTo((500 - 4.995) / 989.01, 4);
    expect(values[0]).toBeCloseTo(-4.995 / 989.01, 4);
  }
});

test("an extreme value is clamped and moves nothing else", async () => {
  const odd = ramp.slice();
  odd[3] = 1e30;
  const { values } = await pixelsOf(memoryImage(odd, grid));
  expect(values[3]).toBe(1.5);
  expect(values[500]).toBeCloseTo(0.5, 1);
});

test("NaN, nodata and masked pixels are filled with the middle and told in the mask", async () => {
  const holed = ramp.slice();
  holed[7] = Number.NaN;
  const image = memoryImage(holed, grid, { nodata: 9 });
  const off = memoryImage(
    Uint8Array.from({ length: 1000 }, (_, i) => (i === 11 ? 0 : 1)),
    grid,
    { meaning: "mask" },
  );
  const { values, mask } = await pixelsOf(image, { mask: off });
  const holes = Array.from(mask!.keys()).filter((i) => mask![i] === 0);
  expect(holes).toEqual([7, 9, 11]);
  for (const i of holes) expect(values[i]).toBe(0.5);
});

test("a longer image is read at a coarser level, on a grid in the same world", async () => {
  const { own, values } = await pixelsOf(memoryImage(ramp, grid), { maxSide: 20 });
  expect(own.width).toBe(20);
  expect(own.worldFromPixel).toEqual([2, 0, 0.5, 0, 2, 0.5]);
  expect(values).toHaveLength(20 * 13);
});

test("an image of one value is all 0", async () => {
  expect(new Set((await pixelsOf(memoryImage(new Uint8Array(1000).fill(9), grid))).values)).toEqual(new Set([0]));
});
