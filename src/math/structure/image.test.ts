import { expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { texturedScene, viewImage, viewOf } from "../../../test/support/scene.js";
import { pixelGrid } from "../../core/grid.js";
import { applyMatrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import type { Plane } from "../plane.js";
import { structureImage } from "./image.js";

const at = (arena: Arena, plane: Plane, x: number, y: number): number =>
  arena.f32(plane.at, plane.stride * plane.height)[y * plane.stride + x]!;

test("a large image comes at the asked size, stretched to 0..255, with its place in the world", async () => {
  const grid = { ...pixelGrid(300, 200), worldFromPixel: [2, 0, 100, 0, 2, 50] as const };
  const image = viewImage(texturedScene(1), { width: 300, height: 200, grid, dtype: "uint16" });
  using arena = kernels().arena();
  const seen = await structureImage(arena, image, { maxSide: 128 });
  expect([seen.grid.width, seen.grid.height]).toEqual([128, 85]);
  expect(seen.validShare).toBe(1);
  // The corners of the image are the corners of the level, in pixels and in the world.
  const corner = applyMatrix3(seen.fullFromLevel, Float64Array.of(-0.5, -0.5, 127.5, 84.5));
  for (const [i, v] of [-0.5, -0.5, 299.5, 199.5].entries()) expect(corner[i]).toBeCloseTo(v, 9);
  const [a, , c, , e, f] = seen.grid.worldFromPixel;
  expect([-0.5 * a + c, 127.5 * a + c, -0.5 * e + f, 84.5 * e + f]).toEqual(
    [99, 699, 49, 449].map((v) => expect.closeTo(v, 9)),
  );
  const values = arena.f32(seen.channels[0]!.at, 128);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...values)).toBeLessThanOrEqual(255);
});

test("what is hidden by nodata, mask and alpha is NaN in all channels", async () => {
  const [width, height] = [60, 40];
  const view = viewOf(texturedScene(2), { width, height });
  const band = (hole: number) => Array.from(view, (v, i) => (i === hole ? 0 : Math.max(1, Math.round(v))));
  const alpha = Array.from(view, (_, i) => (i === 500 ? 0 : 255));
  const image = memoryImage(
    Uint8Array.from([...band(100), ...band(-1), ...band(-1), ...alpha]),
    pixelGrid(width, height),
    { nodata: 0, bands: ["red", "green", "blue", "alpha"] },
  );
  const shown = Uint8Array.from(view, (_, i) => (i === 900 ? 0 : 1));
  const mask = memoryImage(shown, pixelGrid(width, height), { meaning: "mask" });
  using arena = kernels().arena();
  const seen = await structureImage(arena, image, { mask });
  expect(seen.channels).toHaveLength(3);
  for (const channel of seen.channels) {
    const holes = Array.from(view, (_, i) => at(arena, channel, i % width, Math.floor(i / width))).flatMap((v, i) =>
      Number.isNaN(v) ? [i] : [],
    );
    expect(holes).toEqual([100, 500, 900]);
  }
});

test("a black frame is cut off, and kept in the unmasked channels", async () => {
  const [width, height] = [80, 80];
  const scene = viewOf(texturedScene(3), { width, height });
  const inside = (i: number) => ((i % width) - 40) ** 2 + (Math.floor(i / width) - 40) ** 2 < 30 ** 2;
  const values = Uint8Array.from(scene, (v, i) => (inside(i) ? Math.max(30, v) : 0));
  using arena = kernels().arena();
  const seen = await structureImage(arena, memoryImage(values, pixelGrid(width, height)));
  expect(seen.validShare).toBeGreaterThan(0.38);
  expect(seen.validShare).toBeLessThan(0.46);
  expect(at(arena, seen.channels[0]!, 2, 2)).toBeNaN();
  expect(at(arena, seen.channels[0]!, 40, 40)).not.toBeNaN();
  expect(at(arena, seen.unmasked[0]!, 2, 2)).toBe(0);
});

test("blank, tiny and empty images come back as such", async () => {
  using arena = kernels().arena();
  const blank = await structureImage(arena, memoryImage(new Uint8Array(900).fill(7), pixelGrid(30, 30)));
  expect(blank.validShare).toBe(0);
  expect(at(arena, blank.unmasked[0]!, 3, 3)).toBe(0);
  const tiny = await structureImage(arena, memoryImage(Uint8Array.of(9), pixelGrid(1, 1)));
  expect(tiny.grid.width).toBe(1);
  const holes = memoryImage(new Float32Array(100).fill(Number.NaN), pixelGrid(10, 10));
  const empty = await structureImage(arena, holes);
  expect(empty.validShare).toBe(0);
});
